"""The CBV event hash against GS1's reference generator (PyPI: epcis-event-hash-generator)."""

from __future__ import annotations

import json

import pytest
from epcis_event_hash_generator import hash_generator, json_to_py
from hypothesis import given, settings
from hypothesis import strategies as st

from chaincode.domain.journeys import epcis, eventhash, parcels
from chaincode.domain.register import stages
from chaincode.domain.vocabulary import identifiers
from hlf.codec import canonical, moments
from hlf.codec.refusals import Refused

# GS1's generator reads its own files in a way that Python is about to drop; that is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")

NAMESPACES = {"ext": "https://ns.example.com/epcis/", **epcis.NAMESPACES}
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", NAMESPACES]

IDENTIFIERS = [
    "urn:epc:id:sscc:4012345.1111111112",
    "urn:epc:id:sgtin:4012345.011111.9876",
    "urn:epc:id:sgtin:4012345.011111.98%22(a)!",
    "urn:epc:id:sgln:4012345.00011.987",
    "urn:epc:id:sgln:4012345.00011.0",
    "urn:epc:id:pgln:4000001.00000",
    "urn:epc:id:grai:4012345.00022.1334455",
    "urn:epc:id:giai:4012345.ABC345",
    "urn:epc:id:gsrn:4012345.0000006765",
    "urn:epc:id:gsrnp:4012345.0000000007",
    "urn:epc:id:gdti:4012345.00009.PO-4711",
    "urn:epc:id:cpi:0614141.11111111111111-A%23%2F.1234",
    "urn:epc:id:sgcn:9876599.99992.9",
    "urn:epc:id:ginc:0614141.xyz47%2F11",
    "urn:epc:id:gsin:4012345.222333444",
    "urn:epc:id:itip:4012345.011111.01.02.987",
    "urn:epc:id:upui:1234567.098765.51qIgY)%3C%26Jp3*j7'SDB",
    "urn:epc:class:lgtin:4012345.012345.Lot987",
    "urn:epc:idpat:sgtin:4012345.012345.*",
    "https://example.com/some/path/gtin/09780345418913/21/765tz?abc=211121",
    "https://example.org/01/04012345111118/10/LOT/21/SER?exp=220101",
    "https://id.gs1.org/414/4012345000054/254/12",
    "https://id.gs1.org/01/9780345418913/21/X",
    "https://example.org/01/614141123452/10/LOT",
    "https://id.gs1.org/gtin/12345670",
    "https://brand.example/00/340123450000000000",
    "https://selat.test/voc/place/VNHAN",
]


def oracle(*events: dict[str, object]) -> list[str]:
    """Return the hashes by GS1's generator; unlike the standard, it leaves the type of an entry in its place."""
    document = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
                "creationDate": "2026-01-01T00:00:00.000Z", "epcisBody": {"eventList": list(events)}}  # fmt: skip
    parsed = json_to_py.event_list_from_epcis_document_json(json.loads(json.dumps(document)))
    return hash_generator.epcis_hashes_from_events(parsed)


def event(**properties: object) -> dict[str, object]:
    """Return an object event with *properties*."""
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-01-05T10:00:00.000+07:00",
        "eventTimeZoneOffset": "+07:00",
        "epcList": ["urn:epc:id:sscc:4012345.1111111112"],
        "action": "OBSERVE",
        **properties,
    }


