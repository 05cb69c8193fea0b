"""The facts by which a rule of return terms decided, in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from gateway.pages import localformats, places, states
from gateway.pages.languages import gettext
from gateway.pages.states import N_

NAMES: Mapping[str, str] = {
    "ordered_at": N_("Ordered"),
    "in_force_from": N_("In force since"),
    "delivered_at": N_("Delivered"),
    "lost_after": N_("Counts as lost from"),
    "lost_at": N_("Lost"),
    "asked_at": N_("Asked"),
    "window_ends": N_("Last moment to ask"),
    "basis": N_("Days count from"),
    "line": N_("Article"),
    "excluded": N_("What never goes back, by HS code"),
    "reason": N_("Reason"),
    "resolution": N_("Wanted"),
    "offered": N_("Offered"),
    "carried": N_("Carried"),
    "left": N_("Left to return"),
    "asked": N_("Pieces asked for"),
    "given": N_("Given"),
    "needed": N_("Needed"),
    "condition": N_("Condition"),
    "worst_accepted": N_("Worst condition accepted"),
    "recent": N_("Returns in 90 days"),
    "most": N_("At most"),
    "place": N_("Place"),
    "carrier": N_("Carrier"),
}
"""What a fact of ``chaincode.domain.returns.review`` is called."""

_BASES: Mapping[str, str] = {
    "delivered": N_("the delivery"),
    "first_attempt": N_("the first attempt to deliver"),
    "order": N_("the order"),
}
# Values that mean: there is none.
_ABSENT: Mapping[str, str] = {"never": N_("never"), "open": N_("still open"), "none": N_("none")}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "basis": _BASES,
    "reason": states.REASONS,
    "resolution": states.RESOLUTIONS,
    "offered": states.RESOLUTIONS,
    "condition": states.CONDITIONS,
    "worst_accepted": states.CONDITIONS,
}
_MOMENTS = frozenset(
    {"ordered_at", "in_force_from", "delivered_at", "lost_after", "lost_at", "asked_at", "window_ends"}
)

Fact: TypeAlias = tuple[str, str]


def told(facts: Mapping[str, str], locode: str, company: Callable[[str], str]) -> list[Fact]:
    """Return name and value of each fact that has a value; moments by the clock of *locode*, members by *company*."""
    return [(gettext(NAMES[name]), _value(name, value, locode, company)) for name, value in facts.items() if value]


def _value(name: str, value: str, locode: str, company: Callable[[str], str]) -> str:
    if value in _ABSENT:
        return gettext(_ABSENT[value])
    if name in _MOMENTS:
        return localformats.moment(value, locode)
    if name in _WORDS:
        return ", ".join(states.said(_WORDS[name], word) for word in value.split(", "))
    if name == "place":
        return places.name(value)
    return company(value) if name == "carrier" else value
