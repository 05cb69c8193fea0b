"""
Claims of a seller against a carrier, for goods that were lost or damaged in its hands.

A carrier publishes the terms of its liability before they apply; those in force when an order was placed apply to
it. Every step has a deadline, and silence counts as agreement: a carrier to the claim, a claimant to the refusal, an
arbiter to the claimant.

    FILED -> ACCEPTED -> PAID | DEFAULTED -> PAID        FILED -> OFFERED -> ACCEPTED | CONTESTED | CLOSED
    FILED -> REFUSED -> CONTESTED | CLOSED               CONTESTED -> AWARDED -> PAID | DEFAULTED
    before an answer is final: WITHDRAWN                 CONTESTED -> DISMISSED

The channel sees the states and hashes. Sums are private to claimant, carrier and arbiter (`ClaimSum`).
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Literal

from chaincode.domain.disclosure import disclosures
from chaincode.domain.journeys import parcels
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds, identifiers, money, timeliness
from hlf.codec import moments, names, records
from hlf.codec.bounds import Bounds
from hlf.codec.records import Amount, Instant
from hlf.codec.refusals import RefusalRow, invalid

Kind = Literal["lost", "damaged"]
Step = Literal["claimed", "offered", "awarded"]


class ClaimState(enum.StrEnum):
    """The state of a claim against a carrier."""

    FILED = "FILED"
    ACCEPTED = "ACCEPTED"
    OFFERED = "OFFERED"
    REFUSED = "REFUSED"
    CONTESTED = "CONTESTED"
    AWARDED = "AWARDED"
    DISMISSED = "DISMISSED"
    PAID = "PAID"
    DEFAULTED = "DEFAULTED"
    WITHDRAWN = "WITHDRAWN"
    CLOSED = "CLOSED"


OVER = frozenset({ClaimState.DISMISSED, ClaimState.WITHDRAWN, ClaimState.CLOSED})
"""States in which the carrier owes nothing; the same loss may be claimed again while there is time."""

SILENCE_BINDS = frozenset({ClaimState.FILED, ClaimState.CONTESTED})
"""States that end in a debt of the sum claimed if nobody answers in time."""


@dataclasses.dataclass(frozen=True)
class LiabilityTerms:
    """
    One version of the terms of a carrier's liability.

    Attributes:
        claim_days: after the loss or damage, in which a claim is filed.
        answer_days: for the carrier's answer, and for the claimant's to a refusal or an offer.
        pay_days: for the payment.
        arbitration_days: for the arbiter.
    """

    version: int
    effective_from: str
    arbiter: str
    claim_days: int
    answer_days: int = 30
    pay_days: int = 30
    arbitration_days: int = 60

    def __post_init__(self) -> None:
        Bounds(1, 999_999).check("terms.version", self.version)
        moments.stated("terms.effective_from", self.effective_from)
        names.MSP_ID.check("terms.arbiter", self.arbiter)
        for field in ("claim_days", "answer_days", "pay_days", "arbitration_days"):
            bounds.DAYS.check(f"terms.{field}", getattr(self, field))

    @property
    def in_force_from(self) -> int:
        """``effective_from`` in milliseconds."""
        return moments.parse(self.effective_from).at


@dataclasses.dataclass(frozen=True)
class ClaimFiling:
    """
    A claimant's input to file a claim.

    ``evidence_hash`` is the hash of papers outside the ledger, ``sum_hash`` that of its `ClaimSum`.
    ``parcel`` is the one that was lost or damaged; only a journey with one parcel needs none.
    """

    claim_id: str
    journey_id: str
    kind: Kind
    carrier: str
    evidence_hash: str
    sum_hash: str
    parcel: str = ""

    def __post_init__(self) -> None:
        if self.parcel:
            parcels.identified(self.parcel, "filing.parcel")
        identifiers.check("filing.claim_id", self.claim_id)
        identifiers.check("filing.journey_id", self.journey_id)
        names.MSP_ID.check("filing.carrier", self.carrier)
        for field in ("evidence_hash", "sum_hash"):
            names.SHA256.check(f"filing.{field}", getattr(self, field))


@dataclasses.dataclass(frozen=True)
class ClaimSum:
    """A sum that was claimed, offered or awarded; only its hash is on the channel."""

    claim_id: str
    step: Step
    amount: Amount
    currency: str
    salt: str

    def __post_init__(self) -> None:
        identifiers.check("sum.claim_id", self.claim_id)
        money.KNOWN.check("sum.currency", self.currency)
        money.MINOR.check("sum.amount", self.amount)
        disclosures.check_salt(self.salt, "sum.salt")


@dataclasses.dataclass(frozen=True)
class ClaimAct:
    """One step of a claim: its new state, who did it and when; ``by`` is empty for a missed deadline."""

    state: ClaimState
    by: str
    at: Instant
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class CarrierClaim:
    """
    A claim on the ledger.

    Attributes:
        sums: hashes of the sums so far, by step.
        owed: the step whose sum the carrier owes; empty if it owes nothing yet.
        due: the deadline of the present state, None if it has none.
    """

    filing: ClaimFiling
    claimant: str
    terms: LiabilityTerms
    happened_at: Instant
    state: ClaimState
    acts: tuple[ClaimAct, ...]
    sums: Mapping[str, str]
    owed: str = ""
    due: Instant | None = None

    @property
    def parties(self) -> tuple[str, ...]:
        """Claimant, carrier and arbiter, who may learn the sums."""
        return tuple(sorted({self.claimant, self.filing.carrier, self.terms.arbiter}))

    def accepted(self, by: str, now: int) -> CarrierClaim:
        """
        Return the claim as accepted by the carrier, or the carrier's offer as accepted by the claimant.

        Raises:
            Refused: NOT_THE_CARRIER, NOT_THE_CLAIMANT, WRONG_STATE, DEADLINE_PASSED.
        """
        if self.state is ClaimState.OFFERED:
            self._is(by, self.claimant, Refusal.NOT_THE_CLAIMANT)
        else:
            self._is(by, self.filing.carrier, Refusal.NOT_THE_CARRIER)
        self._in_time(now, ClaimState.FILED, ClaimState.OFFERED)
        owed = "offered" if self.state is ClaimState.OFFERED else "claimed"
        return self._moved(ClaimState.ACCEPTED, by, now, self.terms.pay_days, owed=owed)

    def offered(self, by: str, sum_hash: str, now: int) -> CarrierClaim:
        """
        Return the claim with another sum offered by the carrier.

        Raises:
            Refused: NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        self._is(by, self.filing.carrier, Refusal.NOT_THE_CARRIER)
        self._in_time(now, ClaimState.FILED)
        moved = self._moved(ClaimState.OFFERED, by, now, self.terms.answer_days)
        return moved._with_sum("offered", sum_hash)

    def refused(self, by: str, grounds_hash: str, now: int) -> CarrierClaim:
        """
        Return the claim as refused by the carrier.

        Raises:
            Refused: NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED.
        """
        self._is(by, self.filing.carrier, Refusal.NOT_THE_CARRIER)
        self._in_time(now, ClaimState.FILED)
        return self._moved(ClaimState.REFUSED, by, now, self.terms.answer_days, grounds_hash=grounds_hash)

    def contested(self, by: str, grounds_hash: str, now: int) -> CarrierClaim:
        """
        Return the claim as brought before the arbiter, after a refusal or an offer.

        Raises:
            Refused: NOT_THE_CLAIMANT, WRONG_STATE, DEADLINE_PASSED.
        """
        self._is(by, self.claimant, Refusal.NOT_THE_CLAIMANT)
        self._in_time(now, ClaimState.REFUSED, ClaimState.OFFERED)
        return self._moved(ClaimState.CONTESTED, by, now, self.terms.arbitration_days, grounds_hash=grounds_hash)

    def arbitrated(self, by: str, sum_hash: str, opinion_hash: str, now: int) -> CarrierClaim:
        """
        Return the claim as decided by the arbiter; without a *sum_hash* the carrier owes nothing.

        Raises:
            Refused: NOT_THE_ARBITER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        self._is(by, self.terms.arbiter, Refusal.NOT_THE_ARBITER)
        self._in_time(now, ClaimState.CONTESTED)
        if not sum_hash:
            return self._moved(ClaimState.DISMISSED, by, now, None, opinion_hash=opinion_hash)
        days = self.terms.pay_days
        moved = self._moved(ClaimState.AWARDED, by, now, days, owed="awarded", opinion_hash=opinion_hash)
        return moved._with_sum("awarded", sum_hash)

    def paid(self, by: str, proof_hash: str, now: int) -> CarrierClaim:
        """
        Return the claim as paid, which the claimant confirms; it may be late.

        Raises:
            Refused: NOT_THE_CLAIMANT, WRONG_STATE.
        """
        self._is(by, self.claimant, Refusal.NOT_THE_CLAIMANT)
        self._only(ClaimState.ACCEPTED, ClaimState.AWARDED, ClaimState.DEFAULTED)
        return self._moved(ClaimState.PAID, by, now, None, proof_hash=proof_hash)

    def withdrawn(self, by: str, now: int) -> CarrierClaim:
        """
        Return the claim as withdrawn by the claimant, before anything is owed.

        Raises:
            Refused: NOT_THE_CLAIMANT, WRONG_STATE.
        """
        self._is(by, self.claimant, Refusal.NOT_THE_CLAIMANT)
        self._only(ClaimState.FILED, ClaimState.REFUSED, ClaimState.OFFERED, ClaimState.CONTESTED)
        return self._moved(ClaimState.WITHDRAWN, by, now, None)

    def enforced(self, now: int) -> CarrierClaim:
        """
        Return the claim with the consequence of a missed deadline; any party of the journey may call this.

        Raises:
            Refused: NO_DEADLINE, NOT_DUE.
        """
        timeliness.missed(f"claim {self.filing.claim_id}", self.state, self.due, now)
        days = self.terms.pay_days
        if self.state is ClaimState.FILED:
            return self._moved(ClaimState.ACCEPTED, "", now, days, owed="claimed", deadline="carrier silent")
        if self.state is ClaimState.CONTESTED:
            return self._moved(ClaimState.AWARDED, "", now, days, owed="claimed", deadline="arbiter silent")
        if self.state in (ClaimState.REFUSED, ClaimState.OFFERED):
            return self._moved(ClaimState.CLOSED, "", now, None, deadline="claimant silent")
        return self._moved(ClaimState.DEFAULTED, "", now, None, deadline="carrier did not pay")

    def check_sum(self, found: ClaimSum) -> None:
        """
        Refuse a sum that is not one of this claim.

        Raises:
            Refused: NOT_AS_STORED.
        """
        mine = found.claim_id == self.filing.claim_id and self.sums.get(found.step) == records.digest(found)
        if not mine:
            raise Refusal.NOT_AS_STORED(f"claim {self.filing.claim_id} has another sum {found.step}")

    def _moved(
        self, state: ClaimState, by: str, now: int, days: int | None, owed: str = "", **notes: str
    ) -> CarrierClaim:
        due = None if days is None else now + days * moments.DAY
        act = ClaimAct(state, by, now, notes)
        return dataclasses.replace(self, state=state, acts=(*self.acts, act), due=due, owed=owed or self.owed)

    def _with_sum(self, step: Step, sum_hash: str) -> CarrierClaim:
        return dataclasses.replace(self, sums={**self.sums, step: names.SHA256.check("sum_hash", sum_hash)})

    def _is(self, by: str, needed: str, refusal: RefusalRow) -> None:
        if by != needed:
            raise refusal(f"{needed} must do this in claim {self.filing.claim_id}")

    def _only(self, *states: ClaimState) -> None:
        if self.state not in states:
            text = f"claim {self.filing.claim_id} is {self.state}, not {' or '.join(states)}"
            raise Refusal.WRONG_STATE(text)

    def _in_time(self, now: int, *states: ClaimState) -> None:
        self._only(*states)
        timeliness.in_time(self.due, now)


def filed(filing: ClaimFiling, claimant: str, terms: LiabilityTerms, happened_at: int, now: int) -> CarrierClaim:
    """
    Return a new claim under the carrier's *terms*, for what happened at *happened_at*.

    Raises:
        Refused: DEADLINE_PASSED after the carrier's ``claim_days``; INVALID_ARGUMENT if a party would judge itself.
    """
    if terms.arbiter in (claimant, filing.carrier):
        raise invalid("filing.carrier", "the arbiter of these terms is a party of the claim")
    ends = happened_at + terms.claim_days * moments.DAY
    if now > ends:
        raise Refusal.DEADLINE_PASSED(f"claims against {filing.carrier} for this ended at {moments.text(ends)}")
    acts = (ClaimAct(ClaimState.FILED, claimant, now),)
    due = now + terms.answer_days * moments.DAY
    return CarrierClaim(
        filing, claimant, terms, happened_at, ClaimState.FILED, acts, {"claimed": filing.sum_hash}, due=due
    )
