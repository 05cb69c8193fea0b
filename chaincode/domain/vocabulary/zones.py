"""
The clock of a place: its IANA time zone and its calendar days.

A calendar day is a day in the time zone of a place, with its daylight saving, whatever offset somebody wrote beside
a time. Every endorser must get the same day, so no part of the answer comes from the machine:

* The zone of a UN/LOCODE is in ``zones.txt`` beside this module.
* The clock of a zone comes from the package `tzdata`, in the one edition named here. It never comes from the
    system's own files, which differ between machines and change with upgrades.
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
    """This machine has another edition of the time zone data than the contracts use."""


def name(locode: str) -> str:
    """
    Return the IANA time zone of a UN/LOCODE.

    A place that is not in the table gets its country's first zone, which most of its places use.

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
    """Return the calendar day at *locode* at the instant *at*."""
    return _wall(locode, at).date()


def day_in(country: str, at: int) -> date:
    """Return the calendar day in most of *country* (ISO 3166-1) at the instant *at*."""
    return moments.utc(at).astimezone(_clock(_table()[0][country])).date()


def end_of(locode: str, last: date) -> Moment:
    """Return the last millisecond of the day *last* at *locode*."""
    midnight = datetime.combine(last + timedelta(days=1), time(), _clock(name(locode)))
    # If clocks change at midnight, midnight comes twice or not at all; the day ends with the later one.
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
    """Return the zone of each country, and of places with another zone."""
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
