"""Two platforms over HTTP: each with its own tender, seller and journey, and nothing of the other's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from network import CONSORTIUM
from selat.demo import environment, goods
from selat.demo.callers import DemoCaller
from selat.demo.environment import RunningDemo
from tests.scenarios.test_matching import demand, service

BAZAAR = "BazaarMSP"
PLATFORMS = {"platform": "left-shop", "bazaar": "right-shop"}
"""The two platforms, and the seller whose goods each of them sells."""
CARRIERS = {"origin": ["S11"], "forwarder": ["S15"], "last_mile": ["S19"]}
FIELDS = ("msp_id", "name", "species", "roles", "countries", "stages")
pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Sale:
    """What one platform sold, and the plan by which it is carried."""

    plan_id: str
    order_id: str
    journey_id: str


def consortium(path: Path) -> Path:
    """Write the default consortium with a second platform to *path*, as an operator would, and return it."""
    known = yaml.safe_load(CONSORTIUM.read_text(encoding="utf-8"))
    known["organisations"].append(
        {"msp_id": BAZAAR, "domain": "bazaar.selat.test", "role": "cross-border e-commerce platform", "country": "MY"}
    )
    for channel in known["channels"]:
        if "PlatformMSP" in channel["members"]:
            channel["members"].append(BAZAAR)
    chaincodes = {each["name"]: each for each in known["chaincodes"]}
    # A majority writes what two of them agree on; after that an order's own two sides endorse each change.
    del chaincodes["commerce"]["endorsement"]
    (tender,) = chaincodes["trade"]["collections"]
    second = {
        name: str(value).replace("PlatformMSP", BAZAAR) for name, value in tender.items() if "Platform" in str(value)
    }
    chaincodes["trade"]["collections"].append({**tender, **second})
    path.write_text(yaml.safe_dump(known), encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=["embedded", pytest.param("native", marks=pytest.mark.native)])
def running(request, tmp_path_factory) -> Iterator[RunningDemo]:
    """Yield a network with two platforms, and a gateway."""
    folder = tmp_path_factory.mktemp("platforms")
    actors = {**environment.ACTORS, "bazaar": (BAZAAR, "User1")}
    try:
        yield environment.start(request.param, folder, consortium(folder / "consortium.yaml"), actors)
    finally:
        environment.stop(folder)


@pytest.fixture(scope="module")
def callers(running) -> Iterator[dict[str, DemoCaller]]:
    """Yield a caller of each organisation; all have been admitted."""
    with running.callers() as found:
        participants = [dict(zip(FIELDS, row, strict=True)) for row in goods.PARTICIPANTS]
        second = {**participants[0], "msp_id": BAZAAR, "name": "Bazaar", "countries": ["MY"]}
        found["admin"].post("/v1/participants/founding", {"participants": [*participants, second]})
        found["admin"].post("/v1/stages/installation")
        yield found


@pytest.fixture(scope="module")
def terms(callers) -> dict[str, Any]:
    """Return what orders pin of the merchant's terms, once they are in force; both sellers have them."""
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10)
    draft = {
        "terms_id": "for-both", "version": 1, "jurisdiction": "VN", "effective_from": f"{starts:%Y-%m-%dT%H:%M:%SZ}",
        "languages": ["en"], "window_days": 30, "reasons": {"DEFECTIVE": {"resolutions": ["refund"]}},
        "arbiter": "AuditorMSP", "coverage": [{"area": "VN", "carrier": "LastMileMSP"}],
    }  # fmt: skip
    published = callers["merchant"].post("/v1/terms", draft)["result"]
    for seller_id in PLATFORMS.values():
        seller = {"seller_id": seller_id, "name": seller_id, "country": "CN", "terms_id": "for-both"}
        callers["merchant"].post("/v1/sellers", seller)
    return {"terms_id": "for-both", "version": 1, "digest": published["digest"], "starts": starts}


@pytest.fixture(scope="module")
def sales(callers, terms) -> dict[str, Sale]:
    """Return a sale of each platform: planned in its tender, ordered of its seller, and on its way."""
    plans = {name: planned(callers, name) for name in PLATFORMS}
    return {name: sold(callers, name, plans[name], terms) for name in PLATFORMS}


