"""What the stub needs from below: one transaction's line to the peer that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What a peer takes at once, agreed when the chaincode registers.

    Zero stands for a peer (before Fabric 3.1) that takes one write, or gives one
    value, a message.
    """

    writes: int = 0
    reads: int = 0


class Line(Protocol):
    """One transaction's requests to its peer, answered one at a time."""

    limits: Limits

    def ask(self, kind: int, payload: bytes) -> bytes:
        """
        Return the payload of the peer's answer to a request of *kind* (a ChaincodeMessage.Type).

        Raises:
            PeerRefused: the peer answered with an error, or the request is too large for it.
            TransactionAbandoned: the stream to the peer is gone.
        """
        ...
