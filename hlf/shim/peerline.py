"""The stub's interface to the peer that runs its transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """
    The batch sizes of a peer, agreed when the chaincode registers.

    Zero stands for a peer (before Fabric 3.1) that has one write, or one value, in
    a message.
    """

    writes: int = 0
    reads: int = 0


class PeerLine(Protocol):
    """One transaction's requests to its peer, answered one at a time."""

    limits: BatchLimits

    def ask(self, kind: int, payload: bytes) -> bytes:
        """
        Return the payload of the peer's answer to a request of *kind* (a ChaincodeMessage.Type).

        Raises:
            PeerRefused: the peer answered with an error, or the request is too large for it.
            TransactionAbandoned: the stream to the peer has ended.
        """
        ...
