"""What companies settle between themselves: who is offered which act in which state, and who sees what."""

from __future__ import annotations

import json
import re

import pytest

from gateway.console.dealings import agreements, carrierclaims
from gateway.readmodel import changes
from hlf import errors
from tests.unit.gateway.readmodel.chain import Wrote, chain

OWN, OTHER = "PlatformMSP", "ForwarderMSP"
LONG_AGO, ONE_DAY = "2020-01-01T00:00:00Z", "2199-01-01T00:00:00Z"
FILING = {"claim_id": "CC1", "journey_id": "J1", "kind": "lost", "carrier": OTHER, "parcel": "https://id.gs1.org/00/37"}
CLAIM = {
    "filing": FILING,
    "claimant": OTHER,
    "terms": {"arbiter": OTHER},
    "happened_at": LONG_AGO,
    "acts": [{"state": "FILED", "by": OTHER, "at": LONG_AGO}],
    "sums": {"claimed": "0" * 64},
    "due": ONE_DAY,
}
DRAWBACK = {
    "filing": {"drawback_id": "DB1", "return_id": "R1"},
    "claimant": OTHER,
    "customs": OTHER,
    "journey_id": "J1",
    "line": "1",
    "units": 2,
    "paid_at": LONG_AGO,
    "left_at": LONG_AGO,
    "acts": [{"state": "FILED", "by": OTHER, "at": LONG_AGO}],
    "due": ONE_DAY,
}
SUM = {"amount": "125000", "currency": "VND"}


@pytest.fixture
def shown(client, log_in, bearer, ledgers):
    """Open a page as somebody of PlatformMSP."""
    ledgers.answers["Participants:list"] = b"[]"
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))
    return lambda path: client.get(f"/console/{path}").get_data(as_text=True)


def acts(page: str) -> list[str]:
    return re.findall(r'href="/console/acts/([\w-]+)\?', page)


@pytest.mark.parametrize(
    ("state", "role", "offered"),
    [
        ("FILED", "carrier", ["accept-claim", "offer-sum", "refuse-claim"]),
        ("FILED", "claimant", ["withdraw-claim"]),
        ("FILED", "arbiter", []),
        ("OFFERED", "claimant", ["accept-claim", "contest-claim", "withdraw-claim"]),
        ("REFUSED", "claimant", ["contest-claim", "withdraw-claim"]),
        ("REFUSED", "carrier", []),
        ("CONTESTED", "arbiter", ["award-sum", "dismiss-claim"]),
        ("AWARDED", "claimant", ["claim-paid"]),
        ("DEFAULTED", "claimant", ["claim-paid"]),
        ("DEFAULTED", "carrier", []),
        ("PAID", "claimant", []),
    ],
)
def test_a_claim_offers_what_its_state_and_a_role_allow(shown, ledgers, state, role, offered):
    claim = json.loads(json.dumps(CLAIM | {"state": state}))
    {"claimant": claim, "carrier": claim["filing"], "arbiter": claim["terms"]}[role][role] = OWN
    ledgers.answers |= {"CarrierClaims:read": json.dumps(claim).encode(), "CarrierClaims:sum": json.dumps(SUM).encode()}
    page = shown("carrier-claims/CC1")
    assert acts(page) == offered
    assert "₫125,000" in page


def test_a_sum_is_asked_for_by_its_parties_alone(shown, ledgers):
    """Another member sees the state and the steps, and that there is a sum; it may let a missed deadline count."""
    ledgers.answers["CarrierClaims:read"] = json.dumps(CLAIM | {"state": "FILED", "due": LONG_AGO}).encode()
    page = shown("carrier-claims/CC1")
    assert "Claimant, carrier and arbiter see the sums; nobody else does." in page
    assert "CarrierClaims:sum" not in [call.function for _, _, call in ledgers.asked]
    assert acts(page) == ["enforce-claim"]


def test_a_sum_that_did_not_reach_a_party_is_said_so(shown, ledgers):
    ledgers.answers |= {
        "CarrierClaims:read": json.dumps(CLAIM | {"state": "FILED", "claimant": OWN}).encode(),
        "CarrierClaims:sum": errors.EvaluateError("refused/NOT_FOUND: it is not here"),
    }
    assert "It did not reach you." in shown("carrier-claims/CC1")


@pytest.mark.parametrize(
    ("state", "role", "offered"),
    [
        ("FILED", "customs", ["accept-drawback", "refuse-drawback"]),
        ("FILED", "claimant", ["withdraw-drawback"]),
        ("ACCEPTED", "claimant", ["drawback-paid"]),
        ("DEFAULTED", "claimant", ["drawback-paid"]),
        ("ACCEPTED", "customs", []),
        ("PAID", "claimant", []),
    ],
)
def test_a_claim_for_duty_offers_what_its_state_and_a_role_allow(shown, ledgers, state, role, offered):
    entry = {"reference": "VN-1", "on": "2026-11-01", "code": "85183010", "units": 4, "agreement": "RCEP"}
    entry |= {"currency": "VND", "customs_value": "9000000", "duty": "450000", "tax": "945000"}
    ledgers.answers |= {
        "Drawbacks:read": json.dumps(DRAWBACK | {"state": state, role: OWN}).encode(),
        "Drawbacks:entry": json.dumps({"entry": entry, "amount": "697500"}).encode(),
    }
    page = shown("drawbacks/DB1")
    assert acts(page) == offered
    assert "₫697,500" in page


