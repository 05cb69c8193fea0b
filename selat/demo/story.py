"""The story of the demo, chapter by chapter; each one is a few HTTP requests and a table."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from chaincode.domain.vocabulary.money import Money
from selat.demo import carriage, goods, matching, voyage
from selat.demo.callers import Cast, DemoCaller, DemoError, json_object
from selat.demo.screen import Screen, bad, good

# A year far enough in the future for every run of the demo.
_EXPIRY = "2030-12-31T00:00:00Z"
_SHOWN = ("demand.units_p50_h87", "demand.peak_date")


@dataclass(frozen=True)
class StoryResult:
    """The results of the story."""

    claim_id: str
    grant_id: str
    order: dict[str, Any]
    journey_id: str


def play(cast: Cast, base: str, screen: Screen) -> StoryResult:
    """
    Play all chapters.

    Raises:
        DemoError: an answer differs from what the story expects.
    """
    terms = _founding(cast, screen)
    forecast = _claims(cast, screen)
    grant_id = _disclosure(cast, screen, forecast)
    carriage.agree(cast, screen)
    journey_id = f"journey-{secrets.token_hex(4)}"
    matching.choose(cast, screen, journey_id)
    order = _order(cast, screen, terms)
    payment = _reserve(cast, screen, order)
    journey = voyage.travel(cast, screen, order["order_id"], journey_id, lambda: _seen(base, order, cast))
    _settle(cast, screen, payment)
    _tracking(base, screen, order, cast)
    voyage.give_back(cast, screen, journey, order["tracking_token"])
    _audit(cast, screen, journey, order)
    return StoryResult(forecast["claim_id"], grant_id, order, journey)


def _founding(cast: Cast, screen: Screen) -> dict[str, Any]:
    screen.chapter("The rules are published")
    fields = ("msp_id", "name", "species", "roles", "countries", "stages")
    participants = [dict(zip(fields, row, strict=True)) for row in goods.PARTICIPANTS]
    cast.admin.post("/v1/participants/founding", {"participants": participants})
    cast.admin.post("/v1/stages/installation")
    carriers = [one for one in participants if one["msp_id"] in goods.LOGISTICS]
    cast.carrier_admin.post("/v1/participants/founding?channel=logistics", {"participants": carriers})
    # Terms must be published before they apply, and apply before the order; a busy machine takes seconds to publish.
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10)
    published = cast.merchant.post("/v1/terms", _terms(starts))["result"]
    cast.merchant.post("/v1/sellers", {**goods.SHOP, "terms_id": published["terms"]["terms_id"]})
    for article in goods.ARTICLES:
        cast.merchant.post("/v1/catalogue", article.listing())
    screen.table(
        ["organisation", "is", "species", "in", "may record"],
        [(p["msp_id"], p["name"], p["species"], " ".join(p["countries"]), _span(p["stages"])) for p in participants],
    )
    screen.say(
        f"Return terms {published['terms']['terms_id']} version {published['terms']['version']}: "
        f"{published['terms']['window_days']} days from delivery, nothing of HS "
        f"{', '.join(published['terms']['excluded_hs'])}; pinned by {published['digest'][:16]}…"
    )
    return {**published, "starts": starts}


def _terms(starts: datetime) -> dict[str, Any]:
    return {
        "terms_id": "shenzhen-sound-vn",
        "version": 1,
        "jurisdiction": "VN",
        "effective_from": _text(starts),
        "languages": ["vi", "en"],
        "window_days": 30,
        "reasons": {
            "DEFECTIVE": {"resolutions": ["refund", "exchange", "repair", "store_credit"], "evidence_min": 1},
            "CHANGE_OF_MIND": {"resolutions": ["refund"], "payer": "buyer", "condition": "unused"},
        },
        "excluded_hs": ["6108", "6212"],
        "arbiter": "AuditorMSP",
        "coverage": [{"area": "VN", "carrier": "LastMileMSP"}],
    }


def _claims(cast: Cast, screen: Screen) -> dict[str, Any]:
    screen.chapter("Two organisations commit to a forecast and a capability, and show them to nobody")
    forecast = cast.platform.post("/v1/forecasts", {"values": goods.FORECAST})
    capability = cast.forwarder.post("/v1/capabilities", {"values": goods.CAPABILITY})
    rows = []
    for kind, owner, claim in (("forecast", cast.platform, forecast), ("capability", cast.forwarder, capability)):
        known = cast.auditor.get(
            f"/v1/claims/{owner.msp_id}/{claim['claim_id']}/commitment", revision=claim["revision"]
        )
        if known["document_hash"] != claim["document_hash"]:
            raise DemoError("the channel has another hash than the owner got")
        rows.append(
            (kind, owner.msp_id, claim["claim_id"], f"block {claim['block_number']}", known["document_hash"][:32] + "…")
        )
    screen.table(["claim", "owner", "id", "in", "all that the channel sees: SHA-256"], rows)
    return forecast


def _disclosure(cast: Cast, screen: Screen, forecast: dict[str, Any]) -> str:
    screen.chapter("The forwarder, and nobody else, sees two figures of the forecast")
    granted = cast.platform.post(
        "/v1/disclosures",
        {
            "claim_id": forecast["claim_id"],
            "recipient": cast.forwarder.msp_id,
            "attributes": list(_SHOWN),
            "purpose": "book vessel space for the peak before Tet",
            "expires_at": _EXPIRY,
        },
    )
    rows = []
    for caller in cast.everyone():
        if caller is cast.forwarder:
            told = caller.get(f"/v1/disclosures/{granted['grant_id']}")
            if set(told["values"]) != set(_SHOWN):
                raise DemoError("the recipient reads other attributes than the granted ones")
            _prove(caller, forecast, told)
            seen = ", ".join(f"{name} = {value}" for name, value in told["values"].items())
            rows.append((caller.msp_id, good("sees"), good(seen)))
            continue
        if caller is cast.platform:
            own = caller.get(f"/v1/forecasts/{forecast['claim_id']}")["values"]
            rows.append((caller.msp_id, "owns", f"reads all {len(own)} figures of its own forecast"))
            continue
        problem = caller.refusal("GET", f"/v1/disclosures/{granted['grant_id']}")
        rows.append((caller.msp_id, bad("cannot"), f"{problem['status']} {problem['code']}"))
    screen.table(["organisation", "", "asked for the disclosed figures"], rows)
    snooped = cast.last_mile.refusal(
        "POST",
        "/v1/channels/trade/chaincodes/trade/evaluate",
        {
            "function": "Claims:read",
            "arguments": [forecast["claim_id"], "1"],
            "endorsing_organizations": [cast.platform.msp_id],
        },
    )
    screen.say(f"LastMileMSP asks the owner's own peer for the whole forecast: {snooped['status']} {snooped['code']}")
    (entry,) = cast.auditor.get("/v1/disclosures/audit")
    terms = entry["grant"]["terms"]
    screen.say(
        f"AuditorMSP sees that {entry['grant']['owner']} showed {', '.join(terms['attributes'])} "
        f"to {terms['recipient']} for “{terms['purpose']}” until {terms['expires_at'][:10]}, and no value"
    )
    grant_id: str = granted["grant_id"]
    return grant_id


def _prove(recipient: DemoCaller, forecast: dict[str, Any], told: dict[str, Any]) -> None:
    """Prove that the recipient got the values that the owner committed to; anybody can check this."""
    proven = recipient.post(
        "/v1/claims/verify",
        {
            "owner": "PlatformMSP",
            "claim_id": forecast["claim_id"],
            "revision": forecast["revision"],
            "document": told["document"],
            "disclosures": told["disclosures"],
        },
    )
    if proven["values"] != told["values"]:
        raise DemoError("the disclosed values are not the committed ones")


def _order(cast: Cast, screen: Screen, terms: dict[str, Any]) -> dict[str, Any]:
    screen.chapter("An order is placed")
    _wait_until(terms["starts"])
    body = {
        "platform": cast.platform.msp_id,
        "merchant": cast.merchant.msp_id,
        "seller_id": goods.SHOP["seller_id"],
        "placed_at": _text(datetime.now(UTC)),
        "incoterm": "DDP",
        "named_place": goods.DESTINATION,
        "lines": [article.order_line() for article in goods.ARTICLES],
        "currency": "USD",
        "freight": "890",
        "insurance": "120",
        "origin": goods.ORIGIN,
        "destination": goods.DESTINATION,
        "terms": {
            "terms_id": terms["terms"]["terms_id"],
            "version": terms["terms"]["version"],
            "digest": terms["digest"],
        },
    }
    placed = cast.platform.post("/v1/orders", body)
    cast.merchant.post(f"/v1/orders/{placed['order_id']}/confirmation")
    screen.table(
        ["line", "goods", "GTIN", "HS", "AHTN", "quantity", "each"],
        [(a.line, a.name, a.gtin, a.hs6, a.ahtn8, a.quantity, Money(int(a.unit_price), "USD")) for a in goods.ARTICLES],
    )
    content = cast.merchant.get(f"/v1/orders/{placed['order_id']}/content")
    hidden = cast.payments.refusal("GET", f"/v1/orders/{placed['order_id']}/content")
    public = cast.payments.get(f"/v1/orders/{placed['order_id']}")
    screen.table(
        ["who", "sees of the order"],
        [
            ("MerchantMSP", good(f"{len(content['lines'])} lines, prices, DDP {content['named_place']}")),
            ("PaymentsMSP", f"state {public['state']}, hash {public['order_hash'][:16]}…; content: {hidden['code']}"),
            ("the shopper", "a link; nothing about the shopper is on any ledger"),
        ],
    )
    return placed


def _reserve(cast: Cast, screen: Screen, order: dict[str, Any]) -> str:
    """Show the payment firm the total of the order, but not the order."""
    today = datetime.now(UTC).date().isoformat()
    cast.payments.post(
        "/v1/rates", {"date": today, "base": "USD", "rates": {"CNY": "7.1024"}, "source": "its own desk"}
    )
    sides = {"platform": cast.platform.msp_id, "merchant": cast.merchant.msp_id, "payments": cast.payments.msp_id}
    content = cast.platform.get(f"/v1/orders/{order['order_id']}/content")
    due = {"amount": goods.total(content), "currency": content["currency"]}
    body = {"order_id": order["order_id"], **sides, **due, "settle_currency": "CNY"}
    payment: str = cast.platform.post("/v1/payments", body)["payment_id"]
    known = cast.payments.get(f"/v1/payments/{payment}")
    terms = known["payment"]["terms"]
    screen.say(
        f"PaymentsMSP keeps {known['state']}: {Money(int(terms['amount']), terms['currency'])}, "
        f"to be paid out in {terms['settle_currency']}; other members of the channel see a hash"
    )
    return payment


def _settle(cast: Cast, screen: Screen, payment: str) -> None:
    today = datetime.now(UTC).date().isoformat()
    reserved = cast.payments.get(f"/v1/payments/{payment}")["payment"]["terms"]["amount"]
    cast.payments.post(f"/v1/payments/{payment}/capture", {"amount": reserved})
    cast.payments.post(f"/v1/payments/{payment}/settlement", {"rate_date": today, "rate_base": "USD"})
    settled = cast.merchant.get(f"/v1/payments/{payment}")
    hidden = cast.auditor.refusal("GET", f"/v1/payments/{payment}")
    screen.say(
        f"MerchantMSP is paid {Money(int(settled['payment']['paid_out']), 'CNY')} at PaymentsMSP's published rate; "
        f"AuditorMSP asks for the amount: {hidden['code']}"
    )


def _seen(base: str, order: dict[str, Any], cast: Cast) -> dict[str, Any]:
    """Return the answer behind the shopper's link, without a token."""
    headers = {"Accept": "application/json", "Selat-After": str(cast.platform.blocks)}
    response = requests.get(base + order["tracking_path"], headers=headers, timeout=30)
    if response.status_code != requests.codes.ok:
        raise DemoError(f"the shopper's link answers {response.status_code}: {response.json()['code']}")
    return json_object(response)


