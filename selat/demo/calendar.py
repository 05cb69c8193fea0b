"""
The calendar of a story that takes weeks: all programs of the demo use a clock that the story can move forward.

Contracts and peers refuse transactions that are not dated now. So for a story about a month, the programs of network
and gateway get another time from outside (`selat/demo/clock`), without any change to them. Time-outs still count real
seconds.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from selat.demo.callers import DemoError

_CLOCK = Path(__file__).with_name("clock")
_SEEN_SECONDS = 0.1
"""After so long every program has read a new time."""


class Calendar:
    """
    How far the programs' time is ahead of the machine's; kept in a file of *folder*.

    *notice* is how long beforehand what applies from a moment on is published.
    """

    notice = timedelta(hours=1)

    def __init__(self, folder: Path) -> None:
        self._file = folder.absolute() / "calendar"
        self._ahead = timedelta()
        self._write()

    @property
    def now(self) -> datetime:
        """The time in the programs."""
        return datetime.now(UTC) + self._ahead

    def forward(self, **ahead: float) -> None:
        """Put the time forward, by days or hours as timedelta names them; return when every program sees it."""
        self._ahead += timedelta(seconds=int(timedelta(**ahead).total_seconds()))
        self._write()
        time.sleep(_SEEN_SECONDS)

    def reach(self, moment: datetime) -> None:
        """Put the time forward, by whole days, so that *moment* is over; return when every program sees it."""
        self.forward(days=math.ceil((moment - self.now) / timedelta(days=1)))

    @contextlib.contextmanager
    def followed(self, engine: str) -> Iterator[None]:
        """
        Let programs that are started meanwhile follow this calendar.

        Raises:
            DemoError: the programs of *engine* are not written in Python.
        """
        if engine != "embedded":
            raise DemoError(
                "this story takes weeks, and Fabric's own programs use their machine's clock: play it with "
                "--engine embedded"
            )
        path = os.pathsep.join(filter(None, [str(_CLOCK), os.environ.get("PYTHONPATH", "")]))
        added = {"PYTHONPATH": path, "SELAT_DEMO_CALENDAR": str(self._file)}
        before = {name: os.environ.get(name) for name in added}
        os.environ.update(added)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def _write(self) -> None:
        # Programs may read at any moment: they find the old time or the new one.
        written = self._file.with_suffix(".new")
        written.write_text(f"{int(self._ahead.total_seconds())}\n")
        written.replace(self._file)


class MachineCalendar(Calendar):
    """The machine's own calendar, which programs of every engine follow: who needs a later time waits for it."""

    notice = timedelta(seconds=30)

    def __init__(self) -> None:
        self._ahead = timedelta()

    def forward(self, **ahead: float) -> None:
        """Wait so long, named as timedelta names it."""
        time.sleep(timedelta(**ahead).total_seconds())

    def reach(self, moment: datetime) -> None:
        """Wait until *moment* is over."""
        self.forward(seconds=max(0.0, (moment - self.now).total_seconds()))

    @contextlib.contextmanager
    def followed(self, engine: str) -> Iterator[None]:
        """Change nothing: programs that are started meanwhile follow it without."""
        yield
