"""What every disclosure needs: the chosen leaves of a claim, their delivery, and the auditor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chaincode.domain import disclosures
from gateway import current, identifiers
from gateway.current import TRADE
from gateway.problems import Problem


def chosen(claim_id: str, revision: int, attributes: list[str]) -> tuple[str, list[str]]:
    """The document of one of the caller's claims, and the disclosures of just these attributes."""
    claim = current.ask(TRADE, "Claims:read", claim_id, str(revision))
    by_name = {disclosures.read(each).name: each for each in claim["disclosures"]}
    missing = sorted(set(attributes) - set(by_name))
    if missing:
        words = f"The claim has no attribute {missing[0]}."
        raise Problem("REQUEST_INVALID", f"json.attributes: {words}", errors={"json": {"attributes": [words]}})
    return claim["document"], [by_name[name] for name in attributes]


def deliver(grant_id: str, recipient: str, document: str, chosen: list[str]) -> dict[str, Any]:
    return current.act(
        TRADE,
        "Disclosures:deliver",
        grant_id,
        recipient,
        transient={"document": document.encode(), "disclosures": json.dumps(chosen).encode()},
        endorsers=[recipient],
    )


def auditor() -> str:
    return current.services().settings.auditor


def consented(grant_id: str, body: dict[str, Any]) -> dict[str, bytes]:
    """
    The transient values by which a grant's figures enter the tender: the grant as stored, what it shows, a salt.

    Document and disclosures come from *body* where its owner sent them, else from the delivery to the caller.
    """
    stored = current.evaluate(TRADE.call("Disclosures:show", [grant_id], None, (current.caller().msp_id,)))
    told = body if "document" in body else current.ask(TRADE, "Disclosures:read", grant_id)
    return {
        "grant": stored,
        "document": told["document"].encode(),
        "disclosures": json.dumps(told.get("disclosures", [])).encode(),
        "salt": salt(),
    }


def tender() -> list[str]:
    """Platform and auditor: the two that keep the tender."""
    settings = current.services().settings
    return [settings.platform, settings.auditor]


def salt() -> bytes:
    """A fresh salt as a transient value."""
    return identifiers.salt().encode()


def named(found: Mapping[Any, dict[str, Any]], name: Any, what: str) -> dict[str, Any]:
    """
    The entry of that name.

    Raises:
        Problem: NOT_FOUND.
    """
    if name not in found:
        raise Problem("NOT_FOUND", f"There is no such {what}")
    return found[name]
