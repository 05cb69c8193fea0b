"""What a transaction's three steps have in common: bytes to carry, and a message to sign."""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Callable
from typing import Any, Self


class Step:
    """
    One step, signed by the caller's signer when it is sent, or elsewhere before that.

    A step is not changed by being sent, so it can be sent again as it is.
    """

    def __init__(self, whole: Any, signed: Any, message: builtins.bytes) -> None:
        """Make a step of the protobuf *whole*, in which the part *signed* holds the signature of *message*."""
        self._whole = whole
        self._signed = signed
        self._message = message

    @property
    def bytes(self) -> builtins.bytes:
        """This step as bytes, with its signature if it has one."""
        return builtins.bytes(self._whole.SerializeToString())

    @property
    def message(self) -> builtins.bytes:
        """What the signature goes over; an Ed25519 key signs this itself."""
        return self._message

    @property
    def digest(self) -> builtins.bytes:
        """SHA-256 of ``message``, which an ECDSA key signs."""
        return hashlib.sha256(self._message).digest()

    def sign(self, signature: builtins.bytes) -> Self:
        """Return this step, carrying *signature*: ECDSA in DER with low S, or Ed25519."""
        self._signed.signature = signature
        return self

    def ensure_signed(self, sign: Callable[[builtins.bytes], builtins.bytes]) -> None:
        """Sign with *sign*, unless there is a signature already; raises what *sign* raises."""
        if not self._signed.signature:
            self._signed.signature = sign(self._message)
