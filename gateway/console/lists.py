"""
Orders and journeys as lists, with a search, filters and pages.

The read model answers (``gateway.readmodel``), so a list stays quick with a hundred thousand journeys.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from chaincode.domain.orders import orders as orderrules
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.problems import Problem
from gateway.pages import places, states
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from gateway.readmodel import queries, views
from gateway.readmodel.model import Model
from gateway.readmodel.queries import ModelRecord, Query

PAGE = 25
_FOUND = 100
# The fewest characters that are searched for.
_SHORTEST = 3
FILTERS = {"q", "state", "cursor"}


@dataclass(frozen=True)
class JourneyRow:
    """A parcel on its way, or all of a journey that has one: where it is, and the journey if it is known."""

    custody: Mapping[str, Any]
    journey: Mapping[str, Any] | None

    @property
    def period(self) -> Mapping[str, Any]:
        """Who has it now, since when and where."""
        found: Mapping[str, Any] = self.custody["periods"][-1]
        return found


@dataclass(frozen=True)
class OrderRow:
    """The public part of an order, and what is known of its goods: its content, else its journey; None without both."""

    order: Mapping[str, Any]
    goods: Mapping[str, Any] | None

    @property
    def pieces(self) -> int:
        """How many pieces are ordered; zero if that is not known."""
        return sum(line.get("quantity", 0) for line in self.goods["lines"]) if self.goods else 0

    @property
    def way(self) -> str:
        """From where to where, as people say it; empty if that is not known."""
        return way(self.goods) if self.goods else ""

    @property
    def placed_at(self) -> int | str:
        """When it was placed; empty if that is not known."""
        found: int | str = (self.goods or {}).get("placed_at") or (self.goods or {}).get("ordered_at", "")
        return found


# The filters of the list of journeys, with their words.
_IN_TRANSIT = "awaited"
_JOURNEY_FILTERS: Mapping[str, str] = {
    "": N_("All journeys"),
    "mine": N_("Handed to us, to confirm"),
    "ours": N_("Passed through our hands"),
    "held": N_("In safe hands"),
    _IN_TRANSIT: N_("Handed over, not yet confirmed"),
    "delivered": N_("Delivered"),
}


@blueprint.route("/orders")
@auth.needs("read")
@inputs.takes(query=FILTERS)
def orders() -> str:
    """Show the public parts of orders, with their journeys: a page of them, or what a search finds."""
    state = request.args.get("state", "")
    shown, following = listed(Query("orders", state=state, limit=PAGE), _orders_found)
    return page(
        "orders.html",
        orders=order_rows(each.document for each in shown),
        following=following,
        choices=choices(gettext("All orders"), get_args(orderrules.State)),
        acts=_order_acts,
    )


def _order_acts(order: Mapping[str, Any]) -> list[str]:
    """Return what the caller's organisation may do with an order: names of acts (``actforms``)."""
    own, state = context.caller().msp_id, order["state"]
    if own not in (order["platform"], order["merchant"]):
        return []
    first = ["confirm-order"] if state == "placed" and own == order["merchant"] else []
    return [
        *first,
        *{"placed": ["cancel-order"], "confirmed": ["cancel-order"], "fulfilling": ["close-order"]}.get(state, []),
    ]


@blueprint.route("/journeys")
@auth.needs("read")
@inputs.takes(query={"id", *FILTERS})
def find_journey() -> Redirect | str:
    """Show where goods are: a page of journeys, what a search finds, or the journey with an *id*."""
    wanted = request.args.get("id", "").strip()
    if wanted:
        return redirect(url_for("console.journey", journey_id=wanted), 303)
    state = request.args.get("state", "")
    shown, following = listed(journeys_query(state, PAGE), _journeys_found)
    filters = [(name, gettext(words)) for name, words in _JOURNEY_FILTERS.items()]
    return page("journeys.html", journeys=journey_rows(shown), following=following, choices=filters)


