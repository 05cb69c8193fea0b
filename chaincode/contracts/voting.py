"""
Amendments of shared reference data: proposed by one participant, carried when more than half have approved.

What contracts of reference data share: the keys of their amendments, and the
step from an approval to the change. `domain.amendments` has the rules.
"""

from __future__ import annotations

from chaincode.contracts import access, participants, store
from chaincode.domain import amendments, identifiers
from chaincode.domain.amendments import Amendment
from chaincode.domain.refusals import Refused
from chaincode.shim import api

_KEY = "amendment"


def propose(ctx: api.Context, amendment_id: str, subject: str, before: str, change: object) -> Amendment:
    """
    A new amendment of *subject*, with its proposer's approval.

    Raises:
        Refused: ALREADY_EXISTS, NOT_A_VOTER, INVALID_ARGUMENT.
    """
    if store.find(ctx, Amendment, _KEY, identifiers.check("amendment_id", amendment_id)):
        raise Refused("ALREADY_EXISTS", f"amendment {amendment_id} exists")
    voters = participants.directory(ctx).members
    made = amendments.proposed(amendment_id, subject, before, change, access.member(ctx), voters)
    return _keep(ctx, made)


def approve(ctx: api.Context, amendment_id: str, subject: str, now: str) -> Amendment:
    """
    The amendment with the caller's approval; *now* is the hash of the subject as it stands.

    Raises:
        Refused: NOT_FOUND, OTHER_SUBJECT, ALREADY_ADOPTED, NOT_A_VOTER, ALREADY_APPROVED, OVERTAKEN.
    """
    found = load(ctx, amendment_id, subject)
    return _keep(ctx, found.approved_by(access.member(ctx), now))


def load(ctx: api.Context, amendment_id: str, subject: str) -> Amendment:
    """
    One amendment of *subject* (or of anything under ``subject/``).

    Raises:
        Refused: NOT_FOUND, OTHER_SUBJECT.
    """
    checked = identifiers.check("amendment_id", amendment_id)
    found = store.load(ctx, Amendment, "NOT_FOUND", _KEY, checked)
    if found.subject != subject and not found.subject.startswith(f"{subject}/"):
        raise Refused("OTHER_SUBJECT", f"amendment {amendment_id} changes {found.subject}")
    return found


def _keep(ctx: api.Context, amendment: Amendment) -> Amendment:
    store.save(ctx, amendment, _KEY, amendment.amendment_id)
    name = "AmendmentAdopted" if amendment.state == "adopted" else "AmendmentOpen"
    told = {"amendment_id": amendment.amendment_id, "subject": amendment.subject, "approvals": amendment.approvals}
    store.announce(ctx, name, told)
    return amendment
