"""The languages of the pages: which one a reader gets, and that no catalogue lacks a word."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from chaincode.domain.disclosure import claims
from chaincode.domain.journeys import pages
from chaincode.domain.orders import carrierclaims, orders
from chaincode.domain.orders.carrierclaims import ClaimState
from chaincode.domain.register.stages import STANDARD
from chaincode.domain.returns import drawbacks, handling, returns, terms
from chaincode.domain.returns.drawbacks import DrawbackState
from gateway.http.problemtypes import PROBLEM_TYPES
from gateway.pages import catalogues, cures, figurewords, languages, localformats, places, states

OTHERS = [code for code in languages.LANGUAGES if code != languages.ENGLISH]
_PLACEHOLDER = re.compile(r"%\(\w+\)s")
# What a reader types or looks for as it stands: addresses, names of headers and settings, members in backticks.
_LITERAL = re.compile(r"/v1/[\w/<>-]+|<\w+>|\b[A-Z][a-z]+-[A-Z]\w+|\b[A-Z]+_[A-Z]+\b|`(?!detail)[^`]+`")


@pytest.fixture(scope="module")
def messages():
    """Every message of templates and modules."""
    return catalogues.messages()


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_has_words_in_every_language(language, messages):
    """And no catalogue keeps a message that no page says any more: `make translations` brings both up to date."""
    catalogue = catalogues.read(language)
    wanted = {message[0] if isinstance(message, tuple) else message for message in messages}
    kept = {one.id[0] if isinstance(one.id, tuple | list) else one.id for one in catalogue if one.id}
    assert kept == wanted
    assert [one.id for one in catalogue if one.id and not catalogues.told(one)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_words_name_the_same_values(language):
    """A translation with another placeholder would fail when the page is shown."""
    for one in catalogues.read(language):
        said = [one.id] if isinstance(one.id, str) else list(one.id)
        told = [one.string] if isinstance(one.string, str) else list(one.string)
        for text in told:
            assert set(_PLACEHOLDER.findall(text)) == set(_PLACEHOLDER.findall(said[-1])), one.id


@pytest.mark.parametrize("language", OTHERS)
def test_every_problem_is_told_in_every_language(app, language):
    """Meaning and cure of each code of the gateway's and the contracts' tables, with what is typed as it stands."""
    with app.test_request_context(headers={"Cookie": f"{languages.COOKIE}={language}"}):
        for code in PROBLEM_TYPES:
            for text in (cures.title(code), cures.text(code)):
                told = languages.gettext(text)
                assert told != text, code
                assert [each for each in _LITERAL.findall(text) if each not in told] == [], code


def test_every_word_of_the_ledger_has_words_for_people():
    """A new state, stage, reason or rejection is translated before a page shows it."""
    assert {name for kind in claims.KINDS.values() for name in kind.slots} == figurewords.FIGURES.keys()
    assert {str(state) for state in returns.ReturnState} <= states.STATES.keys()
    assert {stage.stage_id for stage in STANDARD.stages} == states.STAGES.keys()
    assert {str(one) for one in terms.ReturnReason} == states.REASONS.keys()
    assert {str(one) for one in terms.Rejection} == states.REJECTIONS.keys() == states.RULES.keys()
    assert {str(one) for one in terms.Resolution} == states.RESOLUTIONS.keys()
    assert {str(one) for one in terms.Condition} == states.CONDITIONS.keys()
    assert {str(one) for one in pages.IncidentKind} == states.INCIDENTS.keys()
    assert set(get_args(orders.Cancellation)) == states.CANCELLATIONS.keys()
    assert set(get_args(handling.Award)) == states.AWARDS.keys()
    assert {str(each) for each in (*ClaimState, *DrawbackState)} <= states.STATES.keys()
    assert set(get_args(carrierclaims.Kind)) <= states.INCIDENTS.keys()
    assert set(get_args(carrierclaims.Step)) == states.SUMS.keys()
    assert set(get_args(drawbacks.Grounds)) == states.GROUNDS.keys()


@pytest.mark.parametrize(
    ("asked", "chosen", "got"),
    [
        ("vi-VN,vi;q=0.9,en;q=0.5", "", "vi"),
        ("de,fr;q=0.9", "", "en"),
        ("tl", "", "fil"),
        ("zh-Hant-TW", "", "zh"),
        ("en", "th", "th"),
        ("en", "xx", "en"),
        ("", "", "en"),
    ],
)
def test_the_reader_chooses_else_the_browser_asks(client, asked, chosen, got):
    """The switch is kept in a cookie and comes before what the browser asks for."""
    if chosen:
        client.set_cookie(languages.COOKIE, chosen)
    page = client.get("/console/login", headers={"Accept-Language": asked}).get_data(as_text=True)
    assert f'<html lang="{got}">' in page


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_days_and_amounts_are_written_as_the_language_does(app, language):
    """Every language writes every form; Thailand counts its own years."""
    with app.test_request_context(headers={"Cookie": f"{languages.COOKIE}={language}"}):
        day = localformats.day("2026-12-08T20:00:00Z", "VNHAN")
        assert ("2569" if language == "th" else "2026") in day
        assert "9" in day, "it is the next day in Hanoi"
        assert localformats.weekday("2026-12-08")
        assert "4" in localformats.money("4590", "USD")
        assert localformats.ago("2026-12-08T20:00:00Z")
        assert places.name("VNHAN")
        assert places.name("VNBAN") == f"Cam Lam, {localformats.country('VN')}"
        assert "ZZZ" in places.name("VNZZZ")


def test_amounts_know_the_smallest_unit_of_their_currency(app):
    """A dong has no cents."""
    with app.test_request_context():
        assert localformats.money("4590", "USD") == "US$45.90"
        assert localformats.money("4590", "VND") == "₫4,590"
        # Two minor digits in ISO 4217, none in CLDR.
        assert "1,200" in localformats.money("120000", "LAK")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("demand.units_p50_h87", 14350, "14,350 pieces"),
        ("quality.on_time_bps", 9650, "96.5%"),
        ("quality.loss_ppm", 120, "0.012%"),
        ("limits.dimensions_mmt", [600, 400, 300], "600 mm, 400 mm, 300 mm"),
        ("product.temperature_min_cel", -18, "-18 °C"),
        ("limits.cash_on_delivery", True, "yes"),
        ("horizon.start", "2026-12-07", "7 December 2026"),
        ("method", "by hand", "by hand"),
        ("of.a_later_release", 7, "7"),
    ],
)
def test_a_figure_is_told_in_its_unit(app, name, value, told):
    with app.test_request_context():
        assert figurewords.amount(value, name) == told
        assert "_" not in figurewords.figure(name)
