"""Policies in words: "any of" and "2 of" companies, in place of Fabric's expressions."""

from __future__ import annotations

from gateway.console import companies
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from hlf import errors
from hlf.wire import policies
from hlf.wire.policies import OutOf, Rule

# Rules that count the members of a channel, by the first word of their text.
_IMPLICIT = {"ANY": N_("any member"), "ALL": N_("all members"), "MAJORITY": N_("more than half of the members")}
_OF_THE_CHANNEL = "/Channel/Application/Endorsement"


def told(text: str) -> str:
    """Return a policy in words; a text that is no policy stays unchanged."""
    if text == _OF_THE_CHANNEL:
        return gettext("whom the channel's own rule names")
    kind, _, name = text.partition(" ")
    if kind in _IMPLICIT and name.isalpha():
        return gettext(_IMPLICIT[kind])
    try:
        return _words(policies.parse(policies.from_dsl(text)))
    except errors.PolicyError:
        return text


def _words(rule: Rule) -> str:
    if not isinstance(rule, OutOf):
        return companies.name(getattr(rule.principal, "msp_id", "")) or "?"
    parts = [f"({_words(each)})" if isinstance(each, OutOf) else _words(each) for each in rule.rules]
    listed = ", ".join(dict.fromkeys(parts))
    if len(parts) == 1:
        return listed
    if rule.count == 1:
        return gettext("any of %(who)s") % {"who": listed}
    if rule.count == len(parts):
        return gettext("all of %(who)s") % {"who": listed}
    return gettext("%(number)s of %(who)s") % {"number": rule.count, "who": listed}
