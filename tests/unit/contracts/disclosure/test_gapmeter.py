"""The meter on a ledger: consent, computation by two, publication by all, and withdrawal."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from chaincode.domain.disclosure import gapmeter
from hlf.codec import moments
from hlf.shim import testing
from tests.unit.contracts import trading
from tests.unit.contracts.trading import (
    AUDITOR,
    CAPABILITY,
    FORECAST,
    FORWARDER,
    LAST_MILE,
    MEMBERS,
    MERCHANT,
    ORIGIN,
    PAYMENTS,
    PLATFORM,
    START,
    Claim,
    Desk,
    as_bytes,
    salt,
    terms,
    trade_channel,
    user,
)

TENDER = (PLATFORM, AUDITOR)
MAJORITY = MEMBERS[:5]
DEMAND = {"horizon.start": "2026-11-30", "horizon.end": "2026-12-06", "region.subdivisions": ["VN-HN"]}
SUPPLY = {"valid.from": "2026-11-30", "valid.to": "2026-12-06", "coverage.regions": ["VN-HN"]}
LATER = START + timedelta(weeks=1)
FROZEN = "2026-11-23T00:00:00Z"
"""The Monday of the week in which LATER is."""
UNITS = {PLATFORM: 70, MERCHANT: 140, PAYMENTS: 77, ORIGIN: 10, FORWARDER: 20, LAST_MILE: 30}


def refused(call: Any, *args: Any, **named: Any) -> str:
    with pytest.raises(testing.Refused) as found:
        call(*args, **named)
    return found.value.code


class Meter(Desk):
    """Consents and computations."""

    def __init__(self) -> None:
        super().__init__(trade_channel())
        self.claims: dict[str, Claim] = {}

    def claim(self, party: str) -> Claim:
        """Return the party's claim: a forecast of the first three, a capability of the others."""
        if party in (PLATFORM, MERCHANT, PAYMENTS):
            made = Claim("forecast", party, f"c-{party}", {**FORECAST, **DEMAND, "demand.units_p50_h87": UNITS[party],
                         "demand.units_p10_h87": 0})  # fmt: skip
        else:
            changes = {"capacity.parcels_per_day_h87": UNITS[party], "capacity.utilisation_bps": 0}
            made = Claim("capability", party, f"c-{party}", {**CAPABILITY, **SUPPLY, **changes})
        self.claims[party] = made
        return made

    def consent(self, party: str, **changes: Any) -> None:
        """Commit, and grant what the meter needs to one of the tender's members."""
        made = self.claim(party)
        made.commit(self.ledger)
        recipient = changes.pop("recipient", AUDITOR if party == PLATFORM else PLATFORM)
        names = gapmeter.NEEDED[made.kind]
        granted = terms(made, recipient, *names, **{"purpose": gapmeter.PURPOSE, **changes})
        self.grant(f"g-{party}", made, granted)

    def contribute(
        self, party: str, *, by: str = PLATFORM, names: tuple[str, ...] = (), at: datetime = START, **changes: Any
    ) -> Any:
        """Bring what a party consented to into the meter."""
        made = self.claims[party]
        transient = {
            "grant": self.show(f"g-{party}", party),
            "salt": salt("contribution", party).encode(),
            **made.transient(*(names or gapmeter.NEEDED[made.kind])),
            **changes,
        }
        return self.ledger.invoke("GapMeter:contribute", f"g-{party}", client=user(by), transient=transient, at=at)

    def compute(
        self, meter_id: str = "m1", *, by: str = AUDITOR, region: str = "VN-HN", weeks: int = 2, at: datetime = LATER
    ) -> Any:
        """Add up, in the period after the one of the contributions."""
        return self.ledger.invoke(
            "GapMeter:compute", meter_id, region, "2026-W49", weeks,
            client=user(by), transient={"salt": salt("meter", meter_id).encode()}, at=at,
        )  # fmt: skip

    def kept(self, meter_id: str = "m1") -> bytes:
        """Return the meter as the tender keeps it."""
        return self.ledger.evaluate("GapMeter:read", meter_id, client=user(PLATFORM)).payload

    def recompute(self, meter_id: str = "m1", by: str = AUDITOR) -> Any:
        """Each cell, added up again."""
        return self.ledger.evaluate("GapMeter:recompute", meter_id, client=user(by)).json()

    def publish(self, meter_id: str = "m1", text: bytes = b"", by: str = PLATFORM, endorsed_by: Any = None) -> Any:
        """Tell everybody."""
        return self.ledger.invoke(
            "GapMeter:publish", meter_id, text or self.kept(meter_id), client=user(by), endorsed_by=endorsed_by
        )

    def published(self) -> Any:
        """Return what everybody sees."""
        return self.ledger.evaluate("GapMeter:published", "VN-HN", "2026-W49", 2, client=user(LAST_MILE)).json()


