"""Search by anything: what each kind leads to, and whose records and blocks are shown."""

from __future__ import annotations

import json
import re

import pytest

from gateway.audit.accesses import Accesses
from gateway.console import finding
from gateway.http.problems import Problem
from gateway.readmodel import changes, recordkinds
from tests.unit.gateway.readmodel.chain import Wrote, chain

COMPANY = {"msp_id": "ForwarderMSP", "name": "Lotus Freight", "roles": ["forwarder"]}
JOURNEY = {"journey_id": "J-1", "order_id": "O-1", "origin": "CNSZX", "destination": "VNHAN"}
CUSTODY = {"journey_id": "J-1", "parcel": "https://id.gs1.org/00/003761234500000018", "state": "held"}
RECORDS = {
    ("order", "O-1"): {"order_id": "O-1", "state": "placed"},
    ("journey", "J-1"): JOURNEY,
    ("custody", "J-1", "P"): CUSTODY,
    ("unit", "BAG-7"): {"unit_id": "BAG-7"},
    ("return", "R-1"): {
        "request": {"return_id": "R-1", "journey_id": "J-1", "line": "2", "quantity": 3},
        "state": "RECEIVED",
    },
    ("carrier-claim", "CC-1"): {"filing": {"claim_id": "CC-1"}, "state": "CONTESTED"},
    ("drawback", "DB-1"): {"filing": {"drawback_id": "DB-1"}, "state": "PAID"},
    ("grant", "G-1"): {"grant_id": "G-1", "owner": "PlatformMSP"},
}
PRIVATE = {
    ("payment", "PAY-1"): {"payment_id": "PAY-1", "terms": {"order_id": "O-1"}},
    ("order.content", "O-1"): {"order_id": "O-1", "buyer": "BUYER-9"},
}
TRANSACTION = "ab" * 32


@pytest.fixture
def search(client, log_in, bearer, ledgers, services):
    """
    Search as somebody of an organisation with these scopes: the page's table as kinds, links and states.

    PlatformMSP's model has every kind of record, the private ones too; ForwarderMSP's model has none.
    """
    ledgers.answers["Participants:list"] = json.dumps([COMPANY]).encode()
    written = chain([Wrote(RECORDS, PRIVATE)])
    services.model.apply("PlatformMSP", "trade", [changes.of(each) for each in written])

    def found(text: str, *scopes: str, msp_id: str = "PlatformMSP") -> list[tuple[str, str, str]]:
        log_in(bearer(*(scopes or ("read",)), msp_id=msp_id)["Authorization"].removeprefix("Bearer "))
        answer = client.get("/console/search", query_string={"q": text}, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        rows = re.findall(r"<tr role=\"row\">(?=<td)(.*?)</tr>", answer.text, re.DOTALL)
        return [_row(each) for each in rows]

    return found


def _row(text: str) -> tuple[str, str, str]:
    """Return what a line of the table shows: its kind, its link and its state."""
    kind, name, state, _ = re.findall(r"<td.*?</td>", text, re.DOTALL)
    (href,) = re.findall(r'href="(/console[^"]*)"', name)
    return _words(kind), href, _words(state)


def _words(cell: str) -> str:
    return re.sub(r"<[^>]+>", "", cell).strip()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("o-1", ("Order", "/console/orders?q=O-1", "Placed")),
        ("j-1", ("Journey", "/console/journeys/J-1", "")),
        ("(00) 3 76123450 0000018", ("Parcel", "/console/journeys/J-1", "In safe hands")),
        ("bag-7", ("Shipping unit", "/console/journeys?q=BAG-7", "")),
        ("R-1", ("Return", "/console/returns/R-1", "With the seller")),
        ("G-1", ("Permission to look", "/console/disclosures", "")),
        ("CC-1", ("Claim for loss or damage", "/console/carrier-claims/CC-1", "Before the arbiter")),
        ("DB-1", ("Duty that comes back", "/console/drawbacks/DB-1", "Paid")),
        ("PAY-1", ("Payment", "/console/orders?q=O-1", "")),
        ("BUYER-9", ("Contents of an order", "/console/orders?q=O-1", "")),
        ("lotus", ("Company", "/console/companies", "")),
        ("ForwarderMSP", ("Company", "/console/companies", "")),
    ],
)
def test_a_number_or_name_leads_to_its_page(search, text, line):
    """Each line says what it is and how it stands, whatever record the number is in."""
    assert line in search(text)


@pytest.mark.parametrize("text", ["", "  ", "O-", "NOTHING-LIKE-IT", "<script>"])
def test_what_is_too_short_or_unknown_finds_nothing(search, text):
    assert search(text) == []


@pytest.mark.parametrize("text", ["PAY-1", "BUYER-9", "O-1"])
def test_what_another_organisation_keeps_is_not_found(search, text):
    """A search reads the model of the caller's organisation alone."""
    assert search(text)
    assert search(text, "read", "audit", msp_id="ForwarderMSP") == []


def test_every_kind_of_the_model_has_a_name_and_a_page():
    assert finding.KINDS.keys() == recordkinds.KINDS.keys() == finding.PAGES.keys()


@pytest.fixture
def audited(search, ledgers, services, monkeypatch):
    """Two channels: the peer knows the first, which has two blocks, and does not answer for the other."""
    ledgers.chains["trade"] = chain([Wrote(RECORDS, PRIVATE)], [Wrote({})])
    monkeypatch.setattr(type(services.wallet), "channels", lambda _: ["other", "trade"])
    return search


def test_an_auditor_finds_a_block_by_its_number(audited):
    """In the channels that have it; who may not audit is shown no block."""
    assert audited("1", "read", "audit") == [("Block 1", "/console/audit/trade/blocks/1", "")]
    assert audited("2", "read", "audit") == []
    assert audited("1", "read") == []


def test_an_auditor_finds_a_transaction_by_its_id(audited, ledgers, services):
    """And the look into the ledger is written down, as every one is."""
    assert audited(TRANSACTION, "read") == []
    assert Accesses(services.store).of("PlatformMSP", before=None, limit=9) == []
    line = ("Transaction", f"/console/audit/trade/transactions/{TRANSACTION}", "")
    assert line in audited(TRANSACTION, "read", "audit")
    (noted,) = Accesses(services.store).of("PlatformMSP", before=None, limit=9)
    assert noted.what == "console.search_ledger"
    ledgers.answers["GetBlockByTxID"] = Problem("TRANSACTION_NOT_FOUND")
    assert audited(TRANSACTION, "read", "audit") == []
