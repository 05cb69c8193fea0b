"""Who is at hand: members' clients, their peers, and an organisation's own authority, read from a state folder."""

from __future__ import annotations

import base64
import functools
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from hlf.network.state import Folder
from hlf.wire import signatures


@dataclass(frozen=True)
class Person:
    """A holder of a key and a certificate (DER)."""

    msp_id: str
    certificate: bytes
    key: signatures.PrivateKey

    @functools.cached_property
    def serialized(self) -> bytes:
        """The serialized identity, as in headers and endorsements."""
        return signatures.serialized_identity(self.msp_id, pem(self.certificate))

    def sign(self, message: bytes) -> bytes:
        return signatures.sign_low_s(self.key, message)


@dataclass(frozen=True)
class Organisation:
    """A member: an ordinary client, an admin, a peer, and the authority that issues their certificates."""

    client: Person
    admin: Person
    peer: Person
    authority: Person


def organisation(folder: Folder, msp_id: str) -> Organisation:
    """Return the people of a member."""
    own = folder.organisation(msp_id)
    peer = next((own / "peers").iterdir()) / "msp"
    return Organisation(
        client=_person(msp_id, folder.user(msp_id, "User1") / "cert.pem", folder.user(msp_id, "User1") / "key.pem"),
        admin=_person(msp_id, folder.user(msp_id, "Admin") / "cert.pem", folder.user(msp_id, "Admin") / "key.pem"),
        peer=_person(msp_id, next((peer / "signcerts").iterdir()), next((peer / "keystore").iterdir())),
        authority=_person(msp_id, own / "ca" / "cert.pem", own / "ca" / "key.pem"),
    )


def pem(certificate: bytes) -> bytes:
    """Any bytes as a PEM block that says it is a certificate."""
    text = base64.b64encode(certificate)
    lines = b"".join(text[at : at + 64] + b"\n" for at in range(0, len(text), 64))
    return b"-----BEGIN CERTIFICATE-----\n" + lines + b"-----END CERTIFICATE-----\n"


def _person(msp_id: str, certificate: Path, key: Path) -> Person:
    parsed = x509.load_pem_x509_certificate(certificate.read_bytes())
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return Person(msp_id, parsed.public_bytes(Encoding.DER), private)
