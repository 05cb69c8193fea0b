"""
Whatever is lost, found, damaged and claimed for, by whomever and however late: a loss is made good once.

The book has a table of its own of who may do what when; each step is allowed exactly if the book allows it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hlf.shim import testing
from tests.unit.contracts import shipping
from tests.unit.contracts.histories import seeded
from tests.unit.contracts.journeys.test_parcels import IDS, LINES, packed
from tests.unit.contracts.orders.test_carrier_claims import HASH, LIABILITY, digest, sum_of
from tests.unit.contracts.trading import AUDITOR, CUSTOMS, FORWARDER, LAST_MILE, MERCHANT, PLATFORM, user

DAY = 24
CLAIM_DAYS, ANSWER, PAY, ARBITRATION = 14, 30, 30, 60
SOME = st.sets(st.sampled_from(IDS), min_size=1).map(sorted)
PICK = st.integers(0, 7)
CARRIER, SELLER = st.sampled_from([FORWARDER, LAST_MILE]), st.sampled_from([MERCHANT, PLATFORM])
SIDES = {"carrier", "claimant", "arbiter"}

STEPS = {
    ("FILED", "accept"): ("carrier", "ACCEPTED", PAY),
    ("OFFERED", "accept"): ("claimant", "ACCEPTED", PAY),
    ("FILED", "offer"): ("carrier", "OFFERED", ANSWER),
    ("FILED", "refuse"): ("carrier", "REFUSED", ANSWER),
    ("REFUSED", "contest"): ("claimant", "CONTESTED", ARBITRATION),
    ("OFFERED", "contest"): ("claimant", "CONTESTED", ARBITRATION),
    ("CONTESTED", "award"): ("arbiter", "AWARDED", PAY),
    ("CONTESTED", "dismiss"): ("arbiter", "DISMISSED", None),
}
"""Who does it, what comes of it, and for how many days then somebody is awaited; in time alone."""

LATE = {
    **{(state, "confirm_payment"): "PAID" for state in ("ACCEPTED", "AWARDED", "DEFAULTED")},
    **{(state, "withdraw"): "WITHDRAWN" for state in ("FILED", "REFUSED", "OFFERED", "CONTESTED")},
}
"""What the claimant may do at any time."""

SILENT = {"FILED": "ACCEPTED", "CONTESTED": "AWARDED", "REFUSED": "CLOSED", "OFFERED": "CLOSED",
          "ACCEPTED": "DEFAULTED", "AWARDED": "DEFAULTED"}  # fmt: skip
"""What a missed deadline leads to."""

BOTH = (MERCHANT, PLATFORM, FORWARDER, LAST_MILE)
"""Claimant and carrier of any claim; their peers serve."""

OVER = {"DISMISSED", "WITHDRAWN", "CLOSED"}


@dataclass
class Claimed:
    """What the book knows of one claim."""

    parcel: str
    kind: str
    carrier: str
    claimant: str
    due: float | None
    state: str = "FILED"
    owed: str = ""
    told: bool = False

    def who(self, side: str) -> str:
        """Return the organisation on a side of the claim."""
        return {"carrier": self.carrier, "claimant": self.claimant, "arbiter": AUDITOR}[side]


class Losses(RuleBasedStateMachine):
    """Three parcels that two carriers had, and a book of what was reported, claimed and paid."""

    ENDS = frozenset({"PAID", "WITHDRAWN"})

    @initialize(some=SOME, kind=st.sampled_from(["lost", "damaged"]), carrier=CARRIER, by=SELLER, told=st.booleans())
    def begun(self, some: list[str], kind: str, carrier: str, by: str, told: bool) -> None:
        """Both carriers have published their liability; the second one has the parcels, and a first claim is filed."""
        self.channel, self.numbers = shipping.Channel(), itertools.count(1)
        self.channel.hour = 2
        for carrier in (FORWARDER, LAST_MILE):
            self.channel.majority("CarrierClaims:publish_terms", LIABILITY, by=carrier)
        order = self.channel.order(lines=LINES)
        self.channel.open(order=order, epcs=IDS[:1], parcels=packed(), custodian=FORWARDER)
        self.channel.hand_over(FORWARDER, LAST_MILE, 5, "VNHPH")
        # Two endorse in the place of a majority: the rules are the same, with fewer peers to run.
        self.channel.ledger.world.endorsement = None
        self.lost: dict[str, float] = {}
        self.damaged: dict[str, float] = {}
        self.delivered: set[str] = set()
        self.claims: dict[str, Claimed] = {}
        self.report(some, kind)
        self.file(some[0], kind, carrier, by)
        if told:
            self.tell(0, lie=False)

    def tried(self, allowed: bool, function: str, *args: Any, by: str, told: str = "") -> bool:
        """Whether the call went through, which it must exactly if the book allows it."""
        try:
            self.channel.submit(function, *args, by=by, endorsed_by=BOTH)
        except testing.Refused as refused:
            assert not allowed, refused  # noqa: PT017  (some tries are allowed)
            return False
        assert allowed, f"{function} {args} by {by} went through {told}"
        return True

    @precondition(lambda self: self.claims)
    @rule(hours=st.sampled_from([1, DAY * 10, DAY * 31, DAY * 61]))
    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.channel.hour += hours

    @rule(some=SOME, kind=st.sampled_from(["lost", "lost", "found", "damaged"]))
    def report(self, some: list[str], kind: str) -> None:
        """Report what happened, as the carrier that has them."""
        self.channel.hour += 1
        now = self.channel.hour
        self.channel.submit("Journeys:report", "J1", kind, "S20", shipping.text(now), "", some, by=LAST_MILE)
        for parcel in some:
            if kind == "found":
                self.lost.pop(parcel, None)
            else:
                (self.lost if kind == "lost" else self.damaged).setdefault(parcel, now)

    @rule(some=SOME)
    def deliver(self, some: list[str]) -> None:
        """Deliver those that are not lost."""
        self.channel.hour += 1
        able = [parcel for parcel in some if parcel not in self.lost and parcel not in self.delivered]
        if able:
            self.channel.record(LAST_MILE, "S20", "accepting", self.channel.hour, "VNHAN", epcs=able)
            self.delivered |= set(able)

    @rule(parcel=st.sampled_from(IDS), kind=st.sampled_from(["lost", "lost", "damaged"]),
          carrier=CARRIER, by=SELLER)  # fmt: skip
    def file(self, parcel: str, kind: str, carrier: str, by: str) -> None:
        """Claim for a parcel."""
        happened = (self.lost if kind == "lost" else self.damaged).get(parcel)
        now, name = self.channel.hour, f"C{next(self.numbers)}"
        claimed = any((each.parcel, each.kind) == (parcel, kind) and each.state not in OVER
                      for each in self.claims.values())  # fmt: skip
        gone = kind == "damaged" or parcel not in self.delivered
        allowed = happened is not None and now <= happened + CLAIM_DAYS * DAY and not claimed and gone
        filing = {"claim_id": name, "journey_id": "J1", "kind": kind, "carrier": carrier, "parcel": parcel,
                  "evidence_hash": HASH, "sum_hash": digest(sum_of("claimed", claim_id=name))}  # fmt: skip
        if self.tried(allowed, "CarrierClaims:file", filing, by=by, told=f"with {self.claims}"):
            self.claims[name] = Claimed(parcel, kind, carrier, by, now + ANSWER * DAY)

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, lie=st.booleans())
    def tell(self, pick: int, lie: bool) -> None:
        """Tell the carrier the sum that its claimant filed, or another; in time alone."""
        name, claim = self.one(pick)
        late = claim.state in ("FILED", "CONTESTED") and self.channel.hour > claim.due
        sent = {"sum": sum_of("claimed", 41_501 if lie else 41_500, name)}
        by = {"client": user(claim.claimant), "at": shipping.at(self.channel.hour)}
        try:
            self.channel.ledger.invoke("CarrierClaims:disclose", name, claim.carrier, transient=sent, **by)
        except testing.Refused as refused:
            assert refused.code == ("NOT_AS_STORED" if lie else "DEADLINE_PASSED")  # noqa: PT017  (some tries are allowed)
            assert lie or late
        else:
            assert not lie
            assert not late
            claim.told = True

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, act=st.sampled_from([act for _, act in STEPS]), by=st.sampled_from(sorted(SIDES)))
    def answer(self, pick: int, act: str, by: str) -> None:
        """Take a step, as one of the three."""
        name, claim = self.one(pick)
        side, state, days = STEPS.get((claim.state, act), ("nobody", "", None))
        allowed = by == side and (claim.due is None or self.channel.hour <= claim.due)
        args = {"offer": [digest(sum_of("offered", 1, name))], "refuse": [HASH], "contest": [HASH], "dismiss": [HASH],
                "award": [HASH, digest(sum_of("awarded", 2, name))], "accept": []}[act]  # fmt: skip
        function = "arbitrate" if act in ("award", "dismiss") else act
        if self.tried(allowed, f"CarrierClaims:{function}", name, *args, by=claim.who(by)):
            owed = {"award": "awarded", "accept": "claimed" if claim.state == "FILED" else "offered"}
            claim.owed, claim.state = owed.get(act, claim.owed), state
            claim.due = None if days is None else self.channel.hour + days * DAY

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, act=st.sampled_from(["confirm_payment", "withdraw"]), by=st.sampled_from(sorted(SIDES)))
    def end(self, pick: int, act: str, by: str) -> None:
        """Confirm the payment or withdraw, however late."""
        name, claim = self.one(pick)
        allowed = by == "claimant" and (claim.state, act) in LATE
        args = [HASH] if act == "confirm_payment" else []
        if self.tried(allowed, f"CarrierClaims:{act}", name, *args, by=claim.who(by)):
            claim.state, claim.due = LATE[claim.state, act], None

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, by=st.sampled_from([CUSTOMS, FORWARDER]))
    def enforce(self, pick: int, by: str) -> None:
        """Write down what silence led to, as any party."""
        name, claim = self.one(pick)
        bound = claim.told or claim.state not in ("FILED", "CONTESTED")
        allowed = claim.due is not None and self.channel.hour > claim.due and bound
        if self.tried(allowed, "CarrierClaims:enforce", name, by=by):
            owed = "claimed" if claim.state in ("FILED", "CONTESTED") else claim.owed
            claim.owed, claim.state = owed, SILENT[claim.state]
            claim.due = self.channel.hour + PAY * DAY if claim.state in ("ACCEPTED", "AWARDED") else None

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, way=PICK)
    def go_on(self, pick: int, way: int) -> None:
        """Take a step that leads on, as who may; or let the time for it pass."""
        _, claim = self.one(pick)
        ways = [(self.answer, act, told[0]) for (state, act), told in STEPS.items() if state == claim.state]
        ways += [(self.end, act, "claimant") for state, act in LATE if state == claim.state]
        if claim.due is not None and (way == 7 or not ways):
            self.channel.hour = max(self.channel.hour, claim.due + 1)
            self.enforce(pick, CUSTOMS)
        elif ways:
            step, act, side = ways[way % len(ways)]
            step(pick, act, side)

    @precondition(lambda self: self.claims)
    @rule(ways=st.lists(PICK, min_size=2, max_size=4))
    def go_far(self, ways: list[int]) -> None:
        """Take several such steps with the latest claim, for a claim takes three and more to its end."""
        for way in ways:
            self.go_on(len(self.claims) - 1, way)

    def one(self, pick: int) -> tuple[str, Claimed]:
        """One of the claims."""
        return list(self.claims.items())[pick % len(self.claims)]

    @invariant()
    def made_good_once(self) -> None:
        """Check the ledger against the book: of each loss one claim at most is open, owed or paid."""
        open_for: set[tuple[str, str]] = set()
        for name, claim in getattr(self, "claims", {}).items():
            told = self.channel.query("CarrierClaims:read", name)
            assert (told["state"], told["owed"], told["claimant"]) == (claim.state, claim.owed, claim.claimant)
            place = (told["filing"]["parcel"], told["filing"]["kind"])
            assert claim.state in OVER or place not in open_for
            if claim.state not in OVER:
                open_for.add(place)


@pytest.mark.timeout(seeded.SECONDS)
@pytest.mark.parametrize("seed", seeded.SEEDS)
def test_a_loss_is_made_good_once(seed: int):
    """Random histories of losses and claims."""
    seeded.run(Losses, seed)


@pytest.mark.parametrize(
    ("ways", "end"),
    [([0, 0], "PAID"), ([1, 0, 0], "PAID"), ([0, 7], "DEFAULTED"), ([2, 0, 0], "AWARDED"), ([2, 0, 1], "DISMISSED"),
     ([2, 7], "CLOSED"), ([3], "WITHDRAWN"), ([7, 7, 0], "PAID")],
)  # fmt: skip
def test_the_histories_can_come_to_every_end(ways: list[int], end: str):
    """The steps that lead on reach each state in which a claim rests."""
    history = Losses()
    history.begun(some=[IDS[0]], kind="lost", carrier=LAST_MILE, by=MERCHANT, told=True)
    for way in ways:
        history.go_on(0, way)
        history.made_good_once()
    assert history.one(0)[1].state == end
