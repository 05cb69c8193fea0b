"""Pictures of growth, as the documentation shows them."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import pytest

from benchmarks import drawing
from benchmarks.figures import Series
from tests.support.sources import ROOT

SVG = "{http://www.w3.org/2000/svg}"
FLAT = Series("Journeys:read", "journeys", "ms", ((100, 9.0), (100_000, 9.1)))
GROWING = Series("Performance:compare <by>", "journeys", "ms", ((100, 1.1), (100_000, 5.6)))
OTHER = Series("Wallet.user by users", "users", "ms", ((1, 0.9), (1_000, 0.7)))


def test_what_grows_with_the_same_size_is_one_picture(tmp_path):
    """It is the same file whenever the figures are, so that a commit shows what has changed."""
    drawn = drawing.draw([FLAT, OTHER, GROWING], tmp_path)
    assert [each.name for each in drawn] == ["growth-by-journeys.svg", "growth-by-users.svg"]
    first = drawn[0].read_bytes()
    assert drawing.draw([FLAT, GROWING], tmp_path)[0].read_bytes() == first


def test_who_cannot_see_a_picture_hears_every_value(tmp_path):
    """Title and description are there once, and every line has its name and its values in them."""
    text = drawing.draw([FLAT, GROWING], tmp_path)[0].read_text()
    root = ElementTree.fromstring(text)  # noqa: S314  It was drawn above.
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title words")
    assert [each.text for each in root.iter(f"{SVG}title")] == ["Growth by journeys"]
    (words,) = [each.text or "" for each in root.iter(f"{SVG}desc")]
    for series in (FLAT, GROWING):
        assert series.name in words
        assert all(f"{value:.3g} ms with {number:,}" in words for number, value in series.points)


@pytest.mark.parametrize("picture", [*sorted(ROOT.glob("docs/pictures/growth-*.svg")), None], ids=str)
def test_it_is_still_small_and_follows_the_reader_s_scheme(tmp_path, picture):
    """No script and nothing from elsewhere; light and dark, and lines that differ without their colours."""
    text = (picture or drawing.draw([FLAT, GROWING], tmp_path)[0]).read_text()
    assert "prefers-color-scheme" in text
    assert "dasharray" in text
    assert "<script" not in text
    assert "href" not in text.replace('xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    assert len(text) < 30_000


def test_drawing_leaves_imports_as_they_were():
    """The library's own hook would make each later import of a missing module a warning."""
    assert not [each for each in sys.meta_path if not hasattr(each, "find_spec")]
