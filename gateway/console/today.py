"""What an organisation has to do: the first page after the log-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from chaincode.domain.orders.orders import State as OrderState
from gateway.console import lists, returning, troubles
from gateway.console.dealings import agreements, carrierclaims, drawbacks
from gateway.console.figures import audience, permissions
from gateway.console.lists import OrderRow
from gateway.console.market import plans
from gateway.http import context
from gateway.http.context import COMMERCE
from gateway.pages import localformats, places
from gateway.pages.languages import gettext
from gateway.readmodel import views
from gateway.readmodel.queries import Query
from hlf import errors

_LATEST = 5
_COUNTED = 200
_WAITING = 10
_PLACED: OrderState = "placed"


@dataclass(frozen=True)
class Task:
    """One thing that waits for the organisation; *until* is empty without a deadline."""

    words: str
    sign: str
    href: str
    until: str = ""


def of() -> dict[str, Any]:
    """Return the values of the page: what waits, what is shown to whom, and the latest orders."""
    views.refreshed()
    asked = [one for one in audience.open_requests() if one["asked"]["owner"] == context.caller().msp_id]
    return {
        "tasks": [*_questions(asked), *_hand_overs(), *_legs(), *_returns(), *_dealings(), *_orders_to_confirm()],
        "troubles": troubles.lately(),
        "given": _open(permissions.GIVEN),
        "received": _open(permissions.RECEIVED),
        "orders": _orders(),
    }


def _open(which: str) -> str:
    """Return how many of the newest permissions are open, with a plus sign if there are older ones."""
    found, following = permissions.page(which, _COUNTED)
    number = sum(each.state == "open" for each in found)
    return localformats.number(number) + ("+" if following else "")


def _questions(asked: list[dict[str, Any]]) -> list[Task]:
    if not asked:
        return []
    return [Task(gettext("Somebody asks to see your figures"), "eye", url_for("console.disclosures"))]


def _hand_overs() -> list[Task]:
    """Return the goods that were handed to the organisation and that it has not confirmed."""
    rows = lists.journey_rows(lists.found(lists.journeys_query("mine", _WAITING)))
    words = gettext("Confirm that you have the goods in %(place)s")
    return [
        Task(
            words % {"place": places.name(row.custody["offer"]["place"])},
            "truck",
            url_for("console.journey", journey_id=row.custody["journey_id"]),
        )
        for row in rows
    ]


def _legs() -> list[Task]:
    """Return the plans in which a marketplace has chosen the organisation, and that it has not answered."""
    words = gettext("You are chosen to carry goods: say yes or no")
    return [
        Task(words, "ship", url_for("console.plan", plan_id=plan_id), localformats.moment(until))
        for plan_id, until in plans.waiting()
    ]


def _returns() -> list[Task]:
    words = gettext("A return waits for you")
    return [
        _until(each, words, "return", url_for("console.goods_back", return_id=each["request"]["return_id"]))
        for each in returning.waiting()
    ]


def _dealings() -> list[Task]:
    """Return tasks between companies: hand-overs to agree, and claims for loss, damage and duty to answer."""
    proposed = [
        Task(gettext("A carrier proposes a hand-over"), "swap", url_for("console.agreements"))
        for _ in agreements.to_answer()[:_WAITING]
    ]
    words = gettext("A claim for loss or damage waits for you")
    claims = [
        _until(each, words, "alert", url_for("console.carrier_claim", claim_id=each["filing"]["claim_id"]))
        for each in carrierclaims.waiting()
    ]
    words = gettext("A claim for duty waits for you")
    duty = [
        _until(each, words, "stamp", url_for("console.drawback", drawback_id=each["filing"]["drawback_id"]))
        for each in drawbacks.waiting()
    ]
    return [*proposed, *claims, *duty]


def _until(record: Mapping[str, Any], words: str, sign: str, href: str) -> Task:
    """Return the task for a waiting record, with its deadline if it has one."""
    return Task(words, sign, href, localformats.moment(record["due"]) if record["due"] else "")


def _orders_to_confirm() -> list[Task]:
    asked = Query("orders", where={"merchant": context.caller().msp_id}, state=_PLACED, limit=_WAITING)
    words = gettext("Confirm the order")
    return [
        Task(words, "list", url_for("console.act", name="confirm-order", order_id=each.id))
        for each in lists.found(asked)
    ]


def _orders() -> list[OrderRow] | None:
    """Return the latest orders; None for an organisation that is not on the channel of orders."""
    try:
        found = context.ask_record(COMMERCE, "Orders:list", _LATEST, "")["orders"]
    except (errors.HlfError, LookupError):
        return None
    return lists.order_rows(found)