@pytest.fixture
def meter() -> Any:
    """Six parties that consented, three on each side."""
    found = Meter()
    for party in UNITS:
        found.consent(party)
    return found


def test_six_consents_make_a_cell(meter: Meter) -> None:
    """Demand and capacity of the week, told to all and naming nobody."""
    for party in UNITS:
        result = meter.contribute(party)
        assert not result.writes
        assert {collection for collection, _ in result.private_writes} == {trading.TENDER.name}
        assert result.json() == {"grant_id": f"g-{party}"}
    computed = meter.compute()
    assert computed.json() == {"meter_id": "m1"}
    assert not computed.writes
    assert meter.published() == []
    wanted = {"region": "VN-HN", "week": "2026-W49", "demand": 287, "capacity": 420, "gap": -133}
    told = meter.publish().json()
    assert told == meter.published() == [{**wanted, "demand_parties": 3, "capacity_parties": 3, "frozen_at": FROZEN}]


def test_a_figure_stays_the_sum_of_what_was_frozen_for_it(meter: Meter) -> None:
    """What comes in the week of the computation or later is not in it; who kept the parts can add them up again."""
    for party in UNITS:
        meter.contribute(party)
    meter.compute()
    told = meter.publish().json()
    added = Claim("forecast", MERCHANT, "c-late", {**FORECAST, **DEMAND, "demand.units_p50_h87": 141,
                  "demand.units_p10_h87": 0, "product.gtin14": "09506000134369"})  # fmt: skip
    added.commit(meter.ledger)
    meter.grant("g-late", added, terms(added, PLATFORM, *gapmeter.NEEDED["forecast"], purpose=gapmeter.PURPOSE))
    transient = {
        "grant": meter.show("g-late", MERCHANT), "salt": salt("contribution", "late").encode(),
        **added.transient(*gapmeter.NEEDED["forecast"]),
    }  # fmt: skip
    meter.ledger.invoke("GapMeter:contribute", "g-late", client=user(PLATFORM), transient=transient, at=LATER)
    assert meter.published() == told
    assert meter.recompute() == [{"cell": told[0], "same": True, "missing": []}]
    meter.ledger.invoke(
        "GapMeter:forget", f"g-{PAYMENTS}", client=user(PLATFORM), transient={"salt": salt("forget").encode()}
    )
    assert meter.recompute() == [{"cell": told[0], "same": False, "missing": [f"g-{PAYMENTS}"]}]


@pytest.mark.parametrize("left_out", UNITS)
def test_without_one_of_them_nothing_is_told(meter: Meter, left_out: Any) -> None:
    """Three on each side is the floor; the tender does not even keep the sum."""
    for party in UNITS:
        if party != left_out:
            meter.contribute(party)
    assert refused(meter.compute) == "NOTHING_TO_TELL"


def test_a_consent_revoked_before_a_period_does_not_count_in_it(meter: Meter) -> None:
    """Nor in any later one; only the tender's members purge the figures."""
    for party in UNITS:
        meter.contribute(party)
    meter.revoke("g-" + LAST_MILE, LAST_MILE, PLATFORM)
    assert refused(meter.compute) == "NOTHING_TO_TELL"
    forget = ("GapMeter:forget", "g-" + LAST_MILE)
    named: dict[str, Any] = {"transient": {"salt": salt("forget").encode()}}
    assert refused(meter.ledger.invoke, *forget, client=user(LAST_MILE), **named) == "NOT_TENDER"
    assert meter.ledger.invoke(*forget, client=user(AUDITOR), **named).json() == {"grant_id": "g-" + LAST_MILE}
    assert refused(meter.ledger.invoke, *forget, client=user(AUDITOR), **named) == "NOT_FOUND"
    assert refused(meter.compute) == "NOTHING_TO_TELL"


