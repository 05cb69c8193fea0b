"""Evidence: what was observed counts beside the claim; where nothing was, the index of the country does."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys.tallies import LaneFigures
from chaincode.domain.matching import evidence
from chaincode.domain.matching.demands import Step
from chaincode.domain.register import lpi
from tests.unit.domain.matching.matching_problems import offer

LANE = ("VNHPH", "VNHAN")
STEPS = (Step("S16", ("VN-HP",), ("VNHPH",)), Step("S19", ("VN-HP", "VN-HN"), LANE))
(SCORES,) = (edition for edition in lpi.STANDARD if edition.scored)
BPS, PPM = st.integers(0, 10_000), st.integers(0, 1_000_000)


def seen(n: int, on_time: int | None, loss: int = 0, damage: int = 0) -> dict[Any, LaneFigures]:
    """One carrier on the lane."""
    return {("AMSP", LANE): LaneFigures(n, on_time, loss, damage, "2026-01-01", "2026-02-01")}


@given(st.integers(1, 10**6), BPS, PPM, PPM, BPS, PPM, PPM)
def test_what_counts_is_between_claim_and_observation(n, on_time, loss, damage, claimed, lost, broken):
    """The more was observed, the nearer to that; a claim is worth twenty shipments."""
    made = offer("g1", "AMSP", ["S19"], on_time_bps=claimed, loss_ppm=lost, damage_ppm=broken)
    (found,) = evidence.gathered(STEPS, [made], seen(n, on_time, loss, damage), SCORES)
    assert (found.basis, found.n) == ("observed", n)
    pairs = ((claimed, on_time, found.on_time_bps), (lost, loss, found.loss_ppm), (broken, damage, found.damage_ppm))
    for said, was, counts in pairs:
        assert min(said, was) <= counts <= max(said, was)
        assert counts == (20 * said + n * was) // (20 + n)


def test_without_observations_the_index_counts_and_is_named():
    """By the country that the lane leads to; ranks and unknown countries say nothing, and one place is no lane."""
    made = offer("g1", "AMSP", ["S19"], on_time_bps=9_500)
    (found,) = evidence.gathered(STEPS, [made], {}, SCORES)
    assert (found.basis, found.edition, found.country, found.n) == ("lpi", "2023", "VN", 0)
    assert found.on_time_bps == (9_500 + (330 - 100) * 10_000 // 400) // 2
    assert (found.loss_ppm, found.damage_ppm) == (made.loss_ppm, made.damage_ppm)
    assert evidence.gathered(STEPS, [offer("g2", "AMSP", ["S16"])], {}, SCORES) == ()
    assert evidence.gathered(STEPS, [made], {}, None) == ()
    away = (Step("S19", ("VN-HP", "AQ-X"), ("VNHPH", "AQMCM")),)
    assert evidence.gathered(away, [made], {}, SCORES) == ()
    (ranks,) = (edition for edition in lpi.STANDARD if not edition.scored)
    assert ranks.share("VN") is None


def test_a_carrier_of_the_lane_counts_by_what_it_did_and_others_by_the_index():
    """Too few for a share on time leave the claim of it; several lanes are taken together."""
    offers = [offer("g1", "AMSP", ["S19"], on_time_bps=9_000), offer("g2", "BMSP", ["S19"])]
    first, second = evidence.gathered(STEPS, offers, seen(2, None, 500_000), SCORES)
    assert (first.basis, first.on_time_bps, second.basis) == ("observed", 9_000, "lpi")
    assert first.loss_ppm == (20 * offers[0].loss_ppm + 2 * 500_000) // 22
    once = evidence.applied(offers, [first, second])
    assert [each.loss_ppm for each in once] == [first.loss_ppm, offers[1].loss_ppm]
    assert evidence.applied(once, [first, second]) == once
    assert evidence.applied(offers, []) == tuple(offers)
