"""Endorsement policies of keys that the channel's majority may always change, so that no party can block the others."""

from __future__ import annotations

from collections.abc import Iterable

from chaincode.contracts.register import participants
from hlf.shim import api
from hlf.wire import policies


def peers(msp_ids: Iterable[str]) -> str:
    """Return the peers of *msp_ids* as a list in the text of a policy."""
    return ", ".join(f"'{msp_id}.peer'" for msp_id in msp_ids)


def policy(ctx: api.Context, few: str) -> bytes:
    """Return the policy that *few* (text, as ``OutOf(2, ...)``) or more than half of the members satisfy."""
    members = participants.directory(ctx).members
    text = f"OR({few}, OutOf({len(members) // 2 + 1}, {peers(members)}))"
    return bytes(policies.from_dsl(text).SerializeToString())