@pytest.mark.parametrize("revoked_at", [START + timedelta(hours=1), LATER - timedelta(days=6), LATER])
def test_a_withdrawal_counts_from_the_next_period(meter: Meter, revoked_at: Any) -> None:
    """The set of the period is the one that was frozen before it; its figures cannot be purged from it."""
    for party in UNITS:
        meter.contribute(party)
    before = gapmeter.period(moments.of(revoked_at)) < gapmeter.period(moments.of(LATER))
    meter.revoke("g-" + LAST_MILE, LAST_MILE, PLATFORM, at=revoked_at)
    end = LATER + timedelta(hours=16)
    assert gapmeter.period(moments.of(end)) == gapmeter.period(moments.of(LATER))

    def forget(at: datetime) -> Any:
        secret = {"salt": salt("forget").encode()}
        return meter.ledger.invoke("GapMeter:forget", "g-" + LAST_MILE, client=user(AUDITOR), transient=secret, at=at)

    if before:
        assert refused(meter.compute, at=end) == "NOTHING_TO_TELL"
        forget(end)
        return
    assert refused(forget, end) == "STILL_COUNTED"
    meter.compute(at=end)
    [cell] = json.loads(meter.kept())["cells"]
    assert (cell["capacity_parties"], cell["frozen_at"]) == (3, FROZEN)
    forget(end + timedelta(weeks=1))


def test_a_grant_that_expires_within_a_period_is_not_counted_in_it() -> None:
    """On no day of it: whoever asks earlier gets the same sum, and nobody's figures serve longer than granted."""
    for expires_at, counted in ((LATER + timedelta(hours=16), False), (LATER + timedelta(weeks=2), True)):
        found = Meter()
        for party in UNITS:
            changes = {"expires_at": moments.text(moments.of(expires_at))} if party == LAST_MILE else {}
            found.consent(party, **changes)
            found.contribute(party)
        if counted:
            found.compute()
        else:
            assert refused(found.compute) == "NOTHING_TO_TELL"


