"""What the ledger has of a journey, as lines of a timeline for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.console import companies
from gateway.pages import customs, places, states


def events(recorded: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return EPCIS events as lines, newest first, each at the clock of its place."""
    lines = [
        (
            customs.read(event["eventTime"]),
            {
                "what": states.step(event.get("selat:stage", ""), _last(event.get("bizStep", ""))),
                "at": customs.moment(event["eventTime"], _last(event.get("readPoint", {}).get("id", ""))),
                "place": places.name(_last(event.get("readPoint", {}).get("id", ""))),
                "by": _last(event.get("selat:recorder", "")),
                "corrected": bool(event.get("errorDeclaration")),
            },
        )
        for event in recorded
    ]
    return [line for _, line in sorted(lines, key=lambda pair: pair[0], reverse=True)]


def custody(held: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the periods of custody as lines, the present one first."""
    return [
        {
            "what": companies.name(period["custodian"]),
            "at": customs.moment(period["since"], period["place"]),
            "place": places.name(period["place"]),
        }
        for period in reversed(held["periods"])
    ]


def acts(held: Mapping[str, Any], msp_id: str) -> list[str]:
    """Return what an organisation may do about custody now: names of acts (``actforms``)."""
    offer = held.get("offer")
    if offer and offer["taker"] == msp_id:
        return ["take-over"]
    if held["periods"][-1]["custodian"] != msp_id or held["state"] == "delivered":
        return []
    return ["take-back"] if offer else ["hand-over"]


def _last(uri: str) -> str:
    return uri.rsplit("/", 1)[-1]
