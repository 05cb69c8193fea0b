"""The console, as an auditor and a platform's clerk see it."""

from __future__ import annotations

import pytest
import requests

from gateway.pages import figurewords
from hlf.audit.evidence import anchors, proofs, receipts
from tests.support.leaks import stands


@pytest.fixture
def browser(stage, played, log_in):
    """Log in with an actor's token."""

    def enter(actor: str) -> requests.Session:
        session = log_in(stage, actor)
        assert "Selat Market" in page(session, stage, "/console/companies")
        return session

    return enter


def page(session: requests.Session, stage, path: str, **query: str) -> str:
    answer = session.get(stage.base + path, params=query, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_from_an_order_to_its_journey_and_its_proof(browser, stage, played):
    clerk = browser("platform")
    assert f"/console/journeys/{played.journey_id}" in page(clerk, stage, "/console/orders")
    shown = page(clerk, stage, "/console/journeys", id=played.journey_id)
    for words in ("Delivered", "Red River Parcels", "On the way between the countries", "Hanoi"):
        assert words in shown
    history = page(clerk, stage, f"/console/audit/trade/history/Journeys/{played.journey_id}")
    assert "In whose hands" in history
    assert "Proof holds" in history
    assert "PROOF DOES NOT HOLD" not in history


def test_a_transaction_is_looked_up_by_its_id(browser, stage, played):
    auditor = browser("auditor")
    transaction = played.order["placing"]["transaction_id"]
    shown = page(auditor, stage, "/console/audit", channel="ecommerce", transaction_id=transaction)
    assert "Everything recomputed holds" in shown
    assert "Orders:place" in shown
    assert "4590" not in shown


def test_the_auditor_sees_who_was_shown_what_and_no_value(browser, stage, played):
    shown = page(browser("auditor"), stage, "/console/disclosures")
    assert figurewords.figure("demand.units_p50_h87") in shown
    assert "South Sea Forwarding" in shown
    assert not stands(14350, shown)
    assert "What everybody shows to anybody" in shown
    assert "What everybody shows to anybody" not in page(browser("customs"), stage, "/console/disclosures")


def test_what_is_not_there_is_a_page_with_a_cure(browser, stage):
    answer = browser("auditor").get(f"{stage.base}/console/journeys/nothing", timeout=60)
    assert answer.status_code == 404
    assert "JOURNEY_UNKNOWN" in answer.text


def test_a_shopper_takes_proofs_that_hold_offline(stage, played):
    """Of the goods and of the answer to a return: files that need neither the gateway nor a network."""
    token = played.order["tracking_token"]
    (known, *_) = requests.get(f"{stage.base}/track/{token}", timeout=30).json()["returns"]
    trusted = [anchors.of_block((stage.network.folder.root / "channels" / "trade.block").read_bytes())]
    for path in ("receipt", f"returns/{known['return_id']}/receipt"):
        file = requests.get(f"{stage.base}/track/{token}/{path}", timeout=30)
        assert file.status_code == 200
        proof = proofs.check(receipts.Receipt.from_bytes(file.content), trusted)
        assert proof.verified
        assert proof.transaction.valid