def test_a_revocation_between_two_regions_gives_nobody_away(meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both regions have all parties before and after it; that they differ by one grant alone withholds the second."""
    both = ["VN-HN", "VN-HP"]
    monkeypatch.setitem(DEMAND, "region.subdivisions", both)
    monkeypatch.setitem(SUPPLY, "coverage.regions", both)
    found = Meter()
    for party in UNITS:
        found.consent(party)
        found.contribute(party)
    changes = {**SUPPLY, "service_id": "second", "capacity.parcels_per_day_h87": 5, "capacity.utilisation_bps": 0}
    second = Claim("capability", LAST_MILE, "c-second", {**CAPABILITY, **changes})
    second.commit(found.ledger)
    needed = gapmeter.NEEDED["capability"]
    found.grant("g-second", second, terms(second, PLATFORM, *needed, purpose=gapmeter.PURPOSE))
    transient = {
        "grant": found.show("g-second", LAST_MILE), "salt": salt("contribution", "second").encode(),
        **second.transient(*needed),
    }  # fmt: skip
    found.ledger.invoke("GapMeter:contribute", "g-second", client=user(PLATFORM), transient=transient, at=START)
    found.compute()
    found.revoke("g-second", LAST_MILE, PLATFORM, at=LATER)
    with pytest.raises(testing.Refused, match="ISOLATES"):
        found.compute("m2", region="VN-HP", at=LATER + timedelta(weeks=1))


def test_an_expired_consent_no_longer_counts(meter: Meter) -> None:
    """At the transaction's time."""
    for party in UNITS:
        meter.contribute(party)
    assert refused(meter.compute, at=START + timedelta(days=60)) == "NOTHING_TO_TELL"
    meter.compute()


def test_a_cell_is_told_once(meter: Meter) -> None:
    """Neither computed nor published again, so nobody subtracts."""
    for party in UNITS:
        meter.contribute(party)
    meter.compute("m1")
    assert refused(meter.compute, "m1") == "ALREADY_EXISTS"
    assert refused(meter.compute, "m2") == "PERIOD_COMPUTED"
    with pytest.raises(testing.Refused, match="2026-W49 PUBLISHED_BEFORE, 2026-W50 TOO_FEW_PARTIES"):
        meter.compute("m2", at=LATER + timedelta(weeks=1))
    meter.publish("m1")
    assert refused(meter.publish, "m1") == "ALREADY_PUBLISHED"


def test_contributions_count_from_the_next_period(meter: Meter) -> None:
    """The set of a period is frozen at its end; what comes in the middle of one changes nothing that it tells."""
    for party in UNITS:
        meter.contribute(party)
    with pytest.raises(testing.Refused, match="NOTHING_TO_TELL: every cell is withheld: 2026-W49 TOO_FEW_PARTIES"):
        meter.compute(at=START)
    meter.compute()


def test_what_is_published_is_what_the_two_computed(meter: Meter) -> None:
    """No other text, by nobody else, endorsed by the majority."""
    for party in UNITS:
        meter.contribute(party)
    meter.compute()
    text = meter.kept()
    assert refused(meter.publish, text=text.replace(b"-133", b"-134")) == "NOT_AS_STORED"
    assert refused(meter.publish, "m9", text) == "NOT_AS_STORED"
    assert refused(meter.publish, text=text, by=MERCHANT) == "NOT_TENDER"
    with pytest.raises(testing.TransactionInvalid):
        meter.publish(text=text, endorsed_by=TENDER)


def test_neither_of_the_two_computes_alone(meter: Meter) -> None:
    """The collection's own policy takes both."""
    for endorser in TENDER:
        with pytest.raises(testing.TransactionInvalid) as invalid:
            meter.ledger.invoke(
                "GapMeter:contribute", "g-" + MERCHANT, client=user(PLATFORM), endorsed_by=[endorser], at=START,
                transient={"grant": meter.show("g-" + MERCHANT, MERCHANT), "salt": salt("x").encode(),
                           **meter.claims[MERCHANT].transient(*gapmeter.NEEDED["forecast"])},
            )  # fmt: skip
        assert invalid.value.code == "ENDORSEMENT_POLICY_FAILURE"


def test_only_the_two_read_and_compute(meter: Meter) -> None:
    """Whoever else calls is refused, at whatever peer."""
    for party in UNITS:
        meter.contribute(party)
    meter.compute()
    for stranger in (MERCHANT, LAST_MILE):
        assert refused(meter.compute, "m2", by=stranger) == "NOT_TENDER"
        assert refused(meter.contribute, MERCHANT, by=stranger) == "NOT_TENDER"
        for peer in (stranger, PLATFORM):
            assert refused(
                meter.ledger.evaluate, "GapMeter:read", "m1", client=user(stranger), peer=peer
            ) == "NOT_TENDER"  # fmt: skip
    assert refused(meter.ledger.evaluate, "GapMeter:read", "m9", client=user(PLATFORM)) == "NOT_FOUND"


def test_consent_is_to_this_and_to_them() -> None:
    """Another purpose, or a grant to somebody else, is none."""
    found = Meter()
    found.consent(MERCHANT, purpose="price quotation")
    assert refused(found.contribute, MERCHANT) == "WRONG_PURPOSE"
    found.consent(ORIGIN, recipient=LAST_MILE)
    assert refused(found.contribute, ORIGIN) == "WRONG_PURPOSE"


def test_what_is_counted_is_what_was_granted_and_needed(meter: Meter) -> None:
    """Exactly the attributes granted; the grant as it is kept; a utilisation if granted; nothing twice."""
    assert refused(meter.contribute, MERCHANT, names=gapmeter.NEEDED["forecast"][1:]) == "ATTRIBUTE_MISSING"
    assert refused(meter.contribute, MERCHANT, names=("method",)) == "ATTRIBUTE_NOT_GRANTED"
    assert refused(meter.contribute, MERCHANT, salt=b"short") == "SALT_TOO_SHORT"
    kept = meter.show("g-" + MERCHANT, MERCHANT)
    assert refused(meter.contribute, MERCHANT, grant=kept.replace(b"open", b"x") + b" ") == "NOT_AS_STORED"
    other = meter.claims[PAYMENTS].transient(*gapmeter.NEEDED["forecast"])
    assert refused(meter.contribute, MERCHANT, **other) == "NOT_COMMITTED"
    assert refused(meter.contribute, MERCHANT, at=START + timedelta(days=60)) == "EXPIRED"
    meter.contribute(MERCHANT)
    assert refused(meter.contribute, MERCHANT) == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ((*gapmeter.NEEDED["forecast"], "method"), "ATTRIBUTE_NOT_NEEDED"),
        (gapmeter.NEEDED["forecast"][:3], "ATTRIBUTE_MISSING"),
    ],
)
def test_nobody_shows_the_meter_more_than_it_needs(names: Any, code: str) -> None:
    """Even if it was granted."""
    found = Meter()
    found.consent(MERCHANT, attributes=list(names))
    assert refused(found.contribute, MERCHANT, names=names) == code


