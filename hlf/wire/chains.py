"""
X.509 chains as Fabric's membership rules build them.

A certificate is checked one second after its own notBefore, against the
authorities its organisation published and against no others; there must be
exactly one chain. What Go's verifier refuses (a missing keyCertSign, a path
that is too long, an extended key usage that excludes servers, an unknown
critical extension) is refused here too.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, SignatureAlgorithmOID

from hlf import errors
from hlf.wire import signatures

_LONGEST_CHAIN = 10
_ECDSA = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA1,
    SignatureAlgorithmOID.ECDSA_WITH_SHA256,
    SignatureAlgorithmOID.ECDSA_WITH_SHA384,
    SignatureAlgorithmOID.ECDSA_WITH_SHA512,
}
_UNDERSTOOD = {
    ExtensionOID.KEY_USAGE,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
}
_BEGIN = b"-----BEGIN "


@dataclass(frozen=True)
class Authority:
    """A certificate with the bytes it is known by: its DER with the signature in the low form."""

    certificate: x509.Certificate
    der: bytes


def certificate(pem: bytes) -> x509.Certificate:
    """
    Return the first certificate of *pem*.

    Raises:
        IdentityError: there is none, or it cannot be read.
    """
    if _BEGIN not in pem:
        raise errors.IdentityError("could not decode the PEM structure")
    try:
        with warnings.catch_warnings():
            # A certificate with, say, a serial number of zero is judged by the rules below, not on the console.
            warnings.simplefilter("ignore")
            parsed = x509.load_pem_x509_certificate(pem)
            public_key(parsed)
            _ = parsed.extensions, parsed.subject, parsed.issuer
            _ = parsed.not_valid_after_utc, parsed.not_valid_before_utc
    except errors.IdentityError:
        raise
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, OverflowError) as error:
        raise errors.IdentityError(f"the certificate cannot be read: {error}") from error
    return parsed


def public_key(certificate: x509.Certificate) -> Any:
    """Return the certificate's public key; raises IdentityError for one of an unknown kind or curve."""
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise errors.IdentityError(f"failed to import certificate's public key: {error}") from error


def algorithm_name(key: object) -> str:
    """Return the name under which a key's algorithm is refused."""
    names = {rsa.RSAPublicKey: "RSA", ed25519.Ed25519PublicKey: "Ed25519", ed448.Ed448PublicKey: "Ed448"}
    return next((name for kind, name in names.items() if isinstance(key, kind)), type(key).__name__)


def der(certificate: x509.Certificate) -> bytes:
    """Return the certificate's DER bytes."""
    return certificate.public_bytes(Encoding.DER)


def signed_with_ecdsa(certificate: x509.Certificate) -> bool:
    """Return whether the certificate's issuer signed with ECDSA."""
    return certificate.signature_algorithm_oid in _ECDSA


def is_authority(certificate: x509.Certificate) -> bool:
    """Return whether the certificate says it may issue others."""
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and bool(constraints.ca)


def published(pem: bytes) -> x509.Certificate:
    """As ``certificate``, for one that stands in an organisation's own configuration: the words are others."""
    if _BEGIN not in pem:
        numbers = " ".join(map(str, pem))
        raise errors.IdentityError(f"getCertFromPem error: could not decode pem bytes [[{numbers}]]")
    return certificate(pem)


def _extension(certificate: x509.Certificate, kind: type[Any]) -> Any | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


