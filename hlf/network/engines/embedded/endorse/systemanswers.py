"""The responses of the chaincodes that every peer has built in."""

from __future__ import annotations

from fabric_protos.peer import proposal_response_pb2

Response = proposal_response_pb2.Response


class UnspeakableError(Exception):
    """A built-in chaincode has an answer that no response can hold; the text is Fabric's."""


def success(payload: bytes) -> Response:
    """Return a successful response."""
    return Response(status=200, payload=payload)


def failure(reason: str, status: int = 500) -> Response:
    """
    Return a refusing response; bytes that are not UTF-8 are surrogates in *reason*.

    Raises:
        UnspeakableError: there are such bytes, which a response cannot hold.
    """
    try:
        return Response(status=status, message=reason)
    except UnicodeEncodeError:
        raise UnspeakableError("failed to marshal response: string field contains invalid UTF-8") from None


def text(argument: bytes) -> str:
    """Return an argument as text; bytes that are not UTF-8 become surrogates, which ``failure`` finds."""
    return argument.decode(errors="surrogateescape")


def is_text(argument: bytes) -> bool:
    """Return whether an argument is UTF-8."""
    try:
        argument.decode()
    except UnicodeDecodeError:
        return False
    return True
