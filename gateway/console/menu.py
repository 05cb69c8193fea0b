"""The menu of the console: the pages that the caller's token and its organisation's channels open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request, url_for

from gateway.audit import ownchannels
from gateway.http import context
from gateway.http.context import CARRIAGE, COMMERCE, TRADE
from gateway.pages.languages import gettext
from gateway.pages.states import N_


@dataclass(frozen=True)
class MenuEntry:
    """One line of the menu; *here* if it is the page shown."""

    words: str
    sign: str
    href: str
    here: bool


# Pages for every channel.
_ANY = ""
# Heading, the scope that its pages need, and its pages: endpoint, icon, words, channel.
_SECTIONS: tuple[tuple[str, str, tuple[tuple[str, str, str, str], ...]], ...] = (
    (
        N_("Trade"),
        "read",
        (
            ("console.home", "home", N_("Today"), _ANY),
            ("console.search", "search", N_("Search"), _ANY),
            ("console.orders", "list", N_("Orders"), COMMERCE.channel),
            ("console.find_journey", "truck", N_("Journeys"), TRADE.channel),
            ("console.returns", "return", N_("Returns"), TRADE.channel),
            ("console.carrier_claims", "alert", N_("Loss and damage"), TRADE.channel),
            ("console.drawbacks", "stamp", N_("Duty that comes back"), TRADE.channel),
            ("console.agreements", "swap", N_("Hand-overs"), CARRIAGE.channel),
            ("console.terms", "receipt", N_("Return terms"), TRADE.channel),
            ("console.plans", "ship", N_("Plans"), TRADE.channel),
            ("console.lanes", "globe", N_("Lanes"), TRADE.channel),
            ("console.gaps", "chart", N_("Capacity gap"), TRADE.channel),
            ("console.figures", "lock", N_("Your figures"), TRADE.channel),
            ("console.disclosures", "eye", N_("Who sees what"), TRADE.channel),
            ("console.companies", "people", N_("Companies"), TRADE.channel),
        ),
    ),
    (
        N_("Audit"),
        "audit",
        (
            ("console.audit_forms", "shield", N_("Look into the ledger"), _ANY),
            ("console.network", "server", N_("Network"), TRADE.channel),
        ),
    ),
    (N_("Help"), "read", (("pages.reference", "help", N_("Interface for programs"), _ANY),)),
)


def shown() -> Iterator[tuple[str, list[MenuEntry]]]:
    """Yield the sections of the menu, each with the entries that the caller may use."""
    joined = ownchannels.joined()
    for heading, scope, pages in _SECTIONS:
        if context.caller().may(f"{scope}:console"):
            yield (
                gettext(heading),
                [
                    MenuEntry(gettext(words), sign, url_for(endpoint), request.endpoint == endpoint)
                    for endpoint, sign, words, channel in pages
                    if channel == _ANY or not joined or channel in joined
                ],
            )
