"""
Units of measure (codes of UN/ECE Recommendation 20), and exact conversion between units of one kind.
"""

from __future__ import annotations

from chaincode.domain.refusals import Refusal
from hlf.codec.refusals import invalid

_KINDS: dict[str, dict[str, int]] = {
    "mass": {"GRM": 1, "KGM": 1_000, "TNE": 1_000_000},
    "volume": {"CMQ": 1, "LTR": 1_000, "MTQ": 1_000_000},
    "length": {"MMT": 1, "CMT": 10, "MTR": 1_000},
    "time": {"MIN": 1, "HUR": 60, "DAY": 1_440, "WEE": 10_080},
    "count": {"H87": 1, "C62": 1},
    "temperature": {"CEL": 1},
}

NAMES = {
    "GRM": "gram", "KGM": "kilogram", "TNE": "tonne", "CMQ": "cubic centimetre", "LTR": "litre", "MTQ": "cubic metre",
    "MMT": "millimetre", "CMT": "centimetre", "MTR": "metre", "MIN": "minute", "HUR": "hour", "DAY": "day",
    "WEE": "week", "H87": "piece", "C62": "one", "CEL": "degree Celsius",
}  # fmt: skip

_KIND_OF = {code: kind for kind, codes in _KINDS.items() for code in codes}


def check_unit(field: str, code: str) -> str:
    """Return *code* if it is one of the units used here."""
    if code not in _KIND_OF:
        raise invalid(field, "is no UN/ECE Rec 20 unit in use here: " + " ".join(sorted(_KIND_OF)))
    return code


def convert(quantity: int, source: str, target: str, *, round_up: bool = False) -> int:
    """
    Return *quantity* of *source* in *target*, in whole units.

    A remainder is refused unless *round_up* is set (1,001 grams need space for 2 kilograms).

    Raises:
        Refused: UNIT_MISMATCH, the two measure different things; NOT_WHOLE.
    """
    kind = _KIND_OF[check_unit("source", source)]
    if _KIND_OF[check_unit("target", target)] != kind:
        raise Refusal.UNIT_MISMATCH(f"{source} measures {kind}, {target} does not")
    factors = _KINDS[kind]
    whole, rest = divmod(quantity * factors[source], factors[target])
    if rest and not round_up:
        raise Refusal.NOT_WHOLE(f"the quantity in {source} is no whole number of {target}")
    return whole + bool(rest)
