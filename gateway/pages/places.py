"""
Names and positions of places, for people; the ledger knows UN/LOCODEs and ISO 3166-2 alone.

``regions.txt`` has the regions that matter most to this trade; others are named by their country, with their code.
``places.txt`` has the ports and cities that matter most to this trade. For other places, pages show the UN/LOCODE name
with its country, and the map leaves them out.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chaincode.domain.vocabulary import locodes
from gateway.pages import languages, localformats

_FILE = Path(__file__).parent / "places.txt"
_REGIONS = Path(__file__).parent / "regions.txt"


@dataclass(frozen=True)
class Place:
    """A place: its position in degrees and its names by language."""

    locode: str
    latitude: float
    longitude: float
    names: dict[str, str]


def name(locode: str) -> str:
    """Return the name of a place in the reader's language."""
    known = find(locode)
    if known is not None:
        return known.names[languages.current()]
    if not locode:
        return ""
    published = locodes.listed(locode[:2]).get(locode[2:])
    country = localformats.country(locode[:2])
    return f"{published}, {country}" if published else f"{country} ({locode})"


def find(locode: str) -> Place | None:
    """Return the place with this UN/LOCODE; None if it is not listed."""
    return listed().get(locode)


@functools.cache
def listed() -> dict[str, Place]:
    """Return all places of the list, by UN/LOCODE."""
    found = {}
    for locode, latitude, longitude, *written in _rows(_FILE):
        found[locode] = Place(locode, float(latitude), float(longitude), _names(written))
    return found


def region(code: str) -> str:
    """Return the name of an ISO 3166-2 region in the reader's language."""
    known = regions().get(code)
    return known[languages.current()] if known else f"{localformats.country(code[:2])} ({code})"


@functools.cache
def regions() -> dict[str, dict[str, str]]:
    """Return the names of all regions of the list by language, by ISO 3166-2."""
    return {code: _names(written) for code, *written in _rows(_REGIONS)}


def _rows(file: Path) -> Iterator[list[str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield [part.strip() for part in line.split("|")]


def _names(written: list[str]) -> dict[str, str]:
    """Return names by language; if a language has no name of its own, the English one is used."""
    return {code: told or written[0] for code, told in zip(languages.LANGUAGES, written, strict=True)}
