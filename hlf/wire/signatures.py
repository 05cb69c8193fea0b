"""
Signatures and serialized identities as Fabric writes them.

This module makes them; ``verification`` says which ones Fabric accepts.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fabric_protos.msp import identities_pb2
from google.protobuf.message import DecodeError

from hlf.errors import IdentityError, WireError
from hlf.wire import messages
from hlf.wire.verification import ECDSA_SHA256, ORDERS, is_low_s, verify, verify_hashed

__all__ = [
    "PrivateKey",
    "PublicKey",
    "canonical",
    "is_low_s",
    "normalise_low_s",
    "parse_identity",
    "require_supported",
    "serialized_identity",
    "sign_low_s",
    "verify",
    "verify_hashed",
]

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_SIGNING = ("secp256r1", "secp384r1")


def sign_low_s(private_key: PrivateKey, message: bytes) -> bytes:
    """
    Return the signature of *message* that Fabric accepts: ECDSA in DER with low S, or Ed25519's 64 bytes.

    Raises:
        IdentityError: the key is on a curve that Fabric does not know.
    """
    if isinstance(private_key, ed25519.Ed25519PrivateKey):
        return private_key.sign(message)
    return normalise_low_s(private_key.sign(message, ECDSA_SHA256), private_key.curve)


def normalise_low_s(der: bytes, curve: ec.EllipticCurve) -> bytes:
    """
    Return the equivalent of an ECDSA signature with S in the lower half of the order.

    Raises:
        WireError: *der* is no DER signature, or a number in it is out of the curve's range.
        IdentityError: the curve is none that Fabric knows.
    """
    order = _order(curve)
    try:
        r, s = decode_dss_signature(der)
    except ValueError as malformed:
        raise WireError("not a DER-encoded ECDSA signature") from malformed
    if not (0 < r < order and 0 < s < order):
        raise WireError("not an ECDSA signature on this curve: R or S is out of range")
    return der if s <= order >> 1 else encode_dss_signature(r, order - s)


def canonical(signature: bytes, curve: ec.EllipticCurve) -> bytes:
    """
    Return an ECDSA signature as Fabric takes it, in DER with low S.

    It may be DER, or R and S side by side, each as long as the order, as hardware and web cryptography return it.

    Raises:
        WireError: it is neither, or a number in it is out of the curve's range.
        IdentityError: the curve is none that Fabric knows.
    """
    size = (_order(curve).bit_length() + 7) // 8
    try:
        return normalise_low_s(signature, curve)
    except WireError:
        if len(signature) != 2 * size:
            raise
    r, s = (int.from_bytes(half) for half in (signature[:size], signature[size:]))
    return normalise_low_s(encode_dss_signature(r, s), curve)


def serialized_identity(msp_id: str, pem: bytes) -> bytes:
    """Return the serialized identity (creator, endorser) of a certificate in organisation *msp_id*."""
    return bytes(identities_pb2.SerializedIdentity(mspid=msp_id, id_bytes=pem).SerializeToString())


def parse_identity(serialized: bytes) -> tuple[str, bytes]:
    """
    Return the MSP id and certificate bytes of a serialized identity.

    Raises:
        WireError: the bytes are no serialized identity, or one of its two parts is missing.
    """
    try:
        identity = messages.read(identities_pb2.SerializedIdentity, serialized)
    except DecodeError as malformed:
        raise WireError("not a serialized identity") from malformed
    if not identity.mspid or not identity.id_bytes:
        raise WireError("a serialized identity without its MSP id or its certificate")
    return identity.mspid, identity.id_bytes


def require_supported(curve: ec.EllipticCurve) -> None:
    """
    Raise IdentityError unless keys on *curve* can sign: Fabric's own tools make no others.

    Raises:
        IdentityError: they cannot.
    """
    if curve.name not in _SIGNING:
        raise IdentityError(f"curve {curve.name} is not supported; use P-256 or P-384")


def _order(curve: ec.EllipticCurve) -> int:
    try:
        return ORDERS[curve.name]
    except KeyError:
        raise IdentityError(f"curve {curve.name} is none that Fabric knows; use P-256 or P-384") from None
