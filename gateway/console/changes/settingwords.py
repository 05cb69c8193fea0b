"""Changed settings of channels and chaincodes in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.console import companies
from gateway.console.changes import policywords
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from hlf.wire.config.channelproposal import MEMBER, NOT_SET, ORDERERS_OF

SETTINGS: Mapping[str, str] = {
    "batch.timeout": N_("Longest wait before a block is cut"),
    "batch.max_messages": N_("Most transactions in a block"),
    "batch.preferred_max_bytes": N_("Usual size of a block, in bytes"),
    "batch.absolute_max_bytes": N_("Largest size of a block, in bytes"),
    "orderers.consensus": N_("How orderers agree"),
    "orderers": N_("Orderers"),
    "version": N_("Version"),
    "sequence": N_("Number of the definition"),
    "endorsement": N_("Who must endorse"),
}
"""The name of each setting that has one name alone."""

# What a setting is, by the part of its name before the dot.
_NAMED: Mapping[str, str] = {
    "capabilities": N_("Abilities that nodes must have: %(name)s"),
    "policies": N_("Rule %(name)s"),
    "acls": N_("Who may use %(name)s"),
    "anchors": N_("Addresses by which others find %(name)s"),
}
_OF_A_COLLECTION: Mapping[str, str] = {
    "policy": N_("Who sees %(name)s"),
    "endorsement": N_("Who must endorse what is written to %(name)s"),
}
_RULES = frozenset({"endorsement", "policies"})


@dataclass(frozen=True)
class ChangedSetting:
    """A setting's name in words, and its value before and after; both are empty for a member that joins or leaves."""

    words: str
    before: str = ""
    after: str = ""


def told(changes: Iterable[tuple[str, str, str]]) -> list[ChangedSetting]:
    """Return settings, each with its name and its value before and after, in words."""
    return [_told(*each) for each in changes]


def joins(msp_id: str) -> ChangedSetting:
    """Return what it means that an organisation becomes a member."""
    words = gettext("%(company)s becomes a member: it sees every block, the former ones too")
    return ChangedSetting(words % {"company": companies.name(msp_id)})


def leaves(msp_id: str) -> ChangedSetting:
    """Return what it means that an organisation is taken out."""
    words = gettext("%(company)s is no member any more: it gets no further block")
    return ChangedSetting(words % {"company": companies.name(msp_id)})


def _told(what: str, before: str, after: str) -> ChangedSetting:
    msp_id = what.removeprefix(f"{MEMBER} ")
    if msp_id != what and before == NOT_SET:
        return joins(msp_id)
    if msp_id != what and after == NOT_SET:
        return leaves(msp_id)
    return ChangedSetting(name(what), _value(what, before), _value(what, after))


def name(what: str) -> str:
    """Return a setting's name in words; one that a later release added keeps its name in the consortium file."""
    kind, _, own = what.partition(".")
    start, _, last = own.rpartition(".")
    if what in SETTINGS:
        return gettext(SETTINGS[what])
    if kind == "collections" and last in _OF_A_COLLECTION:
        return gettext(_OF_A_COLLECTION[last]) % {"name": start}
    if kind in _NAMED and own:
        return gettext(_NAMED[kind]) % {"name": companies.name(own)}
    for start, words in ((MEMBER, N_("Member %(company)s")), (ORDERERS_OF, N_("Orderers of %(company)s"))):
        if what.startswith(f"{start} "):
            return gettext(words) % {"company": companies.name(what.removeprefix(f"{start} "))}
    return what


def _value(what: str, value: str) -> str:
    if value == NOT_SET:
        return gettext("not set")
    kind, last = what.partition(".")[0], what.rpartition(".")[2]
    return policywords.told(value) if kind in _RULES or last in _OF_A_COLLECTION else value
