"""
The shopper's page: what the holder of a link sees, most important first.

That is: when the goods come, how far they are, where they are, and what may be returned. The values come from the view
of the link (``shopper.follow``) and the facts for the buyer (``buyerfacts``). The shop is the only company that either
names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaincode.domain.journeys.tracking import Status
from gateway.pages import localformats, maps, places, states
from gateway.pages.languages import gettext as _
from gateway.trade.journeys.buyerfacts import BuyerFacts

# The stages that each milestone of a parcel begins with.
_SHIPPED = frozenset({"S10", "S11", "S14", "S15", "S16", "S17", "S18", "S19", "S20"})
_IN_COUNTRY = frozenset({"S16", "S17", "S18", "S19", "S20"})
_OUT = frozenset({"S19", "S20"})
_HALTED = frozenset({Status.ON_HOLD, Status.DELIVERY_FAILED, Status.UNKNOWN, Status.CANCELLED, Status.RETURN_TO_SENDER})
# Who has the goods after an event of a stage, as far as a shopper sees it.
_HOLDERS = {
    **dict.fromkeys(("S02", "S03", "S04", "S05"), "merchant"),
    **dict.fromkeys(("S06", "S07", "S08", "S09", "S10", "S11"), "origin_carrier"),
    **dict.fromkeys(("S12", "S14", "S17", "S18"), "customs"),
    **dict.fromkeys(("S15", "S16"), "forwarder"),
    **dict.fromkeys(("S19", "S20"), "last_mile"),
}
_CUSTOMS_DONE = frozenset({"selat:customs_released", "selat:duty_paid", "inspecting"})


@dataclass(frozen=True)
class Milestone:
    """One step of the progress line: *state* is done, now, todo or halted."""

    name: str
    state: str
    at: str
    sign: str


def page(seen: Mapping[str, Any], facts: BuyerFacts) -> dict[str, Any]:
    """Return the values of the template ``tracking.html``."""
    events, destination = seen["events"], seen["destination"]
    visited = [event["place"] for event in events if event["place"]]
    return {
        "seen": seen,
        "headline": _headline(seen),
        "milestones": _milestones(seen),
        "map": maps.of([seen["origin"], *visited], [] if seen["status"] == Status.DELIVERED else [destination]),
        "holder": _holder(seen),
        "arrival": _arrival(seen, facts),
        "exchanges": [
            {
                "seen": each["exchange"],
                "headline": _headline(each["exchange"]),
                "milestones": _milestones(each["exchange"]),
            }
            for each in seen["returns"]
            if each["exchange"]
        ],
        "lines": _lines(events, facts),
    }


def basket(seen: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the values of the template ``basket.html``: each order with its headline, empty if nothing was sent."""
    return [{**each, "headline": _headline(each["goods"]) if each["goods"] else ""} for each in seen]


def _lines(events: Sequence[Mapping[str, Any]], facts: BuyerFacts) -> list[dict[str, Any]]:
    """Return the events, newest first, with those that were declared an error."""
    happened = [(each["at"], each["place"], states.step(each["stage"], each["step"]), False) for each in events]
    happened += [
        (
            each["eventTime"],
            _last(each.get("readPoint", {}).get("id", "")),
            states.step(each.get("selat:stage", ""), _last(each.get("bizStep", ""))),
            True,
        )
        for each in facts.corrected
    ]
    ordered = sorted(happened, key=lambda line: localformats.read(line[0]), reverse=True)
    return [
        {"what": what, "at": localformats.moment(at, place), "place": places.name(place), "corrected": corrected}
        for at, place, what, corrected in ordered
    ]


def _last(uri: str) -> str:
    return uri.rsplit("/", 1)[-1]


def _arrival(seen: Mapping[str, Any], facts: BuyerFacts) -> str:
    """Return the range of days on which the goods likely come; empty if it is not known, or they are there."""
    if not facts.arrival or seen["status"] in _HALTED | {Status.DELIVERED}:
        return ""
    first, last = (localformats.day(at, seen["destination"], "medium") for at in facts.arrival)
    return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}


def _headline(seen: Mapping[str, Any]) -> str:
    """Return the day on which the goods come, or came; else their state."""
    destination = seen["destination"]
    if seen["status"] == Status.DELIVERED and seen["events"]:
        return localformats.weekday(seen["events"][-1]["at"], destination)
    if seen.get("expected_at") and seen["status"] not in _HALTED:
        return localformats.weekday(seen["expected_at"], destination)
    return states.of(seen["status"]).words


def _milestones(seen: Mapping[str, Any]) -> list[Milestone]:
    events, status, country = seen["events"], seen["status"], localformats.country(seen["destination"][:2])
    delivered = status == Status.DELIVERED
    reached = [
        (_("Ordered"), "list", _first(events, None)),
        (_("Shipped"), "box", _first(events, _SHIPPED)),
        (_("In %(country)s") % {"country": country}, "globe", _first(events, _IN_COUNTRY)),
        (_("Out for delivery"), "truck", _first(events, _OUT)),
        (_("Delivered"), "home", events[-1] if delivered and events else None),
    ]
    last = max((number for number, (_name, _sign, event) in enumerate(reached) if event), default=-1)
    steps = []
    for number, (name, sign, event) in enumerate(reached):
        at = localformats.day(event["at"], event["place"] or seen["destination"], "medium") if event else ""
        state = "done" if number < last or (delivered and number == last) else "todo"
        if number == last and not delivered:
            state = "halted" if status in _HALTED else "now"
        if number == len(reached) - 1 and not event and seen.get("expected_at"):
            at = localformats.day(seen["expected_at"], seen["destination"], "medium")
        steps.append(Milestone(name, state, at, sign))
    return steps


def _first(events: Sequence[Mapping[str, Any]], stages: frozenset[str] | None) -> Mapping[str, Any] | None:
    return next((event for event in events if stages is None or event["stage"] in stages), None)


def _holder(seen: Mapping[str, Any]) -> str:
    """Return the role of who has the goods; a link names no company."""
    if seen["status"] == Status.DELIVERED:
        return _("You have it")
    for event in reversed(seen["events"]):
        if event["step"] in _CUSTOMS_DONE:
            continue
        if event["stage"] in _HOLDERS:
            return states.role(_HOLDERS[event["stage"]])
    return states.role("merchant")
