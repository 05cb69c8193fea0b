"""
Facts for a shopper's page beyond the view of its link: names of articles, amounts, likely arrival, corrections.

The gateway asks with its identity for shoppers. A page leaves out what that identity may not read, and does not fail:
an organisation that is no party of the order knows no amounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from chaincode.domain.returns.terms import ReturnReason
from gateway.audit import histories
from gateway.http.context import COMMERCE, TRADE
from gateway.http.problems import Problem
from gateway.pages import languages, localformats
from gateway.trade import minting
from gateway.trade.journeys import shopper
from gateway.trade.returns import shownphotos

# The refund that is shown assumes this reason.
_REASON = ReturnReason.CHANGE_OF_MIND


@dataclass(frozen=True)
class Articles:
    """
    By line of an order: names of articles, and the refund for one piece that the buyer does not want.

    Attributes:
        shop: name, colour and contact of the seller, as its merchant registered it; empty if there is none.
    """

    titles: Mapping[str, str]
    amounts: Mapping[str, str]
    shop: Mapping[str, str]


@dataclass(frozen=True)
class BuyerFacts:
    """
    Facts beyond the view.

    Attributes:
        arrival: the earliest and the latest likely time of delivery; empty if it is not known.
        photos: digests of the photos that are kept of a return, by its id.
        corrected: events that were declared an error, as EPCIS has them.
    """

    articles: Articles
    arrival: tuple[str, str] | tuple[()]
    photos: Mapping[str, list[str]]
    corrected: tuple[Mapping[str, Any], ...]


def of(token: str, seen: Mapping[str, Any]) -> BuyerFacts:
    """Return the facts for the page of a link whose view is *seen*."""
    journey_ids = _journeys(token)
    return BuyerFacts(
        articles=articles(token),
        arrival=_arrival(journey_ids[0]) if journey_ids and seen.get("expected_at") else (),
        photos=shownphotos.names(each["return_id"] for each in seen["returns"]),
        corrected=tuple(event for each in journey_ids for event in _corrected(each)),
    )


def articles(token: str) -> Articles:
    """Return what is known of the articles of a link's order."""
    first = next((shopper.known(TRADE, "Journeys:read", each) for each in _journeys(token)), None)
    order_id = first["journey"]["order_id"] if first else ""
    content = shopper.known(COMMERCE, "Orders:content", order_id) or {}
    return Articles(_titles(content), _amounts(content, order_id), _shop(content))


def _journeys(token: str) -> list[str]:
    found: list[str] = shopper.known(TRADE, "Journeys:linked", minting.link_hash(token)) or []
    return found


def proof_of(token: str, return_id: str) -> str:
    """
    Return the transaction that last changed a return of the link's order, else the custody of its goods.

    Raises:
        Problem: LINK_UNKNOWN, the link has no such return, or nothing is known of it.
    """
    if return_id:
        function, key = "Returns:history", return_id
        if not shopper.has_return(token, return_id):
            raise Problem("LINK_UNKNOWN")
    else:
        (key, *_), function = shopper.journeys(token), "Journeys:history"
    found = shopper.known(TRADE, function, key)
    parts = found.items() if isinstance(found, dict) else [("custody", found or [])]
    changes = [change for name, listed in parts if name.startswith("custody") for change in listed]
    if not changes:
        raise Problem("LINK_UNKNOWN")
    newest: str = max(changes, key=lambda change: change["at"])["transaction_id"]
    return newest


def receipt(token: str, return_id: str) -> Response:
    """Return the receipt of ``proof_of`` as a file; raises what that raises."""
    return histories.receipt_file(TRADE.channel, proof_of(token, return_id), shopper.evaluated)


def _arrival(journey_id: str) -> tuple[str, str] | tuple[()]:
    """Return the likely times of delivery by earlier journeys of the lane: half, and nine in ten, came sooner."""
    found = shopper.known(TRADE, "Journeys:estimate", journey_id)
    return (found["p50_at"], found["p90_at"]) if found else ()


def _titles(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of each article of the order in the reader's language, if its seller has listed it."""
    found = {}
    for line in content.get("lines", []):
        listed = shopper.known(COMMERCE, "Catalogue:read", content["merchant"], line["gtin"])
        titles = listed["product"]["titles"] if listed else {}
        if titles:
            found[str(line["line"])] = (
                titles.get(languages.current()) or titles.get("en") or next(iter(titles.values()))
            )
    return found


def _shop(content: Mapping[str, Any]) -> Mapping[str, str]:
    if not content.get("seller_id"):
        return {}
    found = shopper.known(COMMERCE, "Sellers:read", content["merchant"], content["seller_id"])
    return found["entry"] if found else {}


def _amounts(content: Mapping[str, Any], order_id: str) -> dict[str, str]:
    found = {}
    for line in content.get("lines", []):
        shares = shopper.known(COMMERCE, "ReturnDues:expected", order_id, str(line["line"]), 1, _REASON)
        if shares:
            found[str(line["line"])] = localformats.money(shares["amount"], content["currency"])
    return found


def _corrected(journey_id: str) -> list[dict[str, Any]]:
    """Return the events of a journey that their recorder declared an error."""
    document = shopper.known(TRADE, "Journeys:events", journey_id)
    events = document["epcisBody"]["eventList"] if document else []
    return [event for event in events if event.get("errorDeclaration")]
