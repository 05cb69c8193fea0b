"""Two orders that have nothing to do with each other never wait for each other: no key of one concerns the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaincode import commerce, trade
from hlf.shim import testing
from hlf.wire import keys
from tests.unit.contracts import shipping, trading
from tests.unit.contracts.test_replays import STORIES, trials
from tests.unit.contracts.trading import CUSTOMS, FORWARDER, LAST_MILE, MERCHANT, ORIGIN, PLATFORM, user

Keys = defaultdict[str, set[tuple[str, str | bytes]]]


class WatchedChannel(shipping.Channel):
    """A channel that keeps which keys each transaction read and wrote, by the order that it was sent for."""

    def __init__(self) -> None:
        self.read: Keys = defaultdict(set)
        self.written: Keys = defaultdict(set)
        self.ranges: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self.about = "all"
        super().__init__()

    def submit(
        self, function: str, *args: Any, by: str, role: str = "client", endorsed_by: tuple[str, ...] = ()
    ) -> Any:
        """Submit, and note the keys."""
        endorsed = self.ledger.endorse(
            function, *args, client=user(by, role), endorsed_by=endorsed_by or None, at=shipping.at(self.hour)
        )
        effects, result = endorsed.effects, self.ledger.commit(endorsed)
        hidden = {(collection, key_hash) for _, collection, key_hash in effects.hashed_reads}
        self.read[self.about] |= {("", key) for _, key in effects.reads} | hidden
        self.ranges[self.about] |= {(start, end) for _, start, end in effects.ranges}
        private = {(collection, keys.hash_key(key.encode())) for collection, key in result.private_writes}
        self.written[self.about] |= {("", key) for key in result.writes} | private
        return result.json() if result.payload else None


def story(channel: WatchedChannel, name: str) -> Iterator[Callable[[], Any]]:
    """Every kind of transaction in the life of one order, in its order."""
    journey, buyer = f"J-{name}", trading.secret("buyer", name).hex()
    order = channel.order(f"O-{name}", buyer_hash=buyer)
    yield lambda: channel.open(journey, order=order)
    yield lambda: channel.majority("Journeys:link", journey, trading.secret("link", name).hex(), by=PLATFORM)
    yield lambda: channel.submit("Journeys:state_time", journey, "S19", shipping.text(90), by=LAST_MILE)
    yield lambda: channel.record(MERCHANT, "S02", "receiving", 5, journey_id=journey)
    yield lambda: channel.hand_over(MERCHANT, ORIGIN, 6, journey_id=journey)
    yield lambda: channel.submit("Journeys:report", journey, "delayed", "S11", shipping.text(6), by=ORIGIN)
    yield lambda: channel.hand_over(ORIGIN, FORWARDER, 7, journey_id=journey)
    yield lambda: channel.record(CUSTOMS, "S14", "selat:customs_released", 7, journey_id=journey)
    yield lambda: channel.record(CUSTOMS, "S17", "selat:customs_released", 8, journey_id=journey)
    yield lambda: channel.hand_over(FORWARDER, LAST_MILE, 9, "VNHPH", journey_id=journey)
    yield lambda: channel.record(LAST_MILE, "S20", "accepting", 10, "VNHAN", journey_id=journey)
    yield lambda: channel.lodge(f"R-{name}", journey_id=journey, buyer_hash=buyer)


@given(st.randoms(use_true_random=False))
@settings(max_examples=2, deadline=None)
def test_what_one_order_writes_no_other_order_reads_or_writes(chance):
    """In whatever order their transactions come; the sums over all journeys are written by counting alone."""
    channel = WatchedChannel()
    stories = {name: story(channel, name) for name in ("A", "B")}
    while stories:
        channel.about = chance.choice(sorted(stories))
        act = next(stories[channel.about], None)
        if act is None:
            del stories[channel.about]
        else:
            act()
    channel.about = "count"
    assert channel.count("J-A", "J-B") == ["J-A", "J-B"]
    shared = {place for place in channel.written["count"] if not str(place[1]).endswith(("J-A\0", "J-B\0"))}
    assert shared
    for mine, other in (("A", "B"), ("B", "A")):
        written = channel.written[mine]
        assert len(written) > 10
        assert not written & (channel.read[other] | channel.written[other])
        public = [key for collection, key in written if not collection]
        assert not [key for key in public for start, end in channel.ranges[other] if start <= key < end]
        assert not shared & (written | channel.read[mine])


def test_a_transaction_of_another_order_in_the_same_block_is_no_conflict():
    """Endorsed on the same state and committed one after the other, both are valid."""
    channel = shipping.Channel()
    channel.open("J1")
    channel.open("J2")
    channel.hour = 5
    at = {"at": shipping.at(5)}
    offers = [
        channel.ledger.endorse(
            "Journeys:offer_custody", each, ORIGIN, shipping.text(5), "CNSZX", client=user(MERCHANT), **at
        )
        for each in ("J1", "J2")
    ]
    for each in offers:
        channel.ledger.commit(each)
    again = channel.ledger.endorse("Journeys:withdraw_custody", "J1", client=user(MERCHANT), **at)
    channel.ledger.commit(channel.ledger.endorse("Journeys:withdraw_custody", "J1", client=user(MERCHANT), **at))
    with pytest.raises(testing.TransactionInvalid, match="MVCC_READ_CONFLICT"):
        channel.ledger.commit(again)


OF_ORDERS = ("Orders", "Settlement", "ReturnDues", "Credits", "Journeys", "Goods", "Units", "Returns", "Drawbacks",
             "CarrierClaims")  # fmt: skip
"""The contracts whose functions are each about one order, or about a unit that carries some."""


PUBLISHING = {
    "CarrierClaims:publish_terms": {"liability"},
    "Drawbacks:publish_terms": {"drawback.terms"},
    "Settlement:publish_rates": {"rates"},
    "Settlement:publish_tariff": {"tariff"},
}
"""What concerns many orders, and the kind of its keys."""


def of_orders() -> set[str]:
    """Return all transactions of these contracts."""
    return {
        name
        for chaincode in (trade.chaincode, commerce.chaincode)
        for name, function in chaincode.functions.items()
        if function.tag == "submit" and name.split(":")[0] in OF_ORDERS
    }


def test_every_transaction_about_an_order_is_played():
    """So all of them are sent by others, again and at the same time, and their keys looked at."""
    played = {function for name in STORIES for function in trials(name).played}
    assert of_orders() - played == set()
    assert len(of_orders()) > 60


def test_what_is_about_an_order_writes_no_key_that_others_share():
    """Each key names the order, or a journey, return, payment, parcel, unit or claim of it; published terms do not."""
    shared = {
        function: kinds
        for name in STORIES
        for function, kinds in trials(name).shared.items()
        if function in of_orders()
    }
    assert shared == PUBLISHING


def test_what_is_about_an_order_waits_for_no_write_of_another():
    """No transaction reads a key or a range where one of another order writes; that would make it invalid."""
    wrote = {
        (function, key)
        for name in STORIES
        for function, keys in trials(name).wrote.items()
        for key in keys
        if function in of_orders() - PUBLISHING.keys()
    }
    waits = {
        (reader, writer)
        for name in STORIES
        for reader, ranges in trials(name).relied.items()
        for start, end in ranges
        for writer, key in wrote
        if reader in of_orders() and start <= key < end
    }
    assert len(wrote) > 100
    assert waits == set()
