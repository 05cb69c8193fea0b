"""Who may see which figures: the owner's as a matrix of figures and companies, and every permission with its state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chaincode.domain.disclosure import disclosures as opened
from gateway.console import companies
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context
from gateway.http.context import TRADE
from gateway.pages import states
from gateway.pages.languages import gettext

# What a cell of the matrix says; without an entry the company has never been let to see the figure.
NOW, BEFORE = "now", "before"
# Claims that a page shows as matrices, the newest ones.
_MOST = 6


@dataclass
class ClaimAudience:
    """One claim of the caller: of each figure that anybody may see or could see before, which companies."""

    claim_id: str
    revision: int
    kind: str
    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    unseen: int = 0

    @property
    def companies(self) -> list[str]:
        """The companies that may see any of its figures, or could before."""
        return list(dict.fromkeys(name for cells in self.seen.values() for name in cells))

    @property
    def rows(self) -> list[tuple[str, dict[str, str]]]:
        """The rows of the matrix: the name of a figure for people, and what each company may see of it."""
        return [(states.figure(name), cells) for name, cells in self.seen.items()]


@blueprint.route("/disclosures")
@auth.needs("read")
def disclosures() -> str:
    """Show who may see which figures, for which purpose, until when; an auditor sees all permissions."""
    given = context.ask_list(TRADE, "Disclosures:given")
    shown = [
        (gettext("What you show to others"), given),
        (gettext("What others show to you"), context.ask_list(TRADE, "Disclosures:received")),
    ]
    if context.caller().may("audit:console") and context.caller().msp_id == _auditor():
        shown.append((gettext("What everybody shows to anybody"), context.ask_list(TRADE, "Disclosures:audit")))
    return page("disclosures.html", shown=shown, claims=of_claims(given), requests=open_requests())


def open_requests() -> list[dict[str, Any]]:
    """Return the requests to see figures that wait for an answer, of the caller's organisation or to it."""
    own = context.caller().msp_id
    asked = context.ask_list(TRADE, "Disclosures:requests")
    return [one for one in asked if not one["answered"] and own in (one["requester"], one["asked"]["owner"])]


def of_claims(given: Iterable[Mapping[str, Any]]) -> list[ClaimAudience]:
    """Return the audience of each of the caller's claims that somebody may see or could see before."""
    known = {(one["claim_id"], one["revision"]): one["kind"] for one in context.ask_list(TRADE, "Claims:list")}
    found: dict[tuple[str, int], ClaimAudience] = {}
    for each in given:
        terms = each["grant"]["terms"]
        claim = terms["claim_id"], terms["revision"]
        if claim not in known:
            continue
        seen = found.setdefault(claim, ClaimAudience(*claim, known[claim])).seen
        recipient, may = companies.name(terms["recipient"]), NOW if each["state"] == "open" else BEFORE
        for name in terms["attributes"]:
            cells = seen.setdefault(name, {})
            cells[recipient] = NOW if NOW in (may, cells.get(recipient)) else BEFORE
    newest = list(found.values())[-_MOST:]
    for one in newest:
        figures = context.ask_record(TRADE, "Claims:read", one.claim_id, str(one.revision))["disclosures"]
        one.unseen = len({opened.read(each).name for each in figures} - one.seen.keys())
    return newest[::-1]


def _auditor() -> str:
    """Return the acting auditor of the register."""
    asked = TRADE.call("Participants:holder", ["auditor"], None, (context.caller().msp_id,))
    return context.evaluate(asked).decode("utf-8", "replace")
