"""
The list of UN/LOCODEs: which places there are, and their names.

Every endorser must refuse the same places. So the list is the one edition named here, which the package `pyunlocode`
of one version has, and ``places.txt`` beside this module: places that came into the list since, added by hand with a
new version of the chaincode.
"""

from __future__ import annotations

import functools
import importlib.resources
import sqlite3
from collections.abc import Mapping
from importlib import metadata

EDITION = "2023-1"
"""The edition of UN/LOCODE; another one is a new version of the chaincode."""

_RELEASE = "0.1.0"
"""The version of the package `pyunlocode` with this edition."""


class LocodeDataError(RuntimeError):
    """This machine has another list of UN/LOCODEs than the contracts use."""


def problem(locode: str) -> str:
    """Return why *locode*, which has the form of one, is no place of the list; "" if it is one."""
    if locode[2:] in listed(locode[:2]):
        return ""
    return f"is not in UN/LOCODE, edition {EDITION}: check its letters, or name a listed place near it"


@functools.cache
def listed(country: str) -> Mapping[str, str]:
    """Return the names of a country's places, in Latin letters, by the last three characters of their codes."""
    return {**published(country), **_added().get(country, {})}


def published(country: str) -> dict[str, str]:
    """Return those of the edition alone."""
    _check_release()
    package = importlib.resources.files("pyunlocode").joinpath("unlocode.db")
    with importlib.resources.as_file(package) as path:
        database = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            question = "SELECT location_code, name FROM location WHERE country_code = ?"
            return dict(database.execute(question, (country,)))
        finally:
            database.close()


@functools.cache
def _added() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in importlib.resources.files(__package__).joinpath("places.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            locode, name = line.split(maxsplit=1)
            found.setdefault(locode[:2], {})[locode[2:]] = name
    return found


@functools.cache
def _check_release() -> None:
    try:
        found = metadata.version("pyunlocode")
    except metadata.PackageNotFoundError:
        found = "none"
    if found != _RELEASE:
        raise LocodeDataError(
            f"places are checked by version {_RELEASE} of `pyunlocode`, and {found} is installed here: "
            "install the version that Selat asks for (pip install --force-reinstall selat)"
        )
