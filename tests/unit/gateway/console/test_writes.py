"""Every write of the API: the form in the console by which a person makes it, or why no person would."""

from __future__ import annotations

import json

import pytest

from gateway.console.acts import actfields
from gateway.console.acts.actforms import ACTS
from gateway.fabric.planning import CallPlan
from gateway.http import auth, viewcalls
from gateway.pages import forms
from tests.unit.gateway.conftest import form_token

RETURNS, JOURNEYS, PLANS = "/v1/returns/<return_id>", "/v1/journeys/<journey_id>", "/v1/matching/plans/<plan_id>"
CLAIMS, UNITS, REQUESTS = "/v1/carrier-claims/<claim_id>", "/v1/units", "/v1/disclosures/requests"
AGREEMENTS, DRAWBACKS = "/v1/agreements/<agreement_id>", "/v1/drawbacks/<drawback_id>"
FORMS = {
    f"{JOURNEYS}/custody/offer": "hand-over",
    f"{JOURNEYS}/custody/acceptance": "take-over",
    f"{JOURNEYS}/custody/withdrawal": "take-back",
    f"{JOURNEYS}/custody/repudiation": "deny-custody",
    f"{JOURNEYS}/incidents": "report",
    f"{JOURNEYS}/times": "state-time",
    f"{JOURNEYS}/corrections": "correct-event",
    "/v1/orders/<order_id>/confirmation": "confirm-order",
    "/v1/orders/<order_id>/cancellation": "cancel-order",
    "/v1/orders/<order_id>/closing": "close-order",
    f"{RETURNS}/answer": "answer-return",
    f"{RETURNS}/pickup": "plan-pick-up",
    f"{RETURNS}/pickup-offer": "offer-pick-ups",
    f"{RETURNS}/failed-pickup": "fail-pick-up",
    f"{RETURNS}/inspection": "inspect",
    f"{RETURNS}/settlement": "settle-return",
    f"{RETURNS}/sending-back": "send-back",
    f"{RETURNS}/cancellation": "cancel-return",
    f"{RETURNS}/dispute": "dispute-return",
    f"{RETURNS}/arbitration": "arbitrate",
    f"{RETURNS}/closing": "close-return",
    f"{RETURNS}/enforcement": "enforce-return",
    f"{PLANS}/legs/<int:number>/answer": "answer-leg",
    f"{PLANS}/legs/<int:number>/failure": "fail-leg",
    f"{PLANS}/questions": "ask-why",
    "/v1/disclosures/<grant_id>/revoke": "withdraw",
    REQUESTS: "ask-figures",
    f"{REQUESTS}/<request_id>/grant": "answer-request",
    f"{REQUESTS}/<request_id>/withdrawal": "withdraw-request",
    "/v1/terms": "publish-terms",
    "/v1/sellers": "register-seller",
    "/v1/agreements": "propose-hand-over",
    f"{AGREEMENTS}/answer": "answer-hand-over",
    f"{AGREEMENTS}/cancellation": "cancel-hand-over",
    "/v1/carrier-claims": "file-claim",
    "/v1/carrier-claims/terms": "publish-liability",
    f"{CLAIMS}/offer": "offer-sum",
    f"{CLAIMS}/award": "award-sum",
    f"{CLAIMS}/acceptance": "accept-claim",
    f"{CLAIMS}/refusal": "refuse-claim",
    f"{CLAIMS}/contest": "contest-claim",
    f"{CLAIMS}/dismissal": "dismiss-claim",
    f"{CLAIMS}/payment": "claim-paid",
    f"{CLAIMS}/withdrawal": "withdraw-claim",
    f"{CLAIMS}/enforcement": "enforce-claim",
    "/v1/drawbacks": "file-drawback",
    "/v1/drawbacks/terms": "publish-drawback-terms",
    "/v1/customs/de-minimis": "publish-de-minimis",
    f"{DRAWBACKS}/acceptance": "accept-drawback",
    f"{DRAWBACKS}/refusal": "refuse-drawback",
    f"{DRAWBACKS}/payment": "drawback-paid",
    f"{DRAWBACKS}/withdrawal": "withdraw-drawback",
    f"{DRAWBACKS}/enforcement": "enforce-drawback",
    **{
        f"/v1/{shared}/<amendment_id>/approval": "approve-amendment"
        for shared in ("participants/amendments", "lpi/amendments", "stages/amendments", "terms/floors/amendments")
    },
}
OTHER_FORMS = {
    "/v1/disclosures": "a page of its own: tick figures, and see what the company will see (claimgrants)",
    f"{RETURNS}/pickup-choice": "the shopper chooses the time on the page of the parcel",
    "/v1/returns": "the shopper asks for a return on the page of the parcel",
}
BY_PROGRAMS = "another program has the many values, and sends them as they arise"
BY_SCANNERS = "a scanner or a warehouse's program records it, piece by piece"
BY_TENDER = "a program of marketplace and auditor runs the rounds of matching and of the meter, both together"
PART_OF_ANOTHER = "the gateway does it with another write; the address repairs one that was cut off"
BY_COMMAND = "an operator does it once, or rarely, with a file that the others discuss before"
FOR_DEVELOPERS = "it is for people who write programs, and who have the description of the interface"
NO_FORM = {
    BY_PROGRAMS: (
        "/v1/forecasts",
        "/v1/capabilities",
        "/v1/catalogue",
        "/v1/catalogue/<gtin>/withdrawal",
        "/v1/orders",
        "/v1/checkouts",
        "/v1/payments",
        "/v1/payments/<payment_id>/capture",
        "/v1/payments/<payment_id>/settlement",
        "/v1/payments/<payment_id>/refund",
        "/v1/payments/<payment_id>/voiding",
        "/v1/orders/<order_id>/credit",
        "/v1/orders/<order_id>/dues",
        "/v1/orders/<order_id>/fulfilment",
        "/v1/rates",
        "/v1/tariffs",
        "/v1/customs/tariffs",
        "/v1/plans",
        "/v1/plans/<plan_id>/slots/<slot_id>/bookings",
        "/v1/plans/<plan_id>/slots/<slot_id>/bookings/<booking_id>/release",
        "/v1/journeys",
        f"{JOURNEYS}/goods",
        f"{JOURNEYS}/links",
        "/v1/returns/drafts",
        f"{RETURNS}/submission",
        "/v1/batches",
        "/epcis/capture",
        "/epcis/events",
        "/v1/disclosures/sealed",
        "/v1/performance/count",
    ),
    BY_SCANNERS: (
        f"{JOURNEYS}/events",
        f"{JOURNEYS}/events/batch",
        f"{JOURNEYS}/foreign-events",
        UNITS,
        f"{UNITS}/contents",
        f"{UNITS}/events",
        f"{UNITS}/incidents",
        f"{UNITS}/custody/offer",
        f"{UNITS}/custody/acceptance",
        f"{UNITS}/custody/withdrawal",
    ),
    BY_TENDER: (
        "/v1/matching/offers",
        "/v1/matching/offers/<grant_id>/withdrawal",
        "/v1/matching/experience",
        "/v1/matching/plans",
        "/v1/matching/batches",
        f"{PLANS}/publication",
        f"{PLANS}/legs/<int:number>/delivery",
        f"{PLANS}/cancellation",
        f"{PLANS}/replacement",
        f"{PLANS}/release",
        f"{PLANS}/conclusion",
        f"{PLANS}/answers",
        "/v1/gap-meter",
        "/v1/gap-meter/<meter_id>/publication",
        "/v1/gap-meter/contributions",
        "/v1/gap-meter/contributions/<grant_id>/removal",
    ),
    PART_OF_ANOTHER: (
        "/v1/claims/<claim_id>/subject",
        "/v1/disclosures/<grant_id>/delivery",
        "/v1/orders/<order_id>/opening",
        f"{JOURNEYS}/order-link",
    ),
    BY_COMMAND: (
        "/v1/stages/installation",
        "/v1/lpi/installation",
        "/v1/participants/founding",
        "/v1/stages/amendments",
        "/v1/lpi/amendments",
        "/v1/participants/amendments",
        "/v1/terms/floors",
        "/v1/terms/floors/amendments",
    ),
    FOR_DEVELOPERS: (
        "/v1/channels/<channel>/chaincodes/<chaincode>/submit",
        "/v1/channels/<channel>/chaincodes/<chaincode>/submit/<function>",
        *(f"/v1/channels/<channel>/chaincodes/<chaincode>/offline/{step}" for step in ("endorsements", "submissions")),
    ),
}
# What a person types where the kind of the field does not say it.
TYPED = {"resolution": "repair", "for_DEFECTIVE": "refund", "jurisdiction": "VN", "contract": "Participants"}
TYPED |= {"currency": "VND", "country": "VN", "agreement": "RCEP"}
BY_KIND = {actfields.PLACE: "VNHAN", actfields.TIME: "2026-12-01T09:30", actfields.DAY: "2026-12-01"}
REQUEST = {"claim_id": "C1", "revision": 1, "attributes": [], "purpose": "p", "expires_at": "e", "offer": None}

