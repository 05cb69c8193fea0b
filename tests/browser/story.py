"""The demo's story as the browser sees it: a carrier also lost goods, others went back, a basket has three shops."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console

from selat.demo import goods, story
from selat.demo.callers import Cast
from selat.demo.screen import Screen
from selat.demo.story import StoryResult
from tests.scenarios.journeys import claiming

_PARTIES = ["PlatformMSP", "MerchantMSP", "LastMileMSP", "CustomsMSP"]
_SHOPS = ("lamp-shop", "silk-shop", "late-shop")


@dataclass(frozen=True)
class SeenStory(StoryResult):
    """The story, and the token of the link to a basket."""

    basket: str


def play(cast: Cast, base: str, console: Console) -> SeenStory:
    """Play the demo's story, then claim for lost goods, to which the carrier offers less, for duty, with a basket."""
    played = story.play(cast, base, Screen(console))
    basket = _basket(cast, played)
    journey_id, at = claiming.under_liability(cast, played)
    claiming.lose(cast, journey_id, at)
    claimed = {"journey_id": journey_id, "kind": "lost", "carrier": "LastMileMSP", "evidence_hash": claiming.PAPER}
    filed = cast.platform.post("/v1/carrier-claims", {**claimed, "amount": "41517", "currency": "USD"})
    cast.last_mile.post(f"/v1/carrier-claims/{filed['claim_id']}/offer", {"amount": "20018", "currency": "USD"})
    return_id, reverse = claiming.fetched(cast, played)
    claiming.bring_back(cast, reverse)
    entry = claiming.import_entry(cast)
    cast.platform.post("/v1/drawbacks", {"return_id": return_id, "evidence_hash": claiming.PAPER, "entry": entry})
    return SeenStory(**{each.name: getattr(played, each.name) for each in dataclasses.fields(played)}, basket=basket)


def _basket(cast: Cast, played: StoryResult) -> str:
    """
    Return the token of a basket of three shops.

    The first has sent its two articles each by itself, and one of them has come; that of the second is on its way; the
    third has sent nothing.
    """
    content = claiming.order_content(cast, played)
    for name in _SHOPS:
        seller = {"seller_id": name, "name": name, "country": "CN", "terms_id": content["terms"]["terms_id"]}
        cast.merchant.post("/v1/sellers", seller)
    bought = {"orders": [{**content, "seller_id": name} for name in _SHOPS]}
    made = cast.platform.post("/v1/checkouts", bought)
    for number, (order, lines) in enumerate(zip(made["orders"], (("1", "2"), ("1",), ()), strict=True)):
        cast.merchant.post(f"/v1/orders/{order['order_id']}/confirmation", {})
        journeys = [_sent(cast, order["order_id"], line, f"basket-{number}-{line}") for line in lines]
        if len(journeys) > 1:
            cast.last_mile.post(f"/v1/journeys/{journeys[0]}/events", _seen("S20", "accepting", goods.DESTINATION))
    token: str = made["tracking_token"]
    return token


def _sent(cast: Cast, order_id: str, line: str, name: str) -> str:
    """Return a journey that the last carrier has begun, of all pieces of one line."""
    (article,) = (each for each in goods.ARTICLES if str(each.line) == line)
    parcel = {"identifier": f"https://selat.test/voc/parcel/LastMileMSP/{name}"}
    contents = [{"line": line, "quantity": article.quantity}]
    opening = {"order_id": order_id, "parties": _PARTIES, "custodian": "LastMileMSP"}
    opened = cast.platform.post("/v1/journeys", {**opening, "parcels": [{**parcel, "contents": contents}]})
    journey_id: str = opened["journey_id"]
    events = f"/v1/journeys/{journey_id}/events"
    cast.customs.post(events, _seen("S17", "selat:customs_released", goods.IMPORT))
    cast.last_mile.post(events, _seen("S19", "departing", goods.IMPORT))
    return journey_id


def _seen(stage_id: str, step: str, place: str) -> dict[str, str]:
    """Return what happens now."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"stage_id": stage_id, "step": step, "place": place, "event_time": now}
