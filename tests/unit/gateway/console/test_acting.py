"""Acts of people: what is sent is what was previewed, and nothing before that."""

from __future__ import annotations

import json
import re

import pytest

from gateway.console import companies
from gateway.console.acts.actforms import ACTS
from gateway.fabric.planning import CallPlan
from gateway.pages import forms
from hlf import errors
from tests.unit.gateway.conftest import form_token

HAND_OVER = {"journey_id": "J1", "taker": "ForwarderMSP", "place": "VNHAN", "at": "2026-12-01T09:30"}


@pytest.fixture
def clerk(client, log_in, bearer, ledgers):
    """Return a browser of an organisation that may write."""
    ledgers.answers["Participants:list"] = b'[{"msp_id": "ForwarderMSP", "name": "South Sea", "roles": []}]'
    ledgers.answers["CarrierClaims:terms"] = b"[]"
    ledgers.planned = CallPlan(None, ("PlatformMSP", "ForwarderMSP"))
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


@pytest.mark.parametrize("name", ACTS)
def test_no_company_is_chosen_before_the_reader_chooses(clerk, name):
    """The first of a list would be who gets the goods, decides a dispute or sees a figure, by a slip."""
    page = clerk.get(f"/console/acts/{name}").get_data(as_text=True)
    fields = re.findall(r"<select.*?</select>", page, re.DOTALL)
    among_companies = [each for each in fields if 'value="ForwarderMSP"' in each]
    assert len(among_companies) == sum(each.choices is companies.others for each in ACTS[name].fields)
    assert all(re.search(r"<option value=\"([^\"]*)\"", each)[1] == "" for each in among_companies)


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
    text = page.get_data(as_text=True)
    assert "Something in the form is missing or wrong." in text
    assert re.findall(r'<span class="error" id="e-(\w+)">', text) == list(wrong), "the error stands at its field"
    assert f'<li><a href="#f-{next(iter(wrong))}">' in text, "and is linked at the top"
    assert called(ledgers) == []


def test_a_refusal_stands_in_the_form(clerk, ledgers):
    """With its cause and its cure; the person can correct it."""
    shown = send(clerk, "hand-over", HAND_OVER).get_data(as_text=True)
    ledgers.answers["Journeys:offer_custody"] = errors.EndorseError("refused/NOT_CUSTODIAN: J1 is held by others")
    page = send(clerk, "hand-over", HAND_OVER, mark(shown)).get_data(as_text=True)
    assert "J1 is held by others" in page
    assert 'value="VNHAN"' in page


def test_a_refusal_is_told_in_the_readers_language(clerk, ledgers):
    """Its meaning and cure, from the table of its code; the words of the contract are marked as English."""
    shown = send(clerk, "hand-over", HAND_OVER).get_data(as_text=True)
    clerk.set_cookie("selat_language", "vi")
    for refused, told, cure in (
        ("refused/NOT_CUSTODIAN: J1 is held by others", "Tổ chức khác đang giữ hàng", "giữ hàng lúc đó phải làm"),
        ("refused/SUBJECT_NOT_SHOWN: it is new", "chưa đối chiếu", "cho kiểm toán viên"),
    ):
        ledgers.answers["Journeys:offer_custody"] = errors.EndorseError(refused)
        page = send(clerk, "hand-over", HAND_OVER, mark(shown)).get_data(as_text=True)
        assert told in page
        assert cure in page
        assert f'lang="en">{refused.partition(": ")[2]}</p>' in page


def test_a_refusal_that_names_a_field_stands_at_it(clerk, ledgers):
    """Whether the form's own check finds it, or the contract at the peer."""
    shown = send(clerk, "hand-over", HAND_OVER).get_data(as_text=True)
    told = "refused/INVALID_ARGUMENT: offer.place: must be where it is"
    ledgers.answers["Journeys:offer_custody"] = errors.EndorseError(told)
    page = send(clerk, "hand-over", HAND_OVER, mark(shown)).get_data(as_text=True)
    assert '<span class="error" id="e-place">' in page
    assert '<span lang="en">must be where it is</span>' in page


PROPOSAL = {"taker": "ForwarderMSP", "consignments": "J1, J2", "place": "VNHAN", "conditions": "2 to 8 degrees"}
PROPOSAL |= {"opens_at": "2026-12-01T09:30", "closes_at": "2026-12-01T11:30", "seals": "A7 A8"}


