"""Custody: who held the goods at any moment, and what the chain refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys import custody
from hlf.codec import moments
from hlf.codec.refusals import Refused

START = 1_000 * moments.MINUTE


def opened(*, in_hand: bool = True) -> custody.Custody:
    """A's goods since START."""
    return custody.opened("J1", "A", START, "CNSZX", in_hand=in_hand)


def offer(taker: str, released_at: int) -> custody.HandoverOffer:
    """Return an offer to *taker*."""
    return custody.HandoverOffer(taker, released_at, 0, "CNSZX", released_at)


def passed(held: custody.Custody, taker: str, released: int, accepted: int) -> custody.Custody:
    """Handed over, each side with its own time."""
    return held.offered(held.custodian, offer(taker, released)).accepted(taker, accepted, "CNSZX", f"event-{taker}")


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(-100, 100)), min_size=1, max_size=8))
def test_somebody_holds_the_goods_at_every_moment(handovers):
    """From the first period on there is exactly one holder, and it is the one that accepted last."""
    held, now = opened(), START
    for number, (later, apart) in enumerate(handovers):
        released = now + later * moments.MINUTE
        accepted = max(now, released + apart * moments.MINUTE)
        held, now = passed(held, f"B{number}", released, accepted), accepted
    assert held.holder_at(START - 1) is None
    for period in held.periods:
        assert held.holder_at(period.since) in {each.custodian for each in held.periods if each.since == period.since}
    assert held.holder_at(now + 1) == held.custodian
    assert held.number == len(handovers) == len(held.periods) - 1
    wide = [each for each in held.periods[1:] if abs(each.since - each.released_at) > custody.TOLERANCE]
    assert len(held.alarms()) == len(wide)


def test_a_delivery_ends_custody_and_can_be_taken_back():
    """Nobody holds what the buyer has."""
    ended = opened().ended("A", START + 5, "VNHAN")
    assert (ended.holder_at(START + 5), ended.holder_at(START + 6)) == ("A", None)
    assert ended.reopened().holder_at(START + 6) == "A"


def test_goods_to_be_picked_up_are_held_by_nobody_yet():
    """The assigned carrier holds them from its pick-up on."""
    awaited = opened(in_hand=False)
    assert awaited.holder_at(START + 1) is None
    assert awaited.taken("A", START + 9, "VNHAN", "e").since == START + 9


REFUSALS = {
    "NOT_CUSTODIAN": [
        lambda: opened().offered("B", offer("C", START)),
        lambda: opened().withdrawn("B"),
        lambda: opened().ended("B", START, "VNHAN"),
        lambda: opened(in_hand=False).taken("B", START, "VNHAN", "e"),
    ],
    "SAME_PARTY": [lambda: opened().offered("A", offer("A", START))],
    "RELEASED_BEFORE_HELD": [lambda: opened().offered("A", offer("B", START - 1))],
    "NOT_OFFERED": [
        lambda: opened().withdrawn("A"),
        lambda: opened().offered_to("B"),
        lambda: passed(opened(), "B", START, START).accepted("B", START, "CNSZX", "e"),
    ],
    "NOT_THE_TAKER": [lambda: opened().offered("A", offer("B", START)).offered_to("C")],
    "ACCEPTED_BEFORE_HELD": [lambda: passed(opened(), "B", START, START - 1)],
    "NOT_IN_HAND": [
        lambda: opened(in_hand=False).offered("A", offer("B", START)),
        lambda: opened().ended("A", START, "VNHAN").offered("A", offer("B", START)),
        lambda: opened().ended("A", START, "VNHAN").ended("A", START, "VNHAN"),
    ],
    "ALREADY_IN_HAND": [lambda: opened().taken("A", START, "VNHAN", "e")],
    "NOTHING_TO_REPUDIATE": [lambda: opened().repudiated()],
}


@pytest.mark.parametrize("code", REFUSALS)
def test_the_chain_refuses_with_a_code(code):
    """Every way to break the chain has its own name."""
    for broken in REFUSALS[code]:
        with pytest.raises(Refused) as refused:
            broken()
        assert refused.value.code == code
