"""Parts that every disclosure needs: the chosen attributes of a claim, and their delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chaincode.domain.disclosure import disclosures
from gateway.http import context
from gateway.http.context import TRADE
from gateway.http.problems import Problem
from gateway.trade import minting
from hlf.codec import canonical


def chosen(claim_id: str, revision: int, attributes: list[str]) -> tuple[str, list[str]]:
    """Return the document of one of the caller's claims, and the disclosures of exactly these attributes."""
    claim = context.ask(TRADE, "Claims:read", claim_id, str(revision))
    by_name = {disclosures.read(each).name: each for each in claim["disclosures"]}
    missing = sorted(set(attributes) - set(by_name))
    if missing:
        words = f"The claim has no attribute {missing[0]}."
        raise Problem("REQUEST_INVALID", f"json.attributes: {words}", errors={"json": {"attributes": [words]}})
    return claim["document"], [by_name[name] for name in attributes]


def grant(grant_id: str, terms: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Grant what *terms* say of one of the caller's claims, and deliver it; both as ``context.act`` returns them."""
    document, disclosed = chosen(terms["claim_id"], terms["revision"], terms["attributes"])
    granted = context.act(TRADE, "Disclosures:grant", grant_id, transient={"grant": salted(terms)})
    return granted, deliver(grant_id, terms["recipient"], document, disclosed)


def salted(terms: Mapping[str, Any]) -> bytes:
    """Return the terms of a grant or request as the contract takes them."""
    return canonical.dumps({**terms, "salt": minting.salt()})


def show_subject(claim_id: str, revision: int) -> dict[str, Any]:
    """Let the auditor compare what one of the caller's claims is about."""
    own = (context.caller().msp_id,)
    stored = context.evaluate(TRADE.call("Claims:subject", [claim_id, str(revision)], None, own))
    return context.act(TRADE, "Claims:show_subject", transient={"subject": stored})


def deliver(grant_id: str, recipient: str, document: str, chosen: list[str]) -> dict[str, Any]:
    return context.act(
        TRADE,
        "Disclosures:deliver",
        grant_id,
        recipient,
        transient={"document": document.encode(), "disclosures": json.dumps(chosen).encode()},
    )


def consented(grant_id: str, body: dict[str, Any]) -> dict[str, bytes]:
    """
    Return the transient values that bring a grant's figures into the tender: the stored grant, its figures, a salt.

    Document and disclosures come from *body* if the owner sent them, else from the delivery to the caller.
    """
    stored = context.evaluate(TRADE.call("Disclosures:show", [grant_id], None, (context.caller().msp_id,)))
    delivery = body if "document" in body else context.ask(TRADE, "Disclosures:read", grant_id)
    return {
        "grant": stored,
        "document": delivery["document"].encode(),
        "disclosures": json.dumps(delivery.get("disclosures", [])).encode(),
        "salt": salt(),
    }


def salt() -> bytes:
    """Return a fresh salt as a transient value."""
    return minting.salt().encode()


def named(found: Mapping[Any, dict[str, Any]], name: Any, what: str) -> dict[str, Any]:
    """
    Return the entry with this name.

    Raises:
        Problem: NOT_FOUND.
    """
    if name not in found:
        raise Problem("NOT_FOUND", f"There is no such {what}")
    return found[name]