def test_what_is_private_stands_beside_those_who_see_it(clerk, ledgers):
    """What two carriers agree goes into no block: only that somebody did something does."""
    ledgers.planned = CallPlan(None, ("PlatformMSP", "ForwarderMSP"), ("draft",))
    page = send(clerk, "propose-hand-over", PROPOSAL).get_data(as_text=True)
    private, public = page.split("See what is private:")[1].split("Every member of the channel can read")
    assert "PlatformMSP, South Sea" in private
    for value in ("2 to 8 degrees", "Hanoi", "A7 A8", "1 Dec 2026 11:30"):
        assert value in private
        assert value not in public.partition("</section>")[0]
    (call,) = ledgers.previewed
    assert "degrees" not in str(call.texts())
    assert json.loads(call.transient["draft"])["consignments"] == ["J1", "J2"]


CLAIM = {"journey_id": "J1", "kind": "lost", "carrier": "ForwarderMSP", "amount": "125000", "currency": "vnd"}
CLAIM |= {"opinion": "photos of the empty pallet", "parcel": ""}


def test_a_sum_is_previewed_for_all_who_get_it_and_reaches_nobody_else(clerk, ledgers):
    """The claim has its hash; the amount goes to claimant, carrier and arbiter, one call each."""
    terms = [{"effective_from": f"2026-0{month}-01T00:00:00Z", "arbiter": who} for month, who in ((1, "A"), (8, "B"))]
    journey = {"journey": {"ordered_at": "2026-07-01T00:00:00Z"}}
    filed = {"claimant": "PlatformMSP", "filing": {"carrier": "ForwarderMSP"}, "terms": {"arbiter": "A"}}
    ledgers.answers |= {
        "CarrierClaims:terms": json.dumps(terms).encode(),
        "Journeys:read": json.dumps(journey).encode(),
        "CarrierClaims:file": json.dumps(filed).encode(),
        "CarrierClaims:disclose": b"{}",
    }
    shown = send(clerk, "file-claim", CLAIM).get_data(as_text=True)
    planned = [call.texts()[1] for call in ledgers.previewed if call.function == "CarrierClaims:disclose"]
    assert planned == ["A", "ForwarderMSP", "PlatformMSP"], "the arbiter is that of the terms when it was ordered"
    assert "₫125,000" in shown
    ledgers.asked.clear()
    assert send(clerk, "file-claim", CLAIM, mark(shown)).status_code == 303
    calls = [call for _, _, call in ledgers.asked if call.function.startswith("CarrierClaims")]
    assert [call.function for call in calls] == ["CarrierClaims:file", *["CarrierClaims:disclose"] * 3]
    assert not any("125000" in text for call in calls for text in call.texts())
    assert {json.loads(call.transient["sum"])["amount"] for call in calls[1:]} == {"125000"}


@pytest.mark.parametrize(
    ("amount", "currency"), [("12.5", "VND"), ("-1", "USD"), ("1e3", "USD"), ("1", "XXQ"), ("x", "")]
)
def test_an_amount_is_one_of_its_currency(clerk, ledgers, amount, currency):
    page = send(clerk, "file-claim", CLAIM | {"amount": amount, "currency": currency}).get_data(as_text=True)
    assert 'id="e-amount"' in page
    assert ledgers.previewed == []


def test_who_is_refused_in_the_middle_is_told_that_a_part_is_done(clerk, ledgers):
    """The claim is filed and its sum reached nobody: the same form once more would file a second claim."""
    filed = {"claimant": "PlatformMSP", "filing": {"carrier": "ForwarderMSP"}, "terms": {"arbiter": "A"}}
    ledgers.answers |= {
        "Journeys:read": b'{"journey": {"ordered_at": "2026-07-01T00:00:00Z"}}',
        "CarrierClaims:file": json.dumps(filed).encode(),
        "CarrierClaims:disclose": errors.EndorseError("refused/NOT_A_PARTY: it is no party"),
    }
    shown = send(clerk, "file-claim", CLAIM).get_data(as_text=True)
    page = send(clerk, "file-claim", CLAIM, mark(shown)).get_data(as_text=True)
    assert "A first part of it is done already" in page


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
