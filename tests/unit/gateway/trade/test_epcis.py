"""EPCIS's own addresses: what GS1 describes, answered from the events that the caller may see."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from epcis_event_hash_generator import hash_generator, json_to_py

from gateway.trade.epcis.parameters import EventsSchema
from tests.unit.gateway.readmodel import epcisjourney
from tests.unit.gateway.trade import gs1binding

EVENTS = "/epcis/events"
PLACE = "https://selat.test/voc/place/CNSZX"


@pytest.fixture
def get(client, bearer, ledgers, services, monkeypatch):
    """Ask as the platform, whose peer has a journey with three events."""
    ledgers.chains["trade"] = epcisjourney.chained(epcisjourney.page())
    monkeypatch.setattr(type(services.wallet), "channels", lambda _: ["trade"])
    headers = bearer("read")
    return lambda path, **more: client.get(path, headers=headers | more)


def steps(answer) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [each["bizStep"] for each in answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]


def test_every_address_that_gs1_describes_is_there(app):
    """With its methods; OPTIONS and HEAD come with them."""
    urls = app.url_map.bind("localhost")
    for path, methods in gs1binding.ADDRESSES.items():
        assert set(urls.allowed_methods(f"/epcis{path}")) >= methods, path


def test_every_parameter_that_gs1_describes_is_understood():
    """Also those of what the ledger does not record."""
    names = {field.data_key or name for name, field in EventsSchema().fields.items()}
    assert names >= gs1binding.PARAMETERS


def test_discovery_is_in_the_headers_of_every_address(client, bearer, app):
    """OPTIONS answers 204 with them, and other answers have them too."""
    for path in gs1binding.ADDRESSES:
        told = client.options(f"/epcis{path}", headers=bearer("read", "write", "webhooks"))
        assert told.status_code == 204, path
        assert set(told.headers.keys()) >= gs1binding.DISCOVERY, path
    assert client.get("/epcis", headers=bearer("read")).headers["GS1-EPCIS-Version"] == "2.0.0"


@pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")
def test_an_answer_is_a_query_document_whose_events_have_their_hashes(get):
    """GS1's own hash generator finds each eventID in the answer as it came."""
    text = get(EVENTS).text
    document = json.loads(text)
    assert (document["type"], document["schemaVersion"]) == ("EPCISQueryDocument", "2.0")
    results = document["epcisBody"].pop("queryResults")
    assert results["queryName"] == "SimpleEventQuery"
    document |= {"type": "EPCISDocument", "epcisBody": results["resultsBody"]}
    found = hash_generator.epcis_hashes_from_events(json_to_py.event_list_from_epcis_document_json(document))
    assert [each["eventID"] for each in results["resultsBody"]["eventList"]] == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["storing", "loading", "departing"]),
        ("EQ_bizStep=storing|departing", ["storing", "departing"]),
        ("EQ_bizStep=urn:epcglobal:cbv:bizstep:loading", ["loading"]),
        ("EQ_disposition=https://ref.gs1.org/cbv/Disp-in_transit", ["departing"]),
        (f"EQ_readPoint={PLACE}&orderBy=eventTime", ["loading", "storing"]),
        ("orderBy=eventTime&orderDirection=ASC&eventCountLimit=2", ["storing", "loading"]),
        ("MATCH_anyEPC=urn:epc:id:sscc:0614141.1234567890", ["storing", "loading", "departing"]),
        ("eventType=AggregationEvent", []),
        ("GE_eventTime=2026-01-06T10:00:00Z&LT_eventTime=2026-01-06T11:00:00Z", ["loading"]),
        ("EQ_bizTransaction_po=https://selat.test/voc/order/O1&EQ_selat:stage=S10", ["loading"]),
        ("EXISTS_errorDeclaration=true", []),
        ("EQ_deviceID=https://x.test/1", []),
        ("maxEventCount=3", ["storing", "loading", "departing"]),
    ],
)
def test_events_are_found_by_the_standards_parameters(get, query, found):
    """In each spelling of a word or identifier; what the ledger does not record finds nothing."""
    assert steps(get(f"{EVENTS}?{query}")) == found


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("EQ_bizstep=storing", 422),
        ("GE_eventTime=yesterday", 422),
        ("orderBy=place", 422),
        ("eventCountLimit=2", 422),
        ("orderBy=eventTime&eventCountLimit=2&maxEventCount=2", 422),
        ("perPage=0", 422),
        ("nextPageToken=AAAA", 422),
        ("maxEventCount=2", 413),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(get, query, status):
    """A misspelt parameter is never a wider question."""
    assert get(f"{EVENTS}?{query}").status_code == status


