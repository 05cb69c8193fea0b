"""Which acts a page offers to an organisation, by the state of the thing and by its role in it."""

from __future__ import annotations

import json

import pytest

from gateway.console import journeylines

OWN, OTHER = "PlatformMSP", "ForwarderMSP"
MORE = ["state-time", "report"]


@pytest.mark.parametrize(
    ("custodians", "state", "taker", "alarms", "offered"),
    [
        ([OTHER, OWN], "held", "", [], (["hand-over"], MORE)),
        ([OTHER, OWN], "awaited", OTHER, [], (["take-back"], MORE)),
        ([OTHER], "awaited", OWN, [], (["take-over"], [])),
        ([OWN, OTHER], "held", "", [], ([], MORE)),
        ([OTHER], "held", "", [], ([], [])),
        ([OWN], "delivered", "", [], ([], [])),
        ([OTHER, OWN], "held", "", [{"code": "CUSTODY_CONTESTED", "parties": [OWN]}], (["deny-custody"], [])),
        ([OTHER, OWN], "held", "", [{"code": "CUSTODY_CONTESTED", "parties": [OTHER]}], (["hand-over"], MORE)),
    ],
)
def test_a_journey_offers_what_its_holder_may_do(custodians, state, taker, alarms, offered):
    """Who ever held the goods may report; who is named as holder without a word of its own denies that first."""
    held = {
        "state": state,
        "offer": {"taker": taker} if taker else None,
        "periods": [{"custodian": each} for each in custodians],
    }
    assert journeylines.acts(held, alarms, OWN) == offered


@pytest.fixture
def offered(client, log_in, bearer, ledgers):
    """Return the acts that the page of a return offers, in its order."""
    ledgers.answers["Participants:list"] = b"[]"
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))

    def acts(state: str, role: str, due: str | None = None, origin: str = "VNHPH") -> list[str]:
        journey = {"origin": origin, "destination": "VNHAN"}
        ledgers.answers["Journeys:read"] = json.dumps({"journey": journey}).encode()
        request = {"return_id": "R1", "journey_id": "J1", "quantity": 1, "line": "1", "reason": "SIZE"}
        request |= {"resolution": "refund", "condition": "unused", "evidence": []}
        roles = {"seller": OTHER, "agent": OTHER, "carrier": OTHER, "arbiter": OTHER, role: OWN}
        stored = {"request": request, "roles": roles, "acts": [], "decision": None, "due": due}
        ledgers.answers["Returns:read"] = json.dumps({"state": state, "stored": stored}).encode()
        page = client.get("/console/returns/R1").get_data(as_text=True)
        return [part.partition("?")[0] for part in page.split('href="/console/acts/')[1:]]

    return acts


@pytest.mark.parametrize(
    ("state", "role", "acts"),
    [
        ("REFERRED", "seller", ["answer-return"]),
        ("REFERRED", "agent", ["cancel-return"]),
        ("PICKUP_ASSIGNED", "carrier", ["offer-pick-ups", "plan-pick-up"]),
        ("PICKUP_SCHEDULED", "carrier", ["fail-pick-up", "offer-pick-ups"]),
        ("RECEIVED", "seller", ["inspect"]),
        ("INSPECTED_PASS", "seller", ["settle-return"]),
        ("INSPECTED_FAIL", "seller", ["send-back"]),
        ("INSPECTED_FAIL", "agent", ["dispute-return"]),
        ("REFUNDED", "agent", ["dispute-return", "close-return"]),
        ("DISPUTED", "arbiter", ["arbitrate"]),
        ("DISPUTED", "seller", []),
        ("CLOSED", "agent", []),
    ],
)
def test_a_return_offers_what_its_state_and_a_role_allow(offered, state, role, acts):
    """What waits for the organisation comes first; another role is offered nothing."""
    assert offered(state, role) == acts


def test_a_missed_deadline_counts_by_an_act_of_anybody_on_the_journey(offered):
    """Before it has passed, nobody is offered that."""
    assert offered("REFERRED", "carrier", "2020-01-01T00:00:00Z") == ["enforce-return"]
    assert offered("REFERRED", "carrier", "2199-01-01T00:00:00Z") == []


def test_duty_comes_back_to_the_seller_of_goods_that_crossed_a_border(offered):
    """Once they are back; nobody is offered it for a return within one country."""
    assert offered("RECEIVED", "seller", origin="CNSZX") == ["inspect", "file-drawback"]
    assert offered("RECEIVED", "carrier", origin="CNSZX") == []
    assert offered("PICKED_UP", "seller", origin="CNSZX") == []
