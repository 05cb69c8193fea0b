"""
Scopes: what a token may do, as text.

    write                               whatever the scope allows
    write:orders                        at the addresses of one resource
    write:calls@logistics               at those of a resource for one channel
    write:calls@logistics/carriage      and for one chaincode

A request needs a scope with all parts; a token allows it if one of the token's scopes is a prefix of that, by parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hlf.codec import names

# `write` does not imply `read`: a machine that only reports scans needs no answers.
SCOPES = ("read", "write", "audit", "events", "metrics", "tokens", "webhooks")
_RESOURCE, _CHAINCODE = r"[a-z][a-z-]{0,63}", r"[A-Za-z0-9_-]{1,128}"
FORM = re.compile(rf"(?:{'|'.join(SCOPES)})(?::{_RESOURCE}(?:@{names.CHANNEL.pattern}(?:/{_CHAINCODE})?)?)?")
_PARTS = re.compile(r"[:@/]")


def needed(scope: str, resource: str, channel: str = "", chaincode: str = "") -> str:
    """Return the scope, with all of its parts, that a request needs."""
    place = f"@{channel}" + (f"/{chaincode}" if chaincode else "") if channel else ""
    return f"{scope}:{resource}{place}"


def covers(held: Iterable[str], wanted: str) -> bool:
    """Return whether somebody with the scopes *held* has the scope *wanted*."""
    parts = _PARTS.split(wanted)
    return any(parts[: len(own)] == own for own in map(_PARTS.split, held))


def resource(scope: str) -> str:
    """Return the resource that a scope is limited to; empty if it is not."""
    return _PARTS.split(scope)[1] if ":" in scope else ""
