"""
The calendar of a story that takes weeks: all programs of the demo use a clock that the story can move forward.

Contracts and peers refuse transactions that are not dated now. So for a story about a month, the programs of network
and gateway get another time from outside (`selat/demo/clock`), without any change to them. Time-outs still count real
seconds.
"""

from __future__ import annotations

import contextlib
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
    """How far the programs' time is ahead of the machine's; kept in a file of *folder*."""

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
