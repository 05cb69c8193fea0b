"""UN/LOCODEs: a place is in the published list, or among the few that were added to it."""

from __future__ import annotations

import importlib.resources
from importlib import metadata

import pytest

from chaincode.domain.vocabulary import locodes, places
from hlf.codec.refusals import Refused

UNLISTED = ("VNHNA", "VNZZZ", "US9Z9")


@pytest.mark.parametrize("locode", UNLISTED)
def test_what_the_list_lacks_is_refused_with_the_cure(locode):
    """The refusal names the edition; a lane has two listed ends."""
    told = rf"INVALID_ARGUMENT: place: .*{locodes.EDITION}.*name a listed place near it"
    for check, text in ((places.check_locode, locode), (places.LANE.check, f"CNSZX-{locode}")):
        with pytest.raises(Refused, match=told):
            check("place", text)
    assert places.check_locode("place", "VNHAN") == "VNHAN"
    assert places.LANE.check("lane", "CNSZX-VNHAN") == "CNSZX-VNHAN"


def test_the_edition_is_the_one_of_the_package():
    """It names its files by the edition, and no other version of it has been looked at."""
    files = [file.name for file in importlib.resources.files("pyunlocode").joinpath("csv").iterdir()]
    assert {name.split()[0] for name in files} == {locodes.EDITION}
    assert metadata.version("pyunlocode") == locodes._RELEASE


def test_another_version_of_the_list_stops_the_machine(monkeypatch):
    """Its peer would refuse what others take; so would one without a list."""
    monkeypatch.setattr(locodes, "_RELEASE", "0.2.0")
    with pytest.raises(locodes.LocodeDataError, match="version 0.2.0"):
        locodes._check_release.__wrapped__()

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(locodes.LocodeDataError, match="none"):
        locodes._check_release.__wrapped__()


def test_every_country_with_places_has_them_listed():
    """Each place has a name. Bouvet Island has no place."""
    for country in sorted(places.COUNTRIES - {"BV"}):
        found = locodes.listed(country)
        assert found, country
        assert all(found.values()), country


def test_added_places_are_in_order_and_not_in_the_edition():
    """A place that a new edition brings is taken out of the file."""
    text = importlib.resources.files("chaincode.domain.vocabulary").joinpath("places.txt").read_text("utf-8")
    added = [line.split()[0] for line in text.splitlines() if not line.startswith("#")]
    assert added == sorted(set(added))
    for locode in added:
        assert locode[2:] not in locodes.published(locode[:2]), locode
        assert places.LOCODE.fits(locode)
