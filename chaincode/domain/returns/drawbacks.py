"""
Duty drawback: duty and tax of imported goods that leave the country again are claimed back from its customs.

Customs publishes the terms before they apply: within how many days of the import the goods leave, by when the claim
is filed, and which shares of duty and tax come back. The ledger has the evidence of both movements: that duty was
paid at the import, and that the goods of the return were recorded abroad afterwards. The import entry itself is
private to claimant and customs; the claim has its hash, and customs computes the sum from it by its own tariff.

    FILED -> ACCEPTED -> PAID | DEFAULTED -> PAID        FILED -> REFUSED | WITHDRAWN

Silence counts as consent: customs that does not answer in time has accepted.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from typing import Literal

from chaincode.domain.disclosure import disclosures
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import customs
from chaincode.domain.register.customs import CustomsTariff
from chaincode.domain.vocabulary import attributes, bounds, identifiers, money, places, timeliness
from chaincode.domain.vocabulary.money import Money
from hlf.codec import moments, names, records, texts
from hlf.codec.records import Amount, Instant
from hlf.codec.refusals import invalid

Grounds = Literal[
    "ENTRY_UNKNOWN", "DUTY_NOT_PAID", "GOODS_DIFFER", "USED_IN_COUNTRY", "EXPORT_NOT_PROVED", "AMOUNT_DIFFERS"
]
"""Why customs refuses a claim."""


class DrawbackState(enum.StrEnum):
    """The state of a drawback."""

    FILED = "FILED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    PAID = "PAID"
    DEFAULTED = "DEFAULTED"
    WITHDRAWN = "WITHDRAWN"


OVER = frozenset({DrawbackState.REFUSED, DrawbackState.WITHDRAWN})
"""States in which nothing comes back; the same return may be claimed for again while there is time."""


@dataclasses.dataclass(frozen=True)
class DrawbackTerms:
    """
    The duty and tax that a country's customs gives back, for goods imported from a day on.

    Attributes:
        export_days: after the duty was paid, in which the goods leave the country.
        claim_days: after they left, in which the claim is filed.
        answer_days, pay_days: for customs.
        duty_bps, tax_bps: the shares that come back.
    """

    country: str
    effective_from: str
    export_days: int
    claim_days: int
    source: str
    answer_days: int = 30
    pay_days: int = 30
    duty_bps: int = 10_000
    tax_bps: int = 10_000

    def __post_init__(self) -> None:
        places.check_country("terms.country", self.country)
        attributes.day("terms.effective_from", self.effective_from)
        for field in ("export_days", "claim_days", "answer_days", "pay_days"):
            bounds.DAYS.check(f"terms.{field}", getattr(self, field))
        for field in ("duty_bps", "tax_bps"):
            bounds.BASIS_POINTS.check(f"terms.{field}", getattr(self, field))
        customs.check_source("terms.source", self.source)


@dataclasses.dataclass(frozen=True)
class DrawbackFiling:
    """
    A claimant's input: the return, the hash of its `ImportEntry`, and that of the papers of the export.
    """

    drawback_id: str
    return_id: str
    entry_hash: str
    evidence_hash: str

    def __post_init__(self) -> None:
        for field in ("drawback_id", "return_id"):
            identifiers.check(f"filing.{field}", getattr(self, field))
        for field in ("entry_hash", "evidence_hash"):
            names.SHA256.check(f"filing.{field}", getattr(self, field))


@dataclasses.dataclass(frozen=True)
class ImportEntry:
    """
    The line of the import declaration that the goods were in; only its hash is on the channel.

    Attributes:
        reference: customs' own number of the declaration.
        on: the day of the import, whose tariff applies; *agreement* is empty at the general rate.
        units: of the whole line, with its *customs_value* and the *duty* and *tax* that were paid for it.
    """

    drawback_id: str
    reference: str
    on: str
    code: str
    currency: str
    units: int
    customs_value: Amount
    duty: Amount
    tax: Amount
    salt: str
    agreement: str = ""

    def __post_init__(self) -> None:
        identifiers.check("entry.drawback_id", self.drawback_id)
        texts.check("entry.reference", self.reference)
        attributes.day("entry.on", self.on)
        money.check_currency_on("entry.currency", self.currency, self.on)
        bounds.MANY.check("entry.units", self.units)
        for field in ("customs_value", "duty", "tax"):
            money.MINOR.check(f"entry.{field}", getattr(self, field))
        disclosures.check_salt(self.salt, "entry.salt")

    def check_by(self, tariff: CustomsTariff) -> None:
        """
        Refuse more duty or tax than the tariff asks for the line's value.

        Raises:
            Refused: AMOUNT_DIFFERS, NO_PREFERENCE.
        """
        rate = tariff.preferences.get(self.agreement) if self.agreement else tariff.duty_bps
        if rate is None:
            raise Refusal.NO_PREFERENCE(f"{tariff.code} has no rate of {self.agreement}")
        most = customs.duty_and_tax(Money(self.customs_value, self.currency), rate, tariff.tax_bps)
        if self.duty > most[0].minor or self.tax > most[1].minor:
            raise Refusal.AMOUNT_DIFFERS(f"{tariff.code} pays less duty or tax on {self.on} than the entry states")

    def check_beside(self, units: int, others: Iterable[tuple[ImportEntry, int]]) -> None:
        """
        Refuse to give back for *units* of this entry beside the units of *others*, so that none is counted twice.

        Raises:
            Refused: AMOUNT_DIFFERS: another claim states other figures of the same declaration, or together they are
                for more units than it had.
        """
        same = [(each, number) for each, number in others if each.reference == self.reference]
        if any(dataclasses.replace(each, drawback_id=self.drawback_id, salt=self.salt) != self for each, _ in same):
            raise Refusal.AMOUNT_DIFFERS("another claim states other figures of the same declaration")
        if units + sum(number for _, number in same) > self.units:
            raise Refusal.AMOUNT_DIFFERS("the claims of this declaration are for more units than it had")

    def gives_back(self, units: int, terms: DrawbackTerms) -> int:
        """
        Return the duty and tax that come back for *units* of the line, rounded down, so that all parts are at most the
        whole.

        Raises:
            Refused: INVALID_ARGUMENT if the line had fewer.
        """
        if units > self.units:
            raise invalid("entry.units", "are fewer than the units that left")
        parts = ((self.duty, terms.duty_bps), (self.tax, terms.tax_bps))
        return sum(paid * bps * units // (10_000 * self.units) for paid, bps in parts)


@dataclasses.dataclass(frozen=True)
class DrawbackAct:
    """One step: its new state, who did it and when; ``by`` is empty for a missed deadline."""

    state: DrawbackState
    by: str
    at: Instant
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Movements:
    """The evidence on the ledger: when duty was paid for the goods, and when they were first recorded abroad."""

    paid_at: Instant | None
    left_at: Instant | None


@dataclasses.dataclass(frozen=True)
class Drawback:
    """A claim for drawback on the ledger; ``due`` is the deadline of its state, None if it has none."""

    filing: DrawbackFiling
    claimant: str
    customs: str
    journey_id: str
    line: str
    units: int
    terms: DrawbackTerms
    paid_at: Instant
    left_at: Instant
    state: DrawbackState
    acts: tuple[DrawbackAct, ...]
    due: Instant | None = None

    @property
    def parties(self) -> tuple[str, ...]:
        """Claimant and customs, who may learn the entry."""
        return tuple(sorted({self.claimant, self.customs}))

    def accepted(self, by: str, now: int) -> Drawback:
        """
        Return it as accepted by customs.

        Raises:
            Refused: NOT_CUSTOMS, WRONG_STATE, DEADLINE_PASSED.
        """
        self._by_customs(by)
        self._in_time(now)
        return self._moved(DrawbackState.ACCEPTED, by, now, self.terms.pay_days)

    def refused(self, by: str, grounds: Grounds, opinion_hash: str, now: int) -> Drawback:
        """
        Return it as refused by customs, on one of the known grounds.

        Raises:
            Refused: NOT_CUSTOMS, WRONG_STATE, DEADLINE_PASSED.
        """
        self._by_customs(by)
        self._in_time(now)
        return self._moved(DrawbackState.REFUSED, by, now, None, grounds=grounds, opinion_hash=opinion_hash)

    def paid(self, by: str, proof_hash: str, now: int) -> Drawback:
        """
        Return it as paid, which the claimant confirms; it may be late.

        Raises:
            Refused: NOT_THE_CLAIMANT, WRONG_STATE.
        """
        self._by_claimant(by)
        self._only(DrawbackState.ACCEPTED, DrawbackState.DEFAULTED)
        return self._moved(DrawbackState.PAID, by, now, None, proof_hash=proof_hash)

    def withdrawn(self, by: str, now: int) -> Drawback:
        """
        Return it as withdrawn by the claimant, before customs answered.

        Raises:
            Refused: NOT_THE_CLAIMANT, WRONG_STATE.
        """
        self._by_claimant(by)
        self._only(DrawbackState.FILED)
        return self._moved(DrawbackState.WITHDRAWN, by, now, None)

    def enforced(self, now: int) -> Drawback:
        """
        Return it with the consequence of a missed deadline.

        Raises:
            Refused: NO_DEADLINE, NOT_DUE.
        """
        timeliness.missed(f"drawback {self.filing.drawback_id}", self.state, self.due, now)
        if self.state is DrawbackState.FILED:
            return self._moved(DrawbackState.ACCEPTED, "", now, self.terms.pay_days, deadline="customs silent")
        return self._moved(DrawbackState.DEFAULTED, "", now, None, deadline="customs did not pay")

    def check_entry(self, entry: ImportEntry) -> None:
        """
        Refuse an entry that is not the one of this claim.

        Raises:
            Refused: NOT_AS_STORED.
        """
        mine = entry.drawback_id == self.filing.drawback_id and records.digest(entry) == self.filing.entry_hash
        if not mine:
            raise Refusal.NOT_AS_STORED(f"drawback {self.filing.drawback_id} is for another entry")

    def _moved(self, state: DrawbackState, by: str, now: int, days: int | None, **notes: str) -> Drawback:
        due = None if days is None else now + days * moments.DAY
        return dataclasses.replace(self, state=state, acts=(*self.acts, DrawbackAct(state, by, now, notes)), due=due)

    def _by_customs(self, by: str) -> None:
        if by != self.customs:
            raise Refusal.NOT_CUSTOMS(f"{self.customs} answers drawback {self.filing.drawback_id}")

    def _by_claimant(self, by: str) -> None:
        if by != self.claimant:
            raise Refusal.NOT_THE_CLAIMANT(f"{self.claimant} must do this in drawback {self.filing.drawback_id}")

    def _only(self, *states: DrawbackState) -> None:
        if self.state not in states:
            text = f"drawback {self.filing.drawback_id} is {self.state}, not {' or '.join(states)}"
            raise Refusal.WRONG_STATE(text)

    def _in_time(self, now: int) -> None:
        self._only(DrawbackState.FILED)
        timeliness.in_time(self.due, now)


def filed(
    filing: DrawbackFiling, claimant: str, office: str, journey_id: str, line: str, units: int, terms: DrawbackTerms,
    moved: Movements, now: int,
) -> Drawback:  # fmt: skip
    """
    Return a new claim under the country's *terms*, with the evidence of both movements.

    Raises:
        Refused: DUTY_NOT_PAID, NOT_EXPORTED (not at all, or later than ``export_days``), DEADLINE_PASSED after
            ``claim_days``.
    """
    if moved.paid_at is None:
        raise Refusal.DUTY_NOT_PAID(f"no duty is recorded as paid for the goods of return {filing.return_id}")
    until = moved.paid_at + terms.export_days * moments.DAY
    if moved.left_at is None or moved.left_at > until:
        text = (
            f"the goods of return {filing.return_id} are not recorded outside {terms.country} by {moments.text(until)}"
        )
        raise Refusal.NOT_EXPORTED(text)
    ends = moved.left_at + terms.claim_days * moments.DAY
    if now > ends:
        raise Refusal.DEADLINE_PASSED(f"claims for this ended at {moments.text(ends)}")
    acts = (DrawbackAct(DrawbackState.FILED, claimant, now),)
    due = now + terms.answer_days * moments.DAY
    return Drawback(
        filing, claimant, office, journey_id, line, units, terms, moved.paid_at, moved.left_at, DrawbackState.FILED,
        acts, due,
    )  # fmt: skip
