"""The demo's journey: stages S01 to S20 with their hand-overs, and two returns."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from selat.demo import goods
from selat.demo.callers import Cast, DemoCaller, DemoError
from selat.demo.screen import Screen, bad, good, short

_ZONES = {"CN": timezone(timedelta(hours=8)), "VN": timezone(timedelta(hours=7))}
_STEP_SECONDS = 5
_PARTIES = [
    "PlatformMSP", "MerchantMSP", "PaymentsMSP", "OriginCarrierMSP", "ForwarderMSP", "LastMileMSP", "CustomsMSP",
]  # fmt: skip


@dataclass
class Clock:
    """
    The story's clock: it begins now, and each event comes some seconds later.

    At the end it is a few minutes ahead of the ledger's time, which Fabric and the contracts allow.
    """

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def next(self, place: str) -> str:
        """Return the next moment as local time at *place*."""
        self.now += timedelta(seconds=_STEP_SECONDS)
        return self.now.astimezone(_ZONES[place[:2]]).isoformat(timespec="seconds")


@dataclass(frozen=True)
class VoyageStep:
    """One event: recorder, stage, step and place."""

    stage: str
    actor: str
    step: str
    place: str
    disposition: str = ""
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HandOver:
    """A hand-over of custody."""

    giver: str
    taker: str
    place: str


_SZX, _YTN, _HPH, _HAN = goods.ORIGIN, goods.PORT, goods.IMPORT, goods.DESTINATION
STEPS: tuple[VoyageStep | HandOver, ...] = (
    VoyageStep("S01", "platform", "selat:order_receiving", _SZX),
    VoyageStep("S02", "merchant", "receiving", _SZX),
    VoyageStep("S03", "merchant", "storing", _SZX, "sellable_not_accessible"),
    VoyageStep("S04", "merchant", "selat:classifying", _SZX),
    VoyageStep("S05", "merchant", "commissioning", _SZX, "active"),
    HandOver("merchant", "origin", _SZX),
    VoyageStep("S06", "origin", "cycle_counting", _SZX, "completeness_verified"),
    VoyageStep("S07", "origin", "selat:sorting", _SZX),
    VoyageStep("S08", "origin", "packing", _SZX),
    VoyageStep(
        "S09", "origin", "selat:labelling", _SZX, details={"sscc": f"https://id.gs1.org/00/{goods.CONSIGNMENT}"}
    ),
    VoyageStep("S10", "origin", "loading", _SZX, "container_closed", {"seal": "CN4471902"}),
    VoyageStep("S11", "origin", "departing", _SZX, "in_transit"),
    VoyageStep("S11", "origin", "arriving", _YTN, "in_transit"),
    VoyageStep("S12", "customs", "inspecting", _YTN, "conformant"),
    VoyageStep("S13", "payments", "selat:settling", _SZX),
    VoyageStep("S14", "customs", "selat:customs_declaring", _YTN),
    VoyageStep("S14", "customs", "selat:customs_released", _YTN),
    HandOver("origin", "forwarder", _YTN),
    VoyageStep("S15", "forwarder", "departing", _YTN, "in_transit"),
    VoyageStep("S15", "forwarder", "arriving", _HPH, "in_transit"),
    VoyageStep("S16", "forwarder", "unloading", _HPH, "container_open"),
    VoyageStep("S17", "customs", "selat:customs_declaring", _HPH),
    VoyageStep("S17", "customs", "selat:customs_released", _HPH),
    VoyageStep("S18", "customs", "selat:duty_paid", _HPH),
    HandOver("forwarder", "last_mile", _HPH),
    VoyageStep("S19", "last_mile", "departing", _HPH, "in_transit"),
    VoyageStep("S19", "last_mile", "arriving", _HAN, "in_transit"),
    VoyageStep("S20", "last_mile", "accepting", _HAN),
)


def travel(cast: Cast, screen: Screen, order_id: str, journey_id: str, seen: Callable[[], dict[str, Any]]) -> str:
    """
    Open the journey of an order, play it to its delivery, and return its id.

    *seen* returns the shopper's view.
    """
    screen.chapter("The consignment travels, stage by stage")
    opened = cast.platform.post(
        "/v1/journeys",
        {
            "order_id": order_id,
            "journey_id": journey_id,
            "parties": _PARTIES,
            "custodian": cast.merchant.msp_id,
            "epcs": goods.EPCS,
        },
    )
    journey: str = opened["journey_id"]
    clock = Clock()
    cast.platform.post(f"/v1/orders/{order_id}/fulfilment", {"journey_id": journey})
    screen.say(f"Journey {journey}, SSCC {goods.CONSIGNMENT}, {goods.ORIGIN} to {goods.DESTINATION}")
    _show_goods(cast, screen, journey)
    rows: list[tuple[object, ...]] = []
    for step in STEPS:
        if isinstance(step, HandOver):
            rows.append(_hand_over(cast, journey, clock, step, seen))
            continue
        recorded = _record(getattr(cast, step.actor), journey, clock, step)
        rows.append(
            (
                step.stage,
                step.step.removeprefix("selat:"),
                short(getattr(cast, step.actor).msp_id),
                step.place,
                recorded["block_number"],
                recorded["result"]["event_id"].partition(";")[2][:8],
                seen()["status"] if step.step in {"loading", "departing", "accepting"} else "",
            )
        )
    screen.table(["stage", "step", "recorded by", "at", "block", "CBV hash", "shopper reads"], rows)
    _try_without_right(cast, screen, journey, clock)
    return journey


def _record(caller: DemoCaller, journey: str, clock: Clock, step: VoyageStep) -> dict[str, Any]:
    return caller.post(f"/v1/journeys/{journey}/events", _observation(clock, step))


def _observation(clock: Clock, step: VoyageStep) -> dict[str, Any]:
    return {
        "stage_id": step.stage,
        "step": step.step,
        "event_time": clock.next(step.place),
        "place": step.place,
        "disposition": step.disposition,
        "details": step.details,
    }


def _show_goods(cast: Cast, screen: Screen, journey: str) -> None:
    """Show carriers, customs and the auditor what the journey carries; the channel has commitments to it."""
    for readers in ("logistics", "customs", "auditor"):
        cast.merchant.post(f"/v1/journeys/{journey}/goods", {"readers": readers})
    told = {
        caller.msp_id: caller.get(f"/v1/journeys/{journey}/goods")["lines"][0]["values"]
        for caller in (cast.last_mile, cast.customs)
    }
    hidden = cast.payments.refusal("GET", f"/v1/journeys/{journey}/goods")
    rows: list[tuple[object, ...]] = [(short(name), good(", ".join(sorted(told[name])))) for name in told]
    screen.table(["who", "was shown of each line"], [*rows, (short(cast.payments.msp_id), hidden["code"])])


def _hand_over(
    cast: Cast, journey: str, clock: Clock, step: HandOver, seen: Callable[[], dict[str, Any]]
) -> tuple[object, ...]:
    """Offer custody as the one and accept it as the other; return the table's row."""
    giver, taker = getattr(cast, step.giver), getattr(cast, step.taker)
    moment = clock.next(step.place)
    offer = {"taker": taker.msp_id, "released_at": moment, "place": step.place}
    giver.post(f"/v1/journeys/{journey}/custody/offer", offer)
    accepted = taker.post(f"/v1/journeys/{journey}/custody/acceptance", {"accepted_at": moment, "place": step.place})
    if accepted["result"]["periods"][-1]["custodian"] != taker.msp_id:
        raise DemoError(f"{taker.msp_id} accepted custody and does not have it")
    return (
        "S02",
        good("custody passes"),
        f"{short(giver.msp_id)}, {short(taker.msp_id)}",
        step.place,
        accepted["block_number"],
        f"hand-over {accepted['result']['number']}",
        seen()["status"],
    )


