"""The public key of a certificate, as Go's ``crypto/x509`` reads it."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hlf.errors import IdentityError
from hlf.wire.certificates import der

RSA, DSA, ECDSA, ED25519, UNKNOWN = "RSA", "DSA", "ECDSA", "Ed25519", "0"
"""The names of curves, as Go prints them."""

_KINDS = {
    "1.2.840.113549.1.1.1": RSA,
    "1.2.840.10040.4.1": DSA,
    "1.2.840.10045.2.1": ECDSA,
    "1.3.101.112": ED25519,
}
_CURVES: dict[str, ec.EllipticCurve] = {
    "1.3.132.0.33": ec.SECP224R1(),
    "1.2.840.10045.3.1.7": ec.SECP256R1(),
    "1.3.132.0.34": ec.SECP384R1(),
    "1.3.132.0.35": ec.SECP521R1(),
}
_NULL = b"\x05\x00"
_ED25519_SIZE = 32

Key = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class PublicKey:
    """
    A public key.

    Attributes:
        algorithm: RSA, DSA, ECDSA, Ed25519, or 0 if Go does not support it.
        key: the key to verify with; None for DSA and unknown algorithms, and for RSA numbers that no library supports.
        der: its whole SubjectPublicKeyInfo.
    """

    algorithm: str
    key: Key | None
    der: bytes

    @property
    def curve(self) -> ec.EllipticCurve | None:
        """The curve of an ECDSA key; None for every other kind."""
        return self.key.curve if isinstance(self.key, ec.EllipticCurvePublicKey) else None


def parse(encoded: bytes) -> PublicKey:
    """
    Return the key of a whole SubjectPublicKeyInfo.

    Raises:
        IdentityError: Go supports its algorithm, but the key is not valid for it.
    """
    info = der.Reader(der.Reader(encoded).take(der.SEQUENCE, "x509: malformed spki"))
    algorithm = info.take(der.SEQUENCE, "x509: malformed public key algorithm identifier")
    oid, parameters = algorithm_identifier(algorithm)
    bits = info.bits("x509: malformed subjectPublicKey")
    kind = _KINDS.get(oid, UNKNOWN)
    data = bits.right_aligned
    if kind == ECDSA:
        return PublicKey(kind, _ecdsa(parameters, data), encoded)
    if kind == ED25519:
        return PublicKey(kind, _ed25519(parameters, data), encoded)
    if kind == RSA:
        return PublicKey(kind, _rsa(parameters, data), encoded)
    if kind == DSA:
        _check_dsa(parameters, data)
    return PublicKey(kind, None, encoded)


def algorithm_identifier(content: bytes) -> tuple[str, bytes]:
    """
    Return the object identifier and the parameters (a whole element, or nothing) of an AlgorithmIdentifier's content.

    Raises:
        IdentityError: it has neither form.
    """
    reader = der.Reader(content)
    oid = reader.object_identifier("x509: malformed OID")
    return oid, b"" if reader.empty else reader.any_whole("x509: malformed parameters")


def _ecdsa(parameters: bytes, data: bytes) -> ec.EllipticCurvePublicKey:
    curve = _CURVES.get(der.Reader(parameters).object_identifier("x509: invalid ECDSA parameters"))
    if curve is None:
        raise IdentityError("x509: unsupported elliptic curve")
    if data[:1] != b"\x04":
        raise IdentityError("ecdsa: invalid uncompressed public key")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, data)
    except (ValueError, UnsupportedAlgorithm, InternalError):
        # The library has one error for a wrong length and a wrong point; Go has two.
        name = f"P{curve.key_size}"
        whole = len(data) == 1 + 2 * ((curve.key_size + 7) // 8)
        raise IdentityError(f"{name} point not on curve" if whole else f"invalid {name} point encoding") from None


def _ed25519(parameters: bytes, data: bytes) -> ed25519.Ed25519PublicKey:
    if parameters:
        raise IdentityError("x509: Ed25519 key encoded with illegal parameters")
    if len(data) != _ED25519_SIZE:
        raise IdentityError("x509: wrong Ed25519 public key size")
    return ed25519.Ed25519PublicKey.from_public_bytes(data)


def _rsa(parameters: bytes, data: bytes) -> rsa.RSAPublicKey | None:
    if parameters != _NULL:
        raise IdentityError("x509: RSA key missing NULL parameters")
    numbers = der.Reader(der.Reader(data).take(der.SEQUENCE, "x509: invalid RSA public key"))
    modulus = numbers.integer("x509: invalid RSA modulus")
    exponent = numbers.small_integer("x509: invalid RSA public exponent")
    if modulus <= 0:
        raise IdentityError("x509: RSA modulus is not a positive number")
    if exponent <= 0:
        raise IdentityError("x509: RSA public exponent is not a positive number")
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except (ValueError, UnsupportedAlgorithm, InternalError):
        # Go reads such numbers too, but verifies nothing with them.
        return None


def _check_dsa(parameters: bytes, data: bytes) -> None:
    public = der.Reader(data).integer("x509: invalid DSA public key")
    refusal = "x509: invalid DSA parameters"
    reader = der.Reader(der.Reader(parameters).take(der.SEQUENCE, refusal))
    if min(public, *(reader.integer(refusal) for _ in range(3))) <= 0:
        raise IdentityError("x509: zero or negative DSA parameter")
