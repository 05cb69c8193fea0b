"""Clients with an identity, to call contracts with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID

from hlf.wire import signatures

START = datetime(2026, 1, 1, tzinfo=UTC)
"""The default time of the first transaction; each further one is a second later."""


@dataclass(frozen=True)
class Caller:
    """A client with an identity."""

    msp_id: str
    serialized: bytes


@lru_cache
def _certificate(msp_id: str, role: str, attributes: tuple[tuple[str, str], ...], name: str) -> bytes:
    """
    Return the same certificate in every process: the key is derived from its content, and Ed25519 is deterministic.
    """
    seed = hashlib.sha256(repr((msp_id, role, attributes, name)).encode()).digest()
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    subject = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, role)] if role else []
    subject.append(x509.NameAttribute(NameOID.COMMON_NAME, name))
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"ca.{msp_id}")]))
        .public_key(key.public_key())
        .serial_number(int.from_bytes(seed[:8], "big") | 1)
        .not_valid_before(START - timedelta(days=3650))
        .not_valid_after(START + timedelta(days=36500))
    )
    if attributes:
        value = json.dumps({"attrs": dict(attributes)}).encode()
        oid = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
    return builder.sign(key, None).public_bytes(serialization.Encoding.PEM)


def client(
    msp_id: str, role: str = "client", attributes: Mapping[str, str] | None = None, name: str = "User1"
) -> Caller:
    """Return a client of *msp_id* with a certificate for this role and these attributes."""
    pem = _certificate(msp_id, role, tuple(sorted((attributes or {}).items())), name)
    return Caller(msp_id, signatures.serialized_identity(msp_id, pem))
