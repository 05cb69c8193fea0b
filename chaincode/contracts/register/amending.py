"""
Amendments on the ledger: for every contract that keeps shared reference data.

A contract proposes under its own subject, such as ``participant/LastMileMSP``
or ``lpi/2023``, and carries the change out when the answer says ``adopted``.
The voters are the participants at the time of the proposal.
"""

from __future__ import annotations

import hashlib

from chaincode.contracts import access, store
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import amendments
from chaincode.domain.register.amendments import Amendment
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.shim import api

_KEY = "amendment"


def propose(
    ctx: api.Context, amendment_id: str, subject: str, before: object, change: object, voters: tuple[str, ...]
) -> Amendment:
    """
    Write a new amendment with the caller's approval; *before* is the subject's record as it stands, or None.

    Raises:
        Refused: ALREADY_EXISTS, NOT_A_VOTER, INVALID_ARGUMENT.
    """
    if store.find(ctx, Amendment, _KEY, identifiers.check("amendment_id", amendment_id)):
        raise Refusal.ALREADY_EXISTS(f"amendment {amendment_id} exists")
    proposer = access.member(ctx)
    made = amendments.proposed(amendment_id, subject, _hash(before), records.plain(change), proposer, voters)
    return _keep(ctx, made)


def approve(ctx: api.Context, found: Amendment, now: object) -> Amendment:
    """
    Add the caller's approval to *found*; *now* is the subject's record as it stands, or None.

    Two approvals in one block touch the same key: the later fails with
    MVCC_READ_CONFLICT and is sent again.

    Raises:
        Refused: NOT_A_VOTER, ALREADY_APPROVED, ALREADY_ADOPTED, OVERTAKEN.
    """
    return _keep(ctx, found.approved_by(access.member(ctx), _hash(now)))


def find(ctx: api.Context, amendment_id: str, kind: str) -> Amendment:
    """
    The amendment of that id, if it is about a *kind* of subject, such as ``participant``.

    Raises:
        Refused: NOT_FOUND.
    """
    found = store.load(ctx, Amendment, Refusal.NOT_FOUND, _KEY, identifiers.check("amendment_id", amendment_id))
    if found.subject.split("/")[0] != kind:
        raise Refusal.NOT_FOUND(f"amendment {amendment_id} is not about a {kind}")
    return found


def _keep(ctx: api.Context, amendment: Amendment) -> Amendment:
    store.save(ctx, amendment, _KEY, amendment.amendment_id)
    store.announce(ctx, "AmendmentAdopted" if amendment.state == "adopted" else "AmendmentOpen", amendment)
    return amendment


def _hash(record: object) -> str:
    return hashlib.sha256(records.dumps(record)).hexdigest() if record is not None else ""
