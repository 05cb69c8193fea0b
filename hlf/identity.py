"""Identities: a caller's organisation and certificate, and what it shows in TLS."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from hlf import signers
from hlf.errors import IdentityError
from hlf.wire import certificates, signatures
from hlf.wire.certificates import Certificate


@dataclass(frozen=True)
class Identity:
    """
    A member of the organisation *msp_id* with the certificate *certificate_pem*.

    The peers of a channel decide whether to accept it: they check chain, validity and role.

    Raises:
        IdentityError: there is no organisation, or the PEM is not exactly one certificate. Every proposal
            contains all of the PEM, and everybody on the channel can read it.
    """

    msp_id: str
    certificate_pem: bytes = field(repr=False)
    serialized: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.msp_id:
            raise IdentityError("an identity needs the MSP id of its organisation")
        load_certificate(self.certificate_pem)
        object.__setattr__(self, "serialized", signatures.serialized_identity(self.msp_id, self.certificate_pem))

    @property
    def certificate(self) -> Certificate:
        """The certificate in the PEM."""
        return load_certificate(self.certificate_pem)


@dataclass(frozen=True)
class TlsIdentity:
    """The certificate and key a client shows where servers ask for one (mutual TLS); not its Fabric identity."""

    certificate_pem: bytes
    key_pem: bytes = field(repr=False)

    @classmethod
    def load(cls, folder: Path) -> TlsIdentity | None:
        """
        Return the ``tls/client.crt`` and ``tls/client.key`` of a user's folder; None where it has none.

        Showing them to a server that does not ask is harmless.

        Raises:
            IdentityError: one of the two cannot be read.
        """
        certificate, key = Path(folder) / "tls" / "client.crt", Path(folder) / "tls" / "client.key"
        if not certificate.exists() and not key.exists():
            return None
        try:
            return cls(certificate.read_bytes(), key.read_bytes())
        except OSError as unreadable:
            raise IdentityError(f"{unreadable.filename} cannot be read: {unreadable.strerror}") from unreadable

    @classmethod
    def checked(cls, certificate_pem: bytes, key_pem: bytes) -> TlsIdentity:
        """
        Return the two, which gRPC would take silently where they are of no use.

        Raises:
            IdentityError: one of them cannot be read, or they do not belong together.
        """
        certificate, key = certificates.read_all(certificate_pem)[0], signers.load_private_key(key_pem)
        if _public_bytes(key.public_key()) != certificate.public_key.der:
            raise IdentityError("the key is not the certificate's")
        return cls(certificate_pem, key_pem)

    @property
    def certificate_hash(self) -> bytes:
        """SHA-256 of the certificate, which Deliver requests are bound to under mutual TLS; its chain may follow it."""
        return hashlib.sha256(certificates.read_all(self.certificate_pem)[0].der).digest()


def load_certificate(pem: bytes) -> Certificate:
    """
    Return the one certificate in *pem*.

    Raises:
        IdentityError: there is none, more than one, or it cannot be read.
    """
    found = certificates.read_all(pem)
    if len(found) != 1:
        raise IdentityError(f"expected one certificate, found {len(found)}; leave the chain out")
    return found[0]


def load_user(folder: Path | str, msp_id: str, *, password: bytes | None = None) -> tuple[Identity, signers.Signer]:
    """
    Return the identity and signer of the user whose ``cert.pem`` and ``key.pem`` are in *folder*.

    Args:
        password: of an encrypted key.

    Raises:
        IdentityError: a file is missing or unusable, or the key is not the certificate's.
    """
    return load(Path(folder) / "cert.pem", Path(folder) / "key.pem", msp_id, password=password)


def load(
    certificate: Path, key: Path, msp_id: str, *, password: bytes | None = None
) -> tuple[Identity, signers.Signer]:
    """
    Return the identity and signer in two PEM files.

    Args:
        password: of an encrypted key.

    Raises:
        IdentityError: a file is missing or unusable, or the key is not the certificate's.
    """
    try:
        identity = Identity(msp_id, _read(certificate))
    except IdentityError as unusable:
        raise IdentityError(f"{certificate}: {unusable}") from unusable
    try:
        private = signers.load_private_key(_read(key), password)
        signer = signers.from_private_key(private)
    except IdentityError as unusable:
        raise IdentityError(f"{key}: {unusable}") from None
    if not matching(identity, private):
        raise IdentityError(f"{key} is not the key of the certificate {certificate}")
    return identity, signer


def matching(identity: Identity, private: PrivateKeyTypes) -> bool:
    """Return whether *private* is the key of the identity's certificate."""
    return _public_bytes(private.public_key()) == identity.certificate.public_key.der


def _read(path: Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as unreadable:
        raise IdentityError(f"cannot be read: {unreadable.strerror}") from unreadable


def _public_bytes(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
