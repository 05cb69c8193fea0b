"""The outcome of a call on a ledger in memory: a result, or the error that says why there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hlf.shim.errors import ShimError
from hlf.shim.responses import Response
from hlf.shim.testing.effects import Effects


class CallFailed(ShimError):  # noqa: N818  (an outcome, as Refused is)
    """
    The contract or the peer raised an exception that is no refusal; ``__cause__`` is that exception.

    Attributes:
        response: the answer that a client would get.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(response.message)
        self.response = response


class EndorsementMismatch(ShimError):  # noqa: N818  (an outcome, as Refused is)
    """Two endorsers answered differently: the contract is not deterministic, or reads values that only one has."""


class UndeclaredAccess(ShimError):  # noqa: N818  (an outcome, as Refused is)
    """The contract breaks its declaration: more organisations would see values than needed."""


class TransactionInvalid(ShimError):  # noqa: N818  (an outcome, as Refused is)
    """
    The transaction was committed as invalid.

    Attributes:
        code: Fabric's validation code, as ``MVCC_READ_CONFLICT``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Event:
    """A chaincode event as listeners get it once the transaction is valid."""

    name: str
    payload: bytes

    def json(self) -> Any:
        """Return the payload read as JSON."""
        return json.loads(self.payload)


@dataclass(frozen=True)
class Result:
    """
    The result of a transaction.

    Attributes:
        payload: the contract's answer.
        event: the event, if it set one.
        writes: public writes, key to value; an empty value is a deletion.
        private_writes: (collection, key) to value.
        policies: keys (or (collection, key)) to the endorsement policies it set on them.
        rwset, private_rwset: the exact bytes, which must be equal at every endorser.
    """

    tx_id: str
    payload: bytes
    event: Event | None
    writes: Mapping[str, bytes]
    private_writes: Mapping[tuple[str, str], bytes]
    policies: Mapping[str | tuple[str, str], bytes]
    rwset: bytes
    private_rwset: bytes

    def json(self) -> Any:
        """Return the payload read as JSON."""
        return json.loads(self.payload)

    @property
    def text(self) -> str:
        """The payload read as text."""
        return self.payload.decode()


@dataclass(frozen=True)
class EndorsedTransaction:
    """A transaction with equal endorsements, not committed yet."""

    result: Result
    endorsers: frozenset[str]
    at: datetime
    effects: Effects
