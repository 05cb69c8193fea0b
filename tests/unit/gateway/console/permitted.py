"""Permissions to see figures, as a peer has them in its chain."""

from __future__ import annotations

from typing import Any

from tests.unit.gateway.fakes import FakeLedgers
from tests.unit.gateway.readmodel.chain import Wrote, chain

_EXPIRES = {"open": "2199-01-31T00:00:00Z", "revoked": "2199-01-31T00:00:00Z", "expired": "2026-01-31T00:00:00Z"}


def permission(recipient: str, state: str, *figures: str, **changes: Any) -> dict[str, Any]:
    """Return a grant of *figures* in this state; *changes* are other members of it or of its terms."""
    terms = {"claim_id": "C1", "revision": 1, "recipient": recipient, "attributes": list(figures)}
    terms |= {
        "purpose": "capacity",
        "expires_at": _EXPIRES[state],
        "salt": "c2FsdHNhbHRzYWx0c2FsdA",
        "request_id": None,
    }
    grant = {"grant_id": f"{recipient}-{state}", "owner": "PlatformMSP", "auditor": "AuditorMSP"}
    grant |= {"granted_at": "2026-11-01T00:00:00Z", "document_hash": "0" * 64, "counterpart": ""}
    grant["revoked_at"] = "2026-11-02T00:00:00Z" if state == "revoked" else ""
    terms |= {name: value for name, value in changes.items() if name in terms}
    return {**grant, **{name: value for name, value in changes.items() if name in grant}, "terms": terms}


def written(ledgers: FakeLedgers, *grants: dict[str, Any]) -> None:
    """Let the peer of PlatformMSP have these grants, each in a block of its own."""
    ledgers.chains["trade"] = chain(*[[Wrote({}, {("grant", each["grant_id"]): each})] for each in grants])