def journeys_query(shown: str, limit: int) -> Query:
    """Return the question for one of the filters of journeys; an unknown one shows all."""
    own = context.caller().msp_id
    where = {"mine": {"offer.taker": own}, "ours": {"periods.custodian": own}}.get(shown, {})
    return Query("parcels", where=where, state="" if where else shown, limit=limit)


def order_rows(found: Iterable[Mapping[str, Any]]) -> list[OrderRow]:
    """Return public parts of orders with what the gateway's copy knows of their goods."""
    shown, model, own = list(found), _model(), context.caller().msp_id
    contents = queries.named(model, own, "order-contents", {each["order_id"] for each in shown})
    journeys = queries.named(model, own, "journeys", {each.get("journey_id") or "" for each in shown})
    known = {each.id: each.document for each in (*contents, *journeys)}
    return [OrderRow(each, known.get(each["order_id"]) or known.get(each.get("journey_id", ""))) for each in shown]


def journey_rows(found: Iterable[ModelRecord]) -> list[JourneyRow]:
    """Return records of custody with the journeys that they belong to."""
    listed = [each.document for each in found]
    ids = {each["journey_id"] for each in listed}
    known = {one.id: one.document for one in queries.named(_model(), context.caller().msp_id, "journeys", ids)}
    return [JourneyRow(each, known.get(each["journey_id"])) for each in listed]


def way(journey: Mapping[str, Any]) -> str:
    """Return the way of a journey as people say it, as ``Shenzhen to Hanoi``."""
    return gettext("%(origin)s to %(destination)s") % {
        "origin": places.name(journey.get("origin", "")),
        "destination": places.name(journey.get("destination", "")),
    }


def listed(asked: Query, ids: Callable[[Iterable[ModelRecord]], Iterable[str]]) -> tuple[list[ModelRecord], str]:
    """
    Return the records of a page and the cursor of the next page, as the query string asks.

    For a search, *ids* maps found records to the ids of records in this list.
    """
    text = request.args.get("q", "").strip()
    views.refreshed()
    if len(text) >= _SHORTEST:
        found = queries.search(_model(), context.caller().msp_id, text, _FOUND)
        return list(queries.named(_model(), context.caller().msp_id, asked.kind, set(ids(found)))), ""
    try:
        page_of = queries.find(
            _model(),
            context.caller().msp_id,
            dataclasses.replace(asked, cursor=request.args.get("cursor", "")),
        )
    except ValueError as error:
        raise Problem("REQUEST_INVALID", f"cursor: {error}") from None
    return list(page_of.records), page_of.cursor


def found(asked: Query) -> tuple[ModelRecord, ...]:
    """Return the first records of a question."""
    return queries.find(_model(), context.caller().msp_id, asked).records


def _orders_found(found: Iterable[ModelRecord]) -> Iterable[str]:
    """Yield the orders that records belong to."""
    for each in found:
        yield each.id if each.kind == "orders" else str(each.document.get("order_id", ""))


def _journeys_found(found: Iterable[ModelRecord]) -> Iterable[str]:
    """Yield the journeys that records belong to."""
    for each in found:
        yield str(each.document.get("journey_id") or each.document.get("request", {}).get("journey_id", ""))


def listed_of(kind: str, state: str) -> tuple[list[Mapping[str, Any]], str]:
    """Return the documents of one kind that a page shows, in a state or all, and the cursor of the next page."""
    shown, following = listed(
        Query(kind, state=state, limit=PAGE), lambda found: (each.id for each in found if each.kind == kind)
    )
    return [each.document for each in shown], following


def choices(every: str, among: Iterable[str]) -> list[tuple[str, str]]:
    """Return the states that a list can be filtered by, each with its words; *every* are the words for all of them."""
    return [("", every), *((str(one), states.of(one).words) for one in among)]


def _model() -> Model:
    return context.services().model
