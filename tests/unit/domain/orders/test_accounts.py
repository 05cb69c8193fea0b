"""Accounts of orders: what is left of a line, for a journey and for a return."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys.journeys import JourneyLine
from chaincode.domain.orders import accounts
from chaincode.domain.orders.accounts import Account, Allotment
from chaincode.domain.orders.orderfacts import FactLine, Facts
from chaincode.domain.orders.orders import PinnedTerms
from chaincode.domain.returns.returns import Return, ReturnState, Roles
from hlf.codec.refusals import Refused
from tests.unit.domain.returns import returning

ORDER = Facts(
    "O1", "0" * 64, "PlatformMSP", "MerchantMSP", returning.BUYER, "2026-01-05T09:00:00Z", "CNSZX", "VNHAN",
    PinnedTerms("T1", 1, "1" * 64), (FactLine("1", 3, False, False, returning.GOODS),), "A" * 22,
)  # fmt: skip
EMPTY = Return(returning.request(), Roles("MerchantMSP", "PlatformMSP", "AuditorMSP"), ReturnState.DRAFT, ())


def came(quantity: int, *states: ReturnState, journey_id: str = "J1", **notes: str) -> Return:
    """Return a return of so many units that went through *states*; the last with *notes*."""
    made = dataclasses.replace(EMPTY, request=returning.request(quantity=quantity, journey_id=journey_id))
    for number, state in enumerate(states):
        made = made.moved(state, "", number, **(notes if number == len(states) - 1 else {}))
    return made


def left(*returns: Return) -> int:
    """Return what the order has left."""
    return accounts.tally(Account(ORDER, {"1": 3}), "1", {}, returns).left


@pytest.mark.parametrize(
    ("states", "notes", "expected"),
    [
        ((ReturnState.REJECTED,), {}, 3),
        ((ReturnState.CANCELLED,), {}, 3),
        ((ReturnState.EXPIRED, ReturnState.CLOSED), {}, 3),
        ((ReturnState.PICKUP_ASSIGNED,), {}, 1),
        ((ReturnState.REFUNDED,), {}, 1),
        ((ReturnState.REFUNDED, ReturnState.CLOSED), {}, 1),
        ((ReturnState.EXCHANGED,), {}, 3),
        ((ReturnState.EXCHANGED, ReturnState.CLOSED), {}, 3),
        ((ReturnState.REJECTED, ReturnState.DISPUTED), {}, 1),
        ((ReturnState.EXCHANGED, ReturnState.DISPUTED), {}, 1),
        ((ReturnState.REJECTED, ReturnState.DISPUTED, ReturnState.ARBITRATED), {"award": "uphold"}, 3),
        ((ReturnState.REJECTED, ReturnState.DISPUTED, ReturnState.ARBITRATED), {"award": "refund"}, 1),
        ((ReturnState.EXCHANGED, ReturnState.DISPUTED, ReturnState.ARBITRATED, ReturnState.REFUNDED), {}, 1),
    ],
)
def test_what_a_return_of_two_of_three_leaves(states, notes, expected):
    """One that came to nothing leaves all, an exchange gives back what it took, a dispute claims its units again."""
    assert left(came(2, ReturnState.SUBMITTED, *states, **notes)) == expected


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["1", "2"])), max_size=6))
def test_no_more_is_allotted_than_was_ordered(wanted):
    """Whatever is asked for in whatever order."""
    account, given_out = accounts.opened(ORDER), 0
    for quantity, line in wanted:
        try:
            account = account.allot([Allotment(line, quantity)])
        except Refused as refused:
            assert refused.code == ("MORE_THAN_ORDERED" if line == "1" else "INVALID_ARGUMENT")  # noqa: PT017
            continue
        given_out += quantity
    assert account.allotted.get("1", 0) == given_out <= 3


@pytest.mark.parametrize(
    ("carried", "returns", "expected"),
    [
        (2, [], 2),
        (2, [(1, "J1")], 1),
        (2, [(1, "J2")], 2),
        (2, [(2, "J2")], 1),
        (3, [(1, "J1"), (1, "J2")], 1),
        (0, [], 0),
        (2, [(2, "J1"), (1, "J2")], 0),
    ],
)
def test_a_return_takes_back_what_its_journey_brought_and_the_order_has_left(carried, returns, expected):
    """The smaller of the two counts, so that several journeys of one order give back no more than was ordered."""
    lines = (JourneyLine("1", carried),) if carried else ()
    known: list[Any] = [came(units, ReturnState.PICKUP_ASSIGNED, journey_id=name) for units, name in returns]
    journey = returning.journey(lines=lines)
    assert accounts.returnable(Account(ORDER, {"1": 3}), journey, "1", known) == expected


def test_a_returns_outcome_is_the_last_that_it_came_to():
    """An arbiter may turn an exchange into money."""
    assert came(1, ReturnState.EXCHANGED, ReturnState.DISPUTED).outcome is ReturnState.EXCHANGED
    assert came(1, ReturnState.EXCHANGED, ReturnState.REFUNDED).outcome is ReturnState.REFUNDED
    assert came(1, ReturnState.REJECTED).outcome is None
