"""
Requests, grants and pins in the collections: their keys, proofs and shared checks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from chaincode.contracts import clock, private
from chaincode.contracts.disclosure import claims, subjects
from chaincode.contracts.register import participants
from chaincode.domain.disclosure import disclosures, grants
from chaincode.domain.disclosure.grants import Grant, GrantTerms, Request
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers
from hlf.codec import canonical, records
from hlf.shim import api


@dataclasses.dataclass(frozen=True)
class ListedGrant:
    """A grant as lists show it: with its state now, and whether its recipient has the values."""

    grant: Grant
    state: str
    delivered: bool


@dataclasses.dataclass(frozen=True)
class GrantPage:
    """A page of grants, and the bookmark of the next."""

    grants: tuple[ListedGrant, ...]
    bookmark: str


@dataclasses.dataclass(frozen=True)
class DeliveredAttributes:
    """The values that a recipient has under a grant, with the disclosures and the document that prove them."""

    grant: Grant
    document: str
    disclosures: tuple[str, ...]
    values: dict[str, object]


def open_grant(ctx: api.Context, grant_id: str, owner: str, terms: GrantTerms, counterpart: str = "") -> None:
    """
    Write one grant to owner, recipient and auditor.

    Raises:
        Refused: OWN_CLAIM, NOT_A_PARTICIPANT, EXPIRED, NOT_COMMITTED, SUBJECT_NOT_SHOWN, COMMITMENT_CHANGED,
            ALREADY_EXISTS.
    """
    if terms.recipient == owner:
        raise Refusal.OWN_CLAIM("an organisation may see its own claim without a grant")
    participants.participant(ctx, terms.recipient)
    check_future(ctx, terms.expires_at)
    auditor = participants.directory(ctx).auditor
    document_hash = pinned(ctx, owner, auditor, terms.claim_id, terms.revision)
    grant = Grant(grant_id, owner, auditor, clock.stamp(ctx), document_hash, terms, counterpart)
    key = grant_key(ctx, grant_id)
    private.absent(ctx, key, grant.parties, f"grant {grant_id}")
    private.put(ctx, key, records.dumps(grant), grant.parties)


def proven_grant(ctx: api.Context, grant_id: str, data: bytes) -> Grant:
    """
    Return the grant in *data*, if all its parties store exactly these bytes.

    Raises:
        Refused: NOT_AS_STORED.
    """
    held = records.loads(Grant, data, "transient.grant")
    private.prove(ctx, data, grant_key(ctx, grant_id), held.parties, Refusal.NOT_AS_STORED, f"grant {grant_id}")
    return held


def held_by(ctx: api.Context, holder: str, grant_id: str) -> tuple[Grant, bytes]:
    """Return a grant that *holder* stores, and its bytes; only on its peer, and after a check of the caller."""
    data = private.own(ctx, holder, grant_key(ctx, grant_id), f"grant {grant_id}")
    return records.loads(Grant, data), data


def page(ctx: api.Context, holder: str, size: int, bookmark: str, fits: Callable[[Grant], bool]) -> GrantPage:
    """Return the next grants that *holder* stores and that *fits* takes, as `private.page` does."""
    found, following = private.page(ctx, holder, _read, size, bookmark, "grant", fits)
    return GrantPage(tuple(entry(ctx, one) for one in found), following)


def received(ctx: api.Context, recipient: str, grant_id: str) -> DeliveredAttributes:
    """
    Return the grant, and the document and disclosures delivered under it; on the recipient's peer.

    Raises:
        Refused: NOT_FOUND, NOT_A_PARTY, REVOKED, EXPIRED, NOT_DELIVERED, NOT_YET_TOGETHER.
    """
    held, _ = held_by(ctx, recipient, grant_id)
    if held.recipient != recipient:
        raise Refusal.NOT_A_PARTY(f"grant {grant_id} is for another organisation")
    held.check_open(clock.now(ctx))
    # If the counterpart was revoked, it has been purged, and this side closes too.
    if held.counterpart and not delivered(ctx, held.counterpart, held.owner):
        raise Refusal.NOT_YET_TOGETHER("reciprocal disclosures can be read only while both are delivered")
    data = ctx.stub.get_private_data(private.collection(recipient), received_key(ctx, grant_id))
    if not data:
        raise Refusal.NOT_DELIVERED(f"nothing was delivered under grant {grant_id}")
    copy: Any = canonical.loads(data)
    encoded: tuple[str, ...] = tuple(copy["disclosures"])
    values = {one.name: one.value for one in map(disclosures.read, encoded)}
    return DeliveredAttributes(held, copy["document"], encoded, values)


def entry(ctx: api.Context, held: Grant) -> ListedGrant:
    """Return a grant as lists show it."""
    return ListedGrant(held, held.state(clock.now(ctx)), delivered(ctx, held.grant_id, held.recipient))


def delivered(ctx: api.Context, grant_id: str, recipient: str) -> bool:
    """Return whether *recipient* has values under this grant; any peer can see the hash."""
    return bool(ctx.stub.get_private_data_hash(private.collection(recipient), received_key(ctx, grant_id)))


def committed(ctx: api.Context, owner: str, claim_id: str, revision: int) -> str:
    """
    Return the SHA-256 of the claim's document on the channel.

    Raises:
        Refused: NOT_COMMITTED.
    """
    key = claims.document_key(ctx, claim_id, revision)
    found = ctx.stub.get_private_data_hash(private.collection(owner), key)
    if not found:
        raise Refusal.NOT_COMMITTED(f"{owner} has not committed to this revision of a claim")
    return found.hex()


def pinned(ctx: api.Context, owner: str, auditor: str, claim_id: str, revision: int) -> str:
    """
    Return the hash of the claim's document that the auditor has stored since the first grant.

    An owner endorses its own collection alone, and with modified code it could write another document between two
    grants. It cannot write the auditor's pin. So the second recipient never gets other values than the first.

    Raises:
        Refused: NOT_COMMITTED, SUBJECT_NOT_SHOWN, COMMITMENT_CHANGED.
    """
    document_hash = committed(ctx, owner, claim_id, revision)
    subjects.check_shown(ctx, owner, auditor, claim_id, revision)
    key, value = _pin(ctx, owner, claim_id, revision, document_hash)
    private.pin(ctx, key, value, auditor, "the claim's document")
    return document_hash


def check_pin(ctx: api.Context, held: Grant) -> None:
    """
    Refuse a document other than the one of the grant *held*.

    Raises:
        Refused: NOT_COMMITTED, COMMITMENT_CHANGED.
    """
    terms = held.terms
    if committed(ctx, held.owner, terms.claim_id, terms.revision) != held.document_hash:
        raise Refusal.COMMITMENT_CHANGED("the claim's document is not the one that was granted")
    key, value = _pin(ctx, held.owner, terms.claim_id, terms.revision, held.document_hash)
    private.prove(ctx, value, key, [held.auditor], Refusal.COMMITMENT_CHANGED, "the claim's document")


def proven_request(ctx: api.Context, request_id: str) -> Request:
    """
    Return the request in the transient data, if all its parties store exactly these bytes.

    Raises:
        Refused: NOT_AS_STORED.
    """
    data = private.transient(ctx, "request")
    kept = records.loads(Request, data, "transient.request")
    key = request_key(ctx, request_id)
    private.prove(ctx, data, key, kept.parties, Refusal.NOT_AS_STORED, f"request {request_id}")
    return kept


def answer(ctx: api.Context, kept: Request, outcome: str) -> None:
    """
    Close *kept*, so that nobody can answer it again. The marker has the request's salt, so its hash does not reveal
    the outcome.

    Raises:
        Refused: ALREADY_ANSWERED.
    """
    if any(answered(ctx, kept, holder) for holder in sorted(kept.parties)):
        raise Refusal.ALREADY_ANSWERED(f"request {kept.request_id} is closed")
    marker = {"request_id": kept.request_id, "outcome": outcome, "salt": kept.asked.salt}
    private.put(ctx, _answer_key(ctx, kept.request_id), canonical.dumps(marker), kept.parties)


def answered(ctx: api.Context, kept: Request, holder: str) -> bool:
    """Return whether the request is closed at *holder*."""
    return bool(ctx.stub.get_private_data_hash(private.collection(holder), _answer_key(ctx, kept.request_id)))


def check_future(ctx: api.Context, expires_at: str) -> None:
    """
    Refuse an expiry that has passed.

    Raises:
        Refused: EXPIRED.
    """
    if grants.moment("expires_at", expires_at) <= clock.now(ctx):
        raise Refusal.EXPIRED("the expiry is in the past")


def grant_key(ctx: api.Context, grant_id: str) -> str:
    """Return the key of a grant at its three parties."""
    return ctx.stub.create_composite_key("grant", [identifiers.check("grant_id", grant_id)])


def received_key(ctx: api.Context, grant_id: str) -> str:
    """Return the key of delivered values at the recipient."""
    return ctx.stub.create_composite_key("received", [identifiers.check("grant_id", grant_id)])


def receipt_key(ctx: api.Context, grant_id: str) -> str:
    """Return the key of the receipt of a revocation at the three parties."""
    return ctx.stub.create_composite_key("receipt", [identifiers.check("grant_id", grant_id)])


def ended_key(ctx: api.Context, grant_id: str) -> str:
    """Return the key at the owner of the period in which a grant was revoked."""
    return ctx.stub.create_composite_key("grant.ended", [identifiers.check("grant_id", grant_id)])


def ended(period: str) -> bytes:
    """
    Return the value of that key. It has no salt, so that every peer can compare its hash with a period; the time of the
    revocation is in its block anyway.
    """
    return canonical.dumps({"period": period})


def request_key(ctx: api.Context, request_id: str) -> str:
    """Return the key of a request at requester, owner and auditor."""
    return ctx.stub.create_composite_key("request", [identifiers.check("request_id", request_id)])


def seal_key(ctx: api.Context, seal_id: str) -> str:
    """Return the key of a seal record at owner and auditor."""
    return ctx.stub.create_composite_key("seal", [identifiers.check("seal_id", seal_id)])


def _read(data: bytes) -> Grant:
    return records.loads(Grant, data)


def _answer_key(ctx: api.Context, request_id: str) -> str:
    return ctx.stub.create_composite_key("request.answer", [identifiers.check("request_id", request_id)])


def _pin(ctx: api.Context, owner: str, claim_id: str, revision: int, document_hash: str) -> tuple[str, bytes]:
    key = ctx.stub.create_composite_key("claim.pin", [owner, claim_id, f"{revision:06}"])
    return key, canonical.dumps({"document_hash": document_hash})
