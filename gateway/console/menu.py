"""The menu of the console: what the caller's token and roles let it do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request, url_for

from gateway.http import context
from gateway.pages.languages import gettext
from gateway.pages.states import N_


@dataclass(frozen=True)
class Entry:
    """One line of the menu; *here* if it is the page shown."""

    words: str
    sign: str
    href: str
    here: bool


# Heading, the scope that its pages need, and its pages: endpoint, icon, words.
_SECTIONS: tuple[tuple[str, str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        N_("Trade"),
        "read",
        (
            ("console.home", "home", N_("Today")),
            ("console.orders", "list", N_("Orders")),
            ("console.figures", "chart", N_("Your figures")),
            ("console.disclosures", "eye", N_("Who sees what")),
            ("console.companies", "people", N_("Companies")),
        ),
    ),
    (N_("Audit"), "audit", (("console.audit_forms", "shield", N_("Look into the ledger")),)),
    (N_("Help"), "read", (("pages.reference", "help", N_("Interface for programs")),)),
)


def shown() -> Iterator[tuple[str, list[Entry]]]:
    """Yield the sections of the menu that the caller may use, each with its entries."""
    for heading, scope, pages in _SECTIONS:
        if scope in context.caller().scopes:
            yield (
                gettext(heading),
                [
                    Entry(gettext(words), sign, url_for(endpoint), request.endpoint == endpoint)
                    for endpoint, sign, words in pages
                ],
            )
