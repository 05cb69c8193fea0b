"""Answers for shoppers, who have no identity: the gateway reads with an identity of its own."""

from __future__ import annotations

from typing import Any

from gateway.fabric import results
from gateway.http import context
from gateway.http.context import TRADE
from gateway.http.problems import Problem
from gateway.trade import minting
from hlf import errors


def follow(token: str) -> dict[str, Any]:
    """
    Return what the holder of a link may see: no organisations, no identifiers of goods, nothing about other orders.

    Raises:
        Problem: TRACKING_CLOSED if the gateway has no identity for this; LINK_UNKNOWN for every refusal of the
            contract.
        hlf.errors.EvaluateError: the peer could not be asked.
    """
    try:
        seen = _asked("Journeys:track", token)
        return {**seen, "returns": _asked("Returns:track", token)}
    except errors.GatewayError as refused:
        if refused.contract_code is None:
            raise
        raise Problem("LINK_UNKNOWN") from None


def _asked(function: str, token: str) -> Any:
    services = context.services()
    if not services.settings.tracking:
        raise Problem("TRACKING_CLOSED")
    msp_id, _, user = services.settings.tracking.partition("/")
    call = TRADE.call(function, [minting.link_hash(token)], None, ())
    return results.read(services.ledgers.evaluate(msp_id, user, context.building_on(call)))
