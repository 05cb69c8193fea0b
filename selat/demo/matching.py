"""The demo's chapter on matching: carriers offer, platform and auditor choose together, and a rival learns why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chaincode.domain.vocabulary.money import Money
from selat.demo import goods
from selat.demo.callers import Cast, DemoCaller, DemoError
from selat.demo.screen import Screen, bad, good, short

# The price of each for one stage of one consignment, in minor units; two of them offer the voyage.
_OFFERS = (("origin", ["S11", "S15"], "2950"), ("forwarder", ["S15"], "2480"), ("last_mile", ["S19", "S20"], "640"))


def choose(cast: Cast, screen: Screen, journey_id: str) -> None:
    """
    Choose the carriers of a journey before it is opened.

    Raises:
        DemoError: somebody saw a price of others, or the plan's certificate is wrong.
    """
    screen.chapter("Carriers offer, and platform and auditor choose the chain together")
    grants = {actor: _offer(cast, actor, stages, price) for actor, stages, price in _OFFERS}
    body = {"journey_id": journey_id, "demand": _demand()}
    plan = f"/v1/matching/plans/{cast.platform.post('/v1/matching/plans', body)['plan_id']}"
    if not cast.auditor.get(f"{plan}/verification")["verified"]:
        raise DemoError("the auditor cannot prove the plan")
    cast.platform.post(f"{plan}/publication")
    content = cast.platform.get(f"{plan}/content")
    by_msp = {caller.msp_id: caller for caller in cast.everyone()}
    rows = []
    for leg in content["legs"]:
        address = f"{plan}/legs/{leg['number']}"
        cast.platform.post(f"{address}/delivery")
        carrier = by_msp[leg["carrier"]]
        seen = carrier.get(address)
        carrier.post(f"{address}/answer", {"accept": True})
        rows.append((" ".join(leg["stages"]), short(carrier.msp_id), _money(seen), good("accepts")))
    cast.platform.post(f"{plan}/conclusion")
    screen.table(["stages", "carrier", "its own price, which nobody else sees", ""], rows)
    taken = {offer for leg in content["legs"] for offer in leg["offers"]}
    loser = next(actor for actor in ("forwarder", "origin") if grants[actor] not in _chain(cast, plan)[1:2])
    _explain(cast, screen, plan, getattr(cast, loser), grants[loser])
    hidden = cast.merchant.refusal("GET", f"{plan}/content")
    screen.say(
        f"{len(grants)} offers, {len(taken)} taken; AuditorMSP re-checked the certificate; "
        f"MerchantMSP asks for the prices: {hidden['code']}"
    )


def _offer(cast: Cast, actor: str, stages: list[str], price: str) -> str:
    """Commit to a capability, consent to its use for matching, and add it to the tender."""
    carrier: DemoCaller = getattr(cast, actor)
    values = {**goods.SERVICE, "service_id": f"{actor}-2026", "stages": stages, "price.base_minor": price}
    claim = carrier.post("/v1/capabilities", {"values": values})["claim_id"]
    consent = {
        "claim_id": claim,
        "recipient": cast.platform.msp_id,
        "attributes": sorted(values),
        "purpose": "matching",
        "expires_at": "2030-12-31T00:00:00Z",
    }
    grant_id: str = carrier.post("/v1/disclosures", consent)["grant_id"]
    cast.platform.post("/v1/matching/offers", {"grant_id": grant_id})
    return grant_id


def _demand() -> dict[str, Any]:
    ready = datetime.now(UTC) + timedelta(days=1)
    return {
        "steps": [
            {"stage": "S11", "regions": ["CN-GD", "CN-GD"], "locodes": [goods.ORIGIN, goods.PORT]},
            {"stage": "S15", "regions": ["CN-GD", "VN-HP"], "locodes": [goods.PORT, goods.IMPORT]},
            {"stage": "S19", "regions": ["VN-HP", "VN-HN"], "locodes": [goods.IMPORT, goods.DESTINATION]},
            {"stage": "S20", "regions": ["VN-HN"], "locodes": [goods.DESTINATION]},
        ],
        "ready_at": ready.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "deadline_hours": 720,
        "answer_hours": 24,
        "parcels": 1,
        "weight_grm": sum(article.quantity * article.weight_grm for article in goods.ARTICLES),
        "heaviest_grm": 1_300,
        "dimensions_mmt": [380, 260, 140],
        "currency": "USD",
        "goods_value": str(sum(article.quantity * int(article.unit_price) for article in goods.ARTICLES)),
        "late": "300",
        "hour": "2",
    }


def _chain(cast: Cast, plan: str) -> list[str]:
    """Return the chosen offers, step by step."""
    chain: list[str] = cast.platform.get(f"{plan}/certificate")["chain"]
    return chain


def _explain(cast: Cast, screen: Screen, plan: str, loser: DemoCaller, grant_id: str) -> None:
    """Let the carrier that was not chosen ask why; platform and auditor compute the answer, and only it reads it."""
    question: dict[str, Any] = {"grant_id": grant_id, "step": 1}
    loser.post(f"{plan}/questions", question)
    cast.auditor.post(f"{plan}/answers", question)
    told = loser.get(f"{plan}/why-not-me", **question)
    if told["outcome"] != "dearer":
        raise DemoError(f"the more expensive of two offers learns that it is {told['outcome']}")
    facts = (
        f"its best chain costs more by {Money(int(told['difference']), 'USD')}; "
        f"it would have won for {Money(int(told['price_less']), 'USD')} less"
    )
    other = cast.last_mile.refusal("GET", f"{plan}/why-not-me?grant_id={grant_id}&step=1")
    screen.table(
        ["who asks “why not me” for S15", "is told"],
        [(short(loser.msp_id), facts), (short(cast.last_mile.msp_id), bad(other["code"]))],
    )


def _money(leg: dict[str, Any]) -> str:
    return str(Money(int(leg["price"]), leg["currency"]))
