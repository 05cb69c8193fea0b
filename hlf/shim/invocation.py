"""Run one transaction from request to answer, for a real peer and for the test ledger."""

from __future__ import annotations

from typing import Protocol

from hlf.shim import responses
from hlf.shim.responses import Response
from hlf.shim.stub import Stub


class Chaincode(Protocol):
    """
    The interface of chaincode that is not written as contracts.

    :class:`hlf.shim.api.Chaincode` is one. ``batch_writes = False`` on
    the object sends each write at once, so that the line of code that made it gets
    the peer's refusal. ``time_window``, a timedelta, refuses transactions whose
    time differs more from this machine's clock.
    ``expose_errors = True`` shows the text of an exception to callers and in the
    log; for development only.
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
    Return the chaincode's answer, after its writes have been sent if Fabric would endorse it.

    Raises:
        TransactionAbandoned: the stream to the peer has ended; nobody can get an answer.
    """
    try:
        response = chaincode.init(stub) if init else chaincode.invoke(stub)
        if response.status < responses.REFUSED:
            stub.flush()
    except (Exception, SystemExit) as error:  # noqa: BLE001  (every exception becomes an answer)
        return failed(chaincode, chaincode.name, error, stub)
    return response


def failed(chaincode: Chaincode, where: str, error: BaseException, stub: Stub) -> Response:
    """Return the answer for an exception of *chaincode*; *chaincode* and *stub* decide how much of it is shown."""
    if getattr(chaincode, "expose_errors", False):
        telling = responses.ErrorDisclosure.EVERYBODY
    else:
        telling = responses.ErrorDisclosure.PLACE if stub.saw_private else responses.ErrorDisclosure.LOG
    return responses.of_error(error, where, stub.tx_id, telling)
