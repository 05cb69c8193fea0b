"""Whatever is refused: a form tells it in the words of the form and the reader's language, and not in a program's."""

from __future__ import annotations

import re

import pytest

from gateway.console.acts import checking
from gateway.fabric.planning import CallPlan
from gateway.http.problems import Problem
from gateway.http.problemtypes import PROBLEM_TYPES, REFUSALS
from gateway.pages import cures, forms
from gateway.pages.languages import COOKIE, LANGUAGES
from hlf import errors
from tests.unit.gateway.conftest import form_token

HAND_OVER = {"journey_id": "J1", "taker": "ForwarderMSP", "place": "VNHAN", "at": "2026-12-01T09:30"}
# What only who writes programs knows: addresses and methods, names of members, headers, settings and files.
FOR_PROGRAMS = re.compile(
    r"`|\b(?:GET|POST|PUT|DELETE|OPTIONS|JSON|base64\w*)\b|/v1|/docs|docs/|[A-Za-z]_[A-Za-z]|\b[A-Z][a-z]+-[A-Z][a-z]+\b"
    r"|application/|openapi|\bpip\b"
)
# What stands in the words of a contract is marked as English.
_ENGLISH = re.compile(r'<(\w+)[^>]* lang="en">.*?</\1>', re.DOTALL)


def told(page: str) -> str:
    """Return the text of a page in the reader's language."""
    main = page.partition("<main")[2].partition("</main>")[0].partition("<form")[0]
    return re.sub(r"<[^>]+>", " ", _ENGLISH.sub("", main))


@pytest.fixture
def refused(client, log_in, bearer, ledgers):
    """Return what a form tells, or the page after it, when it is refused with a code."""
    ledgers.answers["Participants:list"] = b'[{"msp_id": "ForwarderMSP", "name": "South Sea", "roles": []}]'
    ledgers.planned = CallPlan(None, ("PlatformMSP",))
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))
    client.get("/console/acts/hand-over")

    def page(error: Exception, language: str = "en") -> str:
        client.set_cookie(COOKIE, language)
        ledgers.planned = error
        answer = client.post("/console/acts/hand-over", data={**HAND_OVER, forms.FIELD: form_token(client)})
        return str(answer.text)

    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_code_is_told_in_the_words_of_programs(refused, language):
    """Meaning and cure of every code there is, so of every one that a form can meet."""
    seen = {}
    for code in PROBLEM_TYPES:
        # Who asks for help gives the code; it stands apart, to copy.
        text = told(refused(Problem(code, "words of the contract"), language)).replace(code, "")
        assert len(text.split()) > (3 if language in ("zh", "th") else 8), code
        seen |= {code: found[0]} if (found := FOR_PROGRAMS.search(text)) else {}
    assert seen == {}


def test_a_table_says_nothing_of_codes_that_there_are_not():
    """Nor anything that the table of problems could say to people as well."""
    assert cures.CURES.keys() | cures.TITLES.keys() <= PROBLEM_TYPES.keys()
    for code in cures.CURES:
        assert cures.text(code) != PROBLEM_TYPES[code].cure, code


@pytest.mark.parametrize("code", ["NOT_CUSTODIAN", "WRONG_STATE"])
def test_a_refusal_of_a_contract_keeps_its_own_words_below(refused, code):
    """They are in English, and marked so."""
    assert code in REFUSALS
    page = refused(errors.EndorseError(f"refused/{code}: J1 is held by others"), "vi")
    assert 'lang="en">J1 is held by others</p>' in page


@pytest.mark.parametrize("place", ["offer.place: ", "offer.journey_id: ", "parties[0].msp_id: ", "request: "])
def test_no_page_shows_the_place_in_the_contracts_record(refused, place):
    """Whether the form has a field for it, or none, or one that nobody can change."""
    page = refused(errors.EndorseError(f"refused/INVALID_ARGUMENT: {place}must be where it is"))
    assert "must be where it is" in page
    assert place not in page


@pytest.mark.parametrize("words", ["Held by others: ask them", "the carrier: nobody", "J1: no", "a/b: c"])
def test_a_sentence_with_a_colon_is_no_place(words):
    assert checking.said(words) == words
