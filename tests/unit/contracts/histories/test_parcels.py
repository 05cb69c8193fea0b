"""
Whatever is tried with parcels and a container: a parcel is in one place, and nothing on hold or lost moves on.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hlf.shim import testing
from tests.unit.contracts import shipping
from tests.unit.contracts.histories import seeded
from tests.unit.contracts.journeys.test_parcels import IDS, LINES, SERIALS, packed
from tests.unit.contracts.trading import CUSTOMS, FORWARDER, LAST_MILE, MERCHANT, ORIGIN, PLATFORM

BOX = "https://id.gs1.org/8003/09506000134352C1"
HOLDERS = (MERCHANT, ORIGIN, FORWARDER, LAST_MILE)
UNITS = {IDS[0]: {"1": 2}, IDS[1]: {"2": 2}, IDS[2]: {"2": 3}}
SOME = st.sets(st.sampled_from(IDS), min_size=1).map(sorted)
WHO = st.sampled_from(HOLDERS)
ADVANCE = ("pending", "on_hold", "picked_up", "in_transit", "return_to_sender", "unknown", "delivered")


@dataclasses.dataclass
class Box:
    """What the book knows of one parcel."""

    holder: str = MERCHANT
    before: str = ""
    delivered: bool = False
    lost: bool = False
    turned: bool = False
    home: bool = False
    packed: bool = False
    holds: set[str] = dataclasses.field(default_factory=set)

    @property
    def free(self) -> bool:
        """Whether it may move on."""
        return not (self.holds or self.lost)

    @property
    def outcome(self) -> str:
        """What happened to it."""
        if self.delivered:
            return "delivered"
        if self.lost:
            return "lost"
        return "sent_back" if self.home else "returning" if self.turned else "moving"


class Parcels(RuleBasedStateMachine):
    """One journey of three parcels and one container, and a book of both that is kept beside the ledger."""

    @initialize()
    def opened(self) -> None:
        """Everything is at the merchant, the container too."""
        self.channel = shipping.Channel()
        self.channel.open(order=self.channel.order(lines=LINES), epcs=IDS[:1], parcels=packed())
        parties = [*HOLDERS, CUSTOMS]
        unit = {"unit_id": BOX, "kind": "container", "parties": parties, "custodian": MERCHANT, "place": "CNSZX"}
        self.channel.majority("Units:open", unit, by=MERCHANT)
        self.book = {parcel: Box() for parcel in IDS}
        self.box, self.box_holds = MERCHANT, False
        self.asked, self.claims = 0, dict[str, set[str]]()

    def tried(self, allowed: bool, function: str, *args: Any, by: str) -> bool:
        """Whether the call went through, which it must exactly if the book allows it."""
        try:
            self.channel.submit(function, *args, by=by)
        except testing.Refused as refused:
            assert not allowed, refused  # noqa: PT017  (some tries are allowed)
            return False
        assert allowed, f"{function} {args} by {by} went through"
        return True

    def now(self) -> str:
        """Return an hour later than before."""
        self.channel.hour += 1
        return shipping.text(self.channel.hour)

    def seen(self, stage_id: str, step: str, **more: Any) -> dict[str, Any]:
        """Return an observation now."""
        return {"stage_id": stage_id, "step": step, "event_time": self.now(), "place": "VNHPH", **more}

    @rule(some=SOME, taker=WHO)
    def hand_over(self, some: list[str], taker: str) -> None:
        """Whoever has the first of them offers all."""
        giver = self.book[some[0]].holder
        allowed = taker != giver and all(
            each.holder == giver and each.free and not (each.delivered or each.packed)
            for each in (self.book[parcel] for parcel in some)
        )
        when = self.now()
        if self.tried(allowed, "Journeys:offer_custody", "J1", taker, when, "VNHPH", some, by=giver):
            self.channel.submit("Journeys:accept_custody", "J1", when, "VNHPH", some, by=taker)
            for parcel in some:
                self.book[parcel].before, self.book[parcel].holder = giver, taker
                self.book[parcel].home |= self.book[parcel].turned and taker == MERCHANT

    @rule(some=SOME)
    def pack(self, some: list[str]) -> None:
        """Put some in, as the container's custodian."""
        allowed = all(
            each.holder == self.box and not (each.delivered or each.packed)
            for each in (self.book[parcel] for parcel in some)
        )
        if self.tried(allowed, "Units:aggregate", BOX, "ADD", some, self.seen("S08", "packing"), by=self.box):
            for parcel in some:
                self.book[parcel].packed = True

    @rule(some=SOME)
    def unpack(self, some: list[str]) -> None:
        """Take some out, as the container's custodian."""
        allowed = all(self.book[parcel].packed for parcel in some)
        if self.tried(allowed, "Units:aggregate", BOX, "DELETE", some, self.seen("S08", "unpacking"), by=self.box):
            for parcel in some:
                self.book[parcel].packed = False

    @rule(taker=WHO)
    def pass_box(self, taker: str) -> None:
        """Hand the container over with everything in it."""
        inside = [each for each in self.book.values() if each.packed]
        allowed = taker != self.box and all(each.free for each in inside)
        when = self.now()
        if self.tried(allowed, "Units:offer_custody", BOX, taker, when, "VNHPH", by=self.box):
            self.channel.submit("Units:accept_custody", BOX, when, "VNHPH", by=taker)
            self.box, giver = taker, self.box
            for each in inside:
                each.before, each.holder = giver, taker
                each.home |= each.turned and taker == MERCHANT

    @rule(some=SOME, stage=st.sampled_from(["S14", "S17"]), ends=st.booleans())
    def hold(self, some: list[str], stage: str, ends: bool) -> None:
        """Hold some parcels, or release them, as customs."""
        step = "selat:customs_released" if ends else "holding"
        self.tried(True, "Journeys:record", "J1", self.seen(stage, step, epcs=some), by=CUSTOMS)
        for parcel in some:
            self.book[parcel].holds = self.book[parcel].holds - {stage} if ends else self.book[parcel].holds | {stage}

    @rule(ends=st.booleans())
    def hold_box(self, ends: bool) -> None:
        """Hold the container with everything in it, or release it, as customs."""
        step = "selat:customs_released" if ends else "holding"
        self.tried(True, "Units:record", BOX, self.seen("S17", step), by=CUSTOMS)
        for each in self.book.values():
            if each.packed:
                each.holds = each.holds - {"S17"} if ends else each.holds | {"S17"}

    @rule(some=SOME)
    def deliver(self, some: list[str]) -> None:
        """Deliver some to the buyer, as the last carrier."""
        allowed = all(
            each.holder == LAST_MILE and each.free and not (each.delivered or each.packed)
            for each in (self.book[parcel] for parcel in some)
        )
        if self.tried(allowed, "Journeys:record", "J1", self.seen("S20", "accepting", epcs=some), by=LAST_MILE):
            for parcel in some:
                self.book[parcel].delivered = True

    @rule(some=SOME, kind=st.sampled_from(["lost", "found", "found", "returning"]))
    def report(self, some: list[str], kind: str) -> None:
        """Report a find, a way back, or a loss if the last carrier had them or passed them on, as that carrier."""
        known = (self.book[parcel] for parcel in some)
        allowed = kind != "lost" or all(LAST_MILE in (each.holder, each.before) for each in known)
        if not self.tried(allowed, "Journeys:report", "J1", kind, "S20", self.now(), "", some, by=LAST_MILE):
            return
        for parcel in some:
            each = self.book[parcel]
            each.lost = kind == "lost" or (each.lost and kind != "found")
            each.turned |= kind == "returning"

    @rule(some=st.sets(st.sampled_from(SERIALS), min_size=1))
    def give_back(self, some: set[str]) -> None:
        """Ask to return telephones by their serials; each comes back once, out of its delivered parcel."""
        self.asked += 1
        name = f"R{self.asked}"
        made = self.channel.lodge(name, quantity=len(some), serials=sorted(some))
        allowed = self.book[IDS[0]].delivered and not some & set().union(*self.claims.values())
        assert (made["state"] == "PICKUP_ASSIGNED") == allowed, made
        if allowed:
            self.claims[name] = some

    @rule()
    def keep_after_all(self) -> None:
        """Call the first return off, which frees its units."""
        if self.claims:
            name = next(iter(self.claims))
            self.channel.submit("Returns:cancel", name, by=PLATFORM, endorsed_by=(MERCHANT, PLATFORM))
            del self.claims[name]

    @invariant()
    def the_ledger_agrees_with_the_book(self) -> None:
        """Each parcel is in one place; quantities follow from contents; the journey from its least advanced parcel."""
        if not hasattr(self, "book"):
            return
        state = self.channel.query("Journeys:read", "J1")
        for each in state["parcels"]:
            known = self.book[each["parcel"]["identifier"]]
            assert (each["custodian"], each["outcome"]) == (known.holder, known.outcome)
            assert set(each["held_at"]) == known.holds
            assert (each["custody"]["state"] == "delivered") == known.delivered
            assert (each["status"] == "on_hold") == bool(known.holds and not (known.delivered or known.lost))
        assert state["status"] == min((each["status"] for each in state["parcels"]), key=ADVANCE.index)
        assert "CUSTODY_CONTESTED" not in {alarm["code"] for alarm in state["alarms"]}
        for line in self.channel.query("Accounts:read", "O1"):
            units = {parcel: inside.get(line["line"], 0) for parcel, inside in UNITS.items()}
            for name in ("delivered", "lost", "sent_back"):
                assert line[name] == sum(units[parcel] for parcel in IDS if self.book[parcel].outcome == name)
            assert line["delivered"] + line["lost"] <= line["allotted"] <= line["ordered"]
            claimed = sum(map(len, self.claims.values())) if line["line"] == "1" else 0
            assert line["returning"] + line["returned"] == claimed <= line["delivered"]


@pytest.mark.timeout(seeded.SECONDS)
@pytest.mark.parametrize("seed", seeded.SEEDS)
def test_parcels_stay_in_one_place(seed: int):
    """Random histories of parcels and units."""
    seeded.run(Parcels, seed)
