"""What the figures of growth are measured on is a channel of many journeys."""

from __future__ import annotations

from benchmarks import growth
from tests.unit.contracts.trading import AUDITOR


def test_each_copy_is_a_journey_of_its_own():
    """Read under its own ids, listed, and there are no more than that; the tallies grow with the journeys."""
    channel = growth.played()
    model = dict(channel.ledger.world.state["trade"])
    many = growth.ManyJourneys(channel.ledger.world, model, 50)
    last = many.last()
    assert last == "J-000049"
    state = channel.query("Journeys:read", last)
    assert (state["journey"]["journey_id"], state["status"], state["alarms"]) == (last, "delivered", [])
    assert channel.query("Journeys:of_order", f"O-of-{last}") == [last]
    assert len(channel.query("Performance:uncounted", 100)["journey_ids"]) == 0
    assert many.get("\0journey\0J-000050\0") is None
    lanes = channel.query("Performance:carrier", "LastMileMSP", by=AUDITOR)["lanes"]
    assert sum(each["n"] for each in lanes) >= 1
    assert sum(each["n"] for each in channel.query("Performance:lane", "VNHPH", growth.LANE_ENDS[0])) > 20
