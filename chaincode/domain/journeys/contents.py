"""
What is in each parcel of a journey: units of the order's lines, by quantity or by serial, and its weight and size.

A quantity is in one parcel. So the events of parcels say how many units of a line were delivered, lost or sent back. A
parcel is known by the canonical spelling of its identifier (`parcels`, `digitallink`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence

from chaincode.domain.journeys import digitallink, parcels
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

PARCELS = Bounds(0, 50)
"""Parcels that one journey may have; for more, open another journey."""

_FIELD = "opening.parcels"


@dataclasses.dataclass(frozen=True)
class Content:
    """Units of one line in a parcel; ``serials`` are their identifiers, of each unit or of none."""

    line: str
    quantity: int
    serials: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Parcel:
    """A parcel: its identifier, contents, weight in grams and its three sides in millimetres (0 or none: not known)."""

    identifier: str
    contents: tuple[Content, ...] = ()
    weight_grams: int = 0
    sides_mm: tuple[int, ...] = ()

    def units(self, line: str, among: Collection[str] = ()) -> int:
        """Return how many units of *line* are in it; if *among* has serials, count only units with these."""
        if among:
            return len(set(among) & set(self.serials(line)))
        return sum(each.quantity for each in self.contents if each.line == line)

    def serials(self, line: str) -> tuple[str, ...]:
        """Return the serials of the units of *line* in it, in their canonical spelling."""
        return tuple(
            digitallink.canonical(unit) for each in self.contents if each.line == line for unit in each.serials
        )


def packed(stated: Sequence[Parcel], epcs: Sequence[str], units: Mapping[str, int]) -> tuple[Parcel, ...]:
    """
    Return the parcels of a journey that carries *units* of each line.

    Without *stated* parcels there is one, the first of *epcs*, with everything in it.

    Raises:
        Refused: INVALID_ARGUMENT, unless each unit of the journey is in exactly one parcel.
    """
    if not stated:
        everything = tuple(Content(line, quantity) for line, quantity in units.items())
        return (Parcel(digitallink.canonical(epcs[0]), everything),)
    if len(stated) not in PARCELS:
        raise invalid(_FIELD, f"are at most {PARCELS.most}")
    found = tuple(
        dataclasses.replace(each, identifier=digitallink.canonical(parcels.identified(each.identifier, _FIELD)))
        for each in stated
    )
    if len({each.identifier for each in found}) < len(found):
        raise invalid(_FIELD, "name a parcel twice")
    if len(found) > 1 and any(not parcels.of([each.identifier]) for each in found):
        raise invalid(_FIELD, "are known by an SSCC, a postal item's number (UPU S10) or a carrier's own number")
    for each in found:
        _check(each)
    serials = [digitallink.canonical(serial) for each in found for part in each.contents for serial in part.serials]
    if len(set(serials)) < len(serials):
        raise invalid(_FIELD, "have one serial twice")
    told = {line: sum(each.units(line) for each in found) for line in units}
    if told != dict(units) or any(part.line not in units for each in found for part in each.contents):
        raise invalid(_FIELD, "must together contain exactly the units of opening.lines")
    return found


def _check(parcel: Parcel) -> None:
    if not parcel.contents or len({each.line for each in parcel.contents}) < len(parcel.contents):
        raise invalid(_FIELD, "need contents, each line named once in a parcel")
    for each in parcel.contents:
        if each.quantity < 1 or len(each.serials) not in (0, each.quantity):
            raise invalid(_FIELD, "contain 1 unit of a line or more, with a serial for each unit or for none")
        for serial in each.serials:
            parcels.identified(serial, f"{_FIELD}.contents.serials")
    if parcel.weight_grams and parcel.weight_grams not in bounds.MANY:
        raise invalid(f"{_FIELD}.weight_grams", f"is {bounds.MANY}")
    if len(parcel.sides_mm) not in (0, bounds.SIDES.most) or any(each not in bounds.MANY for each in parcel.sides_mm):
        raise invalid(f"{_FIELD}.sides_mm", f"are length, width and height, each {bounds.MANY}")


def named(carried: Sequence[Parcel], identifiers: Iterable[str]) -> tuple[str, ...]:
    """
    Return the parcels that *identifiers* mean, in the journey's order.

    A parcel's identifier means that parcel, and a serial the parcel that it is in. If there is neither, all parcels are
    meant.
    """
    said = {digitallink.canonical(each) for each in identifiers}
    meant = tuple(each.identifier for each in carried if each.identifier in said)
    meant = meant or tuple(each.identifier for each in carried if said & _serials(each))
    return meant if meant and len(carried) > 1 else tuple(each.identifier for each in carried)


def chosen(carried: Sequence[Parcel], identifiers: Iterable[str]) -> tuple[str, ...]:
    """
    Return the parcels that *identifiers* name, in the journey's order; all of them if none is named.

    Raises:
        Refused: PARCEL_UNKNOWN.
    """
    said = {digitallink.canonical(each) for each in identifiers}
    strangers = said - {each.identifier for each in carried}
    if strangers:
        raise Refusal.PARCEL_UNKNOWN(f"{min(strangers)} is no parcel of the journey")
    return tuple(each.identifier for each in carried if not said or each.identifier in said)


def _serials(parcel: Parcel) -> set[str]:
    return {digitallink.canonical(serial) for part in parcel.contents for serial in part.serials}
