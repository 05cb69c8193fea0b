"""
Encrypt data so that only the holder of a private key can read it, also outside the channel and later (RFC 9180, HPKE).

The client seals, because a contract has no randomness and every endorser sees
its inputs. HPKE proves nothing about the sender; the Fabric signature over the
record with the ciphertext's hash does. HPKE's *info* binds the purpose of a
ciphertext: it does not open for another channel, record, recipient or version.

    key = sealing.generate(sealing.Suite.HYBRID)              # the recipient, once
    sealed = sealing.seal(b"...", key.public, binding)        # the owner
    sealing.unseal(sealed, key, binding)                      # the recipient

Use the hybrid of ML-KEM-768 and X25519 for data that are stored: a later
quantum computer must not open a ciphertext of today.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hlf import extras
from hlf.errors import SealingError

try:
    from cryptography.hazmat.primitives import hpke
    from cryptography.hazmat.primitives.asymmetric import mlkem
except ImportError as absent:
    raise extras.missing("cryptography 50 or newer", "sealing") from absent

_MLKEM_PUBLIC, _MLKEM_SEED, _X25519 = 1_184, 64, 32
_P256_SCALAR = 32


class Suite(enum.Enum):
    """The key encapsulation; each is used with HKDF-SHA256 and ChaCha20-Poly1305."""

    P256 = "DHKEM-P256"
    X25519 = "DHKEM-X25519"
    HYBRID = "MLKEM768-X25519"


_HPKE = {
    Suite.P256: hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305),
    Suite.X25519: hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305),
    Suite.HYBRID: hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305),
}


@dataclass(frozen=True)
class Binding:
    """The purpose of a ciphertext; it opens only with the same binding."""

    channel: str
    record: str
    recipient: str
    version: int

    @property
    def info(self) -> bytes:
        """HPKE's info: each part after its length, so that different bindings have different bytes."""
        parts = [b"selat seal 1", self.channel.encode(), self.record.encode(), self.recipient.encode()]
        lengths = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return lengths + self.version.to_bytes(8, "big")


@dataclass(frozen=True)
class PublicKey:
    """
    A recipient's public key.

    Attributes:
        raw: the uncompressed point (P-256), 32 bytes (X25519), or the ML-KEM-768 key followed by the X25519 key.
    """

    suite: Suite
    raw: bytes

    @property
    def thumbprint(self) -> str:
        """SHA-256 over suite and key in hex; it names the key in a record without disclosing it."""
        return hashlib.sha256(self.suite.value.encode() + b"\0" + self.raw).hexdigest()

    def _load(self) -> Any:
        try:
            if self.suite is Suite.P256:
                return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.raw)
            if self.suite is Suite.X25519:
                return x25519.X25519PublicKey.from_public_bytes(self.raw)
            return hpke.MLKEM768X25519PublicKey(
                mlkem.MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM_PUBLIC]),
                x25519.X25519PublicKey.from_public_bytes(self.raw[_MLKEM_PUBLIC:]),
            )
        except ValueError:
            raise SealingError(f"{len(self.raw)} bytes are no public key of {self.suite.value}") from None


@dataclass(frozen=True, repr=False)
class PrivateKey:
    """
    A recipient's private key; it is never printed, and only its holder has it.

    Attributes:
        raw: the scalar (P-256), 32 bytes (X25519), or the ML-KEM-768 seed followed by the X25519 key.
    """

    suite: Suite
    raw: bytes

    @property
    def public(self) -> PublicKey:
        """The public key, to which others seal."""
        if self.suite is Suite.P256:
            point = self._load().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            return PublicKey(self.suite, point)
        if self.suite is Suite.X25519:
            return PublicKey(self.suite, self._load().public_key().public_bytes_raw())
        seed, key = self._halves()
        return PublicKey(self.suite, seed.public_key().public_bytes_raw() + key.public_key().public_bytes_raw())

    def _load(self) -> Any:
        try:
            if self.suite is Suite.P256:
                if len(self.raw) != _P256_SCALAR:
                    raise ValueError
                return ec.derive_private_key(int.from_bytes(self.raw, "big"), ec.SECP256R1())
            if self.suite is Suite.X25519:
                return x25519.X25519PrivateKey.from_private_bytes(self.raw)
            return hpke.MLKEM768X25519PrivateKey(*self._halves())
        except ValueError:
            raise SealingError(f"{len(self.raw)} bytes are no private key of {self.suite.value}") from None

    def _halves(self) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        try:
            return (
                mlkem.MLKEM768PrivateKey.from_seed_bytes(self.raw[:_MLKEM_SEED]),
                x25519.X25519PrivateKey.from_private_bytes(self.raw[_MLKEM_SEED:]),
            )
        except ValueError:
            raise SealingError(f"{len(self.raw)} bytes are no private key of {self.suite.value}") from None


def generate(suite: Suite) -> PrivateKey:
    """
    Return a fresh key pair.

    Raises:
        SealingError: this build of cryptography has no ML-KEM.
    """
    if suite is Suite.P256:
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return PrivateKey(suite, number.to_bytes(_P256_SCALAR, "big"))
    key = x25519.X25519PrivateKey.generate().private_bytes_raw()
    if suite is Suite.X25519:
        return PrivateKey(suite, key)
    try:
        return PrivateKey(suite, mlkem.MLKEM768PrivateKey.generate().private_bytes_raw() + key)
    except UnsupportedAlgorithm:
        raise SealingError("the installed cryptography has no ML-KEM; install its wheel from PyPI") from None


def seal(plaintext: bytes, key: PublicKey, binding: Binding) -> bytes:
    """
    Return *plaintext* sealed for the holder of *key*: HPKE's encapsulated key, then the ciphertext; each call differs.

    Raises:
        SealingError: *key* is not a valid key of its suite.
    """
    try:
        return bytes(_HPKE[key.suite].encrypt(plaintext, key._load(), info=binding.info))  # noqa: SLF001  (one module)
    except ValueError:
        raise SealingError(f"cannot seal to that key of {key.suite.value}") from None


def unseal(sealed: bytes, key: PrivateKey, binding: Binding) -> bytes:
    """
    Return the plaintext.

    Raises:
        SealingError: it was sealed to another key or for another binding, or was modified.
    """
    try:
        return bytes(_HPKE[key.suite].decrypt(sealed, key._load(), info=binding.info))  # noqa: SLF001  (one module)
    except (InvalidTag, ValueError):
        raise SealingError("it was sealed to another key, for another record, or has been altered") from None
