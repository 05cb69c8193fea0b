"""What a chaincode answers, and how refusals and failures are put into words; the only place that writes them."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, field

from hlf.codec import texts
from hlf.codec.refusals import RuntimeRefusal
from hlf.shim import errors

logger = logging.getLogger("selat.chaincode")

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


def of_error(error: BaseException, where: str, tx_id: str) -> Response:
    """
    Return the answer for an exception that left a contract; *where* names contract and function.

    Neither the answer nor the log has the exception's text, which may quote an
    argument, a transient value or a private one. The log has the lines of code.
    """
    if isinstance(error, errors.Refused):
        return refusal(error)
    if isinstance(error, errors.PeerRefused):
        return Response(FAILED, f"refused/{RuntimeRefusal.PEER_REFUSED.code}: {error.message}", cause=error)
    kind = type(error).__name__
    logger.error("%s failed with %s in transaction %s\n%s", where, kind, tx_id, _code_lines(error))
    text = f"{where} failed with {kind}; see the chaincode's log for transaction {tx_id}"
    return Response(FAILED, f"refused/{RuntimeRefusal.INTERNAL.code}: {text}", cause=error)


def _code_lines(error: BaseException) -> str:
    """Return the traceback of *error* and of what caused it, without the exceptions' texts."""
    pieces: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(pieces) < 40:
        pieces.append(f"{type(seen).__name__} at")
        pieces += [piece.rstrip() for piece in traceback.format_tb(seen.__traceback__)]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(pieces)
