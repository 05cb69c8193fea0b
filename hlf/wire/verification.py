"""
Verify signatures as Fabric does.

Fabric accepts only ECDSA signatures with S in the lower half of the curve's order, so that nobody can make a second
valid one of the first. The digest is SHA-256 on every curve, as in Fabric's SHA2 family at level 256.

This module imports very little, so that the processes that only verify signatures start at once.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

ECDSA_SHA256 = ec.ECDSA(hashes.SHA256())
_ECDSA_HASHED = ec.ECDSA(Prehashed(hashes.SHA256()))
ORDERS = {
    "secp224r1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFF16A2E0B8F03E13DD29455C5C2A3D,
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
    ),
    "secp521r1": int(
        "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA"
        "51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
        16,
    ),
}
_HALF_ORDERS = {name: order >> 1 for name, order in ORDERS.items()}


def is_low_s(der: bytes, public_key: ec.EllipticCurvePublicKey) -> bool:
    """Return whether S is in the lower half of the order; False also for bytes that are no signature."""
    return _canonical(public_key, der) is not None


def verify(public_key: object, signature: bytes, message: bytes) -> bool:
    """
    Return whether *signature* over *message* is one that Fabric accepts; False for high S and for unsupported keys.

    *public_key* is one of the library ``cryptography``.
    """
    try:
        if isinstance(public_key, ec.EllipticCurvePublicKey):
            canonical = _canonical(public_key, signature)
            if canonical is None:
                return False
            public_key.verify(canonical, message, ECDSA_SHA256)
        elif isinstance(public_key, ed25519.Ed25519PublicKey):
            public_key.verify(signature, message)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def verify_hashed(public_key: ec.EllipticCurvePublicKey, signature: bytes, digest: bytes) -> bool:
    """Verify as ``verify`` does, for a message of which only the SHA-256 is known."""
    canonical = _canonical(public_key, signature)
    if canonical is None:
        return False
    try:
        public_key.verify(canonical, digest, _ECDSA_HASHED)
    except InvalidSignature:
        return False
    return True


def _canonical(public_key: ec.EllipticCurvePublicKey, signature: bytes) -> bytes | None:
    """
    Return the signature in the form that the library accepts; None if Fabric refuses it without verification.

    Fabric reads the two numbers only, and ignores bytes after them and after the whole.
    """
    half = _HALF_ORDERS.get(public_key.curve.name)
    if half is None:
        return None
    plain = _plain_s(signature)
    if plain is not None:
        return signature if plain <= half else None
    numbers = _numbers(signature)
    return None if numbers is None or numbers[1] > half else encode_dss_signature(*numbers)


def _plain_s(signature: bytes) -> int | None:
    """
    Return S of a signature in strict, short DER; None for any other form, which the slower reader must read.

    It takes a tenth of the time, and the verifier of a channel reads hundreds of thousands.
    """
    length = len(signature)
    if not 8 <= length < 0x82 or signature[0] != 0x30 or signature[1] != length - 2 or signature[2] != 0x02:
        return None
    s = 6 + signature[3]
    if s >= length or signature[s - 2] != 0x02 or signature[s - 1] != length - s:
        return None
    for at, end in ((4, s - 2), (s, length)):
        # It is not empty, not negative, and has no leading zero that it does not need.
        if at == end or signature[at] >= 0x80 or (signature[at] == 0 and end - at > 1 and signature[at + 1] < 0x80):
            return None
    return int.from_bytes(signature[s:])


def _numbers(signature: bytes) -> tuple[int, int] | None:
    try:
        return decode_dss_signature(signature)
    except ValueError:
        pass
    # Rarely needed, and it imports half of this library.
    from hlf.errors import IdentityError  # noqa: PLC0415
    from hlf.wire.certificates import algorithms  # noqa: PLC0415

    try:
        return algorithms.numbers(signature)
    except IdentityError:
        return None