class Authorities:
    """The roots and intermediates an organisation published."""

    def __init__(self, roots: list[x509.Certificate], intermediates: list[x509.Certificate]) -> None:
        self._roots = {der(found): found for found in roots}
        self._intermediates = {der(found): found for found in intermediates}
        self._inner: set[bytes] = set()

    @classmethod
    def of(cls, roots: Iterable[bytes], intermediates: Iterable[bytes], *, required: bool = True) -> Authorities:
        """
        Return the set of these PEM certificates.

        Raises:
            WireError: no root although *required*.
            IdentityError: a certificate cannot be read.
        """
        found = cls([published(pem) for pem in roots], [published(pem) for pem in intermediates])
        if required and not found._roots:
            raise errors.WireError("expected at least one CA certificate")
        return found

    def check(self, revocations: Revocations) -> None:
        """
        Check every authority, and learn which of them only certify other authorities.

        Raises:
            IdentityError: one is no authority, has no key identifier, does not chain or is revoked.
        """
        for found in [*self._roots.values(), *self._intermediates.values()]:
            serial = f"{found.serial_number:x}"
            if not is_authority(found):
                raise errors.IdentityError(f"CA Certificate did not have the CA attribute, (SN: {serial})")
            if _extension(found, x509.SubjectKeyIdentifier) is None:
                raise errors.IdentityError(
                    "CA Certificate problem with Subject Key Identifier extension, "
                    f"(SN: {serial}): subjectKeyIdentifier not found in certificate"
                )
            try:
                chain = self.chain(found)
                if len(chain) > 1:
                    revocations.check(found, chain[1])
            except errors.IdentityError as error:
                raise errors.IdentityError(
                    f"CA Certificate is not valid, (SN: {found.serial_number}): {error}"
                ) from error
        for found in self._intermediates.values():
            self._inner.update(authority.der for authority in self.chain(found)[1:])

    def is_inner(self, authority: Authority) -> bool:
        """Return whether *authority* issued another authority, which bars it from issuing members."""
        return authority.der in self._inner

    def chain(self, leaf: x509.Certificate) -> tuple[Authority, ...]:
        """
        Return the one chain from *leaf* to a root, both included.

        Raises:
            IdentityError: there is none, or more than one.
        """
        at = leaf.not_valid_before_utc + timedelta(seconds=1)
        _check_leaf(leaf, at)
        if der(leaf) in self._roots:
            return (Authority(leaf, _low_s(leaf, leaf)),)
        found = list(self._chains([leaf], at))
        if not found:
            raise errors.IdentityError(
                "the supplied identity is not valid: x509: certificate signed by unknown authority"
            )
        if len(found) > 1:
            raise errors.IdentityError(f"this MSP only supports a single validation chain, got {len(found)}")
        chain = found[0]
        issuers = [*chain[1:], chain[-1]]
        return tuple(Authority(own, _low_s(own, issuer)) for own, issuer in zip(chain, issuers, strict=True))

    def certifiers_id(self, pem: bytes) -> bytes:
        """
        Return the identifier of an authority's own chain, as organisational units name it.

        Raises:
            IdentityError: it is not one of these authorities.
        """
        found = certificate(pem)
        if der(found) not in self._roots and der(found) not in self._intermediates:
            raise errors.IdentityError("Failed adding OU. Certificate not in root or intermediate certs.")
        return hashlib.sha256(b"".join(authority.der for authority in self.chain(found))).digest()

    def _chains(self, path: list[x509.Certificate], at: datetime) -> Iterator[list[x509.Certificate]]:
        child = path[-1]
        if len(path) > _LONGEST_CHAIN:
            return
        for known, root in ((self._roots, True), (self._intermediates, False)):
            for issuer in known.values():
                if issuer in path or issuer.subject != child.issuer or not _may_issue(issuer, child, path, at):
                    continue
                if root:
                    yield [*path, issuer]
                else:
                    yield from self._chains([*path, issuer], at)


