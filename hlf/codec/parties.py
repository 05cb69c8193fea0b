"""
Parties: the organisations in a declaration of a contract function, and how a client finds them.

A party is written as one of

    caller                               the caller's organisation
    taker                                the value of the function's parameter of that name
    transient.grant.terms.recipient      a text in a transient value, which is JSON
    Assets:holder(asset_id)              what a query of the same chaincode answers: a text, or an array of texts;
                                         its arguments are parties' names as above, or words in single quotes;
                                         parameters at its end that the call leaves out are left out of it too

so that a client knows who will see the private values of a call, and who must endorse it, before it sends anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CALLER = "caller"
_TRANSIENT = "transient"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUERY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*:[A-Za-z_][A-Za-z0-9_]*)\((.*)\)")
_WORD = re.compile(r"'([^']*)'")

Ask = Callable[[str, Sequence[str]], bytes]
"""Evaluates a query of the chaincode, by function and arguments, and gives its answer."""


class PartyError(ValueError):
    """A party is malformed, or cannot be found from this call; the text says which and why."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """The data of a call: the caller, the arguments by name, the transient values."""

    caller: str
    arguments: Mapping[str, str]
    transient: Mapping[str, bytes]


def check(party: str, parameters: Iterable[str], transient: Iterable[str] | None) -> None:
    """
    Check how *party* is written, for a function of these *parameters* and *transient* fields (None: any).

    Raises:
        PartyError: it has none of the four forms, or names something that the function does not have.
    """
    query = _QUERY.fullmatch(party)
    if query is not None:
        for argument in _arguments(query[2]):
            if _WORD.fullmatch(argument) is None:
                check(argument, parameters, transient)
        return
    head, *path = party.split(".")
    if not all(_NAME.fullmatch(part) for part in (head, *path)):
        raise PartyError(
            f"{party!r} is no party: write caller, a parameter, transient.FIELD.path or Contract:query(...)"
        )
    if head == _TRANSIENT and len(path) >= 2:
        if transient is not None and path[0] not in transient:
            raise PartyError(f"{party!r} names a transient field that the function does not declare")
    elif path or (head != CALLER and head not in parameters):
        raise PartyError(f"{party!r} names no parameter of the function")


def resolve(parties: Iterable[str], call: PlannedCall, ask: Ask) -> tuple[str, ...]:
    """
    Return the MSP ids of *parties* in this *call*, each once, sorted.

    Raises:
        PartyError: the call does not have the value for a party, or it is not a text.
        Whatever *ask* raises.
    """
    return tuple(sorted({msp_id for party in parties for msp_id in _found(party, call, ask)}))


def _found(party: str, call: PlannedCall, ask: Ask) -> list[str]:
    query = _QUERY.fullmatch(party)
    if query is None:
        return [_one(party, call)]
    function, written = query[1], _arguments(query[2])
    while written and _left_out(written[-1], call):
        written.pop()
    arguments = [word[1] if (word := _WORD.fullmatch(each)) else _one(each, call) for each in written]
    return _texts(party, ask(function, arguments))


def _left_out(argument: str, call: PlannedCall) -> bool:
    """Return whether *argument* is a parameter that the call leaves out, as an optional one at the end may be."""
    return _NAME.fullmatch(argument) is not None and argument != CALLER and argument not in call.arguments


def _one(party: str, call: PlannedCall) -> str:
    if party == CALLER:
        return call.caller
    head, *path = party.split(".")
    if head != _TRANSIENT:
        if head not in call.arguments:
            raise PartyError(f"the call has no argument {head}")
        return call.arguments[head]
    value = _json(call.transient.get(path[0], b""), path[0])
    for name in path[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        raise PartyError(f"{party} is missing or not a text")
    return value


def _json(data: bytes, field: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise PartyError(f"transient.{field} is missing or not JSON") from None


def _texts(party: str, answer: bytes) -> list[str]:
    try:
        text = answer.decode()
        found = json.loads(text) if text.startswith(("[", '"')) else [text]
    except (ValueError, RecursionError):
        raise PartyError(f"{party} did not answer with the names of organisations") from None
    found = [found] if isinstance(found, str) else found
    if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
        raise PartyError(f"{party} did not answer with the names of organisations")
    return found


def _arguments(written: str) -> list[str]:
    return [each.strip() for each in written.split(",")] if written.strip() else []
