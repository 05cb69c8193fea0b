"""Answers of contracts and payloads of events: any bytes, because other people may have written the contract."""

from __future__ import annotations

from typing import Any

from hlf import jsontext
from hlf.errors import WireError


def read(result: bytes) -> Any:
    """
    Return the value of an answer that must be JSON; None for an empty one.

    Raises:
        WireError: it is not JSON, or repeats a name (FABRIC_ANSWER_UNREADABLE).
    """
    try:
        return jsontext.loads(result) if result else None
    except WireError as malformed:
        raise WireError(f"the contract's answer is not JSON that can be read: {malformed}") from None


def record(answer: Any) -> dict[str, Any]:
    """Return an answer that must be a JSON object; raise WireError if it is another value."""
    if not isinstance(answer, dict):
        raise WireError("the contract's answer is no JSON object")
    return answer


def listing(answer: Any) -> list[Any]:
    """Return an answer that must be a JSON list; raise WireError if it is another value."""
    if not isinstance(answer, list):
        raise WireError("the contract's answer is no JSON list")
    return answer


def plain(result: bytes) -> Any:
    """Return an answer as JSON, or else as text; None if it is empty or other bytes."""
    try:
        return jsontext.loads(result) if result else None
    except WireError:
        pass
    try:
        return result.decode()
    except UnicodeDecodeError:
        return None
