"""
Certificates put together from their parts, right or wrong, and signed all the same.

For what no library builds: a :class:`Draft` takes an honest certificate apart, lets any part be exchanged, and signs
the whole again with the authority's key. Signing is deterministic, so one draft gives the same bytes each time.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SAN = "2.5.29.17"
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


def tlv(tag: int, *parts: bytes) -> bytes:
    """Return a DER element."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(digits))) + digits + content


def elements(content: bytes) -> list[bytes]:
    """Return the elements, one after the other, of well-formed DER."""
    found = []
    while content:
        size, start = content[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(content[2:start], "big")
        found.append(content[: start + size])
        content = content[start + size :]
    return found


def inside(element: bytes) -> bytes:
    """Return the content of an element."""
    return element[2 + (element[1] & 0x7F if element[1] & 0x80 else 0) :]


def oid(dotted: str) -> bytes:
    """Return an object identifier."""
    first, second, *rest = map(int, dotted.split("."))
    encoded = b""
    for part in (first * 40 + second, *rest):
        octets = [part & 0x7F]
        while part := part >> 7:
            octets.append(part & 0x7F | 0x80)
        encoded += bytes(reversed(octets))
    return tlv(0x06, encoded)


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    """Return an extension."""
    return tlv(0x30, oid(dotted), b"\x01\x01\xff" if critical else b"", tlv(0x04, value))


def name(*attributes: tuple[str, int, bytes]) -> bytes:
    """Return a distinguished name: each attribute is (object identifier, tag, bytes)."""
    return tlv(0x30, *(tlv(0x31, tlv(0x30, oid(kind), tlv(tag, text))) for kind, tag, text in attributes))


def pem(der: bytes, kind: str = "CERTIFICATE") -> bytes:
    """Return PEM as every tool writes it."""
    body = base64.encodebytes(der).replace(b"\n", b"")
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return b"\n".join([f"-----BEGIN {kind}-----".encode(), *lines, f"-----END {kind}-----".encode(), b""])


@dataclass(frozen=True)
class Draft:
    """The parts of a certificate, each a whole element; what is empty is left out."""

    version: bytes
    serial: bytes
    algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    key: bytes
    extensions: tuple[bytes, ...]
    unique: bytes = b""
    after: bytes = b""

    @classmethod
    def of(cls, der: bytes) -> Draft:
        """Return the parts of an honest certificate of version 3."""
        body = elements(inside(elements(inside(der))[0]))
        own = elements(inside(inside(body[7])))
        version, serial, algorithm, issuer, validity, subject, key = body[:7]
        return cls(version, serial, algorithm, issuer, validity, subject, key, tuple(own))

    def but(self, **parts: Any) -> Draft:
        """With other parts."""
        return replace(self, **parts)

    def with_extensions(self, *more: bytes) -> Draft:
        """With these extensions besides its own."""
        return replace(self, extensions=(*self.extensions, *more))

    @property
    def body(self) -> bytes:
        """What is signed."""
        listed = tlv(0xA3, tlv(0x30, *self.extensions)) if self.extensions else b""
        return tlv(0x30, self.version, self.serial, self.algorithm, self.issuer, self.validity, self.subject, self.key,
                   self.unique, listed, self.after)  # fmt: skip

    def signed(self, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, *, high: bool = False) -> bytes:
        """Return it, signed with SHA-256 (or Ed25519); *high* gives the signature the S that Fabric turns."""
        return sign(self.body, key, self.algorithm, high=high)


def sign(
    body: bytes,
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    algorithm: bytes = ECDSA_SHA256,
    *,
    high: bool = False,
    bend: Callable[[bytes], bytes] = bytes,
) -> bytes:
    """Body, algorithm and signature as one certificate; *bend* changes the signature afterwards."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(body)
    else:
        made = key.sign(body, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(made)
        if isinstance(key.curve, ec.SECP256R1):
            low = min(s, _ORDER - s)
            made = encode_dss_signature(r, _ORDER - low if high else low)
        signature = made
    return tlv(0x30, body, algorithm, tlv(0x03, b"\x00", bend(signature)))
