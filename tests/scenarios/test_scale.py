"""A seller with 500 forecasts and 40 carriers, through `hlf` alone: committed, disclosed, travelled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from hlf import errors
from network import admin, topology
from selat import demo_goods as goods
from tests.support.trading import AUDITOR, PLAYERS, Claim, Market, Row

FORECASTS = 500
CARRIERS = 40
CALLERS = 32
ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]
SELLER, TENDER = "MerchantMSP", "PlatformMSP"
#: What carriers do in turn: those of the default consortium, with their roles and stages.
SORTS = [row for row in goods.PARTICIPANTS if row[0] in ("OriginCarrierMSP", "ForwarderMSP", "LastMileMSP")]
OTHERS = [row for row in goods.PARTICIPANTS if row not in SORTS]
#: What matching asks of a capability, of what the demo's has.
SHOWN = ("service_id", "stages", "capacity.parcels_per_day_h87", "price.base_minor", "price.currency")


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
    default = yaml.safe_load(topology.DEFAULT.read_text())
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
    """What the seller has committed to, from many threads at once."""

    def commit(number: int) -> Claim:
        units = 1_000 + number
        figures = {f"demand.units_p{share}_h87": units * share // 10 for share in (10, 50, 90)}
        return place.market[SELLER].commit("forecast", f"forecast-{number:03}", goods.FORECAST | figures)

    with ThreadPoolExecutor(CALLERS) as pool:
        made = list(pool.map(commit, range(FORECASTS)))
    place.market.settle()
    return made


@pytest.fixture(scope="module")
def offers(place: Place) -> list[str]:
    """The grants by which forty capabilities are disclosed to the tender, delivered."""

    def commit(number: int) -> Claim:
        values = goods.CAPABILITY | {"service_id": f"SERVICE-{number:02}", "price.base_minor": str(38_000 + number)}
        return place.market[place.carrier(number)].commit("capability", f"capability-{number:02}", values)

    def grant(number: int, claim: Claim) -> str:
        place.market[place.carrier(number)].grant(f"offer-{number:02}", claim, TENDER, SHOWN, "matching")
        return f"offer-{number:02}"

    def deliver(number: int, claim: Claim) -> None:
        place.market[place.carrier(number)].deliver(f"offer-{number:02}", claim, TENDER, SHOWN)

    with ThreadPoolExecutor(CALLERS) as pool:
        claims = list(pool.map(commit, range(CARRIERS)))
        # The recipient and the auditor endorse the grant, the recipient alone the delivery.
        place.market.settle()
        granted = list(pool.map(grant, range(CARRIERS), claims))
        place.market.settle()
        list(pool.map(deliver, range(CARRIERS), claims))
        place.market.settle()
    return granted


def test_every_forecast_stands_on_the_channel_as_a_hash(place: Place, forecasts: list[Claim]):
    """The seller reads back what it committed; the auditor's peer has the hashes of exactly that."""
    committed = {claim.claim_id: hashlib.sha256(claim.document).hexdigest() for claim in forecasts}
    listed = place.market[SELLER].ask("Claims:list")
    assert {each["claim_id"]: each["document_hash"] for each in listed} == committed
    assert len(set(committed.values())) == FORECASTS

    def seen(claim_id: str) -> str:
        return str(place.market[AUDITOR].ask("Claims:document_hash", SELLER, claim_id, "1")["document_hash"])

    with ThreadPoolExecutor(CALLERS) as pool:
        assert dict(zip(committed, pool.map(seen, committed), strict=True)) == committed


def test_every_offer_is_read_by_the_tender_alone(place: Place, offers: list[str]):
    """The tender reads all forty; a rival reads none of the others', and the auditor sees names without values."""
    for number, grant_id in enumerate(offers):
        told = place.market[TENDER].ask("Disclosures:read", grant_id)
        assert told["grant"]["owner"] == place.carrier(number)
        assert set(told["values"]) == set(SHOWN)
        assert told["values"]["price.base_minor"] == str(38_000 + number)
    rival = place.market[place.carrier(0)]
    others = [grant_id for number, grant_id in enumerate(offers) if place.carrier(number) != rival.msp_id]
    for grant_id in others[:5]:
        with pytest.raises(errors.EvaluateError) as refused:
            rival.ask("Disclosures:read", grant_id)
        assert refused.value.contract_code == "NOT_FOUND"
    audited = place.market[AUDITOR].ask("Disclosures:audit")
    assert {entry["grant"]["grant_id"] for entry in audited} == set(offers)
    assert all(entry["delivered"] for entry in audited)
    assert "38001" not in str(audited)


def test_a_consignment_travels_with_carriers_of_the_market(place: Place, offers: list[str]):
    """From the order's receipt to the delivery, with one carrier of each sort among the many."""
    chosen = {"origin": "origin_carrier", "forwarder": "forwarder", "last_mile": "last_mile"}
    players = {**PLAYERS, **{actor: place.carriers[role][-1] for actor, role in chosen.items()}}
    parties = [msp_id for actor, msp_id in players.items() if actor != "auditor"]
    place.market[TENDER].open_journey("journey-1", place.terms, parties)
    place.market.travel("journey-1", players)
    place.market.settle(AUDITOR)
    state = place.market[AUDITOR].ask("Journeys:read", "journey-1")
    assert state["recorded"] == [f"S{number:02}" for number in range(1, 21)]
    assert (state["status"], state["custody"]["state"]) == ("delivered", "delivered")
    assert [period["custodian"] for period in state["custody"]["periods"]] == [
        SELLER,
        *(players[actor] for actor in chosen),
    ]
    assert state["alarms"] == []
