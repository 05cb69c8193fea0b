"""
The contract of claims: owners commit to forecasts and capabilities without showing them.

A commitment writes two keys of the owner's implicit collection, the digest document and the disclosures. Fabric
puts SHA-256 of both on the channel; these hashes are the commitment. Besides them, the channel has only the claim's
id and revision.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from chaincode.contracts import access, clock, private
from chaincode.contracts.disclosure import subjects
from chaincode.contracts.register import participants
from chaincode.contracts.register.participants import AUDITOR
from chaincode.domain.disclosure import claims, disclosures, grants
from chaincode.domain.disclosure.disclosures import Document
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers
from hlf.codec import canonical
from hlf.shim import api

DOCUMENT = "claim.document"
"""The object type of a claim's digest document."""


def attributes(claim_id: str, revision: int) -> list[str]:
    """Return the attributes of a claim's keys; revisions sort in their order."""
    return [claim_id, f"{revision:06}"]


def document_key(ctx: api.Context, claim_id: str, revision: int) -> str:
    """Return the key of a claim's digest document in its owner's implicit collection."""
    return _key(ctx, DOCUMENT, claim_id, revision)


def proven_document(ctx: api.Context, owner: str, claim_id: str, revision: int) -> tuple[Document, bytes]:
    """
    Return the document in the transient data, if *owner* committed to it.

    Raises:
        Refused: NOT_COMMITTED if the channel has another hash or none; WRONG_CLAIM.
    """
    data = private.transient(ctx, "document")
    private.prove(ctx, data, document_key(ctx, claim_id, revision), [owner], Refusal.NOT_COMMITTED, "the document")
    document = disclosures.read_document(data)
    # The owner's own peer checked this at the commitment, but it could have been modified; so check again.
    if (document.issuer, document.claim_id, document.revision) != (owner, claim_id, revision):
        raise Refusal.WRONG_CLAIM("the document is about another claim, revision or issuer than its key")
    return document, data


@dataclasses.dataclass(frozen=True)
class Commitment:
    """The public part of a new claim."""

    claim_id: str
    revision: int
    document_hash: str


@dataclasses.dataclass(frozen=True)
class ListedClaim:
    """One revision of a claim in its owner's list."""

    claim_id: str
    revision: int
    kind: str
    issued_at: int
    document_hash: str


@dataclasses.dataclass(frozen=True)
class ClaimPage:
    """A page of the owner's list, and the bookmark of the next."""

    claims: tuple[ListedClaim, ...]
    bookmark: str


@dataclasses.dataclass(frozen=True)
class OwnClaim:
    """A claim as its owner reads it: the document that it committed to, the disclosures into it, and the values."""

    claim_id: str
    revision: int
    document: str
    disclosures: tuple[str, ...]
    values: dict[str, object]


