"""Calls of a ledger, their answers, and the errors of calls that the gateway itself refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hlf import errors
from hlf.codec import canonical
from hlf.steps.transaction import TransactionStep


class ArgumentError(Exception):
    """An argument of a call cannot be sent; the message says which and why."""


class PolicyChangedError(errors.CommitError):
    """
    A key's policy changed after the endorsement, so the transaction is ENDORSEMENT_POLICY_FAILURE; nothing was written.
    """


class GoneError(Exception):
    """The client has gone; nothing was sent for it."""


class CursorError(Exception):
    """A cursor is not an event of the stream, so the events after it are unknown."""


class NothingToWriteError(Exception):
    """A submitted call wrote nothing. It was not sent to the orderer, because its answer would be in a block."""


@dataclass(frozen=True)
class LedgerCall:
    """
    A call of one function of one chaincode.

    Attributes:
        function: its name, after its contract's name if it has one, as ``Journeys:open``.
        arguments: text is sent as it is, any other value as canonical JSON.
        transient: values that only the endorsers see. They are never logged and never in an error.
        endorsers: organisations that must endorse; if empty, the function's declaration or else the policies decide.
        after: a block that the answer must build on; the call waits for peers that do not have it yet.
        gone: returns whether the client has gone; then nothing more is sent.
    """

    channel: str
    chaincode: str
    function: str
    arguments: tuple[Any, ...] = ()
    transient: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    endorsers: tuple[str, ...] = ()
    after: int | None = None
    gone: Callable[[], bool] = field(default=lambda: False, repr=False, compare=False)

    def texts(self) -> list[str]:
        """
        Return the arguments as Fabric gets them.

        Raises:
            ArgumentError: a value has no canonical JSON (a fraction, an integer beyond 2^53).
        """
        return [_text(position, value) for position, value in enumerate(self.arguments, start=1)]


@dataclass(frozen=True)
class CommittedAnswer:
    """A committed transaction and its contract's answer."""

    transaction_id: str
    block_number: int
    result: bytes


def must_be_there(call: LedgerCall) -> None:
    """Raise GoneError if the client has gone."""
    if call.gone():
        raise GoneError("the client went away")


def check_sendable(call: LedgerCall, transaction: TransactionStep) -> None:
    """
    Check that the endorsed *transaction* of a call is to be ordered.

    Raises:
        NothingToWriteError, GoneError.
        hlf.errors.WireError: the endorsed read-write set is malformed.
    """
    if not transaction.changes:
        raise NothingToWriteError(f"{call.function} writes nothing")
    must_be_there(call)


def _text(position: int, value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return canonical.dumps(value).decode()
    except ValueError as error:
        raise ArgumentError(f"argument {position}: {error}") from error