EVENTS = {
    "plain": event(),
    "words": event(bizStep="shipping", disposition="in_transit"),
    "own word": event(bizStep="https://selat.test/voc/bizstep/sorting"),
    "old urns": event(bizStep="urn:epcglobal:cbv:bizstep:receiving", disposition="urn:epcglobal:cbv:disp:in_transit"),
    "ignored": event(eventID="ni:///sha-256;00?ver=CBV2.0", recordTime="2026-01-06T00:00:00Z",
                     errorDeclaration={"declarationTime": "2026-01-07T00:00:00Z", "reason": "did_not_occur"}),
    "typed lists": event(
        bizTransactionList=[{"type": "po", "bizTransaction": "urn:epc:id:gdti:4012345.00009.PO-4711"},
                            {"type": "inv", "bizTransaction": "https://selat.test/voc/order/O1"}],
        sourceList=[{"type": "possessing_party", "source": "urn:epc:id:pgln:4000001.00000"}],
        destinationList=[{"type": "possessing_party", "destination": "urn:epc:id:pgln:4012345.00000"}],
    ),
    "places": event(readPoint={"id": "urn:epc:id:sgln:4012345.00011.987"},
                    bizLocation={"id": "urn:epc:id:sgln:4012345.00012.0"}),
    "quantities": event(quantityList=[
        {"epcClass": "urn:epc:class:lgtin:4012345.012345.Lot987", "quantity": 200.5, "uom": "KGM"},
        {"epcClass": "urn:epc:idpat:sgtin:4012345.012345.*", "quantity": 3.0},
    ]),
    "persistent": event(persistentDisposition={"set": ["completeness_verified"], "unset": ["completeness_inferred"]}),
    "sensors": event(sensorElementList=[{
        "sensorMetadata": {"time": "2026-01-05T03:00:00.1415Z", "deviceID": "urn:epc:id:giai:4012345.ABC345"},
        "sensorReport": [{"type": "Temperature", "value": 26.0, "uom": "CEL"},
                         {"type": "RelativeHumidity", "value": 12.1, "uom": "A93"}],
    }]),
    "extensions": event(**{"ext:seal": "A 17", "ext:nested": {"ext:b": "2", "ext:a": "1"}, "ext:list": ["y", "x"]}),
    "rounding": event(eventTime="2026-01-05T10:00:00.1416+07:00"),
    "aggregation": {**event(bizStep="packing"), "type": "AggregationEvent", "epcList": [], "action": "ADD",
                    "parentID": "urn:epc:id:sscc:4012345.1111111112",
                    "childEPCs": ["urn:epc:id:sgtin:4012345.011111.2", "urn:epc:id:sgtin:4012345.011111.1"],
                    "childQuantityList": [{"epcClass": "https://selat.test/voc/goods/851712", "quantity": 2}]},
}  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_the_hash_is_gs1s(name):
    """Every kind of property gives the same hash as GS1's own program."""
    assert [eventhash.event_id(EVENTS[name], NAMESPACES)] == oracle(EVENTS[name])


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_identifiers_have_one_spelling(identifier):
    """EPC URIs and Digital Links of any domain come out as the one canonical link."""
    made = event(epcList=[identifier])
    assert [eventhash.event_id(made, NAMESPACES)] == oracle(made)


@given(
    st.lists(st.sampled_from(IDENTIFIERS), min_size=1, max_size=4, unique=True),
    st.dictionaries(st.sampled_from(["seal", "hs6", "weight"]), st.text("AZaz09", min_size=1, max_size=8), max_size=3),
    st.integers(0, 2_000_000_000_000),
)
def test_any_such_event_agrees(epcs, details, at):
    """Identifiers, extensions and times in any combination give GS1's hash."""
    extensions = {f"ext:{name}": value for name, value in details.items()}
    made = event(epcList=epcs, eventTime=str(moments.Moment(at, 420)), **extensions)
    assert [eventhash.event_id(made, NAMESPACES)] == oracle(made)


NUMBERS = st.one_of(
    st.integers().map(str),
    st.floats().map(repr),
    st.decimals().map(str),
    st.from_regex(r"[+-]?[0-9]{0,20}[._]?[0-9]{0,20}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(
        ["0.00001", "-0", "inf", "-Infinity", "nan", "1e400", "1E22", "1e23", "1_0", "1__0", "0e999", "\u0663"]
    ),
)
WORDS = ["receiving", "BizStep-receiving", "po", "cbv/BTT-po", "possessing_party", "sellable", "gs1:x", "selat:x", "selat://x",
         "https://gs1.org/voc/S02", " ", "OBSERVE", *IDENTIFIERS]  # fmt: skip
VALUES = NUMBERS | st.sampled_from(WORDS) | st.text("aZ 19.-_:/%+e\u00e9", max_size=12)


def accepted(details: dict[str, str], journey_id: str = "J1") -> dict[str, object] | None:
    """Return the event that is recorded with *details*, as it is exported; nothing if it is refused."""
    stage = stages.STANDARD.stage("S02")
    seen = epcis.Observation("S02", "receiving", "2026-01-05T10:00:00+07:00", "VNHAN", details=details)
    try:
        epcis.checked(seen, stage)
        epcis.check_name("journey_id", identifiers.check("journey_id", journey_id))
    except Refused as refused:
        assert refused.code == "INVALID_ARGUMENT"  # noqa: PT017  (some are accepted)
        return None
    made = epcis.event(seen, stage, journey_id=journey_id, order_id="O1", epcs=["urn:epc:id:sscc:0614141.1234567890"],
                       goods={}, recorder="A", recorded_at=0)  # fmt: skip
    kept = canonical.loads(canonical.dumps(made))
    (exported,) = json.loads(epcis.document([kept], 0))["epcisBody"]["eventList"]
    return exported


