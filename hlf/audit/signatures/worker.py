"""
The checker of signatures, here or in its own process; ``checkingahead`` starts it.

This file is that process's program, and imports only what it needs.
"""

from __future__ import annotations

import pickle
import signal
import struct
import sys
from collections import OrderedDict
from collections.abc import Iterable
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hlf.wire import verification

# A key in DER, the signed bytes (their hash if the key is elliptic), and the signature.
Claim = tuple[bytes, bytes, bytes]

_LENGTH = struct.Struct(">Q")
REMEMBERED_KEYS = 4096
"""Keys that a process keeps: more than a channel's identities as a rule."""


class Checker:
    """Checks claims; remembers the keys it has loaded."""

    def __init__(self) -> None:
        # Each key with whether it is elliptic: looking this up is faster than asking for the class.
        self._loaded: OrderedDict[bytes, tuple[Any, bool]] = OrderedDict()

    def check(self, claims: Iterable[Claim]) -> bytes:
        """Return a byte for each claim: 1 where the signature is one that Fabric accepts, else 0."""
        return bytes([self._holds(*claim) for claim in claims])

    def _holds(self, key: bytes, signed: bytes, signature: bytes) -> bool:
        if not key or not signature:
            return False
        known = self._loaded.get(key)
        if known is None:
            loaded: Any = load_der_public_key(key)
            known = self._loaded[key] = loaded, isinstance(loaded, ec.EllipticCurvePublicKey)
            if len(self._loaded) > REMEMBERED_KEYS:
                self._loaded.popitem(last=False)
        public_key, elliptic = known
        if elliptic:
            return verification.verify_hashed(public_key, signature, signed)
        return verification.verify(public_key, signature, signed)


def send(stream: IO[bytes], message: bytes) -> None:
    """Write one message with its length before it."""
    stream.write(_LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Return the next message; None if the other side has ended."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    message = stream.read(length)
    return message if len(message) == length else None


def main() -> None:
    """Answer lots of claims until the other side ends."""
    # Ctrl-C at a terminal reaches all its processes; this one ends when the process that asks it does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    checker = Checker()
    while (message := receive(sys.stdin.buffer)) is not None:
        # From the process that started this one, and from nobody else.
        send(sys.stdout.buffer, checker.check(pickle.loads(message)))  # noqa: S301


if __name__ == "__main__":
    main()
