"""Who may see which figures: the caller's as a matrix of figures and companies, and every permission with its state."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from flask import request

from chaincode.domain.disclosure import disclosures as opened
from gateway.console import companies, lists
from gateway.console.blueprint import blueprint
from gateway.console.figures import permissions
from gateway.console.figures.permissions import EVERY, GIVEN, RECEIVED, Permission
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.pages import figurewords
from gateway.pages.languages import gettext

# The values of a cell of the matrix; an empty cell means that the company was never allowed to see the figure.
NOW, BEFORE = "now", "before"
# Claims that a page shows as matrices, and the newest permissions among which they are found.
_MOST, _GRANTS = 6, 200
# Pages of requests among which those that wait are found.
_REQUEST_PAGES = 10


@dataclass(frozen=True)
class PermissionList:
    """A page of permissions under a heading; *following* is the cursor of the next page."""

    name: str
    heading: str
    entries: list[Permission]
    following: str


@dataclass
class ClaimAudience:
    """One claim of the caller: for each figure that was ever disclosed, which companies may or could see it."""

    claim_id: str
    revision: int
    name: str = ""
    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    unseen: int = 0

    @property
    def companies(self) -> list[str]:
        """The companies that may see any of its figures, or could before."""
        return list(dict.fromkeys(name for cells in self.seen.values() for name in cells))

    @property
    def rows(self) -> list[tuple[str, dict[str, str]]]:
        """The rows of the matrix: the name of a figure for people, and what each company may see of it."""
        return [(figurewords.figure(name), cells) for name, cells in self.seen.items()]


@blueprint.route("/disclosures")
@auth.needs("read")
@inputs.takes(query={"state", "cursor"})
def disclosures() -> str:
    """Show who may see which figures, for which purpose, until when; an auditor sees all permissions."""
    wanted, cursor = request.args.get("state", ""), request.args.get("cursor", "")
    headings = {GIVEN: gettext("What you show to others"), RECEIVED: gettext("What others show to you")}
    if context.caller().may("audit:console") and context.caller().msp_id == _auditor():
        headings[EVERY] = gettext("What everybody shows to anybody")
    if wanted in headings:
        shown = [PermissionList(wanted, headings[wanted], *permissions.page(wanted, lists.PAGE, cursor))]
        return page("disclosures.html", shown=shown, claims=[], requests=[])
    shown = [PermissionList(name, words, *permissions.page(name, lists.PAGE)) for name, words in headings.items()]
    return page("disclosures.html", shown=shown, claims=of_claims(), requests=open_requests())


def open_requests() -> list[dict[str, Any]]:
    """Return requests to see figures that wait for an answer, of the caller's organisation or to it."""
    own = context.caller().msp_id
    asked = context.ask_pages(TRADE, "Disclosures:requests", "requests", True, most=_REQUEST_PAGES)
    ours = (one for one in asked if own in (one["requester"], one["asked"]["owner"]))
    return list(itertools.islice(ours, lists.PAGE))


def of_claims() -> list[ClaimAudience]:
    """Return the audience of the caller's claims that somebody was let to see last."""
    found: dict[tuple[str, int], ClaimAudience] = {}
    for each in permissions.page(GIVEN, _GRANTS)[0]:
        terms = each.grant.terms
        claim = terms.claim_id, terms.revision
        if claim not in found and len(found) == _MOST:
            continue
        seen = found.setdefault(claim, ClaimAudience(*claim)).seen
        recipient, may = companies.name(terms.recipient), NOW if each.state == "open" else BEFORE
        for name in terms.attributes:
            cells = seen.setdefault(name, {})
            cells[recipient] = NOW if NOW in (may, cells.get(recipient)) else BEFORE
    for one in found.values():
        own = context.ask_record(TRADE, "Claims:read", one.claim_id, str(one.revision))
        figures = {each.name: each.value for each in map(opened.read, own["disclosures"])}
        one.name = figurewords.claim(opened.read_document(own["document"].encode()).kind, figures)
        one.unseen = len(figures.keys() - one.seen.keys())
    return list(found.values())


def _auditor() -> str:
    """Return the acting auditor of the register."""
    asked = TRADE.call("Participants:holder", ["auditor"], None, (context.caller().msp_id,))
    return context.evaluate(asked).decode("utf-8", "replace")
