"""
Whoever joins, leaves, consents twice or is counted again over the weeks: a told cell is the sum of its set, and no
combination of all that was ever told leaves the figures of one party or of two.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chaincode.domain.disclosure import gapmeter
from chaincode.domain.vocabulary import weeks
from hlf.shim import testing
from tests.unit.contracts import trading
from tests.unit.contracts.histories import seeded
from tests.unit.contracts.trading import (
    AUDITOR,
    CAPABILITY,
    FORECAST,
    PLATFORM,
    START,
    Claim,
    Desk,
    salt,
    terms,
    user,
)

SELLERS = tuple(f"Seller{number}MSP" for number in range(1, 6))
CARRIERS = tuple(f"Carrier{number}MSP" for number in range(1, 6))
FIRST = date(2026, 12, 28)
"""The Monday of the first week that is asked for; the histories end before it."""
WEEKS = weeks.following("week", weeks.of(FIRST), 4)
REGIONS = ("VN-HN", "VN-SG")
KNOWN = {"ALREADY_EXISTS", "NOTHING_TO_TELL", "PERIOD_COMPUTED"}

WHAT = st.tuples(
    st.integers(0, 9), st.sampled_from([0, 7, 10, 14]), st.sampled_from([7, 14, 1]),
    st.sampled_from([REGIONS, REGIONS[:1], REGIONS[1:]]),
)  # fmt: skip
"""Parcels a day, on which days and where."""


@dataclass
class Consent:
    """
    What the book knows of one grant: *left* is the period in which it was revoked.

    Attributes:
        claim: the claim that it shows; its *rate* is a day's parcels in each region, on the days from *first* on.
    """

    party: str
    claim: str
    rate: int
    regions: Sequence[str]
    first: int
    days: int
    joined: str
    left: str = ""

    def weight(self, region: str, week: str) -> int:
        """Return on how many days of a week it covers a region."""
        begin = FIRST + timedelta(days=self.first)
        covered = (weeks.of(begin + timedelta(days=day)) for day in range(self.days))
        return sum(each == week for each in covered) if region in self.regions else 0

    def counts(self, period: str) -> bool:
        """Return whether it was there when a period began."""
        return self.joined < period and (not self.left or self.left >= period)


def founded() -> testing.Ledger:
    """Return channel `trade` with five sellers and five carriers."""
    keepers = [each for each in trading.PARTICIPANTS if each["msp_id"] in (PLATFORM, AUDITOR)]
    seller = {"species": "key", "roles": ["merchant"], "countries": ["CN"], "stages": ["S01"]}
    carrier = {"species": "key", "roles": ["last_mile"], "countries": ["VN"], "stages": ["S19"]}
    others = [{**seller, "msp_id": each, "name": each} for each in SELLERS]
    others += [{**carrier, "msp_id": each, "name": each} for each in CARRIERS]
    members = (PLATFORM, AUDITOR, *SELLERS, *CARRIERS)
    ledger = testing.Ledger(trading.CHAINCODE, members, collections=[trading.TENDER])
    ledger.invoke("Participants:found", json.dumps([*keepers, *others]), client=user(PLATFORM, "admin"))
    return ledger


def rank(rows: Iterable[Sequence[int]]) -> int:
    """Return the rank of a matrix, exactly."""
    left, found = [[Fraction(each) for each in row] for row in rows], 0
    while left:
        row = left.pop()
        pivot = next((place for place, each in enumerate(row) if each), None)
        if pivot is not None:
            found += 1
            left = [[one - other[pivot] / row[pivot] * two for one, two in zip(other, row, strict=True)] if other[pivot]
                    else other for other in left]  # fmt: skip
    return found


class Sums(RuleBasedStateMachine):
    """Ten parties and a meter, and a book of who was counted where."""

    @initialize(rates=st.lists(st.integers(3, 9), min_size=10, max_size=10))
    def begun(self, rates: list[int]) -> None:
        """Let each of them be counted with a claim about everything, from the next week on."""
        self.desk, self.now, self.number = Desk(founded()), START, itertools.count(1)
        self.consents: dict[str, Consent] = {}
        self.claims: dict[str, Claim] = {}
        self.told: dict[tuple[str, str], list[Consent]] = {}
        for party, rate in zip((*SELLERS, *CARRIERS), rates, strict=True):
            self.join(party, (rate, 0, 7 * len(WEEKS), REGIONS))
        self.next_week()

    @property
    def period(self) -> str:
        """The present week."""
        return weeks.of(self.now.date())

    def tried(self, function: str, *args: object, **sent: bytes) -> testing.Result | None:
        """Return the answer to platform or auditor, or None if it was refused."""
        try:
            return self.desk.ledger.invoke(function, *args, client=user(AUDITOR), transient=sent, at=self.now)
        except testing.Refused as refused:
            assert refused.code in KNOWN, refused  # noqa: PT017  (some tries are allowed)
            return None

    @rule(party=st.sampled_from([*SELLERS, *CARRIERS]), what=WHAT)
    def join(self, party: str, what: tuple[int, int, int, Sequence[str]]) -> None:
        """Commit to a claim about something new, and let it be counted."""
        name, (rate, first, days, regions) = f"c{next(self.number)}", what
        begin = FIRST + timedelta(days=first)
        ends = [begin.isoformat(), (begin + timedelta(days=days - 1)).isoformat()]
        if party in SELLERS:
            units = rate * days * len(regions)
            values = {name: value for name, value in FORECAST.items() if not name.startswith("audience")}
            values |= {"horizon.start": ends[0], "horizon.end": ends[1], "region.subdivisions": list(regions)}
            values |= {f"demand.units_{each}_h87": units for each in ("p10", "p50", "p90")}
            values |= {"product.gtin14": gtin(int(name[1:]))}
            self.claims[name] = Claim("forecast", party, name, values, at=self.now)
        else:
            values = CAPABILITY | {"valid.from": ends[0], "valid.to": ends[1], "coverage.regions": list(regions)}
            values |= {"service_id": name, "capacity.parcels_per_day_h87": rate * len(regions)}
            values |= {"capacity.utilisation_bps": 0}
            self.claims[name] = Claim("capability", party, name, values, at=self.now)
        self.claims[name].commit(self.desk.ledger)
        self.count(Consent(party, name, rate, regions, first, days, self.period))

    def count(self, consent: Consent) -> None:
        """Grant what the meter needs, and bring it in: a claim is counted once in a period."""
        grant_id, claim = f"g{next(self.number)}", self.claims[consent.claim]
        needed = gapmeter.NEEDED[claim.kind] + gapmeter.ALSO_TAKEN[claim.kind]
        shown = terms(claim, PLATFORM, *needed, purpose=gapmeter.PURPOSE, salt=salt(grant_id))
        self.desk.grant(grant_id, claim, {**shown, "expires_at": "2028-01-01T00:00:00Z"}, at=self.now)
        kept = {"grant": self.desk.show(grant_id, consent.party), "salt": salt("counted", grant_id).encode()}
        done = self.tried("GapMeter:contribute", grant_id, **kept, **claim.transient(*needed))
        twice = any(each.claim == consent.claim and not each.left for each in self.consents.values())
        assert bool(done) != twice
        if done:
            self.consents[grant_id] = consent

    @precondition(lambda self: self.consents)
    @rule(pick=st.integers(0, 30))
    def consent_again(self, pick: int) -> None:
        """Show a claim once more, by another grant."""
        old = list(self.consents.values())[pick % len(self.consents)]
        self.count(Consent(old.party, old.claim, old.rate, old.regions, old.first, old.days, self.period))

    @precondition(lambda self: any(not each.left for each in self.consents.values()))
    @rule(pick=st.integers(0, 30))
    def leave(self, pick: int) -> None:
        """Take a consent back."""
        able = [name for name, each in self.consents.items() if not each.left]
        name = able[pick % len(able)]
        self.desk.revoke(name, self.consents[name].party, PLATFORM, at=self.now)
        self.consents[name].left = self.period

    @precondition(lambda self: self.now.date() + timedelta(weeks=1) < FIRST)
    @rule()
    def next_week(self) -> None:
        """Let the next period begin."""
        self.now += timedelta(weeks=1)

    @rule(region=st.sampled_from(REGIONS), first=st.integers(0, 2), count=st.integers(1, 3))
    def tell(self, region: str, first: int, count: int) -> None:
        """Compute some weeks of a region and publish them; each is the sum of its set."""
        meter_id = f"m{next(self.number)}"
        if not self.tried("GapMeter:compute", meter_id, region, WEEKS[first], count, salt=salt(meter_id).encode()):
            return
        meter = self.desk.ledger.evaluate("GapMeter:read", meter_id, client=user(PLATFORM), at=self.now).payload
        published = self.tried("GapMeter:publish", meter_id, meter)
        assert published is not None
        for cell in published.json():
            place = (region, cell["week"])
            assert place not in self.told
            within = [each for each in self.consents.values() if each.counts(self.period) and each.weight(*place)]
            for side, name in ((SELLERS, "demand"), (CARRIERS, "capacity")):
                figures = {each.claim: each.rate * each.weight(*place) for each in within if each.party in side}
                assert cell[name] == sum(figures.values())
                assert cell[f"{name}_parties"] == len({each.party for each in within if each.party in side}) >= 3
            self.told[place] = within

    @invariant()
    def nobody_is_given_away(self) -> None:
        """Check every group of two parties: no combination of cells is a sum over these alone."""
        for side in (SELLERS, CARRIERS):
            rates = {each.claim: each for cell in getattr(self, "told", {}).values() for each in cell
                     if each.party in side}  # fmt: skip
            rows = [[each.weight(*place) if each.claim in {one.claim for one in cell} else 0 for each in rates.values()]
                    for place, cell in getattr(self, "told", {}).items()]  # fmt: skip
            for group in itertools.combinations(side, 2):
                others = [number for number, each in enumerate(rates.values()) if each.party not in group]
                assert rank([[row[number] for number in others] for row in rows]) == rank(rows), group


def gtin(number: int) -> str:
    """Return a product's number, with its check digit."""
    body = f"0950600{number:06}"
    digit = -sum(int(each) * (3 if place % 2 == 0 else 1) for place, each in enumerate(body)) % 10
    return f"{body}{digit}"


@pytest.mark.timeout(seeded.SECONDS)
@pytest.mark.parametrize("seed", seeded.SEEDS)
def test_no_week_gives_a_party_away(seed: int):
    """Random histories of consents, withdrawals and publications."""
    seeded.run(Sums, seed)
