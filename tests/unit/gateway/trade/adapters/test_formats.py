"""Events of other systems: each code of each published list is recorded as the catalogue allows, or refused by name."""

from __future__ import annotations

import json

import pytest

from chaincode.domain.journeys import epcis
from chaincode.domain.register.stages import STANDARD
from gateway.trade.adapters import formats
from gateway.trade.adapters.foreign import ForeignIncident, MeaninglessCode, StageEvent
from tests.support.sources import ROOT

# As they were published, typed here a second time: a code that the table forgets or invents makes a difference.
PUBLISHED = {
    "upu-emsevt": "EMA EMB EMC EMD EME EMF EMG EMH EMI EMJ EMK EXA EXB EXC EXD EXX EDA EDB EDC EDD EDE EDF EDG EDH EDX",
    "dcsa-tnt": (
        "RECE DRFT PENA PENU REJE APPR ISSU SURR SUBM VOID CONF REQS CMPL HOLD RELS ARRI DEPA "
        "LOAD DISC GTIN GTOT STUF STRP PICK DROP INSP RSEA RMVD"
    ),
    "karrio": (
        "pending picked_up on_hold cancelled delivered in_transit delivery_failed delivery_delayed out_for_delivery "
        "ready_for_pickup return_to_sender unknown"
    ),
}
CODES = [(name, code) for name, each in formats.FORMATS.items() for code in each.codes]


@pytest.fixture
def send(client, bearer):
    """Send an event of another system as the last carrier."""
    headers = bearer("write")

    def sent(name, code, **more):
        body = {"format": name, "code": code, "event_time": "2026-11-20T10:00:00+07:00", "place": "VNHAN", **more}
        return client.post("/v1/journeys/J1/foreign-events", json=body, headers=headers)

    return sent


def test_every_code_of_a_list_has_its_row():
    """No more and no fewer, and no format without a list."""
    assert {name: sorted(each.codes) for name, each in formats.FORMATS.items()} == {
        name: sorted(told.split()) for name, told in PUBLISHED.items()
    }
    assert all(each.title and each.edition and each.source for each in formats.FORMATS.values())


@pytest.mark.parametrize(("name", "code"), CODES)
def test_what_a_code_means_can_be_recorded(name, code):
    """The catalogue that a consortium begins with has stage, step and disposition; what is refused says why."""
    means = formats.FORMATS[name].codes[code].meaning
    if isinstance(means, MeaninglessCode):
        assert len(means.reason.split()) > 4
        return
    for stage_id in means.stages:
        stage = STANDARD.stage(stage_id)
        if isinstance(means, StageEvent):
            seen = epcis.Observation(stage_id, means.step, "2026-11-20T10:00:00+07:00", "VNHAN", means.disposition)
            assert epcis.checked(seen, stage) == seen


@pytest.mark.parametrize(("name", "code"), CODES)
def test_a_code_is_recorded_or_refused_by_name(send, ledgers, name, code):
    """One address takes all: the ledger gets the event or incident of the table, or the caller the reason."""
    means = formats.FORMATS[name].codes[code].meaning
    ledgers.answers |= dict.fromkeys(("Journeys:record", "Journeys:report"), b'{"event_id": "ni:///x"}')
    if isinstance(means, MeaninglessCode):
        answer = send(name, code)
        assert (answer.status_code, answer.json["code"]) == (422, "REQUEST_INVALID")
        assert code in answer.json["detail"]
        assert means.reason in answer.json["detail"]
        return
    if len(means.stages) > 1:
        answer = send(name, code)
        assert answer.status_code == 422
        assert ", ".join(means.stages) in answer.json["errors"]["json"]["stage_id"][0]
    answer = send(name, code, stage_id=means.stages[-1], epcs=["1Z"])
    assert answer.status_code == 201, answer.json
    _, _, call = ledgers.asked[-1]
    arguments = call.texts()
    if isinstance(means, ForeignIncident):
        assert (call.function, arguments[:3]) == ("Journeys:report", ["J1", means.kind, means.stages[-1]])
        assert json.loads(arguments[5]) == ["1Z"]
    else:
        assert call.function == "Journeys:record"
        told = json.loads(arguments[1])
        assert (told["stage_id"], told["step"], told["disposition"]) == (
            means.stages[-1],
            means.step,
            means.disposition,
        )


@pytest.mark.parametrize(
    ("sent", "member"),
    [
        ({"name": "upu-emsevt", "code": "EMZ"}, "code"),
        ({"name": "karrio", "code": "EMA"}, "code"),
        ({"name": "upu-emsevt", "code": "ema"}, "code"),
        ({"name": "fedex", "code": "OC"}, "format"),
        ({"name": "upu-emsevt", "code": "EMC", "stage_id": "S19"}, "stage_id"),
        ({"name": "upu-emsevt", "code": "EMC", "place": "nowhere"}, "place"),
        ({"name": "upu-emsevt", "code": "EMC", "event_time": "yesterday"}, "event_time"),
        ({"name": "upu-emsevt", "code": "EMC", "step": "destroying"}, "step"),
    ],
)
def test_what_no_list_has_is_refused(send, ledgers, sent, member):
    """By the member that is wrong, and nothing is sent to a ledger."""
    answer = send(**sent)
    assert answer.status_code == 422
    assert member in answer.json["errors"]["json"]
    assert not ledgers.asked


def test_the_page_has_the_tables():
    """The page for integrators ends with what `selat gateway codes` prints."""
    assert (ROOT / "docs" / "carrier-codes.md").read_text().endswith(formats.markdown())