JOURNEY = {"ordered_at": "2026-11-01T00:00:00Z", "destination": "VNHAN", "parties": []}
CLAIM = {"claimant": "PlatformMSP", "filing": {"carrier": "ForwarderMSP"}, "terms": {"arbiter": "AuditorMSP"}}
STORED = {
    "Journeys:read": {"journey": JOURNEY},
    "Returns:read": {"stored": {"request": {"journey_id": "J1"}}},
    "CarrierClaims:read": CLAIM,
    "CarrierClaims:terms": [],
    "Sellers:list": {"sellers": [], "bookmark": ""},
}
"""Records that forms read."""


@pytest.fixture
def clerk(client, log_in, bearer, ledgers):
    """Return a browser of an organisation that may write."""
    ledgers.answers["Participants:list"] = b'[{"msp_id": "ForwarderMSP", "name": "South Sea", "roles": []}]'
    ledgers.answers["Disclosures:show_request"] = json.dumps({"asked": REQUEST, "requester": "ForwarderMSP"}).encode()
    ledgers.answers["Terms:latest"] = b'{"terms": null}'
    ledgers.answers |= {name: json.dumps(each).encode() for name, each in STORED.items()}
    ledgers.planned = CallPlan(None, ("PlatformMSP",))
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))
    return client