@given(st.dictionaries(st.sampled_from(["seal", "weight", "note"]), VALUES, max_size=3))
@settings(max_examples=400, deadline=None)
def test_whatever_details_are_accepted_gs1s_program_hashes_alike(details):
    """Numbers that it cannot carry, words that it would take for the standard's, and blanks are refused."""
    made = accepted(details)
    assert made is None or [made["eventID"]] == oracle(made)


@given(NUMBERS | st.sampled_from(["receiving", "po", "J.1", "conformant", "BTT-po"]))
@settings(deadline=None)
def test_whatever_journeys_are_opened_their_events_are_hashed_alike(journey_id):
    """Ids of journeys are hashed like any value."""
    made = accepted({}, journey_id)
    assert made is None or [made["eventID"]] == oracle(made)


@pytest.mark.parametrize(
    "value", ["123456789012345", "0.0001", "-0.5", "1e14", "007", "0", "-0", "no. 1234567890123456", "A17"]
)
def test_ordinary_details_are_accepted(value):
    """The bound leaves room for what is weighed, counted and sealed."""
    made = accepted({"seal": value})
    assert made is not None
    assert [made["eventID"]] == oracle(made)


@pytest.mark.parametrize(
    "value", ["1234567890123456", "0.00001", "1e15", "inf", "1_0", "receiving", "po", " ", "gs1:x"]
)
def test_details_that_two_programs_read_differently_are_refused(value):
    """The refusal names the detail and says what to write."""
    stage = stages.STANDARD.stage("S02")
    seen = epcis.Observation("S02", "receiving", "2026-01-05T10:00:00+07:00", "VNHAN", details={"seal": value})
    with pytest.raises(Refused, match=r"^INVALID_ARGUMENT: observation\.details\.seal: must "):
        epcis.checked(seen, stage)


@pytest.mark.parametrize("value", ["2026-01-05T10:00:00+07:00", "2026-01-05T03:00:00Z", "2026-01-05T03:00:00.141Z"])
def test_times_among_the_details_are_in_utc(value):
    """GS1's program hashes them unchanged, and the standard wants UTC with milliseconds."""
    made = accepted({"collect_time": value})
    assert made is not None
    assert str(made["selat:collect_time"]).startswith("2026-01-05T03:00:00.")
    assert [made["eventID"]] == oracle(made)


@pytest.mark.parametrize("identifier", ["urn:epc:id:itip:4012345.011111", "https://a.example/253/4012345000054/0000/414",
                                        "https://id.gs1.org/401/1", "urn:epc:id:sgln:12345.0123456.0"])  # fmt: skip
def test_keys_of_gs1_with_a_fault_name_no_goods(identifier):
    """They would be read by one program and left alone by another."""
    with pytest.raises(Refused, match="INVALID_ARGUMENT"):
        parcels.identified(identifier, "epcs")


def test_the_order_of_json_does_not_matter():
    """Members and lists in another order are the same event."""
    made = EVENTS["typed lists"]
    turned = {name: value[::-1] if isinstance(value, list) else value for name, value in reversed(made.items())}
    assert eventhash.event_id(turned, NAMESPACES) == eventhash.event_id(made, NAMESPACES)


def test_what_the_ledger_makes_of_observations_is_named_alike():
    """Every step of every stage, a handover among them, gets the eventID that GS1's generator gives it."""
    made = []
    for stage in stages.STANDARD.stages:
        for step in stage.steps:
            details = {"seal": "A17", "hs6": "851712"}
            seen = epcis.Observation(stage.stage_id, step, "2026-01-05T10:00:00+07:00", "VNHAN", details=details)
            made.append(
                epcis.event(
                    seen, stage, journey_id="J1", order_id="O1", epcs=["urn:epc:id:sscc:0614141.1234567890"],
                    goods={"851712": 3}, recorder="A", recorded_at=0, handover=("A", "B"),
                )
            )  # fmt: skip
    # Kept on the ledger in canonical order, and exported from there.
    kept = [canonical.loads(canonical.dumps(each)) for each in made]
    exported = json.loads(epcis.document(kept, 0))["epcisBody"]["eventList"]
    assert [each["eventID"] for each in exported] == oracle(*exported)
