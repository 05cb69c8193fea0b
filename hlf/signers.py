"""
Signers: they turn a message into a signature that Fabric accepts.

Any object with ``sign(message)`` is a signer. Keys may stay in a hardware module: ``from_digest_function`` takes a
function over the digest, as such modules and the official clients offer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from hlf.errors import IdentityError
from hlf.wire import signatures


class Signer(Protocol):
    """Signs messages with one private key; called from many threads at once."""

    def sign(self, message: bytes) -> bytes:
        """
        Return the signature of *message*: ECDSA over its SHA-256, or Ed25519's over the message.

        ECDSA's may be in DER or R and S side by side, with S high or low: the client brings it into Fabric's form.
        """


class _KeySigner:
    """Signs with a private key in this process's memory."""

    __slots__ = ("_key", "curve")

    def __init__(self, key: signatures.PrivateKey) -> None:
        self._key = key
        self.curve = key.curve if isinstance(key, ec.EllipticCurvePrivateKey) else None

    def sign(self, message: bytes) -> bytes:
        return signatures.sign_low_s(self._key, message)


class _DigestSigner:
    """Signs with a function over the SHA-256 digest, and converts its answer to Fabric's form."""

    __slots__ = ("_function", "curve")

    def __init__(self, function: Callable[[bytes], bytes], curve: ec.EllipticCurve) -> None:
        self._function = function
        self.curve = curve

    def sign(self, message: bytes) -> bytes:
        return signatures.canonical(self._function(hashlib.sha256(message).digest()), self.curve)


def makes(signer: Signer | None, curve: ec.EllipticCurve) -> bool:
    """Return whether *signer* is one of this module's for a key on *curve*: its signatures are in Fabric's form."""
    if not isinstance(signer, _KeySigner | _DigestSigner) or signer.curve is None:
        return False
    return signer.curve.name == curve.name


def is_local(signer: Signer | None) -> bool:
    """Return whether *signer* has its key in this process's memory, so that it signs at once."""
    return isinstance(signer, _KeySigner)


def ecdsa(private_key: ec.EllipticCurvePrivateKey) -> Signer:
    """
    Return a signer with an ECDSA key on P-256 or P-384.

    Raises:
        IdentityError: the key is on another curve.
    """
    signatures.require_supported(private_key.curve)
    return _KeySigner(private_key)


def ed25519(private_key: Ed25519PrivateKey) -> Signer:
    """Return a signer with an Ed25519 key; channels accept those from capability V3_0 on."""
    return _KeySigner(private_key)


def from_digest_function(function: Callable[[bytes], bytes], curve: ec.EllipticCurve | None = None) -> Signer:
    """
    Return a signer that asks *function* for the ECDSA signature of a SHA-256 digest: DER or R and S side by side.

    Args:
        curve: of the key behind the function; P-256 unless given.
    """
    curve = curve or ec.SECP256R1()
    signatures.require_supported(curve)
    return _DigestSigner(function, curve)


def from_private_key(private_key: object) -> Signer:
    """
    Return a signer with a private key of a kind that Fabric supports.

    Raises:
        IdentityError: the key is of another kind.
    """
    if isinstance(private_key, ec.EllipticCurvePrivateKey):
        return ecdsa(private_key)
    if isinstance(private_key, Ed25519PrivateKey):
        return ed25519(private_key)
    raise IdentityError("the private key is neither ECDSA nor Ed25519; Fabric takes no other kind")


def from_pem(pem: bytes, password: bytes | None = None) -> Signer:
    """
    Return a signer with the private key in *pem*.

    Raises:
        IdentityError: no private key can be read from it, or not one of a kind that Fabric supports.
    """
    return from_private_key(load_private_key(pem, password))


def load_private_key(pem: bytes, password: bytes | None = None) -> PrivateKeyTypes:
    """
    Return the private key in *pem*.

    Raises:
        IdentityError: no key can be read from it. The error never quotes the input.
    """
    try:
        return serialization.load_pem_private_key(pem, password)
    except TypeError:
        cure = "it is encrypted, so a password is needed" if password is None else "it is not encrypted, so give none"
        raise IdentityError(f"the private key cannot be read: {cure}") from None
    except Exception:  # noqa: BLE001
        # Mostly it is a ValueError, but failures of OpenSSL have other classes, and no list of them is complete. The
        # library's text may quote the file, which is private.
        wrong = "" if password is None else "the password is wrong, or "
        expected = "expected PEM (PKCS #8 or SEC 1) of an EC key"
        raise IdentityError(f"the private key cannot be read: {wrong}{expected}") from None
