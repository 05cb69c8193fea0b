"""The common part of a transaction's three steps: their bytes, and the message to sign."""

from __future__ import annotations

import builtins
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec

from hlf.errors import IdentityError, WireError
from hlf.wire import certificates, signatures


class SignableStep(ABC):
    """
    One step, signed by the caller's signer when it is sent, or elsewhere before that.

    Sending does not change a step, so it can be sent again.
    """

    def __init__(self, whole: Any, signed: Any, message: builtins.bytes) -> None:
        """Make a step of the protobuf *whole*; its part *signed* has the signature of *message*."""
        self._whole = whole
        self._signed = signed
        self._message = message

    @property
    def bytes(self) -> builtins.bytes:
        """This step as bytes, with its signature if it has one."""
        return builtins.bytes(self._whole.SerializeToString())

    @property
    def message(self) -> builtins.bytes:
        """The message to sign; an Ed25519 key signs it directly."""
        return self._message

    @property
    def digest(self) -> builtins.bytes:
        """The SHA-256 of ``message``, which an ECDSA key signs."""
        return hashlib.sha256(self._message).digest()

    @property
    def creator(self) -> builtins.bytes:
        """The serialized identity whose signature this step needs."""
        return self._creator()

    @property
    def signed_by_creator(self) -> bool:
        """
        Whether this step has its creator's own signature, in the form that Fabric accepts.

        A service that got the signature from elsewhere asks this before it sends the step: peers and orderers say less
        about the cause.
        """
        try:
            _, pem = signatures.parse_identity(self._creator())
            key = certificates.read(pem).public_key.key
        except (IdentityError, WireError):
            return False
        return signatures.verify(key, builtins.bytes(self._signed.signature), self._message)

    def sign(self, signature: builtins.bytes) -> Self:
        """
        Return this step with *signature*: Ed25519's, or ECDSA's in DER or R and S side by side, with S high or low.

        Raises:
            WireError: it is no signature of the creator's kind of key.
        """
        curve = _curve(self._creator())
        self._signed.signature = signature if curve is None else signatures.canonical(signature, curve)
        return self

    def ensure_signed(self, sign: Callable[[builtins.bytes], builtins.bytes]) -> None:
        """Sign with *sign*, unless there is a signature already; raises what *sign* raises."""
        if not self._signed.signature:
            self._signed.signature = sign(self._message)

    @abstractmethod
    def _creator(self) -> builtins.bytes:
        """Return the serialized identity that signs."""


def _curve(creator: bytes) -> ec.EllipticCurve | None:
    """Return the curve of *creator*'s key; None if there is no certificate, or the key is of another kind."""
    try:
        return certificates.read(signatures.parse_identity(creator)[1]).public_key.curve
    except (IdentityError, WireError):
        return None
