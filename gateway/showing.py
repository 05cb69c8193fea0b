"""What every disclosure needs: the chosen leaves of a claim, their delivery, and the auditor."""

from __future__ import annotations

import json
from typing import Any

from chaincode.domain import disclosures
from gateway import current
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
