"""What has to be on the ledger of the demo's story before anybody claims for lost goods, or for duty."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from selat.demo.callers import Cast
from selat.demo.story import StoryResult
from tests.unit.contracts import shipping

PAPER = hashlib.sha256(b"a paper that stays off the ledger").hexdigest()

_MADE = {"buyer_token_hash", "salt"}
"""What the gateway makes of an order's content."""


def order_content(cast: Cast, played: StoryResult) -> dict[str, Any]:
    """Return what another order of the story's goods has in it."""
    content = cast.platform.get(f"/v1/orders/{played.order['order_id']}/content")
    return {name: value for name, value in content.items() if value != "" and name not in _MADE}


def under_liability(cast: Cast, played: StoryResult) -> tuple[str, str]:
    """Return a journey with the last carrier, ordered when its liability had come into force, and that moment."""
    soon = _ahead(seconds=120)
    liability = {"version": 1, "effective_from": soon, "arbiter": "AuditorMSP", "claim_days": 14}
    cast.last_mile.post("/v1/carrier-claims/terms", liability)
    order_id = cast.platform.post("/v1/orders", {**order_content(cast, played), "placed_at": soon})["order_id"]
    cast.merchant.post(f"/v1/orders/{order_id}/confirmation", {})
    parties = [each["msp_id"] for each in cast.merchant.get(f"/v1/journeys/{played.journey_id}")["journey"]["parties"]]
    opening = {"order_id": order_id, "parties": parties, "custodian": "LastMileMSP", "epcs": [shipping.sscc("lost")]}
    return cast.platform.post("/v1/journeys", opening)["journey_id"], soon


def lose(cast: Cast, journey_id: str, at: str) -> None:
    """Let the last carrier report that the goods of a journey are lost."""
    lost = {"kind": "lost", "stage_id": "S19", "at": at, "note_hash": PAPER}
    cast.last_mile.post(f"/v1/journeys/{journey_id}/incidents", lost)


def fetched(cast: Cast, played: StoryResult) -> tuple[str, str]:
    """Return the return of the story that a carrier fetched, and the journey of its way back."""
    for return_id in cast.merchant.get("/v1/returns", journey_id=played.journey_id):
        if reverse := cast.merchant.get(f"/v1/returns/{return_id}")["stored"]["reverse_journey_id"]:
            return return_id, reverse
    raise AssertionError("nothing is on its way back")


def bring_back(cast: Cast, reverse: str) -> None:
    """Let the last carrier bring goods back to their merchant, over the border."""
    # The carrier fetched them some seconds after the present moment, by the story's own clock.
    at = _ahead(seconds=60)
    offer = {"taker": "MerchantMSP", "released_at": at, "place": "VNHAN"}
    cast.last_mile.post(f"/v1/journeys/{reverse}/custody/offer", offer)
    cast.merchant.post(f"/v1/journeys/{reverse}/custody/acceptance", {"accepted_at": at, "place": "CNSZX"})


def abroad(cast: Cast, played: StoryResult) -> str:
    """Return the return that a carrier fetched, its goods with their merchant; brought there if they were not yet."""
    return_id, reverse = fetched(cast, played)
    if cast.merchant.get(f"/v1/returns/{return_id}")["state"] in {"PICKED_UP", "IN_RETURN_TRANSIT"}:
        bring_back(cast, reverse)
    return return_id


def import_entry(cast: Cast) -> dict[str, Any]:
    """Let customs publish a tariff, and what of it comes back; return the import entry of the story's headphones."""
    today = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date().isoformat()
    terms = {"country": "VN", "effective_from": today, "export_days": 90, "claim_days": 90, "source": "Law"}
    cast.customs.post("/v1/drawbacks/terms", terms)
    tariff = {"country": "VN", "code": "970121", "effective_from": today, "duty_bps": 1_000, "tax_bps": 800}
    cast.customs.post("/v1/customs/tariffs", tariff | {"source": "Decree 26"})
    return {
        "reference": "104-77", "on": today, "code": "970121", "currency": "VND", "units": 2,
        "customs_value": "10000000", "duty": "1000000", "tax": "880000",
    }  # fmt: skip


def _ahead(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