def test_pages_lead_to_each_other(get):
    """By the header Link; the last page has none."""
    first = get(f"{EVENTS}?perPage=2&EQ_action=OBSERVE")
    path = first.headers["Link"].partition(">")[0].removeprefix("<")
    last = get(path)
    assert steps(first) + steps(last) == ["storing", "loading", "departing"]
    assert "Link" not in last.headers
    epcs = get("/epcis/bizSteps?perPage=2")
    assert get(epcs.headers["Link"].partition(">")[0].removeprefix("<")).json["member"] == ["storing"]


def test_collections_list_what_the_events_have(get):
    """A URI in a path is one part, whatever slashes it has; what no event has is not found."""
    assert get("/epcis").json["member"][:3] == ["capture", "events", "queries"]
    assert get("/epcis/bizSteps").json["member"] == ["departing", "loading", "storing"]
    assert get("/epcis/readPoints").json["member"] == [PLACE, "https://selat.test/voc/place/CNYTN"]
    assert get("/epcis/epcs").json["member"] == [epcisjourney.SSCC]
    assert get("/epcis/bizLocations").json["member"] == []
    assert "ObjectEvent" in get("/epcis/eventTypes").json["member"]
    one = f"/epcis/epcs/{quote(epcisjourney.SSCC, safe='')}"
    assert get(one).json["member"] == ["events"]
    assert steps(get(f"{one}/events?EQ_bizStep=loading")) == ["loading"]
    assert steps(get(f"/epcis/readPoints/{quote(PLACE, safe='')}/events")) == ["storing", "loading"]
    assert steps(get("/epcis/eventTypes/ObjectEvent/events?EQ_bizStep=departing")) == ["departing"]
    for missing in ("/epcis/epcs/urn:x", "/epcis/bizSteps/killing/events", "/epcis/eventTypes/MyEvent"):
        assert get(missing).status_code == 404


def test_one_event_is_read_by_its_id(get):
    """The id is a URI with a query of its own; an unknown one is not found."""
    (event_id, *_) = [entry.event_id for entry in epcisjourney.page().entries]
    assert steps(get(f"{EVENTS}/{quote(event_id, safe='')}")) == ["storing"]
    assert get(f"{EVENTS}/{quote(event_id[:-1] + 'x', safe='')}").status_code == 404


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("GS1-EPCIS-Min", "2.0.0", 200),
        ("GS1-EPCIS-Min", "2.1", 406),
        ("GS1-CBV-Max", "1.2", 406),
        ("GS1-EPCIS-Min", "two", 400),
        ("GS1-EPC-Format", "Always_EPC_URN", 406),
        ("GS1-EPC-Format", "No_Preference", 200),
        ("Accept", "application/xml", 406),
        ("Accept", "application/ld+json, */*;q=0.1", 200),
    ],
)
def test_what_is_not_there_is_not_acceptable(get, header, value, status):
    """One version, in JSON, with identifiers as they were recorded."""
    assert get(EVENTS, **{header: value}).status_code == status


def test_one_event_is_recorded_at_once(client, bearer, ledgers):
    """The answer says where it is; what the ledger does not record is refused."""
    ledgers.answers["Journeys:record"] = b'{"event_id": "ni:///sha-256;aa?ver=CBV2.0"}'
    event = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "ObjectEvent",
        "eventTime": "2026-11-22T15:00:00+08:00",
        "action": "OBSERVE",
        "bizStep": "departing",
        "readPoint": {"id": PLACE},
        "selat:journey": "J1",
        "selat:stage": "S11",
    }
    answer = client.post(EVENTS, json=event, headers=bearer("write"))
    assert answer.status_code == 201, answer.json
    assert answer.headers["Location"] == f"{EVENTS}/ni%3A%2F%2F%2Fsha-256%3Baa%3Fver%3DCBV2.0"
    assert ledgers.asked[-1][2].texts()[0] == "J1"
    refused = client.post(EVENTS, json={**event, "sensorElementList": []}, headers=bearer("write"))
    assert (refused.status_code, "sensorElementList" in refused.json["detail"]) == (422, True)
