"""The clock of a place: the same day for the same instant, by zone data that no machine brings along."""

from __future__ import annotations

import importlib.resources
from datetime import UTC, date, datetime, timedelta
from importlib import metadata
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.vocabulary import places, zones
from hlf.codec import moments
from hlf.codec.refusals import Refused

INSTANTS = st.integers(moments.FIRST + 2 * moments.DAY, moments.LAST - 2 * moments.DAY)
PLACES = ["VNHAN", "DEBER", "IDDPS", "IDJKT", "USNYC", "USLAX", "CNSZX", "NPKTM", "AUADL", "BRSAO", "LBBEY", "CLSCL"]


def _zone_tab() -> dict[str, list[str]]:
    """Return the zones of each country in the database itself."""
    found: dict[str, list[str]] = {}
    text = importlib.resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found.setdefault(country, []).append(zone)
    return found


def test_every_country_has_a_zone_of_its_own():
    """Of the database's edition, and no zone of another country."""
    listed = _zone_tab()
    for country in sorted(places.COUNTRIES - {"BV", "HM"}):
        assert zones._table()[0][country] in listed[country], country


def test_exceptions_are_in_zones_of_their_own_country():
    """The table lists each place once, as a UN/LOCODE, and in a zone that differs from its country's first one."""
    listed, (countries, exceptions) = _zone_tab(), zones._table()
    assert set(countries) == places.COUNTRIES
    for locode, zone in exceptions.items():
        assert places.check_locode("locode", locode) == locode
        assert zone in listed[locode[:2]], locode
        assert zone != countries[locode[:2]], locode


@pytest.mark.parametrize(
    ("locode", "zone"),
    [
        ("VNHAN", "Asia/Ho_Chi_Minh"), ("SGSIN", "Asia/Singapore"), ("CNURC", "Asia/Shanghai"),
        ("IDJKT", "Asia/Jakarta"), ("IDDPS", "Asia/Makassar"), ("IDUPG", "Asia/Makassar"), ("IDDJJ", "Asia/Jayapura"),
        ("IDPNK", "Asia/Pontianak"), ("USNYC", "America/New_York"), ("USLAX", "America/Los_Angeles"),
        ("USELP", "America/Denver"), ("USHNL", "Pacific/Honolulu"), ("AUPER", "Australia/Perth"),
        ("RUVVO", "Asia/Vladivostok"), ("DEBER", "Europe/Berlin"), ("ESLPA", "Atlantic/Canary"),
        # Places that came into the list between 2015 and 2023.
        ("IDLBO", "Asia/Makassar"), ("IDLTT", "Asia/Makassar"), ("IDBGD", "Asia/Pontianak"), ("IDNDA", "Asia/Jayapura"),
        ("AUASB", "Australia/Perth"), ("AUZNE", "Australia/Perth"),
    ],
)  # fmt: skip
def test_places_are_in_their_zones(locode, zone):
    """Main places of countries with one zone and with several."""
    assert zones.name(locode) == zone


def test_a_place_without_a_zone_of_its_own_counts_by_its_country():
    """And what is no UN/LOCODE is refused."""
    assert zones.name("USATL") == "America/New_York"
    with pytest.raises(Refused, match="INVALID_ARGUMENT: place"):
        zones.name("ZZXXX")


@given(st.sampled_from(PLACES), INSTANTS)
def test_an_instant_is_within_its_own_day(locode, at):
    """A day ends after every instant in it, not a millisecond later, and the next one begins there."""
    today = zones.day(locode, at)
    ends = zones.end_of(locode, today)
    assert at <= ends.at
    assert zones.day(locode, ends.at) == today
    assert zones.day(locode, ends.at + 1) > today
    assert str(ends).endswith(f"23:59:59.999{ends.offset}")


@given(st.sampled_from(PLACES), INSTANTS)
def test_the_clock_is_the_databases(locode, at):
    """Wall time agrees with what the database says of the zone; the offset is part of the moment."""
    shown = zones.local(locode, at)
    with importlib.resources.files("tzdata").joinpath("zoneinfo", *zones.name(locode).split("/")).open("rb") as file:
        wall = datetime.fromtimestamp(at // 1_000, ZoneInfo.from_file(file))
    assert shown.at == at
    assert str(shown)[:19] == wall.isoformat()[:19]


@pytest.mark.parametrize(
    ("locode", "day", "hours"),
    [("DEBER", "2026-03-29", 23), ("DEBER", "2026-10-25", 25), ("VNHAN", "2026-10-25", 24),
     # Lebanon's clocks change at midnight: the one day begins an hour late, the other ends an hour later.
     ("LBBEY", "2026-03-29", 23), ("LBBEY", "2026-10-24", 25)],
)  # fmt: skip
def test_days_with_a_change_of_clocks_are_shorter_or_longer(locode, day, hours):
    """Daylight saving is counted, even where midnight comes twice or not at all."""
    last = date.fromisoformat(day)
    ends = zones.end_of(locode, last).at
    assert ends - zones.end_of(locode, last - timedelta(days=1)).at == hours * moments.HOUR


def test_only_the_edition_that_is_named_is_counted_by(monkeypatch):
    """Another edition on the machine is an error that says what to install, not another day."""
    assert metadata.version("tzdata").startswith("2026.")
    monkeypatch.setattr(zones, "EDITION", "2025b")
    zones._check_edition.cache_clear()
    zones._clock.cache_clear()
    with pytest.raises(zones.ZoneDataError, match="edition 2025b .* 2026f is installed"):
        zones.day("VNHAN", 0)
    monkeypatch.undo()
    zones._check_edition.cache_clear()
    assert zones.day("VNHAN", 0) == date(1970, 1, 1)


def test_no_zone_comes_from_the_system(monkeypatch):
    """A zone is read from the package's own file; asking for it by its name would look at the system's first."""

    class FromFiles:
        from_file = staticmethod(ZoneInfo.from_file)

    monkeypatch.setattr(zones, "ZoneInfo", FromFiles)
    zones._clock.cache_clear()
    winter = moments.since_epoch(datetime(2026, 1, 1, tzinfo=UTC))
    assert zones.local("DEBER", winter).offset_minutes == 60


@pytest.mark.parametrize(("country", "days"), [("BN", {4, 6}), ("VN", {5, 6}), ("SA", {4, 5}), ("IN", {6})])
def test_people_rest_on_the_days_of_their_country(country, days):
    """Brunei rests on Friday and Sunday."""
    assert {day for day in range(7) if places.rests(country, day)} == days