def _tracking(base: str, screen: Screen, order: dict[str, Any], cast: Cast) -> None:
    screen.chapter("The shopper follows one link, without an identity")
    seen = _seen(base, order, cast)
    if seen["status"] != "delivered":
        raise DemoError(f"the shopper sees {seen['status']}, but the goods were delivered")
    screen.table(
        ["when", "where", "what"],
        [
            (event["at"][:19].replace("T", " "), event["place"], event["step"].removeprefix("selat:"))
            for event in seen["events"][-6:]
        ],
        title=f"{seen['status']}: {seen['origin']} to {seen['destination']}, 6 of {len(seen['events'])} events",
    )


def _audit(cast: Cast, screen: Screen, journey: str, order: dict[str, Any]) -> None:
    screen.chapter("The auditor proves what happened")
    told = cast.auditor.get(f"/v1/audit/trade/history/Journeys/{journey}", limit=500)
    custody = [change for change in told["changes"] if change["part"] == "custody"]
    screen.table(
        ["custody", "held by", "block", "written by", "endorsed by", "proof"],
        [
            (
                change["value"]["state"] + (" offered" if change["value"]["offer"] else ""),
                change["value"]["periods"][-1]["custodian"],
                change["block_number"],
                change["by"]["msp_id"],
                " ".join(change["endorsed_by"]),
                good("holds") if change["verified"] else bad("BROKEN"),
            )
            for change in reversed(custody)
        ],
        title="every value of the consignment's custody",
    )
    proof = cast.auditor.get(f"/v1/audit/ecommerce/transactions/{order['placing']['transaction_id']}")
    screen.table(["checked in the block of the order's content", ""], [_check(check) for check in proof["checks"]])
    events = cast.auditor.events("/v1/events/trade/trade", start_block=1, idle_seconds=1)
    screen.say(
        f"{told['total']} changes of the journey, each compared with its block; "
        f"{len(events)} events replayed from block 1"
    )
    if not (proof["verified"] and all(change["verified"] for change in told["changes"])):
        raise DemoError("a proof does not hold")


def _check(check: dict[str, Any]) -> tuple[str, str]:
    return check["name"], good("holds") if check["passed"] else bad(check["detail"] or "does not hold")


def _wait_until(moment: datetime) -> None:
    remaining = (moment - datetime.now(UTC)).total_seconds()
    if remaining > 0:
        time.sleep(remaining)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _span(stages: Sequence[str]) -> str:
    return " ".join(stages) if stages else "nothing"