class Revocations:
    """The certificate revocation lists an organisation published."""

    def __init__(self, lists: list[x509.CertificateRevocationList]) -> None:
        self._lists = lists

    @classmethod
    def of(cls, encoded: Iterable[bytes]) -> Revocations:
        """
        Return the lists of these PEM or DER bytes.

        Raises:
            IdentityError: one cannot be read.
        """
        lists = []
        for one in encoded:
            try:
                load = x509.load_pem_x509_crl if _BEGIN in one else x509.load_der_x509_crl
                parsed = load(one)
                _ = parsed.extensions
                lists.append(parsed)
            except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
                raise errors.IdentityError(f"could not parse RevocationList: {error}") from error
        return cls(lists)

    def check(self, certificate: x509.Certificate, issuer: Authority) -> None:
        """
        Check that *issuer* has not revoked *certificate*; the time of revocation does not matter.

        Raises:
            IdentityError: it has, or one of the lists does not say whose it is.
        """
        if not self._lists:
            return
        key_id = _extension(issuer.certificate, x509.SubjectKeyIdentifier)
        if key_id is None:
            raise errors.IdentityError("could not obtain Subject Key Identifier for signer cert")
        for revoked in self._lists:
            try:
                authority = revoked.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
            except x509.ExtensionNotFound as error:
                raise errors.IdentityError("could not obtain Authority Key Identifier for crl") from error
            if authority.key_identifier != key_id.digest:
                continue
            if revoked.get_revoked_certificate_by_serial_number(certificate.serial_number) is None:
                continue
            if _signed_by(revoked, issuer.certificate):
                raise errors.IdentityError("The certificate has been revoked")


def _signed_by(revoked: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether the list really is the issuer's; a list that somebody else signed revokes nothing."""
    try:
        return revoked.is_signature_valid(public_key(issuer))
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _check_leaf(leaf: x509.Certificate, at: datetime) -> None:
    if leaf.not_valid_after_utc < at:
        raise errors.IdentityError("the supplied identity is not valid: x509: certificate has expired before it began")
    unknown = _unknown_critical(leaf)
    if unknown:
        raise errors.IdentityError(f"the supplied identity is not valid: x509: unhandled critical extension {unknown}")
    if not _allows_servers(leaf):
        raise errors.IdentityError(
            "the supplied identity is not valid: x509: certificate specifies an incompatible key usage"
        )


def _may_issue(issuer: x509.Certificate, child: x509.Certificate, path: list[x509.Certificate], at: datetime) -> bool:
    if not issuer.not_valid_before_utc <= at <= issuer.not_valid_after_utc:
        return False
    constraints = _extension(issuer, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        return False
    if constraints.path_length is not None and len(path) - 1 > constraints.path_length:
        return False
    usage = _extension(issuer, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        return False
    if _unknown_critical(issuer) or not _allows_servers(issuer):
        return False
    # Name constraints narrow what an authority may issue. They are not evaluated here, so such an authority
    # may issue nothing that carries names of its own.
    if _extension(issuer, x509.NameConstraints) is not None and _extension(path[0], x509.SubjectAlternativeName):
        return False
    try:
        child.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _allows_servers(certificate: x509.Certificate) -> bool:
    """Fabric verifies with Go's default purpose, so an extended key usage must include it or any."""
    usage = _extension(certificate, x509.ExtendedKeyUsage)
    if usage is None:
        return True
    return ExtendedKeyUsageOID.SERVER_AUTH in usage or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage


def _unknown_critical(certificate: x509.Certificate) -> str:
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD and extension.oid != ExtensionOID.NAME_CONSTRAINTS:
            return str(extension.oid.dotted_string)
    return ""


def _low_s(own: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """
    Return the DER bytes of *own* with its signature in the low form.

    Anyone can turn the S of an ECDSA signature around without the key; both
    forms must be one identity, or a policy would count one signer twice.
    """
    encoded = der(own)
    key = public_key(issuer)
    if not signed_with_ecdsa(own) or not isinstance(key, ec.EllipticCurvePublicKey):
        return encoded
    low = signatures.normalise_low_s(own.signature, key.curve)
    if low == own.signature:
        return encoded
    body = own.tbs_certificate_bytes
    start = encoded.index(body) + len(body)
    algorithm = encoded[start : start + 2 + encoded[start + 1]]
    return _tlv(0x30, body + algorithm + _tlv(0x03, b"\x00" + low))


def _tlv(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
