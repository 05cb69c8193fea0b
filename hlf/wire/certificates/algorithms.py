"""Signature algorithms of certificates and revocation lists: those that Go knows, and their verification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from hlf.errors import IdentityError
from hlf.wire.certificates import der, publickeys

_PSS = "1.2.840.113549.1.1.10"
_MGF1 = "1.2.840.113549.1.1.8"
_ED25519 = "1.3.101.112"
_NO_PARAMETERS = (b"", b"\x05\x00")
# Go verifies with no RSA keys beyond these limits.
_SMALLEST_MODULUS = 1024
_LARGEST_EXPONENT = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature algorithm: the kind of key, the digest (None where the key hashes itself), and the padding."""

    key: str
    digest: hashes.HashAlgorithm | None = None
    pss: bool = False


# Go accepts it for revocation lists, but not for certificates.
_SHA1 = hashes.SHA1()  # noqa: S303

UNKNOWN = Algorithm("")
"""Any algorithm that Go has no name for; no signature of it verifies."""

_BY_OID: Mapping[str, Algorithm] = {
    "1.2.840.113549.1.1.5": Algorithm(publickeys.RSA, _SHA1),
    "1.3.14.3.2.29": Algorithm(publickeys.RSA, _SHA1),
    "1.2.840.113549.1.1.11": Algorithm(publickeys.RSA, hashes.SHA256()),
    "1.2.840.113549.1.1.12": Algorithm(publickeys.RSA, hashes.SHA384()),
    "1.2.840.113549.1.1.13": Algorithm(publickeys.RSA, hashes.SHA512()),
    "1.2.840.10045.4.1": Algorithm(publickeys.ECDSA, _SHA1),
    "1.2.840.10045.4.3.2": Algorithm(publickeys.ECDSA, hashes.SHA256()),
    "1.2.840.10045.4.3.3": Algorithm(publickeys.ECDSA, hashes.SHA384()),
    "1.2.840.10045.4.3.4": Algorithm(publickeys.ECDSA, hashes.SHA512()),
    _ED25519: Algorithm(publickeys.ED25519),
}
_PSS_DIGESTS: Mapping[tuple[str, int], hashes.HashAlgorithm] = {
    ("2.16.840.1.101.3.4.2.1", 32): hashes.SHA256(),
    ("2.16.840.1.101.3.4.2.2", 48): hashes.SHA384(),
    ("2.16.840.1.101.3.4.2.3", 64): hashes.SHA512(),
}


def parse(identifier: bytes) -> Algorithm:
    """
    Return the algorithm that the content of an AlgorithmIdentifier names, UNKNOWN where Go has no name for it.

    Raises:
        IdentityError: the bytes are no AlgorithmIdentifier.
    """
    oid, parameters = publickeys.algorithm_identifier(identifier)
    if oid == _PSS:
        try:
            return _pss(parameters)
        except IdentityError:
            return UNKNOWN
    if oid == _ED25519 and parameters:
        return UNKNOWN
    return _BY_OID.get(oid, UNKNOWN)


def verifies(
    algorithm: Algorithm, key: publickeys.Key | None, signed: bytes, signature: bytes, *, sha1: bool = False
) -> bool:
    """Return whether *key* made *signature* over *signed*; *sha1* allows that digest, as for revocation lists."""
    if isinstance(algorithm.digest, hashes.SHA1) and not sha1:
        return False
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm.key == publickeys.ECDSA and algorithm.digest:
            key.verify(signature, signed, ec.ECDSA(algorithm.digest))
        elif isinstance(key, ed25519.Ed25519PublicKey) and algorithm.key == publickeys.ED25519:
            key.verify(signature, signed)
        elif isinstance(key, rsa.RSAPublicKey) and algorithm.key == publickeys.RSA and algorithm.digest:
            if key.key_size < _SMALLEST_MODULUS or key.public_numbers().e > _LARGEST_EXPONENT:
                return False
            key.verify(signature, signed, _padding(algorithm), algorithm.digest)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, InternalError):
        return False
    return True


def numbers(signature: bytes) -> tuple[int, int]:
    """
    Return R and S of an ECDSA signature as Fabric reads them; bytes after the two numbers are ignored.

    Raises:
        IdentityError: there are none, or one is not positive.
    """
    malformed = "failed unmashalling signature"
    reader = der.Reader(der.Reader(signature).take(der.SEQUENCE, malformed))
    r, s = reader.integer(malformed), reader.integer(malformed)
    if r <= 0 or s <= 0:
        raise IdentityError("invalid signature, R and S must be larger than zero")
    return r, s


def encode_numbers(r: int, s: int) -> bytes:
    """Return the ECDSA signature of two positive numbers."""
    parts = (der.tlv(der.INTEGER, one.to_bytes(one.bit_length() // 8 + 1, "big")) for one in (r, s))
    return der.tlv(der.SEQUENCE, b"".join(parts))


def _padding(algorithm: Algorithm) -> padding.AsymmetricPadding:
    if algorithm.pss and algorithm.digest:
        return padding.PSS(padding.MGF1(algorithm.digest), algorithm.digest.digest_size)
    return padding.PKCS1v15()


def _pss(parameters: bytes) -> Algorithm:
    """Return the three forms of PSS that Go accepts: message and mask have one digest, and the salt its length."""
    reader = der.Reader(der.Reader(parameters).take(der.SEQUENCE, "PSS"))
    digest, none = publickeys.algorithm_identifier(_explicit(reader, 0, der.SEQUENCE))
    mask, inner = publickeys.algorithm_identifier(_explicit(reader, 1, der.SEQUENCE))
    masked, masked_none = publickeys.algorithm_identifier(der.Reader(inner).take(der.SEQUENCE, "PSS"))
    salt = int.from_bytes(_explicit(reader, 2, der.INTEGER), "big")
    trailer = _explicit(reader, 3, der.INTEGER) if reader.peek(der.context(3, constructed=True)) else b"\x01"
    found = _PSS_DIGESTS.get((digest, salt))
    if found is None or mask != _MGF1 or masked != digest or trailer != b"\x01":
        return UNKNOWN
    if none not in _NO_PARAMETERS or masked_none not in _NO_PARAMETERS:
        return UNKNOWN
    return Algorithm(publickeys.RSA, found, pss=True)


def _explicit(reader: der.Reader, number: int, tag: int) -> bytes:
    return der.Reader(reader.take(der.context(number, constructed=True), "PSS")).take(tag, "PSS")
