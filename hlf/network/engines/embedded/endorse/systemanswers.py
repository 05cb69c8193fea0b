"""What the chaincodes that every peer has built in answer with."""

from __future__ import annotations

from fabric_protos.peer import proposal_response_pb2

Response = proposal_response_pb2.Response


class UnspeakableError(Exception):
    """A built-in chaincode has an answer that it cannot give; the text is Fabric's."""


def success(payload: bytes) -> Response:
    """Return a response that agrees."""
    return Response(status=200, payload=payload)


def failure(reason: str, status: int = 500) -> Response:
    """
    Return a response that refuses; bytes that are no UTF-8 stand in *reason* as surrogates.

    Raises:
        UnspeakableError: it has some, which a response cannot carry.
    """
    try:
        return Response(status=status, message=reason)
    except UnicodeEncodeError:
        raise UnspeakableError("failed to marshal response: string field contains invalid UTF-8") from None


def text(argument: bytes) -> str:
    """Return an argument as text; bytes that are no UTF-8 become surrogates, which ``failure`` looks for."""
    return argument.decode(errors="surrogateescape")


def is_text(argument: bytes) -> bool:
    """Return whether an argument is UTF-8."""
    try:
        argument.decode()
    except UnicodeDecodeError:
        return False
    return True
