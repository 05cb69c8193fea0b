"""Charts as SVG, computed here and drawn by the templates: they need no script, and their colours are in the style."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 720.0, 380.0
# Space for labels at the size that a phone needs.
_LEFT, _RIGHT, _TOP, _BOTTOM = 140.0, 30.0, 40.0, 68.0
# What a letter takes at that size.
_LETTER = 13.0
_LEAST, _MOST = 7.0, 22.0
_SPARE = 0.18


@dataclass(frozen=True)
class DataPoint:
    """One thing with three measures: two for its position, the third for its size."""

    across: float
    up: float
    size: float
    words: str
    chosen: bool = False


@dataclass(frozen=True)
class ChartMark:
    """A circle."""

    x: float
    y: float
    radius: float
    words: str
    chosen: bool


@dataclass(frozen=True)
class Tick:
    """A tick of an axis: its position in pixels, and its label."""

    at: float
    words: str


@dataclass(frozen=True)
class Scatter:
    """A scatter chart for the template: circles, the line through them, and both axes."""

    width: int
    height: int
    left: float
    bottom: float
    marks: tuple[ChartMark, ...]
    line: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def scatter(things: Sequence[DataPoint], across: Callable[[float], str], up: Callable[[float], str]) -> Scatter | None:
    """Return the chart of *things*, the line from left to right through them; None if there are none."""
    if not things:
        return None
    x, y = _axis([each.across for each in things]), _axis([each.up for each in things])
    largest = max(each.size for each in things) or 1
    marks = tuple(
        ChartMark(
            round(_right_at(x, each.across), 1),
            round(_down_at(y, each.up), 1),
            # The area of a circle is its size, as people read it.
            round(_LEAST + (_MOST - _LEAST) * math.sqrt(each.size / largest), 1),
            each.words,
            each.chosen,
        )
        for each in things
    )
    points = sorted((mark.x, mark.y) for mark in marks)
    return Scatter(
        int(_WIDTH),
        int(_HEIGHT),
        _LEFT,
        _HEIGHT - _BOTTOM,
        marks,
        "M" + "L".join(f"{px:g} {py:g}" for px, py in points) if len(points) > 1 else "",
        _across(x, across),
        _ticks(y, _down_at, up),
    )


@dataclass(frozen=True)
class Course:
    """A chart of a forecast for the template: the likely band, its middle, the real sums, and both axes."""

    width: int
    height: int
    left: float
    bottom: float
    band: str
    expected: str
    actual: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def course(
    end: float,
    likely: tuple[float, float, float],
    actual: Sequence[tuple[float, float]],
    across: Callable[[float], str],
    up: Callable[[float], str],
) -> Course:
    """Return the chart of sums from 0 to *end*: *likely* are low, middle and high there, *actual* the real sums."""
    x, y = _Axis(0.0, end), _Axis(0.0, max(*likely, *(value for _, value in actual), 1.0) * (1 + _SPARE / 2))

    def point(at: float, value: float) -> str:
        return f"{_right_at(x, at):.1f} {_down_at(y, value):.1f}"

    low, middle, high = (point(end, value) for value in likely)
    start = point(0, 0)
    return Course(
        int(_WIDTH),
        int(_HEIGHT),
        _LEFT,
        _HEIGHT - _BOTTOM,
        f"M{start}L{low}L{high}Z",
        f"M{start}L{middle}",
        "M" + "L".join(point(*each) for each in [(0.0, 0.0), *actual]) if actual else "",
        _across(x, across),
        _ticks(y, _down_at, up),
    )


@dataclass(frozen=True)
class _Axis:
    """An axis from *low* to *high*."""

    low: float
    high: float

    def part(self, value: float) -> float:
        """Return how far along the axis a value is."""
        return (value - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Round numbers on it, three to six."""
        step = 10 ** math.floor(math.log10((self.high - self.low) / 2))
        step *= next(factor for factor in (5, 2, 1) if (self.high - self.low) / (step * factor) >= 2.5 or factor == 1)
        first = math.ceil(self.low / step) * step
        return tuple(first + number * step for number in range(int((self.high - first) / step) + 1))


def _right_at(axis: _Axis, value: float) -> float:
    """Return the distance of a value from the left edge of the picture, in pixels."""
    return _LEFT + axis.part(value) * (_WIDTH - _RIGHT - _LEFT)


def _down_at(axis: _Axis, value: float) -> float:
    """Return the distance of a value from the upper edge of the picture, in pixels."""
    return _HEIGHT - _BOTTOM - axis.part(value) * (_HEIGHT - _BOTTOM - _TOP)


def _ticks(axis: _Axis, place: Callable[[_Axis, float], float], words: Callable[[float], str]) -> tuple[Tick, ...]:
    return tuple(Tick(round(place(axis, value), 1), words(value)) for value in axis.ticks)


def _across(axis: _Axis, words: Callable[[float], str]) -> tuple[Tick, ...]:
    """Return the ticks of the lower axis: only every so many, so that no words touch at the size that a phone shows."""
    ticks = _ticks(axis, _right_at, words)
    if len(ticks) < 2:
        return ticks
    room, wanted = ticks[1].at - ticks[0].at, _LETTER * (max(len(tick.words) for tick in ticks) + 1)
    return ticks[:: math.ceil(wanted / room)]


def _axis(values: Sequence[float]) -> _Axis:
    low, high = min(values), max(values)
    spare = (high - low) * _SPARE or abs(high) * _SPARE or 1.0
    return _Axis(max(0.0, low - spare) if low >= 0 else low - spare, high + spare)
