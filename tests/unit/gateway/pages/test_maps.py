"""The map of a way: what it draws, and when there is none."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from gateway.pages import maps, places


def test_a_way_goes_through_its_places(app):
    """The place where the goods are is marked, and both ends have their names."""
    with app.test_request_context():
        found = maps.of(["CNSZX", "CNSZX", "CNYTN", "VNHPH"], ["VNHAN"])
    assert found is not None
    assert found.done.count("Q") == 2
    assert found.ahead.count("Q") == 1
    assert [stop.name for stop in found.stops if stop.state == "here"] == ["Haiphong"]
    assert {"Shenzhen", "Hanoi"} <= {stop.name for stop in found.stops}
    assert found.land


def test_without_two_known_places_there_is_no_map(app):
    """A place that is not listed is left out, and one place is no way."""
    with app.test_request_context():
        assert maps.of(["CNSZX"], []) is None
        assert maps.of(["CNZZZ"], ["VNZZZ"]) is None
        assert maps.of(["CNSZX", "CNSZX"], ["CNSZX"]) is None


@given(st.lists(st.sampled_from(sorted(places.listed())), min_size=2, max_size=6))
def test_every_way_lies_in_the_picture(way):
    """Whatever the places, stops and land stay inside the picture, and the map is small."""
    found = maps.of(way, [])
    if found is None:
        assert len(set(way)) == 1 or len({places.find(one) for one in way}) == 1
        return
    assert all(0 <= stop.x <= found.width and 0 <= stop.y <= found.height for stop in found.stops)
    numbers = [float(each) for path in found.land for each in re.findall(r"-?\d+(?:\.\d+)?", path)]
    assert all(-0.2 <= each <= found.width + 0.2 for each in numbers)
    assert sum(map(len, found.land)) < 40_000
