"""
Subjects of claims in the collections: the owner's secret, the digests, and what the auditor compares.

The owner's peer makes the digests when it commits to a claim, and refuses those that another of its claims has. They
and the secret stay in its collection, and the channel has their hashes. An owner could change that peer. So before
the first grant it shows the digests to the auditor, who keeps each of them with the claim that has it, and refuses
in the same way. In both cases the holder of the digests endorses alone, so its peer reads them all in one message.
"""

from __future__ import annotations

from collections.abc import Mapping

from chaincode.contracts import private
from chaincode.domain.disclosure import disclosures, subjects
from chaincode.domain.disclosure.subjects import ClaimSubject
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers
from hlf.codec import canonical, records
from hlf.shim import api


def secret(ctx: api.Context, owner: str) -> str:
    """
    Return the owner's secret; if there is none yet, store the one in the transient data. Only on the owner's peer.

    Raises:
        Refused: SECRET_MISSING, SECRET_STANDS, SALT_TOO_SHORT.
    """
    key, collection = _secret_key(ctx), private.collection(owner)
    kept = ctx.stub.get_private_data(collection, key).decode()
    given = private.text(ctx, "secret") if "secret" in ctx.transient else ""
    if not kept and not given:
        raise Refusal.SECRET_MISSING(f"{owner} has no secret for the subjects of its claims yet")
    if kept and given and given != kept:
        raise Refusal.SECRET_STANDS(f"{owner} has committed to another secret")
    if not kept:
        private.put(ctx, key, disclosures.check_salt(given, "transient.secret").encode(), [owner])
    return kept or given


def secret_hash(ctx: api.Context, owner: str) -> str:
    """Return the SHA-256 of the owner's secret on the channel; empty if it has none."""
    return ctx.stub.get_private_data_hash(private.collection(owner), _secret_key(ctx)).hex()


def keep(ctx: api.Context, owner: str, claim_id: str, revision: int, kind: str, values: Mapping[str, object]) -> None:
    """
    Write the subject of a claim to its owner's collection.

    Raises:
        Refused: SUBJECT_CLAIMED, SECRET_MISSING, SECRET_STANDS.
    """
    subject = ClaimSubject(owner, claim_id, revision, subjects.cells(kind, owner, values, secret(ctx, owner)))
    _take(ctx, owner, owner, subject)
    private.put(ctx, subject_key(ctx, claim_id, revision), records.dumps(subject), [owner])


def show(ctx: api.Context, owner: str, auditor: str, shown: bytes) -> ClaimSubject:
    """
    Write each digest of *shown* to the auditor, with the claim that has it. Only on the auditor's peer.

    Raises:
        Refused: NOT_COMMITTED, SUBJECT_CLAIMED, COMMITMENT_CHANGED.
    """
    subject = records.loads(ClaimSubject, shown, "transient.subject")
    key = subject_key(ctx, subject.claim_id, subject.revision)
    private.prove(ctx, shown, key, [owner], Refusal.NOT_COMMITTED, "the subject")
    if subject.owner != owner:
        raise Refusal.NOT_OWNER("the subject is of another organisation's claim")
    under = canonical.dumps({"secret_hash": secret_hash(ctx, owner)})
    pinned = ctx.stub.create_composite_key("claim.subject.pin", [owner])
    private.pin(ctx, pinned, under, auditor, "the owner's secret")
    _take(ctx, owner, auditor, subject)
    private.put(ctx, _shown_key(ctx, owner, subject.claim_id, subject.revision), shown, [auditor])
    return subject


def check_shown(ctx: api.Context, owner: str, auditor: str, claim_id: str, revision: int) -> None:
    """
    Refuse a claim whose subject the auditor has not compared.

    Raises:
        Refused: SUBJECT_NOT_SHOWN.
    """
    if not ctx.stub.get_private_data_hash(private.collection(auditor), _shown_key(ctx, owner, claim_id, revision)):
        raise Refusal.SUBJECT_NOT_SHOWN(f"the auditor has not compared the subject of claim {claim_id}")


def subject_key(ctx: api.Context, claim_id: str, revision: int) -> str:
    """Return the key of a claim's subject in its owner's collection."""
    return ctx.stub.create_composite_key("claim.subject", [identifiers.check("claim_id", claim_id), f"{revision:06}"])


def _take(ctx: api.Context, owner: str, holder: str, subject: ClaimSubject) -> None:
    """
    Write each digest of *subject* to *holder*, with the claim that has it. Only on the holder's peer.

    Raises:
        Refused: SUBJECT_CLAIMED.
    """
    value = canonical.dumps({"claim_id": subject.claim_id})
    places = [ctx.stub.create_composite_key("claim.subject.cell", [cell]) for cell in sorted(set(subject.cells))]
    for place, before in zip(
        places, ctx.stub.get_private_data_multiple(private.collection(holder), places), strict=True
    ):
        if before and before != value:
            raise Refusal.SUBJECT_CLAIMED(f"another claim of {owner} covers a region and a time of {subject.claim_id}")
        if not before:
            private.put(ctx, place, value, [holder])


def _secret_key(ctx: api.Context) -> str:
    return ctx.stub.create_composite_key("claim.subject.secret", [])


def _shown_key(ctx: api.Context, owner: str, claim_id: str, revision: int) -> str:
    return ctx.stub.create_composite_key("claim.subject.shown", [owner, claim_id, f"{revision:06}"])
