"""Enrolments: the request to a Fabric CA, the key made here, and the checks of the certificate."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hlf import errors, signers
from hlf.identity import Identity, load_certificate
from hlf.wire import certificates, signatures
from hlf.wire.certificates import Certificate, names

# No CA has longer chains; each link costs a search and a check of a signature.
_MAX_CHAIN = 10
_MAX_ID = 64


@dataclass(frozen=True)
class CertificateRequest:
    """
    The properties of a certificate that its holder chooses; registration and profile decide the others.

    Attributes:
        hosts: DNS names and IP addresses it is for (subject alternative names); servers' certificates need them.
        profile: the CA's signing profile: its default for identities, ``tls`` for TLS servers and clients.
        attributes: names of registered attributes that it must have; None for those registered with ``ecert``.
        optional_attributes: attributes that it has if they are registered.
        curve: of the key that is made, P-256 or P-384.
    """

    hosts: tuple[str, ...] = ()
    profile: str = ""
    attributes: tuple[str, ...] | None = None
    optional_attributes: tuple[str, ...] = ()
    curve: ec.EllipticCurve = field(default_factory=ec.SECP256R1)

    def __post_init__(self) -> None:
        signatures.require_supported(self.curve)


@dataclass(frozen=True)
class Enrollment:
    """
    An identity with its key and its authority, all checked to belong together.

    Attributes:
        key_pem: the private key, PKCS #8, not encrypted.
        chain_pem: the issuer of the certificate first, then the issuer's, as far as the CA gave them.
    """

    identity: Identity
    key_pem: bytes = field(repr=False)
    chain_pem: bytes = field(repr=False)

    @property
    def signer(self) -> signers.Signer:
        return signers.from_pem(self.key_pem)

    def save(self, folder: Path | str) -> None:
        """
        Write ``cert.pem``, ``key.pem`` (0600) and ``ca.pem`` to a folder that :func:`hlf.identity.load_user` reads.

        One rename makes the folder, so it is complete or absent. A folder that is not empty stays unchanged, because
        keys are never overwritten: give a renewed identity a new folder.

        Raises:
            AuthorityError: the folder is not empty, or cannot be written.
        """
        place = Path(folder).absolute()
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
            try:
                _write(new / "cert.pem", self.identity.certificate_pem, 0o644)
                _write(new / "key.pem", self.key_pem, 0o600)
                _write(new / "ca.pem", self.chain_pem, 0o644)
                _sync(new)
                new.rename(place)
            except BaseException:
                shutil.rmtree(new, ignore_errors=True)
                raise
            _sync(place.parent)
        except OSError as failed:
            raise errors.AuthorityError(
                f"the enrolment cannot be written to {place}: {failed.strerror}",
                cure="Name a folder that does not exist yet, on a disk with room",
            ) from failed


def _write(file: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def require_id(enrollment_id: str) -> None:
    """
    Raise AuthorityError unless identities of this id can enrol; the server registers others too, even the empty id.

    Raises:
        AuthorityError: they cannot.
    """
    # RFC 7617 ends the id at the first colon, so another would enrol; RFC 5280 bounds common names.
    if not 0 < len(enrollment_id.encode()) <= _MAX_ID or ":" in enrollment_id:
        raise errors.AuthorityError(
            f"an enrollment id has 1 to {_MAX_ID} bytes and no colon: {enrollment_id!r} cannot enrol"
        )


def signing_request(key: ec.EllipticCurvePrivateKey, enrollment_id: str, hosts: tuple[str, ...]) -> bytes:
    """
    Return the PKCS #10 request (PEM) that a Fabric CA takes: the subject is the enrollment id alone.

    Raises:
        AuthorityError: the id or a host cannot stand in a certificate.
    """
    try:
        builder = x509.CertificateSigningRequestBuilder().subject_name(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, enrollment_id)])
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_host, hosts))), critical=False)
    except ValueError as unusable:
        raise errors.AuthorityError(f"no certificate can be asked for: {unusable}") from unusable
    digest = hashes.SHA384() if isinstance(key.curve, ec.SECP384R1) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(serialization.Encoding.PEM)


def _host(host: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(host))
    return x509.DNSName(host)


def accept(
    certificate_pem: bytes,
    chain_pem: bytes,
    *,
    key: ec.EllipticCurvePrivateKey,
    enrollment_id: str,
    msp_id: str,
    anchor: Certificate | None = None,
) -> Enrollment:
    """
    Return the enrolment, if the certificate is for *key* and *enrollment_id* and the authority issued it.

    Args:
        chain_pem: the authority's certificates in any order; those that did not lead to this one are left out.
        anchor: the certificate in which the chain must end; with None the given chain is trusted.

    Raises:
        IdentityError: a certificate cannot be read.
        AuthorityError: they do not belong together.
    """
    certificate = load_certificate(certificate_pem)
    if certificate.public_key.key != key.public_key():
        raise errors.AuthorityError("answered with a certificate of another key than the one that was sent")
    if common_name(certificate) != enrollment_id:
        raise errors.AuthorityError("answered with a certificate of another enrollment id than the one asked for")
    chain = _chain(certificate, authorities(chain_pem))
    if anchor is not None and anchor not in chain and not _issued(chain[-1], anchor):
        raise errors.AuthorityError(
            "answered with a certificate that does not lead to the CA that is trusted",
            cure="Is this the CA that was meant, and has its certificate been renewed?",
        )
    return Enrollment(
        Identity(msp_id, certificate.pem),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        b"".join(one.pem for one in chain),
    )


def common_name(certificate: Certificate) -> str:
    """Return the enrollment id in a certificate; empty where there is not exactly one."""
    found = certificate.subject.values(names.COMMON_NAME)
    return found[0] if len(found) == 1 else ""


def authorities(chain_pem: bytes) -> list[Certificate]:
    """
    Return the certificates in a chain.

    Raises:
        IdentityError: there is none, too many, or one cannot be read.
    """
    try:
        found = list(certificates.read_all(chain_pem))
    except errors.IdentityError as malformed:
        raise errors.IdentityError(f"the chain of the CA cannot be read: {malformed}") from malformed
    if len(found) > _MAX_CHAIN:
        raise errors.IdentityError(f"the chain of the CA has {len(found)} certificates; at most {_MAX_CHAIN} are read")
    return found


def _chain(certificate: Certificate, offered: list[Certificate]) -> list[Certificate]:
    """Return the issuers in order, from the certificate's own, as far as they are among the given ones."""
    chain: list[Certificate] = []
    lower = certificate
    while issuer := next((one for one in offered if one not in chain and _issued(lower, one)), None):
        chain.append(issuer)
        lower = issuer
    if not chain:
        raise errors.AuthorityError("answered with a certificate that none of its CA's certificates has issued")
    return chain


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    return issuer.extensions.authority and issuer.issued(certificate)
