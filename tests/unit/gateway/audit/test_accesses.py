"""Who looked at what through the audit is written down, and shown to their own organisation alone."""

from __future__ import annotations

import pytest

from gateway.audit import accesses
from gateway.audit.accesses import Accesses
from gateway.http import auth
from gateway.store.database import StoreError
from tests.unit.gateway.fakes import FakeLedgers

HISTORY = b'[{"transaction_id":"00","at":"2026","deleted":false,"value":{"secret":"4590 VND"}}]'


@pytest.fixture
def told(ledgers: FakeLedgers) -> None:
    ledgers.answers.update({"Orders:history": b"[]", "Disclosures:audit": b'{"grants": [], "bookmark": ""}'})


def listed(client, headers, **query) -> dict:
    answer = client.get("/v1/audit/accesses", headers=headers, query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_every_look_is_written_down(client, bearer, told):
    """Names and ids: whose token, which address, which object; and what came of it."""
    headers = bearer("audit")
    client.get("/v1/audit/trade/history/Orders/J1?limit=7", headers=headers)
    client.get("/v1/disclosures/audit", headers=headers)
    client.get("/v1/audit/trade/history/Orders/J1?limit=0", headers=headers)
    own, refused, grants, history = listed(client, headers)["accesses"]
    assert (history["what"], history["subject"], history["status"]) == ("audit.history", "trade/Orders/J1", 200)
    assert (grants["what"], grants["subject"]) == ("disclosures.audited", "")
    assert (refused["status"], own["what"], own["status"]) == (422, "audit.accesses", None)
    assert {each["user"] for each in (own, refused, grants, history)} == {"User1"}
    assert len({each["token_id"] for each in (own, refused, grants, history)}) == 1


def test_the_console_counts_too(client, log_in, services, told):
    """The same look through a page is the same look."""
    token = services.tokens.create("PlatformMSP", "User1", ("audit",), 60)
    log_in(token)
    client.get("/console/audit/trade/history/Orders/J1")
    (history,) = Accesses(services.store).of("PlatformMSP", before=None, limit=10)
    assert (history.what, history.subject) == ("console.history", "trade/Orders/J1")


def test_no_value_is_kept(client, bearer, ledgers, services):
    """What was looked at is there, what it said is not, in no byte of the store."""
    ledgers.answers["Orders:history"] = HISTORY
    client.get("/v1/audit/trade/history/Orders/J1", headers=bearer("audit"))
    kept = b"".join(path.read_bytes() for path in services.settings.data.iterdir())
    assert b"trade/Orders/J1" in kept
    assert b"4590 VND" not in kept


def test_an_organisation_sees_its_own_alone(client, bearer, told):
    """And an access without the scope is none."""
    client.get("/v1/audit/trade/history/Orders/J1", headers=bearer("audit"))
    client.get("/v1/audit/trade/history/Orders/J1", headers=bearer("read"))
    others = listed(client, bearer("audit", msp_id="ForwarderMSP"))["accesses"]
    assert [each["what"] for each in others] == ["audit.accesses"]
    assert len(listed(client, bearer("audit"))["accesses"]) == 2
    assert client.get("/v1/audit/accesses", headers=bearer("read")).status_code == 403


def test_pages_follow_each_other(client, bearer, told):
    """A cursor leads from the newest to the oldest, each once."""
    headers = bearer("audit")
    for number in range(5):
        client.get(f"/v1/audit/trade/history/Orders/J{number}", headers=headers)
    seen, before = [], {}
    while True:
        page = listed(client, headers, limit=2, **before)
        seen += [each["subject"] for each in page["accesses"] if each["what"] == "audit.history"]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert seen == [f"trade/Orders/J{number}" for number in (4, 3, 2, 1, 0)]


def test_what_cannot_be_written_down_is_not_shown(client, bearer, told, monkeypatch):
    """No look without a record, not even when the disk is full."""

    def full(*_: object) -> int:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(Accesses, "begin", full)
    answer = client.get("/v1/audit/trade/history/Orders/J1", headers=bearer("audit"))
    assert answer.status_code == 503
    assert answer.get_json()["code"] == "STORE_UNAVAILABLE"


def test_an_address_typed_at_great_length_is_cut(client, bearer, services, told):
    """The record does not grow with what somebody types."""
    client.get(f"/v1/audit/trade/history/Orders/{'J' * 5000}", headers=bearer("audit"))
    (access,) = Accesses(services.store).of("PlatformMSP", before=None, limit=10)
    assert len(access.subject) == 300


def test_every_address_of_the_audit_is_covered(app):
    """The scope decides, so an address that is added later is written down as well."""
    covered = {name for name, view in app.view_functions.items() if auth.scope_of(view) == accesses.SCOPE}
    assert covered >= {
        "audit.transaction",
        "audit.receipt",
        "audit.history",
        "audit.accesses",
        "console.transaction",
        "console.receipt",
        "console.history",
        "disclosures.audited",
    }
