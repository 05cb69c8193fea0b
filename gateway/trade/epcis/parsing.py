"""Read the events of an EPCIS document as the observations that the contract records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chaincode.domain.journeys.epcis import VOCABULARY, word
from gateway.trade.words import IDENTIFIER

# Members that the contract makes when it records an event.
_MADE = frozenset({"eventID", "recordTime", "eventTimeZoneOffset", "action", "bizTransactionList", "selat:recorder"})
_READ = frozenset({"type", "eventTime", "bizStep", "readPoint", "disposition", "epcList", "parentID", "childEPCs"})
# The JSON-LD context, in an event that is sent without a document.
CONTEXT = "@context"
_OWN = "selat:"
# The forms in which a word of CBV may be written; Selat's own words are URIs of its vocabulary.
_FORMS = {
    "bizStep": ("urn:epcglobal:cbv:bizstep:", "https://ref.gs1.org/cbv/BizStep-"),
    "disposition": ("urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-"),
}
_KINDS = {"bizStep": "bizstep", "disposition": "disposition"}


class UnreadableEventError(Exception):
    """An event cannot be recorded here; the message names the member and says why."""


@dataclass(frozen=True)
class ObservedEvent:
    """One event: its journey, and the body of the address that records it."""

    journey_id: str
    observation: dict[str, Any]


def read(event: Any) -> ObservedEvent:
    """
    Return what an event of a document observes.

    Raises:
        UnreadableEventError
    """
    if not isinstance(event, dict):
        raise UnreadableEventError("an event is an object")
    unknown = sorted(name for name in event if name not in _MADE | _READ | {CONTEXT} and not name.startswith(_OWN))
    if unknown:
        raise UnreadableEventError(f"{', '.join(unknown)}: the ledger does not record this")
    journey, stage = _text(event, "selat:journey"), _text(event, "selat:stage")
    if IDENTIFIER.word.problem(journey):
        raise UnreadableEventError("selat:journey: no identifier of a journey")
    observation = {
        "stage_id": stage,
        "step": _word("bizStep", _text(event, "bizStep")),
        "event_time": _text(event, "eventTime"),
        "place": _place(event.get("readPoint")),
        "epcs": list(_identifiers(event)),
        "details": dict(_details(event)),
    }
    if "disposition" in event:
        observation["disposition"] = _word("disposition", _text(event, "disposition"))
    return ObservedEvent(journey, observation)


def _text(event: Mapping[str, Any], name: str) -> str:
    found = event.get(name)
    if not isinstance(found, str) or not found:
        raise UnreadableEventError(f"{name}: missing, or no text")
    return found


def recorded(member: str, text: str) -> str:
    """Return the value of an event's member as the ledger has it: bare for a word of CBV, a URI for Selat's own."""
    if member not in _FORMS:
        return text
    return word(_KINDS[member], _word(member, text))


def _word(member: str, text: str) -> str:
    """Return a word of CBV without the beginning of its URI, and one of Selat's own as ``selat:<word>``."""
    own = f"{VOCABULARY}{_KINDS[member]}/"
    if text.startswith(own):
        return f"{_OWN}{text.removeprefix(own)}"
    for beginning in _FORMS[member]:
        text = text.removeprefix(beginning)
    return text


def _place(point: Any) -> str:
    own = f"{VOCABULARY}place/"
    found = point.get("id") if isinstance(point, dict) else None
    if not isinstance(found, str) or not found.startswith(own):
        raise UnreadableEventError(f"readPoint: its id must be {own}<UN/LOCODE>")
    return found.removeprefix(own)


def _identifiers(event: Mapping[str, Any]) -> Iterator[str]:
    for name in ("parentID", "epcList", "childEPCs"):
        found = event.get(name, [])
        for each in found if isinstance(found, list) else [found]:
            if not isinstance(each, str):
                raise UnreadableEventError(f"{name}: an identifier is a text")
            yield each


def _details(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in event:
        if name.startswith(_OWN) and name not in _MADE | {"selat:journey", "selat:stage"}:
            yield name.removeprefix(_OWN), _text(event, name)
