"""Requests for figures, answered over a ledger that answers at once."""

from __future__ import annotations

import json

ASKED = {"claim_id": "C1", "revision": 1, "attributes": [], "purpose": "p", "expires_at": "e", "offer": None}


def test_an_answer_asks_for_each_record_once_and_writes_twice(client, bearer, ledgers):
    """The request and the claim are read, then the grant and its delivery are sent."""
    ledgers.answers |= {
        "Disclosures:show_request": json.dumps({"asked": ASKED, "requester": "ForwarderMSP"}).encode(),
        "Claims:read": b'{"document": "{}", "disclosures": []}',
        "Disclosures:grant": b"{}",
        "Disclosures:deliver": b"{}",
    }
    answer = client.post("/v1/disclosures/requests/Q1/grant", headers=bearer("read", "write"))
    assert answer.status_code == 201
    functions = [call.function for _, _, call in ledgers.asked]
    assert functions == ["Disclosures:show_request", "Claims:read", "Disclosures:grant", "Disclosures:deliver"]
