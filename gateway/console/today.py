"""What an organisation has on its hands: the first page after the log-in."""

from __future__ import annotations

from typing import Any

from gateway.http import context
from gateway.http.context import COMMERCE, TRADE
from hlf import errors

_LATEST = 5


def of() -> dict[str, Any]:
    """Return the values of the page: what others ask, what is shown to whom, and the latest orders."""
    given, received = context.ask_list(TRADE, "Disclosures:given"), context.ask_list(TRADE, "Disclosures:received")
    return {
        "asked": [one for one in context.ask_list(TRADE, "Disclosures:requests") if one.get("state") == "open"],
        "given": [one for one in given if one["state"] == "open"],
        "received": [one for one in received if one["state"] == "open"],
        "orders": _orders(),
    }


def _orders() -> list[Any] | None:
    """Return the latest orders; None for an organisation that is not on the channel of orders."""
    try:
        found: list[Any] = context.ask_record(COMMERCE, "Orders:list", _LATEST, "")["orders"]
    except (errors.HlfError, LookupError):
        return None
    return found
