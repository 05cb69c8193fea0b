"""Acts of people: what is sent is what was previewed, and nothing before that."""

from __future__ import annotations

import json
import re

import pytest

from gateway.console.acts.actforms import ACTS
from gateway.fabric.planning import Planned
from gateway.pages import forms
from hlf import errors
from tests.unit.gateway.conftest import form_token

HAND_OVER = {"journey_id": "J1", "taker": "ForwarderMSP", "place": "VNHAN", "at": "2026-12-01T09:30"}


@pytest.fixture
def clerk(client, log_in, bearer, ledgers):
    """A browser of an organisation that may write."""
    ledgers.answers["Participants:list"] = b'[{"msp_id": "ForwarderMSP", "name": "South Sea", "roles": []}]'
    ledgers.planned = Planned(None, ("PlatformMSP", "ForwarderMSP"))
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))
    return client


def send(clerk, name: str, values: dict[str, str], previewed: str = ""):
    data = {**values, forms.FIELD: form_token(clerk), **({"previewed": previewed} if previewed else {})}
    return clerk.post(f"/console/acts/{name}", data=data)


def mark(page: str) -> str:
    return re.findall(r'name="previewed" value="(\w+)"', page)[0]


def called(ledgers) -> list[str]:
    return [call.function for _, _, call in ledgers.asked if not call.function.startswith("Participants")]


@pytest.mark.parametrize("name", ACTS)
def test_every_act_has_a_form(clerk, name):
    """A link gives the ids, and the form asks for the rest."""
    page = clerk.get(f"/console/acts/{name}").get_data(as_text=True)
    for field in ACTS[name].fields:
        assert f'name="{field.name}"' in page


def test_a_preview_says_who_endorses_and_what_stands_in_a_block(clerk, ledgers):
    """It plans the call, and sends nothing."""
    page = send(clerk, "hand-over", HAND_OVER).get_data(as_text=True)
    assert "Must endorse:" in page
    assert "PlatformMSP, South Sea" in page
    assert "1 Dec 2026 09:30" in page
    assert "Nothing private is sent." in page
    assert len(called(ledgers)) == 1, "the plan alone"


def test_what_was_previewed_is_sent(clerk, ledgers):
    """At the clock of the place: the form says no zone, and the contract wants one."""
    shown = send(clerk, "hand-over", HAND_OVER).get_data(as_text=True)
    answer = send(clerk, "hand-over", HAND_OVER, mark(shown))
    assert (answer.status_code, answer.location) == (303, "/console/journeys/J1")
    _, _, call = ledgers.asked[-1]
    assert call.texts() == ["J1", "ForwarderMSP", "2026-12-01T09:30:00+07:00", "VNHAN", "[]"]


def test_a_form_that_changed_since_is_previewed_again(clerk, ledgers):
    shown = send(clerk, "hand-over", HAND_OVER).get_data(as_text=True)
    again = send(clerk, "hand-over", HAND_OVER | {"place": "VNHPH"}, mark(shown))
    assert again.status_code == 200
    assert mark(again.get_data(as_text=True)) != mark(shown)


@pytest.mark.parametrize("wrong", [{"at": "soon"}, {"at": ""}, {"taker": ""}, {"place": "ZZ"}])
def test_a_wrong_form_is_shown_again(clerk, ledgers, wrong):
    """Nothing is planned, and what was typed stays."""
    page = send(clerk, "hand-over", HAND_OVER | wrong)
    assert page.status_code == 200
    assert "Something in the form is missing or wrong." in page.get_data(as_text=True)
    assert called(ledgers) == []


def test_a_refusal_stands_in_the_form(clerk, ledgers):
    """With its cause and its cure; the person can correct it."""
    shown = send(clerk, "hand-over", HAND_OVER).get_data(as_text=True)
    ledgers.answers["Journeys:offer_custody"] = errors.EndorseError("refused/NOT_CUSTODIAN: J1 is held by others")
    page = send(clerk, "hand-over", HAND_OVER, mark(shown)).get_data(as_text=True)
    assert "J1 is held by others" in page
    assert 'value="VNHAN"' in page


