"""The stories that can be played, each with its network and its actors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from network import CONSORTIUM, MARKETPLACE
from selat.demo import environment, story
from selat.demo.calendar import Calendar
from selat.demo.callers import DemoError
from selat.demo.environment import RunningDemo
from selat.demo.market import month, peak, people
from selat.demo.market.trading import Marketplace
from selat.demo.screen import Screen


@dataclass(frozen=True)
class Story:
    """
    A story.

    Attributes:
        play: plays it on a stage with so many orders; DemoError if an answer differs from what it expects.
        weeks: whether it takes weeks, so that all programs follow a calendar of its own.
    """

    play: Callable[[RunningDemo, Screen, Calendar | None, int], None]
    consortium: Path = CONSORTIUM
    actors: Mapping[str, tuple[str, str]] | None = None
    weeks: bool = False

    def calendar(self, folder: Path) -> Calendar | None:
        """Return its calendar, kept in *folder*; None for the machine's own clock."""
        return Calendar(folder) if self.weeks else None

    def start(self, engine: str, folder: Path, consortium: Path | None, calendar: Calendar | None) -> RunningDemo:
        """Start what it needs; raise what ``environment.start`` raises."""
        return environment.start(
            engine, folder, consortium or self.consortium, self.actors or environment.ACTORS, calendar
        )


def _consignment(stage: RunningDemo, screen: Screen, calendar: Calendar | None, orders: int) -> None:
    with stage.cast() as cast:
        story.play(cast, stage.base, screen)


def _month(stage: RunningDemo, screen: Screen, calendar: Calendar | None, orders: int) -> None:
    with stage.callers() as callers:
        month.play(Marketplace.opened(callers, _given(calendar)), screen, orders)


def _peak(stage: RunningDemo, screen: Screen, calendar: Calendar | None, orders: int) -> None:
    with stage.callers() as callers:
        peak.play(Marketplace.opened(callers, _given(calendar)), screen)


def _given(calendar: Calendar | None) -> Calendar:
    if calendar is None:
        raise DemoError("this story needs a calendar")
    return calendar


STORIES = {
    "consignment": Story(_consignment),
    "marketplace": Story(_month, MARKETPLACE, people.ACTORS, weeks=True),
    "peak": Story(_peak, MARKETPLACE, people.ACTORS, weeks=True),
}
