"""One transaction from request to answer; the same for a real peer and for the test ledger."""

from __future__ import annotations

from typing import Protocol

from hlf.shim import responses
from hlf.shim.responses import Response
from hlf.shim.stub import Stub


class Chaincode(Protocol):
    """
    The low door to the ledger, for chaincode that is not written as contracts.

    :class:`hlf.shim.api.Chaincode` is one. ``batch_writes = False`` on
    the object sends each write at once, so that the peer's refusal of a write
    reaches the line of code that made it. ``time_window``, a timedelta, keeps
    off transactions that are dated further from this machine's clock.
    ``expose_errors = True`` tells callers and log what an exception says; for
    development.
    ``expose_errors = True`` tells callers and log what an exception says, for development.
    """

    name: str

    def init(self, stub: Stub) -> Response:
        """Answer an initialisation."""
        ...

    def invoke(self, stub: Stub) -> Response:
        """Answer a transaction."""
        ...


def run(chaincode: Chaincode, stub: Stub, *, init: bool) -> Response:
    """
    Return the chaincode's answer, with its writes sent if it is one that Fabric endorses.

    Raises:
        TransactionAbandoned: the stream to the peer is gone; there is nobody to answer.
    """
    try:
        response = chaincode.init(stub) if init else chaincode.invoke(stub)
        if response.status < responses.REFUSED:
            stub.flush()
    except (Exception, SystemExit) as error:  # noqa: BLE001  (an exception is an answer, never silence)
        return failed(chaincode, chaincode.name, error, stub)
    return response


def failed(chaincode: Chaincode, where: str, error: BaseException, stub: Stub) -> Response:
    """Return the answer for an exception that left *chaincode*, told as far as *chaincode* and *stub* allow."""
    if getattr(chaincode, "expose_errors", False):
        telling = responses.Telling.EVERYBODY
    else:
        telling = responses.Telling.PLACE if stub.saw_private else responses.Telling.LOG
    return responses.of_error(error, where, stub.tx_id, telling)
