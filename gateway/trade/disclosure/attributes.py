"""The attributes of claims for people: type, unit and meaning of each."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any, Literal

import yaml

from chaincode.domain.disclosure.claims import ClaimKind

AttributeType = Literal["text", "integer", "boolean", "date", "amount", "list of texts", "list of integers"]
# Names end with UN/ECE Recommendation 20's codes, or with these words.
_UNITS = {
    "h87": "pieces",
    "grm": "grams",
    "kgm": "kilograms",
    "cmq": "cubic centimetres",
    "mtq": "cubic metres",
    "mmt": "millimetres",
    "cel": "degrees Celsius",
    "hur": "hours",
    "days": "days",
    "bps": "basis points (a hundredth of a per cent)",
    "ppm": "parts per million",
    "minor": "minor units of its currency",
}


def described(kind: ClaimKind) -> list[dict[str, Any]]:
    """Return the attributes that a claim of *kind* may have, in the order of their slots."""
    meanings = _meanings()
    return [
        {
            "name": each.name,
            "required": each.required,
            "type": meanings[each.name][0],
            "unit": _UNITS.get(each.name.rpartition("_")[2], ""),
            "meaning": meanings[each.name][1],
        }
        for each in kind.attributes
    ]


@functools.cache
def _meanings() -> dict[str, tuple[str, str]]:
    told = yaml.safe_load(resources.files(__package__).joinpath("attributes.yaml").read_text("utf-8"))
    return {name: (kind, meaning) for name, (kind, meaning) in told.items()}
