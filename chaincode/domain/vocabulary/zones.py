"""
The clock of a place: its IANA time zone, and what day it is there.

A calendar day is a day at a place, in that place's zone with its daylight
saving, never in the offset that somebody wrote beside a time. Every endorser
must find the same day, so neither half of the answer comes from the machine:

* Which zone a UN/LOCODE is in stands in ``zones.txt`` beside this module.
* What that zone's clock shows comes from the package `tzdata`, in the one
  edition that is named here, and never from the system's own files, which
  differ between machines and are changed by their upgrades.
"""

from __future__ import annotations

import functools
import importlib.resources
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chaincode.domain.vocabulary import places
from hlf.codec import moments
from hlf.codec.moments import Moment

EDITION = "2026f"
"""The edition of the IANA time zone database by which days are counted; a new one is a new version of the chaincode."""

_MINUTE = timedelta(minutes=1)


class ZoneDataError(RuntimeError):
    """The time zone data of this machine are not the ones that the contracts count by."""


def name(locode: str) -> str:
    """
    Return the IANA time zone of a UN/LOCODE.

    A place that the table does not list counts by its country's first zone,
    which is that of most of its places. So a port is not refused for being
    new, and all endorsers agree on its day.

    Raises:
        Refused: INVALID_ARGUMENT, not a UN/LOCODE.
    """
    places.check_locode("place", locode)
    countries, exceptions = _table()
    return exceptions.get(locode) or countries[locode[:2]]


def local(locode: str, at: int) -> Moment:
    """Return the instant *at* as the clock of *locode* shows it."""
    offset = _wall(locode, at).utcoffset() or timedelta(0)
    return Moment(at, offset // _MINUTE)


def day(locode: str, at: int) -> date:
    """Return the calendar day that it is at *locode* at the instant *at*."""
    return _wall(locode, at).date()


def end_of(locode: str, last: date) -> Moment:
    """Return the last millisecond of the day *last* at *locode*."""
    midnight = datetime.combine(last + timedelta(days=1), time(), _clock(name(locode)))
    # Where clocks change at midnight it comes twice or not at all; the day lasts until the later reading of it.
    readings = [moments.since_epoch(midnight.replace(fold=fold)) for fold in (0, 1)]
    return local(locode, max(readings) - 1)


def _wall(locode: str, at: int) -> datetime:
    return moments.utc(at).astimezone(_clock(name(locode)))


@functools.cache
def _clock(zone: str) -> ZoneInfo:
    _check_edition()
    with importlib.resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=zone)


@functools.cache
def _check_edition() -> None:
    try:
        with importlib.resources.files("tzdata").joinpath("zoneinfo", "tzdata.zi").open(encoding="utf-8") as file:
            found = file.readline().removeprefix("# version ").strip()
    except (ModuleNotFoundError, FileNotFoundError):
        found = "none"
    if found != EDITION:
        raise ZoneDataError(
            f"days are counted by edition {EDITION} of the time zone database, and {found} is installed here: "
            "install the version of `tzdata` that Selat asks for (pip install --force-reinstall selat)"
        )


@functools.cache
def _table() -> tuple[dict[str, str], dict[str, str]]:
    """Return the zone of each country, and of the places that are in another one."""
    countries: dict[str, str] = {}
    exceptions: dict[str, str] = {}
    for line in importlib.resources.files(__package__).joinpath("zones.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        country, zone, *codes = line.split()
        if not codes:
            countries[country] = zone
        exceptions.update((country + code, zone) for code in codes)
    return countries, exceptions
