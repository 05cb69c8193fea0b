"""The figures of claims as people read them: names, and values in their units."""

from __future__ import annotations

from gateway.pages import localformats
from gateway.pages.languages import gettext
from gateway.pages.states import N_


def figure(name: str) -> str:
    """Return a figure's name for people: ``demand.units_p50_h87`` is "demand: units p50"."""
    group, _dot, rest = name.partition(".")
    words = " ".join(word for word in (rest or group).split("_") if word not in _UNITS)
    return f"{group}: {words}" if rest else words


def amount(value: object, name: str) -> str:
    """Return a figure's value for people, in the unit that its name ends with."""
    unit = name.rpartition("_")[2]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool) or not isinstance(value, int) or unit not in _UNITS:
        return str(value)
    if _PARTS.get(unit):
        return localformats.share(value / _PARTS[unit])
    words = gettext(_UNITS[unit])
    return f"{localformats.number(value)} {words}".strip()


# UN/CEFACT's codes of units, and parts of a whole, at the end of a figure's name.
_UNITS = {"h87": N_("pieces"), "hur": N_("hours"), "grm": "g", "bps": "", "ppm": ""}
_PARTS = {"bps": 10_000, "ppm": 1_000_000}
