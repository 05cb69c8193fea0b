"""
The map of a route: the places passed and those ahead, over the coastlines of Asia, as SVG without a script.

``land.txt`` has the coastlines and says where they are from. The map shows only the surroundings of the
route, so it takes a few kilobytes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.pages import places
from gateway.pages.places import Place

_FILE = Path(__file__).parent / "land.txt"
Point = tuple[float, float]
_WIDTH, _HEIGHT = 720.0, 400.0
_LEAST_DEGREES = 9.0
# The part of the route's width that stays free on each side, for names.
_MARGIN = 0.35
# The pixels that a name takes, at the size that a phone needs.
_CROWDED = (170, 34)
_LAND = (62.0, -20.0, 156.0, 56.0)


@dataclass(frozen=True)
class Stop:
    """A place on the map, in pixels; *side* is the anchor of its name, which stands above the place or *below* it."""

    name: str
    x: float
    y: float
    state: str
    side: str
    below: bool


@dataclass(frozen=True)
class Map:
    """What the template draws: paths as SVG has them."""

    width: int
    height: int
    land: tuple[str, ...]
    done: str
    ahead: str
    stops: tuple[Stop, ...]


def of(visited: Sequence[str], ahead: Sequence[str]) -> Map | None:
    """Return the map of a route; None if fewer than two of its places are listed, or one lies outside the map."""
    gone = _listed(visited)
    coming = [each for each in _listed(ahead) if each not in gone[-1:]]
    way = [*gone, *coming]
    if len({each.locode for each in way}) < 2 or not all(_on_land_map(each) for each in way):
        return None
    view = _View.of([(each.longitude, each.latitude) for each in way])
    at = {each.locode: view.pixel((each.longitude, each.latitude)) for each in way}
    here = gone[-1].locode if gone else ""
    return Map(
        width=int(_WIDTH),
        height=int(_HEIGHT),
        land=tuple(_path([view.pixel(p) for p in cut]) for ring in _land() if len(cut := view.cut(ring)) > 2),
        done=_curve([at[each.locode] for each in gone]),
        ahead=_curve([at[each.locode] for each in [*gone[-1:], *coming]]),
        stops=tuple(_stops(way, at, here)),
    )


def _stops(way: Sequence[Place], at: dict[str, Point], here: str) -> list[Stop]:
    """Return each place once. Names that would lie on others are left out; those of both ends move below."""
    shown: list[Stop] = []
    ends = [here, way[0].locode, way[-1].locode]
    for each in sorted({one.locode: one for one in way}.values(), key=lambda one: _order(one.locode, ends)):
        x, y = at[each.locode]
        crowded = any(abs(y - one.y) < _CROWDED[1] and abs(x - one.x) < _CROWDED[0] for one in shown if one.name)
        name = places.name(each.locode) if each.locode in ends or not crowded else ""
        side = "end" if x > _WIDTH * 0.85 else "start" if x < _WIDTH * 0.15 else "middle"
        shown.append(Stop(name, x, y, "here" if each.locode == here else "stop", side, crowded))
    return shown


def _order(locode: str, ends: list[str]) -> int:
    return ends.index(locode) if locode in ends else len(ends)


@dataclass(frozen=True)
class _View:
    """A section of the world in degrees, and the pixels per degree."""

    west: float
    north: float
    scale: float
    shrink: float

    @classmethod
    def of(cls, points: Sequence[Point]) -> _View:
        longitudes, latitudes = [p[0] for p in points], [p[1] for p in points]
        middle = ((min(longitudes) + max(longitudes)) / 2, (min(latitudes) + max(latitudes)) / 2)
        shrink = math.cos(math.radians(middle[1]))
        wide = max((max(longitudes) - min(longitudes)) * shrink * (1 + 2 * _MARGIN), _LEAST_DEGREES)
        high = max((max(latitudes) - min(latitudes)) * (1 + 2 * _MARGIN), _LEAST_DEGREES * _HEIGHT / _WIDTH)
        scale = min(_WIDTH / wide, _HEIGHT / high)
        return cls(middle[0] - _WIDTH / scale / shrink / 2, middle[1] + _HEIGHT / scale / 2, scale, shrink)

    def pixel(self, point: Point) -> Point:
        """Return where a place is on the picture."""
        x = (point[0] - self.west) * self.scale * self.shrink
        return round(x, 1), round((self.north - point[1]) * self.scale, 1)

    def cut(self, ring: Sequence[Point]) -> list[Point]:
        """Return the part of a polygon that the picture shows."""
        east, south = self.west + _WIDTH / self.scale / self.shrink, self.north - _HEIGHT / self.scale
        found = list(ring)
        for axis, bound, sign in ((0, self.west, 1), (0, east, -1), (1, south, 1), (1, self.north, -1)):
            found = _half(found, lambda p, a=axis, b=bound, s=sign: s * (p[a] - b))  # type: ignore[misc]
        return found


def _half(ring: Sequence[Point], depth: Callable[[Point], float]) -> list[Point]:
    """Return the part of a polygon where *depth* is not negative."""
    kept: list[Point] = []
    for before, point in zip([*ring[-1:], *ring], ring, strict=False):
        a, b = depth(before), depth(point)
        if (a < 0) != (b < 0):
            part = a / (a - b)
            kept.append((before[0] + part * (point[0] - before[0]), before[1] + part * (point[1] - before[1])))
        if b >= 0:
            kept.append(point)
    return kept


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z"


def _curve(points: Sequence[Point]) -> str:
    """Return a line through the points; each part bends a little, so that the way there and the way back differ."""
    if len(points) < 2:
        return ""
    told = f"M{points[0][0]:g} {points[0][1]:g}"
    for (x1, y1), (x2, y2) in zip(points, points[1:], strict=False):
        bend = 0.16
        cx, cy = (x1 + x2) / 2 - (y2 - y1) * bend, (y1 + y2) / 2 + (x2 - x1) * bend
        told += f"Q{cx:.1f} {cy:.1f} {x2:g} {y2:g}"
    return told


def _listed(locodes: Sequence[str]) -> list[Place]:
    """Return the listed places, without immediate repetitions."""
    found: list[Place] = []
    for locode in locodes:
        place = places.find(locode)
        if place is not None and (not found or found[-1] != place):
            found.append(place)
    return found


def _on_land_map(place: Place) -> bool:
    west, south, east, north = _LAND
    return west < place.longitude < east and south < place.latitude < north


@functools.cache
def _land() -> tuple[tuple[Point, ...], ...]:
    lines = [line for line in _FILE.read_text().splitlines() if line and not line.startswith("#")]
    return tuple(
        tuple((int(x) / 10, int(y) / 10) for x, y in (pair.split(",") for pair in line.split())) for line in lines
    )
