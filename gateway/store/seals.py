"""Encrypt private values in the database; each is bound to its row."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


def key(secret: bytes, purpose: str) -> bytes:
    """Return a key for one purpose, made from the gateway's secret."""
    return hmac.new(secret, f"seal {purpose}".encode(), hashlib.sha256).digest()


def sealed(key: bytes, plain: bytes, row: bytes) -> bytes:
    """Return *plain*, encrypted for the row of this name."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, row)


def unsealed(key: bytes, text: bytes, row: bytes) -> bytes:
    """
    Return what was encrypted.

    Raises:
        cryptography.exceptions.InvalidTag: with another key, or for another row.
    """
    return AESGCM(key).decrypt(text[:_NONCE], text[_NONCE:], row)
