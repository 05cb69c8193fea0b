"""
Incoterms 2020: the duties and costs of each side of a sale.

The rules here are the rows of the ICC's table that touch a journey's stages:
export formalities (S14), main carriage (S15), insurance, import formalities
and duty (S17, S18).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hlf.codec.refusals import invalid

Payer = Literal["seller", "buyer"]


@dataclass(frozen=True)
class Incoterm:
    """
    One rule.

    Attributes:
        insures: who must insure; empty if nobody must.
        sea_only: for goods handed over on board or alongside a ship, not for parcels or containers.
    """

    code: str
    export: Payer
    carriage: Payer
    insures: Literal["seller", ""]
    import_duty: Payer
    sea_only: bool = False

    def payer(self, stage: str) -> Payer:
        """Return who pays for *stage*: S14 export customs, S15 freight, S17 import customs, S18 duty and tax."""
        if stage in ("S17", "S18"):
            return self.import_duty
        if stage == "S15":
            return self.carriage
        if stage == "S14":
            return self.export
        raise invalid("stage", "Incoterms settle who pays S14, S15, S17 and S18")


INCOTERMS: dict[str, Incoterm] = {
    term.code: term
    for term in (
        Incoterm("EXW", "buyer", "buyer", "", "buyer"),
        Incoterm("FCA", "seller", "buyer", "", "buyer"),
        Incoterm("CPT", "seller", "seller", "", "buyer"),
        Incoterm("CIP", "seller", "seller", "seller", "buyer"),
        Incoterm("DAP", "seller", "seller", "", "buyer"),
        Incoterm("DPU", "seller", "seller", "", "buyer"),
        Incoterm("DDP", "seller", "seller", "", "seller"),
        Incoterm("FAS", "seller", "buyer", "", "buyer", sea_only=True),
        Incoterm("FOB", "seller", "buyer", "", "buyer", sea_only=True),
        Incoterm("CFR", "seller", "seller", "", "buyer", sea_only=True),
        Incoterm("CIF", "seller", "seller", "seller", "buyer", sea_only=True),
    )
}

FOR_PARCELS = tuple(term.code for term in INCOTERMS.values() if not term.sea_only)
"""The rules for any mode of transport; a parcel is not handed over on board a ship."""


def for_parcels(field: str, code: str) -> Incoterm:
    """
    Return the rule of that code, if goods in parcels can be sold by it.

    Raises:
        Refused: INVALID_ARGUMENT, no Incoterm, or one for sea freight alone such as FOB.
    """
    if code in INCOTERMS and code not in FOR_PARCELS:
        raise invalid(field, f"{code} is for goods on board a ship; for parcels it is one of " + " ".join(FOR_PARCELS))
    return incoterm(field, code)


def incoterm(field: str, code: str) -> Incoterm:
    """Return the rule with this code."""
    if code not in INCOTERMS:
        raise invalid(field, "must be an Incoterm 2020: " + " ".join(INCOTERMS))
    return INCOTERMS[code]
