"""
Whatever returns are claimed duty back for, and whatever the entries say: what comes back was paid, for goods that left.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hlf.shim import testing
from tests.unit.contracts import shipping
from tests.unit.contracts.histories import seeded
from tests.unit.contracts.register.test_customs import TARIFF
from tests.unit.contracts.returns.test_drawbacks import HASH, TERMS, entry_of
from tests.unit.contracts.trading import CUSTOMS, FORWARDER, LAST_MILE, MERCHANT, PLATFORM, fact_line, salt, user

DAY = 24
UNITS = 4
VALUE, DUTY, TAX = 20_000_000, 2_000_000, 1_760_000
"""Of the whole line, by the tariff; half of the tax comes back."""
PICK = st.integers(0, 7)
OVER = {"REFUSED", "WITHDRAWN"}


@dataclass
class Claimed:
    """What the book knows of one drawback; its entry says that the duty was for *units*, and *told* have it."""

    return_id: str
    entry: bytes
    units: int
    claimant: str
    due: float | None
    told: set[str]
    state: str = "FILED"


@functools.cache
def delivered() -> shipping.Channel:
    """Return a channel on which the order is delivered and its duty paid."""
    made = shipping.Channel(window_days=900, max_returns_per_90d=99)
    made.majority("Customs:publish_tariff", TARIFF | {"duty_bps": 1_000, "tax_bps": 800}, by=CUSTOMS)
    made.majority("Drawbacks:publish_terms", TERMS | {"export_days": 400, "claim_days": 60}, by=CUSTOMS)
    made.open(order=made.order(lines=[fact_line(quantity=UNITS)]))
    made.deliver()
    made.hour = 40
    # The parties endorse in the place of a majority: the rules are the same, with fewer peers to run.
    made.ledger.world.endorsement = None
    return made


class Duties(RuleBasedStateMachine):
    """An order of four units whose duty was paid, the returns of some, and a book of what comes back."""

    ENDS = frozenset({"ACCEPTED", "PAID"})

    @initialize(units=st.sampled_from([1, 2, UNITS]), told=st.booleans())
    def begun(self, units: int, told: bool) -> None:
        """All four are delivered, two are abroad again, and a first claim is filed."""
        self.channel, self.numbers = copy.copy(delivered()), itertools.count(1)
        self.channel.ledger = self.channel.ledger.copy()
        self.left: dict[str, float] = {}
        self.claims: dict[str, Claimed] = {}
        self.bring_back(abroad=True)
        self.bring_back(abroad=True)
        self.file(0, units, MERCHANT)
        if told:
            self.disclose(0, CUSTOMS)

    def tried(self, allowed: bool, function: str, *args: Any, by: str, **sent: bytes) -> bool:
        """Whether the call went through, which it must exactly if the book allows it."""
        peers = {"transient": sent} if sent else {"endorsed_by": (MERCHANT, PLATFORM, CUSTOMS)}
        try:
            self.channel.ledger.invoke(function, *args, client=user(by), at=shipping.at(self.channel.hour), **peers)
        except testing.Refused as refused:
            assert not allowed, refused  # noqa: PT017  (some tries are allowed)
            return False
        assert allowed, f"{function} {args} by {by} went through"
        return True

    @precondition(lambda self: len(self.left) < UNITS)
    @rule(abroad=st.booleans())
    def bring_back(self, abroad: bool) -> None:
        """Return a unit, and bring it abroad or keep it in the country."""
        name = f"R{len(self.left) + 1}"
        self.channel.hour += 1
        self.channel.lodge(name)
        way, hour = f"{name}-reverse", self.channel.hour
        self.channel.record(LAST_MILE, "S22", "shipping", hour, "VNHAN", journey_id=way)
        self.channel.hand_over(LAST_MILE, MERCHANT, hour, "CNSZX" if abroad else "VNHAN", journey_id=way)
        self.left[name] = hour if abroad else -1

    @precondition(lambda self: self.left)
    @rule(pick=PICK, units=st.sampled_from([1, 2, UNITS]), by=st.sampled_from([MERCHANT, PLATFORM, LAST_MILE]))
    def file(self, pick: int, units: int, by: str) -> None:
        """Claim for a return, with an entry that says of how many units the whole duty was paid."""
        return_id, drawback_id = sorted(self.left)[pick % len(self.left)], f"D{next(self.numbers)}"
        figures = {"customs_value": str(VALUE), "duty": str(DUTY), "tax": str(TAX), "units": units}
        entry = entry_of(drawback_id=drawback_id, salt=salt(drawback_id), **figures)
        left, now = self.left[return_id], self.channel.hour
        open_one = any(each.return_id == return_id and each.state not in OVER for each in self.claims.values())
        allowed = by != LAST_MILE and left >= 0 and now <= left + 60 * DAY and not open_one
        filing = {"drawback_id": drawback_id, "return_id": return_id, "evidence_hash": HASH,
                  "entry_hash": hashlib.sha256(entry).hexdigest()}  # fmt: skip
        if self.tried(allowed, "Drawbacks:file", filing, by=by):
            self.claims[drawback_id] = Claimed(return_id, entry, units, by, now + 30 * DAY, set())

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, recipient=st.sampled_from(["claimant", CUSTOMS, FORWARDER]))
    def disclose(self, pick: int, recipient: str) -> None:
        """Give the entry to customs, to the claimant or to a stranger; one that contradicts another is not taken."""
        name, claim = self.one(pick)
        to = claim.claimant if recipient == "claimant" else recipient
        others = [each.units for each in self.claims.values()
                  if each is not claim and to in each.told and each.state not in OVER]  # fmt: skip
        agrees = all(units == claim.units for units in others) and len(others) < claim.units
        late = to == CUSTOMS and claim.state == "FILED" and self.channel.hour > claim.due
        allowed = to != FORWARDER and agrees and not late
        if self.tried(allowed, "Drawbacks:disclose", name, to, by=claim.claimant, entry=claim.entry):
            claim.told.add(to)

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, act=st.sampled_from(["accept", "refuse", "withdraw", "confirm_payment"]),
          by=st.sampled_from(["claimant", CUSTOMS]))  # fmt: skip
    def answer(self, pick: int, act: str, by: str) -> None:
        """Take a step, as one of the two."""
        name, claim = self.one(pick)
        in_time = claim.due is None or self.channel.hour <= claim.due
        allowed = {
            "accept": claim.state == "FILED" and by == CUSTOMS and in_time and CUSTOMS in claim.told,
            "refuse": claim.state == "FILED" and by == CUSTOMS and in_time,
            "withdraw": claim.state == "FILED" and by == "claimant",
            "confirm_payment": claim.state in ("ACCEPTED", "DEFAULTED") and by == "claimant",
        }[act]
        args = {"refuse": ["USED_IN_COUNTRY", HASH], "confirm_payment": [HASH]}.get(act, [])
        if self.tried(allowed, f"Drawbacks:{act}", name, *args, by=claim.claimant if by == "claimant" else by):
            claim.state = {"accept": "ACCEPTED", "refuse": "REFUSED", "withdraw": "WITHDRAWN",
                           "confirm_payment": "PAID"}[act]  # fmt: skip
            claim.due = self.channel.hour + 30 * DAY if act == "accept" else None

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, days=st.sampled_from([0, 31]))
    def enforce(self, pick: int, days: int) -> None:
        """Write down what silence led to."""
        self.channel.hour += days * DAY
        name, claim = self.one(pick)
        allowed = claim.due is not None and self.channel.hour > claim.due and CUSTOMS in claim.told
        if self.tried(allowed, "Drawbacks:enforce", name, by=FORWARDER):
            claim.state = "ACCEPTED" if claim.state == "FILED" else "DEFAULTED"
            claim.due = self.channel.hour + 30 * DAY if claim.state == "ACCEPTED" else None

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, way=PICK)
    def go_on(self, pick: int, way: int) -> None:
        """Take a step that leads on, as who may; or let the time for it pass."""
        _, claim = self.one(pick)
        if claim.state == "FILED" and CUSTOMS not in claim.told:
            self.disclose(pick, CUSTOMS)
        elif claim.due is not None and way >= 5:
            self.enforce(pick, 31)
        elif claim.state == "FILED":
            act = ("accept", "accept", "accept", "refuse", "withdraw")[way]
            self.answer(pick, act, "claimant" if act == "withdraw" else CUSTOMS)
        else:
            self.answer(pick, "confirm_payment", "claimant")

    @precondition(lambda self: self.claims)
    @rule(ways=st.lists(PICK, min_size=2, max_size=4))
    def go_far(self, ways: list[int]) -> None:
        """Take several such steps with the latest claim."""
        for way in ways:
            self.go_on(len(self.claims) - 1, way)

    def one(self, pick: int) -> tuple[str, Claimed]:
        """One of the claims."""
        return list(self.claims.items())[pick % len(self.claims)]

    @invariant()
    def no_more_than_was_paid(self) -> None:
        """Check that each return has one claim at most, and that all that customs knows of are at most the duty."""
        owed: list[str] = []
        comes_back = 0
        for name, claim in getattr(self, "claims", {}).items():
            assert self.channel.query("Drawbacks:read", name)["state"] == claim.state
            if claim.state in OVER:
                continue
            owed.append(claim.return_id)
            assert claim.state == "FILED" or CUSTOMS in claim.told
            if CUSTOMS in claim.told:
                comes_back += int(self.channel.query("Drawbacks:entry", name, by=CUSTOMS)["amount"])
        assert len(owed) == len(set(owed))
        assert comes_back <= DUTY + TAX // 2


@pytest.mark.timeout(seeded.SECONDS)
@pytest.mark.parametrize("seed", seeded.SEEDS)
def test_no_more_duty_comes_back_than_was_paid(seed: int):
    """Random histories of returns and drawbacks."""
    seeded.run(Duties, seed)


@pytest.mark.parametrize(
    ("ways", "end"),
    [([0], "ACCEPTED"), ([5], "ACCEPTED"), ([0, 0], "PAID"), ([0, 5], "DEFAULTED"), ([0, 5, 0], "PAID"),
     ([3], "REFUSED"), ([4], "WITHDRAWN")],
)  # fmt: skip
def test_the_histories_can_come_to_every_end(ways: list[int], end: str):
    """The steps that lead on reach each state in which a claim rests."""
    history = Duties()
    history.begun(units=UNITS, told=True)
    for way in ways:
        history.go_on(0, way)
        history.no_more_than_was_paid()
    assert history.one(0)[1].state == end
