"""
Search by anything: one box for orders, journeys, parcels, returns, companies, and for those who audit, the ledger.

The gateway's own copy has the records that the caller's organisation may see, and no others. Blocks and transactions
are looked up at an address of its own, because every look into the ledger is written down (``gateway.audit.accesses``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from gateway.audit import chains, ownchannels
from gateway.console import companies, lists
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.pages.languages import gettext, ngettext
from gateway.pages.states import N_
from gateway.readmodel import queries, views
from gateway.readmodel.queries import ModelRecord
from hlf.codec import names

_MOST = 50
# Fewer characters begin too many names. The number of a block may be shorter.
SHORTEST = 3
_DIGITS_OF_A_BLOCK = 9


@dataclass(frozen=True)
class SearchLine:
    """One line of what was found: its kind in words with an icon, its name or id, and the page that shows it."""

    kind: str
    sign: str
    name: str
    href: str
    id: str = ""
    state: str = ""


# Of each kind of record: its name and icon. A test compares the kinds with those that the model keeps.
KINDS: Mapping[str, tuple[str, str]] = {
    "orders": (N_("Order"), "list"),
    "order-contents": (N_("Contents of an order"), "lock"),
    "journeys": (N_("Journey"), "truck"),
    "parcels": (N_("Parcel"), "box"),
    "units": (N_("Shipping unit"), "ship"),
    "returns": (N_("Return"), "return"),
    "disclosures": (N_("Permission to look"), "eye"),
    "payments": (N_("Payment"), "receipt"),
    "carrier-claims": (N_("Claim for loss or damage"), "alert"),
    "drawbacks": (N_("Duty that comes back"), "return"),
}


@blueprint.route("/search")
@auth.needs("read")
@inputs.takes(query={"q"})
def search() -> Redirect | str:
    """Show what has the text on its label; who audits and asks for a block or transaction is led on to the ledger."""
    text = _text()
    if context.caller().may("audit:console") and (_block_number(text) is not None or names.TRANSACTION_ID.fits(text)):
        return redirect(url_for("console.search_ledger", q=text), 303)
    return page("search.html", text=text, found=list(_known(text)))


@blueprint.route("/audit/search")
@auth.needs("audit")
@inputs.takes(query={"q"})
def search_ledger() -> str:
    """Show which channels have a block or transaction, and what else has the text on its label."""
    text = _text()
    known = _known(text) if context.caller().may("read:console") else ()
    return page("search.html", text=text, found=[*_in_the_ledger(text), *known])


def _text() -> str:
    return request.args.get("q", "").strip()


def _known(text: str) -> Iterator[SearchLine]:
    """Yield the companies and records that the caller's organisation knows by a name or number."""
    if len(text) < SHORTEST:
        return
    wanted = text.casefold()
    for msp_id, one in companies.register().items():
        if wanted in f"{one.get('name', '')}\n{msp_id}".casefold():
            yield SearchLine(gettext("Company"), "people", companies.name(msp_id), url_for("console.companies"), msp_id)
    views.refreshed()
    for each in queries.search(context.services().model, context.caller().msp_id, text, _MOST):
        yield _line(each)


def _line(record: ModelRecord) -> SearchLine:
    words, sign = KINDS[record.kind]
    name, href = PAGES[record.kind](record.id, record.document)
    return SearchLine(gettext(words), sign, name, href, record.id, record.state)


def _order(order_id: str, document: Mapping[str, Any]) -> tuple[str, str]:
    return companies.name(document.get("merchant", "")) or order_id, url_for("console.orders", q=order_id)


def _payment(payment_id: str, document: Mapping[str, Any]) -> tuple[str, str]:
    return payment_id, url_for("console.orders", q=document.get("terms", {}).get("order_id", payment_id))


def _journey(journey_id: str, document: Mapping[str, Any]) -> tuple[str, str]:
    return lists.way(document), url_for("console.journey", journey_id=journey_id)


def _parcel(record_id: str, document: Mapping[str, Any]) -> tuple[str, str]:
    parcel = str(document.get("parcel", "")).rsplit("/", 1)[-1]
    return parcel or record_id, url_for("console.journey", journey_id=document.get("journey_id", record_id))


def _unit(unit_id: str, _document: Mapping[str, Any]) -> tuple[str, str]:
    return unit_id, url_for("console.find_journey", q=unit_id)


def _goods_back(return_id: str, document: Mapping[str, Any]) -> tuple[str, str]:
    asked = document["request"]
    words = ngettext("%(num)s piece of article %(line)s", "%(num)s pieces of article %(line)s", asked["quantity"])
    return words % {"num": asked["quantity"], "line": asked["line"]}, url_for("console.goods_back", return_id=return_id)


def _permission(grant_id: str, _document: Mapping[str, Any]) -> tuple[str, str]:
    return grant_id, url_for("console.disclosures")


def _carrier_claim(claim_id: str, _document: Mapping[str, Any]) -> tuple[str, str]:
    return claim_id, url_for("console.carrier_claim", claim_id=claim_id)


def _drawback(drawback_id: str, _document: Mapping[str, Any]) -> tuple[str, str]:
    return drawback_id, url_for("console.drawback", drawback_id=drawback_id)


# Of each kind of record: the line's name and the page that it leads to.
PAGES: Mapping[str, Callable[[str, Mapping[str, Any]], tuple[str, str]]] = {
    "orders": _order,
    "order-contents": _order,
    "journeys": _journey,
    "parcels": _parcel,
    "units": _unit,
    "returns": _goods_back,
    "disclosures": _permission,
    "payments": _payment,
    "carrier-claims": _carrier_claim,
    "drawbacks": _drawback,
}


def _in_the_ledger(text: str) -> Iterator[SearchLine]:
    """Yield, for each channel of the caller's organisation, the block with a number or the transaction with an id."""
    number = _block_number(text)
    channels = ownchannels.known()
    if number is not None:
        for channel in chains.with_block(channels, number):
            words = gettext("Block %(number)s") % {"number": number}
            yield SearchLine(words, "block", channel, url_for("console.block", channel=channel, number=number))
    elif names.TRANSACTION_ID.fits(text):
        for channel in chains.with_transaction(channels, text):
            href = url_for("console.transaction", channel=channel, transaction_id=text)
            yield SearchLine(gettext("Transaction"), "chain", channel, href, text)


def _block_number(text: str) -> int | None:
    """Return the number that a text is, if a block may have it; numbers of labels are longer."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_OF_A_BLOCK else None