def typed(name: str) -> dict[str, str]:
    """Return what a person puts into the form of an act."""
    fields = [field for field in ACTS[name].fields if field.name in TYPED or not field.optional]
    return {field.name: TYPED.get(field.name) or BY_KIND.get(field.kind, "1") for field in fields}


def test_every_write_has_a_form_or_a_reason_why_not(app):
    """A new address that writes is put into one of the tables above."""
    writes = {
        str(rule)
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and auth.scope_of(app.view_functions[rule.endpoint]) == "write"
    }
    stated = [*FORMS, *OTHER_FORMS, *(address for addresses in NO_FORM.values() for address in addresses)]
    assert sorted(stated) == sorted(each for each in writes if not each.startswith("/console"))
    assert set(FORMS.values()) == ACTS.keys()


@pytest.mark.parametrize(("address", "name"), FORMS.items())
def test_a_form_calls_what_its_address_calls(app, clerk, ledgers, address, name):
    """What it previews is the function of the contract that the API's own view calls."""
    (endpoint,) = [
        rule.endpoint for rule in app.url_map.iter_rules() if str(rule) == address and "POST" in rule.methods
    ]
    data = {**typed(name), forms.FIELD: form_token(clerk)}
    if "contract" in data:
        data["contract"] = next(iter(viewcalls.functions(app.view_functions[endpoint]))).partition(":")[0]
    page = clerk.post(f"/console/acts/{name}", data=data).get_data(as_text=True)
    assert 'name="previewed"' in page
    planned = ledgers.previewed[0]
    assert planned.function in viewcalls.functions(app.view_functions[endpoint])
