"""The consignment's journey, as the demo plays it, looked at again afterwards."""

from __future__ import annotations

import pytest
import requests
from epcis_event_hash_generator import hash_generator, json_to_py

from chaincode.domain.vocabulary import goods
from selat.demo.goods import ARTICLES, CONSIGNMENT


def test_the_story_shows_all_its_chapters(played, shown):
    told = shown.getvalue()
    for words in ("cannot", "sees", "delivered", "APPROVED", "CATEGORY_EXCLUDED", "PICKED_UP", "replayed"):
        assert words in told
    assert "BROKEN" not in told


def test_its_codes_have_right_check_digits():
    assert goods.check_sscc("sscc", CONSIGNMENT)
    for article in ARTICLES:
        assert goods.check_gtin("gtin", article.gtin)
        assert goods.check_ahtn8("ahtn8", article.ahtn8)


def test_every_stage_to_delivery_is_recorded(cast, played):
    state = cast.auditor.get(f"/v1/journeys/{played.journey_id}")
    assert state["recorded"] == [f"S{number:02}" for number in range(1, 21)]
    assert state["custody"]["state"] == "delivered"
    assert [period["custodian"] for period in state["custody"]["periods"]] == [
        "MerchantMSP",
        "OriginCarrierMSP",
        "ForwarderMSP",
        "LastMileMSP",
    ]
    assert state["alarms"] == []


@pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")
def test_the_events_are_an_epcis_document(cast, played):
    """As it comes over HTTP; GS1's own generator finds each id in it."""
    document = cast.customs.get(f"/v1/journeys/{played.journey_id}/events")
    events = document["epcisBody"]["eventList"]
    assert (document["type"], document["schemaVersion"]) == ("EPCISDocument", "2.0")
    assert len({event["eventID"] for event in events}) == len(events) == 28
    found = hash_generator.epcis_hashes_from_events(json_to_py.event_list_from_epcis_document_json(document))
    assert [event["eventID"] for event in events] == found


def test_an_order_leads_to_its_journey(cast, played):
    order_id = played.order["order_id"]
    forward, back = sorted(cast.platform.get("/v1/journeys", order_id=order_id))
    assert forward == played.journey_id
    assert cast.platform.get(f"/v1/journeys/{back}")["journey"]["kind"] == "reverse"
    assert cast.payments.get(f"/v1/orders/{order_id}")["journey_id"] == played.journey_id


def test_the_shoppers_link_opens_a_page_in_a_browser(stage, played):
    page = requests.get(stage.base + played.order["tracking_path"], headers={"Accept": "text/html"}, timeout=60)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Delivered" in page.text
    assert "For reasons of hygiene or safety this kind of article does not go back." in page.text
    assert "MSP" not in page.text
    assert CONSIGNMENT not in page.text


def test_a_wrong_link_leads_nowhere(stage, played):
    answer = requests.get(f"{stage.base}/track/{'x' * 43}", timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (404, "LINK_UNKNOWN")


def test_a_history_tells_who_wrote_what_and_proves_it(cast, played):
    told = cast.auditor.get(f"/v1/audit/ecommerce/history/Orders/{played.order['order_id']}")
    states = [change["value"]["state"] for change in reversed(told["changes"])]
    assert states == ["placed", "confirmed", "fulfilling"]
    assert all(change["verified"] for change in told["changes"])
    assert set(told["changes"][0]["endorsed_by"]) == {"PlatformMSP", "MerchantMSP"}


def test_a_return_can_be_tried_before_it_is_asked(cast, played):
    """A preview decides as the contract would, and keeps nothing."""
    body = {
        "journey_id": played.journey_id,
        "line": "1",
        "quantity": 5,
        "reason": "DEFECTIVE",
        "resolution": "refund",
        "condition": "used",
        "tracking_token": played.order["tracking_token"],
    }
    before = cast.platform.get("/v1/returns", journey_id=played.journey_id)
    decided = cast.platform.post("/v1/returns/preview", body)
    assert (decided["outcome"], decided["code"]) == ("REJECTED", "QTY_EXCEEDS")
    assert cast.platform.get("/v1/returns", journey_id=played.journey_id) == before


def test_somebody_elses_link_returns_nothing(cast, played):
    body = {
        "journey_id": played.journey_id,
        "line": "1",
        "quantity": 1,
        "reason": "DEFECTIVE",
        "resolution": "refund",
        "condition": "used",
        "tracking_token": "somebody-elses-link",
    }
    assert cast.platform.post("/v1/returns/preview", body)["code"] == "BUYER_MISMATCH"
