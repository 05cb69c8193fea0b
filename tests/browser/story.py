"""The demo's story as the browser sees it: a carrier also lost goods, and others went back over the border."""

from __future__ import annotations

from rich.console import Console

from selat.demo import story
from selat.demo.callers import Cast
from selat.demo.screen import Screen
from selat.demo.story import Played
from tests.scenarios.journeys import claiming


def play(cast: Cast, base: str, console: Console) -> Played:
    """Play the demo's story, then claim for lost goods, to which the carrier offers less, and for duty."""
    played = story.play(cast, base, Screen(console))
    journey_id, at = claiming.under_liability(cast, played)
    claiming.lose(cast, journey_id, at)
    claimed = {"journey_id": journey_id, "kind": "lost", "carrier": "LastMileMSP", "evidence_hash": claiming.PAPER}
    filed = cast.platform.post("/v1/carrier-claims", {**claimed, "amount": "41517", "currency": "USD"})
    cast.last_mile.post(f"/v1/carrier-claims/{filed['claim_id']}/offer", {"amount": "20018", "currency": "USD"})
    return_id, reverse = claiming.fetched(cast, played)
    claiming.bring_back(cast, reverse)
    entry = claiming.import_entry(cast)
    cast.platform.post("/v1/drawbacks", {"return_id": return_id, "evidence_hash": claiming.PAPER, "entry": entry})
    return played
