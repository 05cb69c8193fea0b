"""The answers of a chaincode; only this module writes the texts of refusals and failures."""

from __future__ import annotations

import enum
import logging
import traceback
from dataclasses import dataclass, field

from hlf.codec import texts
from hlf.codec.refusals import RuntimeRefusal
from hlf.shim import errors
from hlf.wire.proposals import ERROR_THRESHOLD

logger = logging.getLogger("hlf.chaincode")

OK = 200
REFUSED = ERROR_THRESHOLD
FAILED = 500

_LONGEST_TEXT = 800


@dataclass(frozen=True, slots=True)
class Response:
    """
    A chaincode's answer. Fabric endorses those with a status below 400; the writes of others are dropped.

    Of a refusal, the peer forwards only *message* to the client. The exception
    *cause* stays in this process, for tests.
    """

    status: int
    message: str = ""
    payload: bytes = field(default=b"", repr=False)
    cause: BaseException | None = field(default=None, compare=False, repr=False)


def success(payload: bytes = b"") -> Response:
    """Return the answer of a transaction that succeeded."""
    return Response(OK, payload=payload)


def failure(message: str) -> Response:
    """Return the answer of a transaction that failed with the chaincode's own text."""
    return Response(FAILED, message)


def refusal(refused: errors.Refused) -> Response:
    """
    Return a contract's refusal in the form that clients parse: ``refused/CODE: text``.

    The text may quote the caller's input, such as an unknown field. So it is cut
    here to one line of limited length.
    """
    return Response(REFUSED, f"refused/{refused.code}: {texts.shown(refused.text, _LONGEST_TEXT)}", cause=refused)


class ErrorDisclosure(enum.Enum):
    """Who may read the text of an exception; it may quote an argument, a transient value or a private one."""

    PLACE = "nobody; the log has the kind of the exception and the lines of code"
    LOG = "the log"
    EVERYBODY = "the log and the caller, for development"


def of_error(
    error: BaseException, where: str, tx_id: str, telling: ErrorDisclosure = ErrorDisclosure.PLACE
) -> Response:
    """Return the answer for an exception of a contract; *where* names contract and function."""
    if isinstance(error, errors.Refused):
        return refusal(error)
    if isinstance(error, errors.PeerRefused):
        text = error.message if not error.hint else f"{error.message} ({error.hint})"
        return Response(FAILED, f"refused/{RuntimeRefusal.PEER_REFUSED.code}: {text}", cause=error)
    kind = type(error).__name__
    said = "" if telling is ErrorDisclosure.PLACE else texts.shown(f": {error}", _LONGEST_TEXT)
    logger.error("%s failed with %s%s in transaction %s\n%s", where, kind, said, tx_id, _code_lines(error))
    told = f"{kind}{said}" if telling is ErrorDisclosure.EVERYBODY else kind
    text = f"{where} failed with {told}; see the chaincode's log for transaction {tx_id}"
    return Response(FAILED, f"refused/{RuntimeRefusal.INTERNAL.code}: {text}", cause=error)


def defect(text: str) -> Response:
    """Return the answer of a chaincode in development whose module cannot be loaded; *text* is the reason."""
    return Response(FAILED, f"refused/{RuntimeRefusal.INTERNAL.code}: {texts.shown(text, _LONGEST_TEXT)}")


def _code_lines(error: BaseException) -> str:
    """Return the tracebacks of *error* and its causes, without the exceptions' texts."""
    pieces: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(pieces) < 40:
        pieces.append(f"{type(seen).__name__} at")
        pieces += [piece.rstrip() for piece in traceback.format_tb(seen.__traceback__)]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(pieces)