def test_who_is_no_party_sees_no_import_entry(shown, ledgers):
    ledgers.answers |= {
        "Drawbacks:read": json.dumps(DRAWBACK | {"state": "FILED"}).encode(),
        "Drawbacks:entry": errors.EvaluateError("refused/NOT_FOUND: it is not here"),
    }
    assert "Claimant and customs see it; nobody else does." in shown("drawbacks/DB1")


@pytest.mark.parametrize(
    ("state", "giver", "taker", "offered"),
    [
        ("proposed", OTHER, OWN, ["answer-hand-over", "cancel-hand-over"]),
        ("proposed", OWN, OTHER, ["cancel-hand-over"]),
        ("agreed", OWN, OTHER, ["cancel-hand-over"]),
        ("declined", OTHER, OWN, []),
    ],
)
def test_an_agreement_offers_what_its_state_and_side_allow(shown, ledgers, state, giver, taker, offered):
    draft = {"taker": taker, "consignments": [f"J{n}" for n in range(5)], "place": "VNHAN", "seals": ["A7"]}
    draft |= {"opens_at": "2026-12-01T09:30:00+07:00", "closes_at": "2026-12-01T11:30:00+07:00", "conditions": ""}
    known = {"agreement_id": "A1", "giver": giver, "state": state, "draft": draft, "changed_at": LONG_AGO}
    ledgers.answers["Agreements:list"] = json.dumps({"agreements": [known], "bookmark": ""}).encode()
    page = shown("agreements")
    assert acts(page) == offered
    assert "1 Dec 2026 11:30" in page
    assert "and 2 more" in page


FIRST_PAGE = {
    "Disclosures:requests": b'{"requests": [], "bookmark": ""}',
    "CarrierClaims:terms": b"[]",
    "Drawbacks:terms": b"[]",
    "Agreements:list": b'{"agreements": [], "bookmark": ""}',
}


def test_lists_show_what_waits_and_the_first_page_leads_there(shown, ledgers, services):
    """The claims come from the gateway's own copy; each waits for its carrier, customs or claimant alone."""
    ledgers.answers |= FIRST_PAGE
    mine = CLAIM | {"state": "FILED", "filing": FILING | {"carrier": OWN}}
    records = {
        ("carrier-claim", "CC1"): mine,
        ("carrier-claim", "CC2"): CLAIM | {"state": "FILED", "filing": FILING | {"claim_id": "CC2"}},
        ("drawback", "DB1"): DRAWBACK | {"state": "FILED", "customs": OWN},
    }
    services.model.apply(OWN, "trade", [changes.of(each) for each in chain([Wrote(records)])])
    first = shown("")
    assert "/console/carrier-claims/CC1" in first
    assert "/console/carrier-claims/CC2" not in first
    assert "/console/drawbacks/DB1" in first
    listed = shown("carrier-claims?state=FILED")
    assert "/console/carrier-claims/CC1" in listed
    assert "/console/carrier-claims/CC2" in listed
    assert "/console/drawbacks/DB1" in shown("drawbacks")


PARTIES = [{"msp_id": OWN, "roles": ["merchant"]}, {"msp_id": OTHER, "roles": ["last_mile"]}]


@pytest.mark.parametrize(
    ("incidents", "msp_id", "offered"),
    [(["lost"], OWN, ["file-claim"]), (["delayed"], OWN, []), ([], OWN, []), (["damaged"], OTHER, [])],
)
def test_a_seller_claims_once_loss_or_damage_is_reported(incidents, msp_id, offered):
    state = {"journey": {"parties": PARTIES}, "incidents": [{"kind": each} for each in incidents]}
    assert carrierclaims.offered(state, msp_id) == offered


@pytest.mark.parametrize(
    ("msp_id", "custody", "offered"),
    [(OTHER, "held", ["propose-hand-over"]), (OTHER, "delivered", []), (OWN, "held", [])],
)
def test_a_carrier_that_has_the_goods_may_propose_their_hand_over(msp_id, custody, offered):
    held = {"state": custody, "periods": [{"custodian": OTHER}]}
    assert agreements.offered({"journey": {"parties": PARTIES}, "custody": held}, msp_id) == offered


def test_a_return_waits_however_many_newer_ones_wait_for_others(shown, ledgers, services):
    """It is asked for by its role, not looked for among the newest."""
    ledgers.answers |= FIRST_PAGE
    roles = dict.fromkeys(("seller", "carrier", "arbiter", "agent"), OTHER)
    known = {"roles": roles, "state": "RECEIVED", "due": None}
    mine = {("return", "R0"): {**known, "request": {"return_id": "R0"}, "roles": roles | {"seller": OWN}}}
    newer = {("return", f"R{n}"): {**known, "request": {"return_id": f"R{n}"}} for n in range(1, 40)}
    services.model.apply(OWN, "trade", [changes.of(each) for each in chain([Wrote(mine)], [Wrote(newer)])])
    assert re.findall(r'href="/console/returns/(R\d+)"', shown("")) == ["R0"]
