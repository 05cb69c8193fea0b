"""One X.509 certificate, parsed as Go's ``x509.ParseCertificate`` parses it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from hlf.errors import IdentityError
from hlf.wire.certificates import algorithms, der, extensions, names, pem, publickeys

_VERSION = der.context(0, constructed=True)
_ISSUER_ID, _SUBJECT_ID = der.context(1), der.context(2)
_EXTENSIONS = der.context(3, constructed=True)
_LATEST_VERSION = 3


@dataclass(frozen=True, slots=True)
class Certificate:
    """
    A certificate. All of it has been parsed, so no field can raise an error later.

    Attributes:
        der: its bytes.
        signed: the part of them that the issuer signed.
        version: 1 to 3.
        begins, ends: the first and the last second in which it is valid, since 1970 (Go's years are 0 to 9999).
        public_key: the holder's key; its ``key`` is None if no library supports it.
        algorithm: of the issuer's signature.
    """

    der: bytes
    signed: bytes
    version: int
    serial_number: int
    issuer: names.Name
    subject: names.Name
    begins: int
    ends: int
    public_key: publickeys.PublicKey
    extensions: extensions.Extensions
    algorithm: algorithms.Algorithm
    signature: bytes

    @property
    def not_before(self) -> datetime:
        """The time at which it begins to be valid, or the nearest one that Python can express."""
        return der.moment(self.begins)

    @property
    def not_after(self) -> datetime:
        """The last time at which it is valid, or the nearest one that Python can express."""
        return der.moment(self.ends)

    @property
    def pem(self) -> bytes:
        """Its bytes as PEM, as every library writes them."""
        return pem.encode("CERTIFICATE", self.der)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of its bytes in hexadecimal, by which people compare certificates."""
        return hashlib.sha256(self.der).hexdigest()

    def for_building(self) -> x509.Certificate:
        """
        Return it as a value of the library ``cryptography``, to build other certificates with.

        Raises:
            IdentityError: that library cannot read it, although Fabric can.
        """
        try:
            made = x509.load_der_x509_certificate(self.der)
            _ = made.subject, made.extensions, made.public_key()
        except Exception as unreadable:  # noqa: BLE001  (some of its refusals are plain exceptions)
            raise IdentityError(f"certificates cannot be built with this one: {unreadable}") from None
        return made

    def issued(self, other: Certificate) -> bool:
        """Return whether this certificate issued *other*: by its name, its rights and its signature."""
        return self.subject.der == other.issuer.der and not self.signature_refusal(other)

    def signature_refusal(self, other: Certificate) -> str:
        """Return, in Go's words, why this certificate's key did not sign *other*; empty if it did."""
        says = self.extensions
        unconstrained = self.version == _LATEST_VERSION and not says.constrained
        no_signer = says.key_usage and extensions.KEY_CERT_SIGN not in says.key_usage
        if unconstrained or no_signer or (says.constrained and not says.authority):
            return "x509: invalid signature: parent certificate cannot sign this kind of certificate"
        if algorithms.verifies(other.algorithm, self.public_key.key, other.signed, other.signature):
            return ""
        if not other.algorithm.key or not self.public_key.key:
            return "x509: cannot verify signature: algorithm unimplemented"
        if other.algorithm.key != self.public_key.algorithm:
            return f"x509: signature algorithm specifies an {other.algorithm.key} public key, but have another kind"
        return f"x509: {other.algorithm.key} verification failure"


def parse(encoded: bytes) -> Certificate:
    """
    Return the certificate in these DER bytes.

    Raises:
        IdentityError: there is none that Go reads, or more than one; in Go's words.
    """
    outer = der.Reader(encoded)
    whole = outer.whole(der.SEQUENCE, "x509: malformed certificate")
    inner = der.Reader(der.Reader(whole).take(der.SEQUENCE, "x509: malformed certificate"))
    signed = inner.whole(der.SEQUENCE, "x509: malformed tbs certificate")
    body = der.Reader(der.Reader(signed).take(der.SEQUENCE, "x509: malformed tbs certificate"))
    version = _version(body)
    serial_number = body.integer("x509: malformed serial number")
    if serial_number < 0:
        raise IdentityError("x509: negative serial number")
    algorithm = _algorithm(body, inner)
    issuer = names.parse(body.whole(der.SEQUENCE, "x509: malformed issuer"))
    validity = der.Reader(body.take(der.SEQUENCE, "x509: malformed validity"))
    begins, ends = validity.seconds("x509: "), validity.seconds("x509: ")
    subject = names.parse(body.whole(der.SEQUENCE, "x509: malformed issuer"))
    public_key = publickeys.parse(body.whole(der.SEQUENCE, "x509: malformed spki"))
    found = _extensions(body, version)
    signature = inner.bits("x509: malformed signature").right_aligned
    if not outer.empty:
        raise IdentityError("x509: trailing data")
    return Certificate(
        whole, signed, version, serial_number, issuer, subject, begins, ends, public_key, found, algorithm, signature
    )


def _version(body: der.Reader) -> int:
    refusal = "x509: malformed version"
    content = body.optional(_VERSION, refusal)
    version = 0
    if content is not None:
        reader = der.Reader(content)
        version = reader.small_integer(refusal)
        if version < 0 or not reader.empty:
            raise IdentityError(refusal)
    if version >= _LATEST_VERSION:
        raise IdentityError("x509: invalid version")
    return version + 1


def _algorithm(body: der.Reader, outer: der.Reader) -> algorithms.Algorithm:
    identifier = body.take(der.SEQUENCE, "x509: malformed signature algorithm identifier")
    if outer.take(der.SEQUENCE, "x509: malformed algorithm identifier") != identifier:
        raise IdentityError("x509: inner and outer signature algorithm identifiers don't match")
    return algorithms.parse(identifier)


def _extensions(body: der.Reader, version: int) -> extensions.Extensions:
    if version > 1:
        body.optional(_ISSUER_ID, "x509: malformed issuerUniqueID")
        body.optional(_SUBJECT_ID, "x509: malformed subjectUniqueID")
    content = body.optional(_EXTENSIONS, "x509: malformed extensions") if version == _LATEST_VERSION else None
    return extensions.Extensions() if content is None else extensions.parse(content)