def _try_without_right(cast: Cast, screen: Screen, journey: str, clock: Clock) -> None:
    """Try three things that nobody may do; each is refused with its code."""
    late = VoyageStep("S19", "forwarder", "departing", _HPH, "in_transit")
    forged = VoyageStep("S17", "merchant", "selat:customs_released", _HPH)
    second = VoyageStep("S01", "platform", "selat:order_receiving", _SZX)
    rows = []
    for caller, words, step in (
        (cast.merchant, "releases its own goods from customs", forged),
        (cast.forwarder, "records a delivery run that is not its own", late),
        (cast.platform, "records the order's receipt a second time", second),
    ):
        problem = caller.refusal("POST", f"/v1/journeys/{journey}/events", _observation(clock, step))
        rows.append((short(caller.msp_id), words, bad(problem["code"]), problem["detail"]))
    offer = {"taker": cast.customs.msp_id, "released_at": clock.next(_HPH), "place": _HPH}
    problem = cast.forwarder.refusal("POST", f"/v1/journeys/{journey}/custody/offer", offer)
    rows.append(
        (short(cast.forwarder.msp_id), "hands over what it no longer holds", bad(problem["code"]), problem["detail"])
    )
    screen.table(["who", "tries", "refused", "because"], rows)


def give_back(cast: Cast, screen: Screen, journey: str, token: str) -> None:
    """Request two returns: the terms approve one and reject the other."""
    screen.chapter("The shopper returns something, and wants to return something else")
    photograph = hashlib.sha256(b"a photograph of the left ear cup").hexdigest()
    approved = cast.platform.post(
        "/v1/returns",
        {
            "journey_id": journey,
            "line": "1",
            "quantity": 1,
            "reason": "DEFECTIVE",
            "resolution": "refund",
            "condition": "used",
            "evidence": [photograph],
            "tracking_token": token,
        },
    )
    refused = cast.platform.post(
        "/v1/returns",
        {
            "journey_id": journey,
            "line": "2",
            "quantity": 1,
            "reason": "CHANGE_OF_MIND",
            "resolution": "refund",
            "condition": "unused",
            "tracking_token": token,
        },
    )
    rows = []
    for article, answer in ((goods.HEADPHONES, approved), (goods.PYJAMAS, refused)):
        decision = answer["result"]["decision"]
        against = next((finding for finding in decision["findings"] if not finding["met"]), None)
        outcome = good(decision["outcome"]) if against is None else bad(f"{decision['outcome']}: {decision['code']}")
        facts = (
            ", ".join(f"{name} {value}" for name, value in against["facts"].items()) if against else "every rule is met"
        )
        would = (
            against["would_pass_if"]
            if against
            else f"{decision['carrier']} fetches it; window to {decision['window_ends']}"
        )
        rows.append((article.name, answer["result"]["request"]["reason"], outcome, facts, would))
    screen.table(["goods", "reason", "decided by the contract", "facts", "would pass if / next"], rows)
    if (
        approved["result"]["decision"]["outcome"] != "APPROVED"
        or refused["result"]["decision"]["code"] != "CATEGORY_EXCLUDED"
    ):
        raise DemoError("the decisions on the returns differ from their terms")
    _fetch(cast, screen, approved)


def _fetch(cast: Cast, screen: Screen, approved: dict[str, Any]) -> None:
    """Fetch the goods as the carrier of the way back that the approval booked."""
    return_id, reverse = approved["return_id"], approved["result"]["reverse_journey_id"]
    before = cast.merchant.get(f"/v1/returns/{return_id}")["state"]
    _record(cast.last_mile, reverse, Clock(), VoyageStep("S22", "last_mile", "shipping", _HAN, "returned"))
    after = cast.merchant.get(f"/v1/returns/{return_id}")["state"]
    if before == after:
        raise DemoError("the goods were fetched, but the return does not show it")
    screen.say(f"Return {return_id}: {before}; LastMileMSP picks up on the reverse journey {reverse}: {after}")