def test_a_text_for_its_fingerprint_never_leaves_the_gateway(clerk, ledgers):
    """The preview shows the fingerprint, and the call has nothing else."""
    given = {"return_id": "R1", "approve": "false", "opinion": "it was worn for a year"}
    shown = send(clerk, "answer-return", given).get_data(as_text=True)
    send(clerk, "answer-return", given, mark(shown))
    _, _, call = ledgers.asked[-1]
    assert call.texts()[:2] == ["R1", "false"]
    assert "worn" not in str(call)
    assert len(call.texts()[2]) == 64


TERMS = {
    "terms_id": "T1",
    "version": 4,
    "jurisdiction": "VN",
    "languages": ["vi"],
    "window_days": 14,
    "reasons": {"DEFECTIVE": {"resolutions": ["refund"], "evidence_min": 1}, "SIZE": {"resolutions": ["refund"]}},
    "arbiter": "ForwarderMSP",
    "coverage": [{"area": "VN", "carrier": "ForwarderMSP"}, {"area": "VNHAN", "carrier": "LastMileMSP"}],
    "settle_hours": 48,
}


def test_the_next_version_of_terms_keeps_what_the_form_does_not_ask(clerk, ledgers):
    """The form begins with the newest version; the deadlines, photos and further carriers of that one stay."""
    ledgers.answers["Terms:latest"] = json.dumps({"terms": TERMS}).encode()
    shown = clerk.get("/console/acts/publish-terms?terms_id=T1").get_data(as_text=True)
    assert 'name="window_days" type="number" value="14"' in shown
    given = {"terms_id": "T1", "jurisdiction": "VN", "place": "VNHAN", "at": "2026-12-01T00:00", "languages": "vi en"}
    given |= {"window_days": "30", "for_DEFECTIVE": "refund,exchange", "payer": "buyer", "condition": "unused"}
    send(clerk, "publish-terms", given | {"arbiter": "ForwarderMSP", "carrier": "ForwarderMSP"})
    published = ledgers.previewed[-1].arguments[0]
    changed = {name: published[name] for name in published if published[name] != TERMS.get(name)}
    assert changed == {
        "version": 5,
        "seller": "PlatformMSP",
        "effective_from": "2026-12-01T00:00:00+07:00",
        "languages": ["vi", "en"],
        "window_days": 30,
        "reasons": {"DEFECTIVE": {"resolutions": ["refund", "exchange"], "evidence_min": 1}},
        "excluded_hs": [],
    }


def test_terms_without_a_reason_are_not_published(clerk, ledgers):
    ledgers.answers["Terms:latest"] = errors.EvaluateError("refused/NOT_FOUND: there are no terms T1")
    given = {"terms_id": "T1", "jurisdiction": "VN", "place": "VNHAN", "at": "2026-12-01T00:00", "languages": "vi"}
    given |= {"window_days": "30", "payer": "buyer", "condition": "unused", "arbiter": "AMSP", "carrier": "AMSP"}
    page = send(clerk, "publish-terms", given).get_data(as_text=True)
    assert "Something in the form is missing or wrong." in page
    assert ledgers.previewed == []


def test_an_act_of_several_steps_does_them_all(clerk, ledgers):
    """A request is granted and delivered; the preview plans the first of the two."""
    asked = {"claim_id": "C1", "revision": 1, "attributes": [], "purpose": "p", "expires_at": "e", "offer": None}
    stored = {"asked": asked, "requester": "ForwarderMSP"}
    ledgers.answers |= {
        "Disclosures:show_request": json.dumps(stored).encode(),
        "Claims:read": b'{"document": "{}", "disclosures": []}',
        "Disclosures:grant": b"{}",
        "Disclosures:deliver": b"{}",
    }
    shown = send(clerk, "answer-request", {"request_id": "Q1"}).get_data(as_text=True)
    assert "Disclosures:deliver" not in called(ledgers)
    assert send(clerk, "answer-request", {"request_id": "Q1"}, mark(shown)).status_code == 303
    assert called(ledgers)[-2:] == ["Disclosures:grant", "Disclosures:deliver"]
