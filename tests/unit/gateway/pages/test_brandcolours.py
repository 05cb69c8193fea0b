"""Colours of sellers: whatever they choose, people can read what is written on it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pages import brandcolours


@given(st.integers(0, 0xFFFFFF))
def test_what_is_written_on_a_colour_can_be_read(number):
    """At least 4.5 to 1, as WCAG 2.2 asks at level AA."""
    colour = f"#{number:06x}"
    assert brandcolours.contrast(colour, brandcolours.ink(colour)) >= 4.5


def test_contrasts_are_those_of_the_standard():
    assert brandcolours.contrast("#ffffff", "#000000") == pytest.approx(21)
    assert brandcolours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_colour_is_a_style_sheet(client):
    """It styles the head of the page and nothing else, and a browser may keep it."""
    answer = client.get("/brand/ffe000.css")
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert ".top{background:#ffe000" in answer.get_data(as_text=True)
    assert "color:#000000" in answer.get_data(as_text=True)
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("digits", ["", "red", "FFE000", "ffe0001", "ffe000}*{", "ffe00%0a"])
def test_nothing_but_a_colour_is_one(client, digits):
    """So no address of the gateway writes a style that somebody else thought of."""
    assert client.get(f"/brand/{digits}.css").status_code == 404
