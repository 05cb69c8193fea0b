"""
Names and positions of places, for people; the ledger knows UN/LOCODEs alone.

``places.txt`` has the ports and cities that matter most to this trade. For other places, pages show the UN/LOCODE name
with its country, and the map leaves them out.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from chaincode.domain.vocabulary import locodes
from gateway.pages import languages, localformats

_FILE = Path(__file__).parent / "places.txt"


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
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        locode, latitude, longitude, *written = (part.strip() for part in line.split("|"))
        # If a language has no name of its own for the place, the English one is used.
        names = {code: told or written[0] for code, told in zip(languages.LANGUAGES, written, strict=True)}
        found[locode] = Place(locode, float(latitude), float(longitude), names)
    return found
