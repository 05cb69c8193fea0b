"""A seller with many forecasts and 40 carriers, through `hlf` alone: committed, disclosed, matched, travelled."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaincode.domain.matching import offers
from hlf import errors
from hlf.codec import canonical
from hlf.network import admin
from network import CONSORTIUM
from selat.demo import goods
from tests.support.trading import AUDITOR, PLAYERS, Claim, Market, Row, facts, hence, salt

# More of them change nothing but the time: `SELAT_FORECASTS=500` commits that many.
FORECASTS = int(os.environ.get("SELAT_FORECASTS", "80"))
CARRIERS = 40
CALLERS = 32
ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]
SELLER, TENDER = "MerchantMSP", "PlatformMSP"
#: One week and region each, since contracts ask the peer once for each pair of them; no test here is about more.
FORECAST = goods.FORECAST | {
    "horizon.start": "2027-01-25",
    "horizon.end": "2027-01-31",
    "region.subdivisions": ["VN-HN"],
}
#: What carriers do in turn: those of the default consortium, with their roles and stages.
SORTS = [row for row in goods.PARTICIPANTS if row[0] in ("OriginCarrierMSP", "ForwarderMSP", "LastMileMSP")]
OTHERS = [row for row in goods.PARTICIPANTS if row not in SORTS]
#: Each plays its part of the demo's journey.
ACTORS = {"origin": "origin_carrier", "forwarder": "forwarder", "last_mile": "last_mile"}
SERVICE: dict[str, Any] = {
    name: value
    for name, value in goods.CAPABILITY.items()
    if name in (*offers.NEEDED, *offers.ALSO_TAKEN) and not name.startswith("coverage.lanes")
} | {
    "valid.from": hence(days=-1)[:10],
    "valid.to": hence(days=120)[:10],
    "coverage.regions": ["CN-GD", "VN-HN", "VN-HP"],
    "capacity.utilisation_bps": 0,
    "time.cutoff": "17:00",
    "time.time_zone": "Asia/Ho_Chi_Minh",
    "time.dwell_p90_hur": 3,
    "quality.damage_ppm": 100,
}
#: The stages of carriers, in order, with the role that does each and where it is done.
STAGES = (
    ("S11", "origin_carrier", (("CN-GD", "CNSZX"), ("CN-GD", "CNYTN"))),
    ("S15", "forwarder", (("CN-GD", "CNYTN"), ("VN-HP", "VNHPH"))),
    ("S19", "last_mile", (("VN-HP", "VNHPH"), ("VN-HN", "VNHAN"))),
    ("S20", "last_mile", (("VN-HN", "VNHAN"),)),
)
DEMAND = {
    "kind": "forward",
    "deadline_hours": 1_000,
    "answer_hours": 24,
    "parcels": 1,
    "weight_grm": 800,
    "heaviest_grm": 800,
    "dimensions_mmt": [300, 200, 100],
    "currency": "USD",
    "goods_value": "50000",
    "late": "2000",
    "hour": "40",
}
BOTH = (TENDER, AUDITOR)
BOOKINGS = 30
RETRIES = 10
"""Of thirty bookings at once, each of one of 500 units: one pair or two want the same one, seldom twice."""


@dataclass(frozen=True)
class Place:
    """A running market: its members, its carriers by role, its sellers' return terms."""

    market: Market
    carriers: Mapping[str, list[str]]
    terms: Mapping[str, Any]

    def carrier(self, number: int) -> str:
        """Whose the offer of that number is; they take turns."""
        sorts = list(self.carriers.values())
        of_sort = sorts[number % len(sorts)]
        return of_sort[number // len(sorts) % len(of_sort)]

    def cheapest(self, role: str) -> str:
        """Whose offer is the cheapest of a role; offers differ in nothing else."""
        roles = list(self.carriers)
        numbers = [number for number in range(CARRIERS) if roles[number % len(roles)] == role]
        return self.carrier(min(numbers, key=price))

    def tender(self, function: str, *arguments: str, **transient: bytes) -> Any:
        """Return a transaction that platform and auditor endorse, with a salt of its own."""
        given = {"salt": salt().encode(), **transient}
        return self.market[TENDER].act(function, *arguments, transient=given)

    def match(self, plan_id: str, stages: int = len(STAGES), first: int = 0) -> None:
        """Have some of the stages matched, from the *first* on, and the chain booked."""
        steps = [
            {"stage": stage, "regions": [region for region, _ in places], "locodes": [locode for _, locode in places]}
            for stage, _, places in STAGES[first : first + stages]
        ]
        demand = {**DEMAND, "steps": steps, "ready_at": hence(days=1)}
        self.tender("Matching:match", plan_id, f"journey-{plan_id}", demand=canonical.dumps(demand))


def price(number: int) -> int:
    """Return the price of an offer; each has its own, and the lowest are not the first."""
    return 38_000 + 100 * (number * 7 % CARRIERS)


@pytest.fixture(scope="module", params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """
    Forty carriers that are organisations of their own, on the embedded engine.

    Forty real peers are more than one machine bears: on native the three
    carriers of the default consortium make the forty offers.
    """
    folder = tmp_path_factory.mktemp(f"scale-{request.param}")
    carriers = _forty() if request.param == "embedded" else SORTS
    participants = [*OTHERS, *carriers]
    state = folder / "network"
    try:
        admin.up(request.param, state, _consortium(folder, participants))
        with Market(state, participants) as market:
            by_role: dict[str, list[str]] = {}
            for msp_id, _, _, (role, *_), *_ in carriers:
                by_role.setdefault(role, []).append(msp_id)
            yield Place(market, by_role, market.found())
    finally:
        admin.down(state)


def _forty() -> list[Row]:
    return [(f"Carrier{number:02}MSP", *SORTS[number % len(SORTS)][1:]) for number in range(CARRIERS)]


def _consortium(folder: Path, participants: list[Row]) -> Path:
    """
    Channel `trade` of the default consortium, with these members.

    A gateway plans among no more than 10,000 combinations of endorsers, and
    23 of 45 are many more; so those who carry nothing endorse for all.
    """
    default = yaml.safe_load(CONSORTIUM.read_text())
    members = [msp_id for msp_id, *_ in participants]
    domains = {msp_id: f"{msp_id.removesuffix('MSP').lower()}.scale.test" for msp_id in members}
    (trade,) = [each for each in default["chaincodes"] if each["name"] == "trade"]
    trade["endorsement"] = "OutOf(3, " + ", ".join(f"'{msp_id}.peer'" for msp_id, *_ in OTHERS) + ")"
    document = {
        "name": "scale",
        "organisations": [{"msp_id": msp_id, "domain": domain} for msp_id, domain in domains.items()],
        "orderers": "raft",
        "channels": [{"name": "trade", "members": members}],
        "servers": default["servers"],
        "chaincodes": [trade],
    }
    file = folder / "consortium.yaml"
    file.write_text(yaml.safe_dump(document))
    return file


@pytest.fixture(scope="module")
def forecasts(place: Place) -> list[Claim]:
    """Return what the seller has committed to, from many threads at once."""

    def commit(number: int) -> Claim:
        units = 1_000 + number
        figures: dict[str, object] = {f"demand.units_p{share}_h87": units * share // 10 for share in (10, 50, 90)}
        figures["product.gtin14"] = goods.gtin(f"{60_000 + number}")
        return place.market[SELLER].commit("forecast", f"forecast-{number:03}", FORECAST | figures)

    with ThreadPoolExecutor(CALLERS) as pool:
        made = list(pool.map(commit, range(FORECASTS)))
    place.market.settle()
    return made


@pytest.fixture(scope="module")
def disclosed(place: Place) -> list[str]:
    """Return the grants by which forty capabilities are disclosed to the tender; delivered, and taken as offers."""
    roles = list(place.carriers)

    def commit(number: int) -> Claim:
        stages = [stage for stage, role, _ in STAGES if role == roles[number % len(roles)]]
        own = {"service_id": f"SERVICE-{number:02}", "stages": stages, "price.base_minor": str(price(number))}
        return place.market[place.carrier(number)].commit("capability", f"capability-{number:02}", SERVICE | own)

    def grant(number: int, claim: Claim) -> str:
        place.market[place.carrier(number)].grant(f"offer-{number:02}", claim, TENDER, list(SERVICE), offers.PURPOSE)
        return f"offer-{number:02}"

    def deliver(number: int, claim: Claim) -> None:
        place.market[place.carrier(number)].deliver(f"offer-{number:02}", claim, TENDER, SERVICE)

    with ThreadPoolExecutor(CALLERS) as pool:
        claims = list(pool.map(commit, range(CARRIERS)))
        # The recipient and the auditor endorse the grant, the recipient alone the delivery.
        place.market.settle()
        granted = list(pool.map(grant, range(CARRIERS), claims))
        place.market.settle()
        list(pool.map(deliver, range(CARRIERS), claims))
    for claim, grant_id in zip(claims, granted, strict=True):
        # One after the other: the list of services is one key.
        place.market.settle(*BOTH)
        stored = place.market[TENDER].trade.evaluate("Disclosures:show", grant_id, endorsing_organizations=[TENDER])
        place.tender("Matching:offer", grant_id, grant=stored, **claim.shown(SERVICE))
    place.market.settle()
    return granted


def test_every_forecast_stands_on_the_channel_as_a_hash(place: Place, forecasts: list[Claim]):
    """The seller reads back what it committed; the auditor's peer has the hashes of exactly that."""
    committed = {claim.claim_id: hashlib.sha256(claim.document).hexdigest() for claim in forecasts}
    told: dict[str, str] = {}
    bookmark = ""
    while bookmark or not told:
        page = place.market[SELLER].ask("Claims:list", "", "500", bookmark)
        told |= {each["claim_id"]: each["document_hash"] for each in page["claims"]}
        bookmark = page["bookmark"]
    assert told == committed
    assert len(set(committed.values())) == FORECASTS

    def seen(claim_id: str) -> str:
        return str(place.market[AUDITOR].ask("Claims:document_hash", SELLER, claim_id, "1")["document_hash"])

    with ThreadPoolExecutor(CALLERS) as pool:
        assert dict(zip(committed, pool.map(seen, committed), strict=True)) == committed


def test_every_offer_is_read_by_the_tender_alone(place: Place, disclosed: list[str]):
    """The tender reads all forty; a rival reads none of the others', and the auditor sees names without values."""
    for number, grant_id in enumerate(disclosed):
        told = place.market[TENDER].ask("Disclosures:read", grant_id)
        assert told["grant"]["owner"] == place.carrier(number)
        assert set(told["values"]) == set(SERVICE)
        assert told["values"]["price.base_minor"] == str(price(number))
    rival = place.market[place.carrier(0)]
    others = [grant_id for number, grant_id in enumerate(disclosed) if place.carrier(number) != rival.msp_id]
    for grant_id in others[:5]:
        with pytest.raises(errors.EvaluateError) as refused:
            rival.ask("Disclosures:read", grant_id)
        assert refused.value.contract_code == "NOT_FOUND"
    audited = place.market[AUDITOR].ask("Disclosures:audit")["grants"]
    assert {entry["grant"]["grant_id"] for entry in audited} == set(disclosed)
    assert all(entry["delivered"] for entry in audited)
    assert "38100" not in str(audited)


def test_a_consignment_travels_with_the_carriers_that_were_matched(place: Place, disclosed: list[str]):
    """Matched among the forty, accepted by the three cheapest, then carried by them from the order to the delivery."""
    market = place.market
    place.match("travelling")
    market.settle()
    for member in BOTH:
        assert market[member].ask("Matching:verify", "travelling")["verified"]
    plan = market[TENDER].ask("Matching:plan", "travelling")
    chosen = [place.cheapest(role) for role in ACTORS.values()]
    assert [leg["carrier"] for leg in plan["legs"]] == chosen
    notice = market[TENDER].trade.evaluate("Matching:notice", "travelling", endorsing_organizations=[TENDER])
    market[TENDER].act("Matching:publish", notice.decode())
    market.settle()
    for leg in plan["legs"]:
        carrier, number = market[leg["carrier"]], str(leg["number"])
        transient = {"leg": canonical.dumps(leg)}
        where = ("travelling", number, leg["carrier"])
        market[TENDER].act("Matching:deliver", *where, transient=transient)
        market.settle()
        assert carrier.ask("Matching:leg", "travelling", number)["price"] == leg["price"]
        carrier.act("Matching:answer", "travelling", number, "true", "")
        market.settle()
    assert market[SELLER].act("Matching:conclude", "travelling")["carriers"] == chosen
    players = {**PLAYERS, **dict(zip(ACTORS, chosen, strict=True))}
    parties = [msp_id for actor, msp_id in players.items() if actor != "auditor"]
    order = facts("order-of-the-first", place.terms, TENDER)
    market[TENDER].open_journey(plan["journey_id"], order, parties)
    market.travel(plan["journey_id"], players)
    market.settle(AUDITOR)
    state = market[AUDITOR].ask("Journeys:read", plan["journey_id"])
    assert state["recorded"] == [f"S{number:02}" for number in range(1, 21)]
    assert (state["status"], state["custody"]["state"]) == ("delivered", "delivered")
    assert [period["custodian"] for period in state["custody"]["periods"]] == [SELLER, *chosen]
    assert state["alarms"] == []


def test_bookings_at_once_on_one_carrier(place: Place, disclosed: list[str]):
    """
    None is double, none is lost, and few have to be sent again: bookings meet only at a unit that both want.

    A hundred of them come through the gateway in test_bookings.py.
    """

    def book(number: int) -> int:
        for attempt in range(1, 20):
            try:
                place.match(f"booking-{number:02}", stages=1, first=1)
            except errors.CommitError as late:
                if late.name != "MVCC_READ_CONFLICT":
                    raise
            except errors.EndorseError as parted:
                # Another's block came between the two endorsements.
                if "do not match" not in str(parted):
                    raise
            else:
                return attempt
        raise AssertionError("never got through")

    with ThreadPoolExecutor(BOOKINGS) as pool:
        attempts = list(pool.map(book, range(BOOKINGS)))
    place.market.settle(*BOTH)
    plans = [place.market[AUDITOR].ask("Matching:plan", f"booking-{number:02}") for number in range(BOOKINGS)]
    assert {leg["carrier"] for plan in plans for leg in plan["legs"]} == {place.cheapest("forwarder")}
    booked = Counter(unit for plan in plans for unit in plan["units"])
    assert len(booked) == BOOKINGS
    assert set(booked.values()) == {1}
    assert sum(attempts) - BOOKINGS <= RETRIES, Counter(attempts)
