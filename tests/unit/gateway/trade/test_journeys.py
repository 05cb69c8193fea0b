"""Journeys through the gateway: what their contract answers comes out as it is."""

from __future__ import annotations

from chaincode.domain.journeys import epcis


def test_an_exported_document_keeps_the_order_of_its_members(client, ledgers, bearer):
    """GS1's hash generator reads the type of a typed entry before its value, so nobody may sort them on the way."""
    event = {"bizTransactionList": [{"bizTransaction": "urn:x:1", "type": "po"}], "type": "ObjectEvent"}
    told = epcis.document([event], 0)
    ledgers.answers["Journeys:events"] = told
    answer = client.get("/v1/journeys/J1/events", headers=bearer("read"))
    assert answer.status_code == 200
    assert answer.get_data().strip() == told
    assert b'[{"type":"ObjectEvent","bizTransactionList":[{"type":"po","bizTransaction":"urn:x:1"}]}]' in told