def planned(callers: dict[str, DemoCaller], name: str) -> str:
    """Return the agreed plan of a journey: its offers and match, the auditor's part, and the answers."""
    platform, by_msp = callers[name], {caller.msp_id: caller for caller in callers.values() if caller.user == "User1"}
    for actor, stages in CARRIERS.items():
        values = service(f"{actor}-{name}", stages, "4120")
        claim = callers[actor].post("/v1/capabilities", {"values": values})["claim_id"]
        consent = {"claim_id": claim, "recipient": platform.msp_id, "attributes": sorted(values), "purpose": "matching",
                   "expires_at": "2030-01-01T00:00:00Z"}  # fmt: skip
        grant_id = callers[actor].post("/v1/disclosures", consent)["grant_id"]
        platform.post("/v1/matching/offers", {"grant_id": grant_id})
    body = {"journey_id": f"journey-{name}", "demand": demand()}
    plan_id = str(platform.post("/v1/matching/plans", body)["plan_id"])
    plan = f"/v1/matching/plans/{plan_id}"
    of_tender = {"platform": platform.msp_id}
    assert callers["auditor"].get(f"{plan}/verification", **of_tender)["verified"] is True
    assert len(callers["auditor"].get("/v1/matching/offers", **of_tender)) == len(CARRIERS)
    platform.post(f"{plan}/publication")
    for leg in platform.get(f"{plan}/content")["legs"]:
        callers["auditor"].post(f"{plan}/legs/{leg['number']}/delivery?platform={platform.msp_id}")
        by_msp[leg["carrier"]].post(f"{plan}/legs/{leg['number']}/answer", {"accept": True})
    platform.post(f"{plan}/conclusion")
    return plan_id


def sold(callers: dict[str, DemoCaller], name: str, plan_id: str, terms: dict[str, Any]) -> Sale:
    """Return the sale of a seller's goods, whose journey has its first event."""
    platform, merchant = callers[name], callers["merchant"]
    pinned = {each: terms[each] for each in ("terms_id", "version", "digest")}
    placed = platform.post(
        "/v1/orders",
        {
            "platform": platform.msp_id, "merchant": merchant.msp_id, "seller_id": PLATFORMS[name],
            "placed_at": f"{terms['starts'] + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}", "incoterm": "DDP",
            "named_place": goods.DESTINATION, "origin": goods.ORIGIN, "destination": goods.DESTINATION,
            "lines": [article.order_line() for article in goods.ARTICLES], "currency": "USD", "freight": "890",
            "insurance": "120", "terms": pinned,
        },
    )  # fmt: skip
    order_id = placed["order_id"]
    merchant.post(f"/v1/orders/{order_id}/confirmation")
    parcel = goods.sscc(1 + list(PLATFORMS).index(name))
    opening = {
        "order_id": order_id, "journey_id": f"journey-{name}", "custodian": merchant.msp_id,
        "parties": [platform.msp_id, merchant.msp_id, *(callers[actor].msp_id for actor in CARRIERS)],
        "epcs": [f"https://id.gs1.org/00/{parcel}"],
    }  # fmt: skip
    journey_id = str(platform.post("/v1/journeys", opening)["journey_id"])
    platform.post(f"/v1/orders/{order_id}/fulfilment", {"journey_id": journey_id})
    return Sale(plan_id, order_id, journey_id)


def test_each_platform_plans_sells_and_sends_by_itself(callers, sales):
    """With the same carriers and merchant; the journey is the platform's, and the order its seller's."""
    for name, sale in sales.items():
        platform = callers[name]
        journey = callers["auditor"].get(f"/v1/journeys/{sale.journey_id}")["journey"]
        assert journey["platform"] == platform.msp_id
        content = callers["merchant"].get(f"/v1/orders/{sale.order_id}/content")
        assert (content["platform"], content["seller_id"]) == (platform.msp_id, PLATFORMS[name])
        agreed = callers["customs"].get(f"/v1/matching/journeys/{sale.journey_id}", platform=platform.msp_id)
        assert agreed["plan_id"] == sale.plan_id


def test_a_page_of_a_plan_shows_it_to_platform_and_auditor(running, sales, log_in):
    """With its prices and its proof, whichever platform's it is; the other platform reads that there is a plan."""
    for name, other in (("platform", "bazaar"), ("bazaar", "platform")):
        for actor, whole in ((name, True), ("auditor", True), (other, False)):
            browser = log_in(running, actor)
            answer = browser.get(f"{running.base}/console/plans/{sales[name].plan_id}", timeout=60)
            assert answer.status_code == 200, answer.text
            assert ("The certificate holds" in answer.text, "You are no party" in answer.text) == (whole, not whole)


def test_neither_platform_sees_what_is_the_others(callers, sales):
    """Not the prices of its tender, nor its plans, nor what it sold; merchant and auditor deal with both."""
    for name, other in (("platform", "bazaar"), ("bazaar", "platform")):
        mine, theirs = sales[name], sales[other]
        offered = callers[name].get("/v1/matching/offers")
        assert len(offered) == len(CARRIERS)
        for part in ("content", "certificate", "verification"):
            address = f"/v1/matching/plans/{theirs.plan_id}/{part}"
            assert callers[name].refusal("GET", address)["status"] in (403, 404)
            address = f"{address}?platform={callers[other].msp_id}"
            assert callers[name].refusal("GET", address)["code"] == "NOT_TENDER"
        assert callers[name].refusal("GET", f"/v1/orders/{theirs.order_id}/content")["status"] in (403, 404)
        cancelled = callers[name].refusal(
            "POST", f"/v1/orders/{theirs.order_id}/cancellation", {"reason": "BUYER_REQUEST"}
        )
        assert cancelled["status"] == 403
        assert callers[name].get(f"/v1/orders/{mine.order_id}/content")["seller_id"] == PLATFORMS[name]
