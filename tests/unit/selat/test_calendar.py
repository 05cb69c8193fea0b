"""The calendar that programs of a long story follow."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from selat.demo.calendar import Calendar, MachineCalendar
from selat.demo.callers import DemoError

TOLD = """
import datetime, json, time
made = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
print(json.dumps([
    time.time(), time.time_ns() / 1e9, datetime.datetime.now(datetime.UTC).timestamp(),
    isinstance(made - datetime.timedelta(1), datetime.datetime), issubclass(type(made), datetime.datetime),
]))
"""


def told() -> list[float]:
    """Return what a program that is started now says of the time."""
    done = subprocess.run([sys.executable, "-c", TOLD], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_a_program_believes_the_calendar_it_was_started_under(tmp_path):
    """By each way to ask for the time; one that was started outside knows the machine's time."""
    calendar = Calendar(tmp_path)
    calendar.forward(days=30, hours=1)
    before = datetime.now(UTC).timestamp()
    with calendar.followed("embedded"):
        *times, instance, subclass = told()
    ahead = timedelta(days=30, hours=1).total_seconds()
    assert all(before + ahead - 1 <= each <= calendar.now.timestamp() for each in times)
    assert (instance, subclass) == (True, True)
    assert told()[0] < before + ahead / 2


def test_fabrics_own_programs_follow_no_calendar(tmp_path):
    """They would refuse every transaction of a later day; the story is refused instead, with what to do."""
    with pytest.raises(DemoError, match="--engine embedded"), Calendar(tmp_path).followed("native"):
        pass


def test_a_story_reaches_a_later_moment_by_whole_days(tmp_path):
    """So that the time of day stays, and what applies from that moment on applies."""
    calendar = Calendar(tmp_path)
    begun = calendar.now
    calendar.reach(begun + calendar.notice)
    assert timedelta(days=1) <= calendar.now - begun < timedelta(days=1, hours=1)
    calendar.reach(begun + timedelta(days=3, hours=1))
    assert timedelta(days=4) <= calendar.now - begun < timedelta(days=4, hours=1)


def test_on_the_machines_calendar_a_later_moment_is_waited_for():
    """Programs of every engine are started as ever; a moment that is over costs no time."""
    calendar = MachineCalendar()
    with calendar.followed("native"):
        assert abs(told()[0] - datetime.now(UTC).timestamp()) < 60
    moment = calendar.now + timedelta(milliseconds=50)
    calendar.reach(moment)
    assert moment <= datetime.now(UTC)
    calendar.reach(moment - timedelta(days=1))
