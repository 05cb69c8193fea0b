"""What a journey carries: commitments on the channel, values for those who need them, and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from chaincode.domain.disclosure import disclosures
from chaincode.domain.journeys import goodsfacts
from chaincode.domain.orders import orderfacts
from chaincode.domain.orders.orders import Order
from hlf.codec import canonical, records
from hlf.shim import testing
from tests.support.leaks import stands
from tests.unit.contracts import selling, shipping
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORWARDER,
    LAST_MILE,
    MEMBERS,
    MERCHANT,
    ORIGIN,
    PAYMENTS,
    PLATFORM,
    user,
)  # fmt: skip

SECRET = ("851712", selling.GTIN, "19900")
CARRIERS = {ORIGIN, FORWARDER, LAST_MILE}


@pytest.fixture(scope="module")
def sold() -> Any:
    """Return a market with a journey of an order of two lines, and the order as its parties have it."""
    market = selling.Market()
    facts = market.ordered("O1", 3, 2)
    market.send("J1", facts, l1=2)
    return market, records.loads(Order, market.kept("Orders:content", "O1"))


def show(market: selling.Market, readers: str, goods: dict[str, list[str]], **more: Any) -> Any:
    """Show the goods of J1."""
    return market.ledger.invoke(
        "Goods:show", "J1", readers, transient={"goods": canonical.dumps(goods)}, at=shipping.at(market.hour),
        **{"client": user(PLATFORM), **more},
    )  # fmt: skip


def shown(order: Order, readers: goodsfacts.Readers) -> dict[str, list[str]]:
    """Return the disclosures of the first line."""
    return {"1": orderfacts.shown("O1", order, readers)["1"]}


def read(market: selling.Market, by: str) -> dict[str, Any]:
    """Return what an organisation was shown."""
    return market.ledger.evaluate("Goods:read", "J1", client=user(by), at=shipping.at(market.hour)).json()


def test_no_member_reads_from_the_channel_what_was_sold(sold):
    """Journey, account and events of all kinds name lines and commitments; product and price stand nowhere."""
    market, _ = sold
    for told in (("Journeys:read", "J1"), ("Journeys:events", "J1"), ("Journeys:history", "J1"),
                 ("Accounts:read", "O1"), ("Accounts:history", "O1")):  # fmt: skip
        text = market.ledger.evaluate(*told, client=user(PAYMENTS), at=shipping.at(market.hour)).text
        assert not any(stands(secret, text) for secret in SECRET)


@pytest.mark.parametrize(
    ("readers", "by", "seen"),
    [("logistics", CARRIERS, ("851712",)), ("customs", {CUSTOMS}, SECRET), ("auditor", {AUDITOR}, SECRET)],
)
def test_each_reader_gets_what_it_needs_and_can_prove_it(sold, readers, by, seen):
    """The readers alone endorse and keep it; the disclosures stand against the digests on the channel."""
    market, order = sold
    written = show(market, readers, shown(order, readers))
    assert {collection for collection, _ in written.private_writes} == {f"_implicit_org_{each}" for each in by}
    assert not any(stands(secret, str(written.payload + written.rwset)) for secret in SECRET)
    (digests,) = (line["goods"] for line in market.query("Journeys:read", "J1")["journey"]["lines"])
    for each in by:
        (line,) = read(market, each)["lines"]
        assert set(seen) == set(SECRET) & set(line["values"].values())
        proofs = [disclosures.read(one) for one in line["disclosures"]]
        assert disclosures.opened_in(digests, proofs, goodsfacts.ATTRIBUTES, "it") == line["values"]
    for other in {*MEMBERS} - CARRIERS - {CUSTOMS, AUDITOR}:
        with pytest.raises(testing.Refused, match="^NOT_FOUND: "):
            read(market, other)


def test_values_that_were_not_ordered_or_not_needed_are_refused(sold):
    """The readers' own peers compare; a carrier is not shown a price, even if somebody sends it."""
    market, order = sold
    other = {"1": orderfacts.shown("O1", order, "customs")["2"]}
    absent = {"2": orderfacts.shown("O1", order, "customs")["2"]}
    full = shown(order, "customs")
    refusals = {
        "NOT_IN_CLAIM": ("customs", other, {}),
        "ATTRIBUTE_NOT_GRANTED": ("logistics", full, {}),
        "ATTRIBUTE_TWICE": ("customs", {"1": full["1"] * 2}, {}),
        "INVALID_ARGUMENT": ("customs", absent, {}),
        "NOT_A_SELLER": ("customs", full, {"client": user(FORWARDER)}),
    }
    for code, (readers, goods, more) in refusals.items():
        with pytest.raises(testing.Refused, match=f"^{code}: "):
            show(market, readers, goods, **more)
    for nonsense in ({}, {"1": "text"}, {"1": ["!"]}, []):
        with pytest.raises(testing.Refused, match="^INVALID_ARGUMENT: "):
            show(market, "customs", nonsense)


def test_a_journey_without_such_readers_shows_them_nothing():
    """Customs that take no part are not shown what it carries."""
    market = selling.Market()
    opening = market.opening("J1", order=market.ordered("O1", 1), parties=[PLATFORM, MERCHANT, LAST_MILE])
    market.majority("Journeys:open", {**opening, "custodian": LAST_MILE}, by=PLATFORM)
    with pytest.raises(testing.Refused, match="^NOT_A_PARTY: "):
        market.query("Goods:readers", "J1", "customs")
    assert market.query("Goods:readers", "J1", "logistics") == [LAST_MILE]


@pytest.mark.parametrize("name", ["hs6", "ahtn8", "gtin14", "unit_price"])
def test_an_event_does_not_tell_everybody_what_the_goods_are(sold, name):
    """Details of events are public, so those that would undo the commitments are refused."""
    market, _ = sold
    with pytest.raises(testing.Refused, match="^INVALID_ARGUMENT: "):
        market.record(MERCHANT, "S04", "selat:classifying", 5, details={name: "851712"})