def test_forecasts_come_from_one_side_and_capacities_from_the_other() -> None:
    """A carrier that forecasts would shift the meter."""
    found = Meter()
    made = Claim("forecast", LAST_MILE, "c-" + LAST_MILE, {**FORECAST, **DEMAND})
    found.claims[LAST_MILE] = made
    made.commit(found.ledger)
    granted = terms(made, PLATFORM, *gapmeter.NEEDED["forecast"], purpose=gapmeter.PURPOSE)
    found.grant("g-" + LAST_MILE, made, granted)
    assert refused(found.contribute, LAST_MILE) == "WRONG_SIDE"


@pytest.mark.parametrize(("region", "weeks"), [("Hanoi", 1), ("VN-HN", 0), ("VN-HN", 54)])
def test_a_computation_is_bounded(meter: Meter, region: Any, weeks: Any) -> None:
    """A region of the standard, at most a year."""
    assert refused(meter.compute, region=region, weeks=weeks) == "INVALID_ARGUMENT"


def test_advice_for_warehouses_from_what_was_disclosed() -> None:
    """The recipient of forecasts asks at its own peer; nobody else can."""
    desk = Desk(trade_channel())
    forecast = Claim("forecast", MERCHANT, "c1", {**FORECAST, **DEMAND})
    forecast.commit(desk.ledger)
    names = ("horizon.start", "horizon.end", "region.subdivisions", "demand.units_p50_h87", "demand.units_p90_h87")
    desk.grant("g1", forecast, terms(forecast, FORWARDER, *names))
    desk.deliver("g1", forecast, FORWARDER, *names)
    house = {"locode": "VNHAN", "reaches": {"VN-HN": 8}, "inbound_p95_hur": 100, "room_h87": 5_000}
    call = ("GapMeter:preposition", as_bytes(["g1"]), as_bytes([house]), 5_000)
    advice = desk.ledger.evaluate(*call, client=user(FORWARDER), at=START).json()
    assert advice == [
        {"region": "VN-HN", "week": "2026-W49", "locode": "VNHAN", "units": 5_000, "ship_by": "2026-11-25"},
        {"region": "VN-HN", "week": "2026-W49", "locode": "", "units": 600, "ship_by": ""},
    ]
    assert refused(desk.ledger.evaluate, *call, client=user(LAST_MILE), at=START) == "NOT_FOUND"
    hostile = ("GapMeter:preposition", as_bytes(["g1"]), as_bytes([{**house, "locode": "Hanoi"}]), 0)
    assert refused(desk.ledger.evaluate, *hostile, client=user(FORWARDER), at=START) == "INVALID_ARGUMENT"
