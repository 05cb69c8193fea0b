"""
Permissions to see figures, as the gateway's own copy has them: the newest first, and by pages.

An organisation's copy has the grants that it gave and received; that of an auditor has all.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping

from chaincode.domain.disclosure.grants import Grant
from gateway.http import context
from gateway.http.context import TRADE
from gateway.http.problems import Problem
from gateway.readmodel import queries, views
from gateway.readmodel.model import Model
from gateway.readmodel.queries import ModelRecord, Query
from hlf.codec import records

GIVEN, RECEIVED, EVERY = "given", "received", "every"
_KIND = "disclosures"


@dataclasses.dataclass(frozen=True)
class Permission:
    """A grant, and its state now: ``open``, ``expired`` or ``revoked``."""

    grant: Grant
    state: str


def page(
    which: str, limit: int, cursor: str = "", where: Mapping[str, str] | None = None
) -> tuple[list[Permission], str]:
    """
    Return the next permissions that the caller gave, or received, or that its copy has; and the cursor of the next
    page. *where* are further values that they must have.
    """
    own = context.caller().msp_id
    member = {GIVEN: {"owner": own}, RECEIVED: {"terms.recipient": own}, EVERY: {}}[which]
    views.refreshed()
    asked = Query(_KIND, {**member, **(where or {})}, TRADE.channel, cursor=cursor, limit=limit)
    try:
        found = queries.find(_model(), own, asked)
    except ValueError as error:
        raise Problem("REQUEST_INVALID", f"cursor: {error}") from None
    return [_read(each) for each in found.records], found.cursor


def named(ids: set[str]) -> dict[str, Permission]:
    """Return the permissions with these ids that the caller's copy has, by id."""
    views.refreshed()
    return {each.id: _read(each) for each in queries.named(_model(), context.caller().msp_id, _KIND, ids)}


def _read(record: ModelRecord) -> Permission:
    grant = records.shaped(Grant, record.document, "grant")
    return Permission(grant, grant.state(int(time.time() * 1000)))


def _model() -> Model:
    return context.services().model
