"""Find the errors of a form by field, in the reader's language, and the field that a refusal names."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping

from chaincode.domain.vocabulary import places
from gateway.console.acts import actfields
from gateway.console.acts.actfields import ActField, PersonAct, Values
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from hlf.codec.refusals import Refused

# As ``offer.place: `` or ``draft.consignments[0]: ``.
_PLACE = re.compile(r"^[a-z_]+([.\[][a-z_0-9.\[\]]+)?: ", re.ASCII)
LARGEST = 1_000_000
"""The largest number that a form takes."""


def _number(values: Values, name: str) -> None:
    if not 0 <= int(values[name]) <= LARGEST:
        raise ValueError(values[name])


# By kind of field: a function that raises ValueError or Refused for a wrong value, and what to type instead.
_CHECKS: Mapping[str, tuple[Callable[[Values, str], object], str]] = {
    actfields.TIME: (lambda v, name: datetime.datetime.fromisoformat(v[name]), N_("This is no day with a time.")),
    actfields.DAY: (lambda v, name: datetime.date.fromisoformat(v[name]), N_("This is no day.")),
    actfields.NUMBER: (_number, N_("Write a whole number, at most 1,000,000.")),
    actfields.PLACE: (lambda v, name: places.check_locode(name, v[name]), N_("Write a UN/LOCODE, as VNHAN.")),
    actfields.MONEY: (actfields.minor, N_("Write an amount of this currency, as 12.50.")),
}


def wrong(act: PersonAct, values: Values) -> dict[str, str]:
    """Return the missing and wrong fields of a form, each with its cure."""
    found = {}
    for field in act.fields:
        if not values[field.name]:
            if not field.optional:
                found[field.name] = gettext("Please fill this in.")
        elif field.kind in _CHECKS:
            fits, words = _CHECKS[field.kind]
            try:
                fits(values, field.name)
            except (ValueError, Refused):
                found[field.name] = gettext(words)
    return found


def said(text: str) -> str:
    """Return the words of a refusal without the place in the contract's record that it names; pages name fields."""
    return _PLACE.sub("", text)


def refused(act: PersonAct, text: str) -> dict[str, str]:
    """Return the field that a refusal names, with the reason; none if it is about no field of the form."""
    path, colon, reason = text.partition(": ")
    last = path.rpartition(".")[2].partition("[")[0]
    return {field.name: reason for field in act.fields if colon and last in (field.name, field.member)}


def editable(act: PersonAct, found: Mapping[str, str]) -> list[ActField]:
    """Return the fields among those found wrong that a person can change in the form."""
    return [field for field in act.fields if field.name in found and field.kind != actfields.ID]
