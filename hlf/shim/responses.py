"""What a chaincode answers, and how refusals and failures are put into words; the only place that writes them."""

from __future__ import annotations

import enum
import logging
import traceback
from dataclasses import dataclass, field

from hlf.codec import texts
from hlf.codec.refusals import RuntimeRefusal
from hlf.shim import errors

logger = logging.getLogger("hlf.chaincode")

OK = 200
REFUSED = 400
FAILED = 500

_LONGEST_TEXT = 800


@dataclass(frozen=True, slots=True)
class Response:
    """
    A chaincode's answer: Fabric endorses what has a status below 400 and drops the writes of the rest.

    The peer forwards *message* of a refusal to the client, and nothing else;
    *cause*, the exception behind it, stays in this process, for tests to see.
    """

    status: int
    message: str = ""
    payload: bytes = field(default=b"", repr=False)
    cause: BaseException | None = field(default=None, compare=False, repr=False)


def success(payload: bytes = b"") -> Response:
    """Return the answer of a transaction that did what was asked."""
    return Response(OK, payload=payload)


def failure(message: str) -> Response:
    """Return the answer of a transaction that failed, in the chaincode's own words."""
    return Response(FAILED, message)


def refusal(refused: errors.Refused) -> Response:
    """
    Return a contract's "no" in the form that clients parse: ``refused/CODE: text``.

    The text may name what the caller sent, such as a field that does not
    exist. So it is one line of bounded length here, whatever that was.
    """
    return Response(REFUSED, f"refused/{refused.code}: {texts.shown(refused.text, _LONGEST_TEXT)}", cause=refused)


class Telling(enum.Enum):
    """Who may read the text of an exception: its text may quote an argument, a transient value or a private one."""

    PLACE = "nobody; the log has the kind of the exception and the lines of code"
    LOG = "the log"
    EVERYBODY = "the log and the caller, for development"


def of_error(error: BaseException, where: str, tx_id: str, telling: Telling = Telling.PLACE) -> Response:
    """Return the answer for an exception that left a contract; *where* names contract and function."""
    if isinstance(error, errors.Refused):
        return refusal(error)
    if isinstance(error, errors.PeerRefused):
        text = error.message if not error.hint else f"{error.message} ({error.hint})"
        return Response(FAILED, f"refused/{RuntimeRefusal.PEER_REFUSED.code}: {text}", cause=error)
    kind = type(error).__name__
    said = "" if telling is Telling.PLACE else texts.shown(f": {error}", _LONGEST_TEXT)
    logger.error("%s failed with %s%s in transaction %s\n%s", where, kind, said, tx_id, _code_lines(error))
    told = f"{kind}{said}" if telling is Telling.EVERYBODY else kind
    text = f"{where} failed with {told}; see the chaincode's log for transaction {tx_id}"
    return Response(FAILED, f"refused/{RuntimeRefusal.INTERNAL.code}: {text}", cause=error)


def defect(text: str) -> Response:
    """Return the answer of a chaincode in development whose module cannot be read; *text* says why."""
    return Response(FAILED, f"refused/{RuntimeRefusal.INTERNAL.code}: {texts.shown(text, _LONGEST_TEXT)}")


def _code_lines(error: BaseException) -> str:
    """Return the traceback of *error* and of what caused it, without the exceptions' texts."""
    pieces: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(pieces) < 40:
        pieces.append(f"{type(seen).__name__} at")
        pieces += [piece.rstrip() for piece in traceback.format_tb(seen.__traceback__)]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(pieces)
