"""What the ledger has of a journey, as lines of a timeline for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.console import companies
from gateway.pages import localformats, places, states


def events(recorded: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return EPCIS events as lines, newest first, each at the clock of its place."""
    lines = [
        (
            localformats.read(event["eventTime"]),
            {
                "what": states.step(event.get("selat:stage", ""), _last(event.get("bizStep", ""))),
                "at": localformats.moment(event["eventTime"], _last(event.get("readPoint", {}).get("id", ""))),
                "place": places.name(_last(event.get("readPoint", {}).get("id", ""))),
                "by": _last(event.get("selat:recorder", "")),
                "corrected": bool(event.get("errorDeclaration")),
                "event_id": event.get("eventID", ""),
            },
        )
        for event in recorded
    ]
    return [line for _, line in sorted(lines, key=lambda pair: pair[0], reverse=True)]


def visited(recorded: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the places of EPCIS events in the order of time, as UN/LOCODEs; without what was declared an error."""
    seen = [
        (localformats.read(event["eventTime"]), _last(event.get("readPoint", {}).get("id", "")))
        for event in recorded
        if not event.get("errorDeclaration")
    ]
    return [place for _, place in sorted(seen, key=lambda pair: pair[0]) if place]


def custody(held: Mapping[str, Any], alarms: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """
    Return the chain of custody as lines, the present period first.

    A period ends when its custodian says that it released the goods, and the next begins when its taker says that it
    took them over; *alarms* tell where the two differ too much.
    """
    doubted = {(each["at"], tuple(each["parties"])): each["code"] for each in alarms}
    periods = held["periods"]
    ends = [
        *((each.get("released_at"), each["place"]) for each in periods[1:]),
        (held["ended_at"], held["ended_place"]),
    ]
    return [
        {
            "what": companies.name(period["custodian"]),
            "at": localformats.moment(period["since"], period["place"]),
            "until": localformats.moment(*end) if end[0] else "",
            "place": places.name(period["place"]),
            "giver": period.get("giver", ""),
            "released": localformats.moment(period["released_at"], period["place"])
            if period.get("released_at")
            else "",
            "doubt": (doubt := doubted.get((period["since"], (period.get("giver", ""), period["custodian"])), "")),
            "tone": "bad" if doubt else "",
        }
        for period, end in reversed(list(zip(periods, ends, strict=True)))
    ]


def alarms(
    raised: Iterable[Mapping[str, Any]], progress: Iterable[Mapping[str, Any]], locode: str
) -> list[dict[str, Any]]:
    """
    Return alarms as people read them: words, the stage and the companies concerned, and when it was.

    The ledger's own text is in English. An alarm about a stage has the time and the recorders of that stage in
    *progress*; times are those at *locode*.
    """
    stages = list(progress)
    return [
        {
            "code": each["code"],
            "words": states.said(states.ALARMS, each["code"]),
            "facts": [
                *(states.stage(one["stage_id"]) for one in stages if _is_about(each, one)),
                *map(companies.name, each["parties"]),
                localformats.moment(each["at"], locode),
            ],
        }
        for each in raised
    ]


# By alarm: the member of a stage with the alarm's time, and one that is not empty if the alarm is about the stage.
_STAGE_ALARMS = {
    "STAGE_MISSING": ("first_at", "missing"),
    "OUT_OF_ORDER": ("first_at", "early"),
    "LATE": ("planned_at", "last_at"),
    "OVERDUE": ("planned_at", "planned_at"),
}


def _is_about(alarm: Mapping[str, Any], stage: Mapping[str, Any]) -> bool:
    at, reason = _STAGE_ALARMS.get(alarm["code"], ("", ""))
    return bool(at and stage[reason] and stage[at] == alarm["at"] and stage["recorders"] == alarm["parties"])


def acts(held: Mapping[str, Any], raised: Iterable[Mapping[str, Any]], msp_id: str) -> tuple[list[str], list[str]]:
    """Return the names of the acts (``actforms``) that an organisation may do now, most important first."""
    if any(each["code"] == "CUSTODY_CONTESTED" and msp_id in each["parties"] for each in raised):
        return ["deny-custody"], []
    if held["state"] == "delivered":
        return [], []
    offer = held.get("offer")
    more = ["state-time", "report"] if msp_id in {each["custodian"] for each in held["periods"]} else []
    if offer and offer["taker"] == msp_id:
        return ["take-over"], more
    if held["periods"][-1]["custodian"] != msp_id:
        return [], more
    return ["take-back" if offer else "hand-over"], more


def _last(uri: str) -> str:
    return uri.rsplit("/", 1)[-1]