class Claims(api.Contract):
    """Forecasts and capabilities of organisations, as salted digests that commit them."""

    @api.transaction(endorsed_by=("caller",), transient=("document", "disclosures", "secret"))
    def commit(self, ctx: api.Context, claim_id: str, revision: int) -> Commitment:
        """
        Commit to a claim: its digest document and disclosures go to the owner's implicit collection.

        Revisions count from 1 without gaps; a revision is never written twice. An owner's first claim brings its
        *secret*, under which `subjects` names what its claims are about; later ones leave it out.

        Raises:
            Refused: ALREADY_EXISTS, REVISION_GAP, NOT_OWNER, WRONG_CLAIM, PRE_DATED, NOT_IN_CLAIM,
                COHORT_TOO_SMALL, SUBJECT_CLAIMED, SECRET_MISSING, SECRET_STANDS, or INVALID_ARGUMENT with the
                attribute.
        """
        owner = access.member(ctx)
        document_at = document_key(ctx, claim_id, revision)
        data = private.transient(ctx, "document")
        document, opened = disclosures.read_document(data), private.disclosed(ctx)
        values = claims.checked(document, opened, owner, claim_id, revision, clock.now(ctx) // 1_000)
        private.absent(ctx, document_at, [owner], f"revision {revision} of the claim")
        before = document_key(ctx, claim_id, revision - 1) if revision > 1 else ""
        if before and not ctx.stub.get_private_data_hash(private.collection(owner), before):
            raise Refusal.REVISION_GAP(f"revision {revision - 1} comes first")
        private.put(ctx, document_at, data, [owner])
        encoded = canonical.dumps([one.encoded for one in opened])
        private.put(ctx, _key(ctx, "claim.disclosures", claim_id, revision), encoded, [owner])
        subjects.keep(ctx, owner, claim_id, revision, document.kind, values)
        committed = Commitment(claim_id, revision, hashlib.sha256(data).hexdigest())
        ctx.stub.set_event("ClaimCommitted", canonical.dumps({"owner": owner, **dataclasses.asdict(committed)}))
        return committed

    @api.transaction(endorsed_by=(AUDITOR,), transient=("subject",), called_by=("owner",))
    def show_subject(self, ctx: api.Context) -> dict[str, str]:
        """
        Let the auditor compare the subject of a claim with the caller's other claims, before the first grant.

        *subject* is the answer of the query `subject`: digests, from which the auditor learns nothing else. A revision
        shares its claim's digests; another claim about the same thing is refused. The auditor endorses alone: what
        it keeps is its own, and the owner's is proved by its hash.

        Raises:
            Refused: NOT_COMMITTED, NOT_OWNER, SUBJECT_CLAIMED, COMMITMENT_CHANGED.
        """
        owner, auditor = access.member(ctx), participants.directory(ctx).auditor
        shown = subjects.show(ctx, owner, auditor, private.transient(ctx, "subject"))
        return private.announce(ctx, "SubjectShown", claim_id=shown.claim_id)

    @api.query(read_on=("caller",), called_by=("owner",))
    def subject(self, ctx: api.Context, claim_id: str, revision: int) -> bytes:
        """Return the subject of the caller's claim as digests, exactly as stored; give it to `show_subject`."""
        key = subjects.subject_key(ctx, claim_id, revision)
        return private.own(ctx, access.member(ctx), key, "such claim")

    @api.query
    def secret_hash(self, ctx: api.Context, owner: str) -> dict[str, str]:
        """
        Return the SHA-256 (hex) of the secret that an owner committed to; empty if it has none yet.

        Raises:
            Refused: NOT_A_PARTICIPANT.
        """
        return {"owner": owner, "secret_hash": subjects.secret_hash(ctx, participants.participant(ctx, owner).msp_id)}

    @api.query(read_on=("caller",), called_by=("owner",))
    def read(self, ctx: api.Context, claim_id: str, revision: int) -> OwnClaim:
        """Return the caller's own claim with document, disclosures and values; only its owner's peer has it."""
        owner = access.member(ctx)
        data = private.own(ctx, owner, document_key(ctx, claim_id, revision), "such claim")
        kept = private.own(ctx, owner, _key(ctx, "claim.disclosures", claim_id, revision), "disclosures of that claim")
        encoded = [str(one) for one in _array(kept)]
        values = {one.name: one.value for one in map(disclosures.read, encoded)}
        return OwnClaim(claim_id, revision, data.decode(), tuple(encoded), values)

    @api.query(read_on=("caller",), called_by=("owner",))
    def list(self, ctx: api.Context, kind: str = "", size: int = 100, bookmark: str = "") -> ClaimPage:
        """
        Return the next revisions of the caller's own claims, at most *size*; of one *kind* or of all.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        fits = (lambda one: one.kind == kind) if kind else (lambda _: True)
        return ClaimPage(*private.page(ctx, access.member(ctx), _listed, size, bookmark, DOCUMENT, fits))

    @api.query
    def document_hash(self, ctx: api.Context, owner: str, claim_id: str, revision: int) -> dict[str, str | int]:
        """
        Return the hash of a claim's document on the channel, for anybody who has the document; empty if there is
        none.

        Raises:
            Refused: NOT_A_PARTICIPANT, INVALID_ARGUMENT.
        """
        collection = private.collection(participants.participant(ctx, owner).msp_id)
        found = ctx.stub.get_private_data_hash(collection, document_key(ctx, claim_id, revision))
        return {"owner": owner, "claim_id": claim_id, "revision": revision, "document_hash": found.hex()}

    @api.query(transient=("document", "disclosures"))
    def verify(self, ctx: api.Context, owner: str, claim_id: str, revision: int) -> dict[str, dict[str, object]]:
        """
        Return the values that a document and disclosures prove, for a third party that received them.

        Raises:
            Refused: NOT_A_PARTICIPANT, NOT_COMMITTED, WRONG_CLAIM, NOT_IN_CLAIM, ATTRIBUTE_TWICE,
                UNKNOWN_ATTRIBUTE, UNKNOWN_KIND.
        """
        document, _ = proven_document(ctx, participants.participant(ctx, owner).msp_id, claim_id, revision)
        slots = claims.kind_of(document).slots
        return {"values": disclosures.opened(document, private.disclosed(ctx), slots)}


def _listed(data: bytes) -> ListedClaim:
    document = disclosures.read_document(data)
    document_hash = hashlib.sha256(data).hexdigest()
    return ListedClaim(document.claim_id, document.revision, document.kind, document.issued_at, document_hash)


def _key(ctx: api.Context, object_type: str, claim_id: str, revision: int) -> str:
    identifiers.check("claim_id", claim_id)
    grants.REVISION.check("revision", revision)
    return ctx.stub.create_composite_key(object_type, attributes(claim_id, revision))


def _array(data: bytes) -> list[Any]:
    found = canonical.loads(data)
    return found if isinstance(found, list) else []
