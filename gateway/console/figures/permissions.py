"""
Permissions to see figures, by pages: as the gateway's own copy has them, the newest first, or as the peer tells.

An organisation's copy has the grants that it gave and received; that of an auditor has all. Where a channel keeps
blocks with private data from clients, as the default consortium does, no copy has any, and the contract is asked.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import time
from collections.abc import Mapping
from typing import Any

from chaincode.domain.disclosure.grants import Grant
from chaincode.domain.vocabulary import bounds
from gateway.http import context
from gateway.http.context import TRADE
from gateway.http.problems import Problem
from gateway.readmodel import queries, views
from gateway.readmodel.model import Model
from gateway.readmodel.queries import ModelRecord, Query
from hlf import errors
from hlf.codec import records

GIVEN, RECEIVED, EVERY = "given", "received", "every"
_KIND = "disclosures"
_FUNCTIONS = {GIVEN: "given", RECEIVED: "received", EVERY: "audit"}
# The prefix of a cursor that is a bookmark of the contract, and how many of its pages are read for one page here.
_OF_THE_PEER, _PAGES = "peer:", 10


@dataclasses.dataclass(frozen=True)
class Permission:
    """A grant, and its state now: ``open``, ``expired`` or ``revoked``."""

    grant: Grant
    state: str


def page(
    which: str, limit: int, cursor: str = "", where: Mapping[str, str] | None = None
) -> tuple[list[Permission], str]:
    """
    Return a page of permissions that the caller gave, received or may audit, and the cursor of the next page.

    *where* has further values that they must have.
    """
    own = context.caller().msp_id
    member = {GIVEN: {"owner": own}, RECEIVED: {"terms.recipient": own}, EVERY: {}}[which]
    views.refreshed()
    asked = Query(_KIND, {**member, **(where or {})}, TRADE.channel, cursor=cursor, limit=limit)
    if not cursor.startswith(_OF_THE_PEER):
        try:
            found = queries.find(_model(), own, asked)
        except ValueError as error:
            raise Problem("REQUEST_INVALID", f"cursor: {error}") from None
        if found.records or cursor:
            return [_read(each) for each in found.records], found.cursor
    return _of_the_peer(which, limit, cursor.removeprefix(_OF_THE_PEER), where or {})


def named(ids: set[str]) -> dict[str, Permission]:
    """Return the permissions with these ids that the caller has, by id."""
    views.refreshed()
    found = {each.id: _read(each) for each in queries.named(_model(), context.caller().msp_id, _KIND, ids)}
    for grant_id in ids - found.keys():
        try:
            found[grant_id] = _told(context.ask_record(TRADE, "Disclosures:show", grant_id))
        except errors.GatewayError as refused:
            if refused.contract_code is None:
                raise
    return found


def _of_the_peer(which: str, limit: int, bookmark: str, where: Mapping[str, str]) -> tuple[list[Permission], str]:
    """Return a page as the contract has it, in the order of its keys; those of each page the newest first."""
    found: list[Permission] = []
    for _ in range(_PAGES):
        size = min(limit, bounds.PAGE.most)
        told = context.ask_record(TRADE, f"Disclosures:{_FUNCTIONS[which]}", size, bookmark)
        found += [_told(each["grant"]) for each in told["grants"] if _has(each["grant"], where)]
        bookmark = told["bookmark"]
        if not bookmark or len(found) >= limit:
            break
    newest = sorted(found, key=lambda each: str(each.grant.granted_at), reverse=True)
    return newest, f"{_OF_THE_PEER}{bookmark}" if bookmark else ""


def _has(grant: Any, where: Mapping[str, str]) -> bool:
    """Return whether a grant has these values; a name is a path of members."""
    return all(functools.reduce(operator.getitem, name.split("."), grant) == value for name, value in where.items())


def _told(document: Mapping[str, Any]) -> Permission:
    grant = records.shaped(Grant, dict(document), "grant")
    return Permission(grant, grant.state(int(time.time() * 1000)))


def _read(record: ModelRecord) -> Permission:
    return _told(record.document)


def _model() -> Model:
    return context.services().model
