"""
Who can see what: each peer is asked as each organisation (the table of docs/design.md).

An implicit collection does not check its reader; the contract on the owner's own peer must. So the questions go to the
very peer that holds the data, in the name of every other organisation.
"""

from __future__ import annotations

import pytest

from selat.demo.callers import Cast

TRADE = "/v1/channels/trade/chaincodes/trade/evaluate"
COMMERCE = "/v1/channels/ecommerce/chaincodes/commerce/evaluate"
# The contract knows the asker and says no, or the peer does not hold what its channel knows the hash of.
REFUSED = {"NOT_FOUND", "NOT_A_PARTY", "NOT_OWNER", "PEER_REFUSED"}
ALL = ("platform", "merchant", "payments", "origin", "forwarder", "last_mile", "customs", "auditor")
COMMERCIAL = ("platform", "merchant", "payments", "auditor")


def ask(caller, address: str, function: str, arguments: list[str], peer: str):
    """Return the answer or the refusal of a function on the peer of one organisation."""
    body = {"function": function, "arguments": arguments, "endorsing_organizations": [peer]}
    return caller.send("POST", address, json=body)


def seen_by(
    cast: Cast, address: str, function: str, arguments: list[str], askers: tuple[str, ...]
) -> set[tuple[str, str]]:
    """Return the pairs (caller, peer) that got an answer."""
    found = set()
    for asker in askers:
        for peer in askers:
            answer = ask(getattr(cast, asker), address, function, arguments, getattr(cast, peer).msp_id)
            if answer.status_code == 200:
                found.add((asker, peer))
            else:
                assert answer.json()["code"] in REFUSED, answer.json()
    return found


def test_a_claim_is_read_by_its_owner_on_its_own_peer(cast, played):
    found = seen_by(cast, TRADE, "Claims:read", [played.claim_id, "1"], ALL)
    assert found == {("platform", "platform")}


def test_disclosed_values_are_read_by_their_recipient_on_its_own_peer(cast, played):
    found = seen_by(cast, TRADE, "Disclosures:read", [played.grant_id], ALL)
    assert found == {("forwarder", "forwarder")}


def test_a_grant_is_seen_by_owner_recipient_and_auditor_each_at_home(cast, played):
    found = seen_by(cast, TRADE, "Disclosures:show", [played.grant_id], ALL)
    assert found == {("platform", "platform"), ("forwarder", "forwarder"), ("auditor", "auditor")}


def test_a_private_answer_is_not_put_into_a_block(cast, played):
    """Fabric would order it, valid or not, and every member could read it there; the gateway does not send it."""
    address = COMMERCE.replace("/evaluate", "/submit")
    body = {"function": "Orders:content", "arguments": [played.order["order_id"]]}
    body["endorsing_organizations"] = [cast.platform.msp_id]
    answer = cast.platform.send("POST", address, json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "NOTHING_TO_WRITE"


def test_the_content_of_an_order_is_read_by_its_two_sides(cast, played):
    found = seen_by(cast, COMMERCE, "Orders:content", [played.order["order_id"]], COMMERCIAL)
    assert {asker for asker, _ in found} == {"platform", "merchant"}
    assert {peer for _, peer in found} <= {"platform", "merchant"}


@pytest.mark.parametrize("outsider", ["origin", "forwarder", "last_mile", "customs"])
def test_logistics_has_no_part_in_the_ecommerce_channel(cast, played, outsider):
    problem = getattr(cast, outsider).refusal("GET", f"/v1/orders/{played.order['order_id']}")
    assert problem["code"] in {"CHAINCODE_NOT_FOUND", "IDENTITY_REFUSED"}


def test_ecommerce_has_no_part_in_the_logistics_channel(cast):
    body = {"function": "Plans:list"}
    problem = cast.merchant.refusal("POST", "/v1/channels/logistics/chaincodes/carriage/evaluate", body)
    assert problem["code"] in {"CHAINCODE_NOT_FOUND", "IDENTITY_REFUSED"}


def test_lists_show_each_caller_its_own(cast, played):
    """The auditor sees every grant, an owner its own, a stranger none."""
    granted = [entry["grant"]["grant_id"] for entry in cast.platform.get("/v1/disclosures/given")]
    assert played.grant_id in granted
    assert played.grant_id in [entry["grant"]["grant_id"] for entry in cast.auditor.get("/v1/disclosures/audit")]
    assert cast.customs.get("/v1/disclosures/given") == []
    assert played.grant_id not in str(cast.customs.get("/v1/disclosures/received"))
    problem = cast.last_mile.refusal("GET", "/v1/disclosures/audit")
    assert (problem["status"], problem["code"]) == (403, "NOT_AUDITOR"), problem


def test_nobody_writes_into_anothers_collection(cast):
    """A grant by somebody who does not own the claim is refused where the claim is looked for."""
    body = {
        "claim_id": "forecast-of-somebody",
        "recipient": "LastMileMSP",
        "attributes": ["demand.units_p50_h87"],
        "purpose": "curiosity",
        "expires_at": "2030-01-01T00:00:00Z",
    }
    assert cast.merchant.refusal("POST", "/v1/disclosures", body)["status"] == 404
