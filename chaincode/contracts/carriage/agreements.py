"""
The contract of hand-over agreements on `logistics`, in the implicit collections of the two carriers.

For each change the client sends the agreement as stored, and the contract proves it by the hashes in both
collections, because each peer has only its own copy.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, clock, private, store
from chaincode.contracts.register import participants
from chaincode.domain.carriage import agreements
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.shim import api

_KEY = "agreement"
_BOTH = ("transient.agreement.giver", "transient.agreement.draft.taker")


@dataclasses.dataclass(frozen=True)
class AgreementPage:
    """A page of agreements, and the bookmark of the next."""

    agreements: tuple[agreements.Agreement, ...]
    bookmark: str


class Agreements(api.Contract):
    """Agreements of two carriers on where, when and how they hand goods over; nobody else sees them."""

    @api.transaction(endorsed_by=("caller", "transient.draft.taker"), transient=("draft",), called_by=("giver",))
    def propose(self, ctx: api.Context, agreement_id: str) -> dict[str, str]:
        """
        Propose a hand-over to another carrier.

        Raises:
            Refused: NOT_A_PARTICIPANT, SAME_PARTY, ALREADY_EXISTS, SALT_TOO_SHORT, INVALID_ARGUMENT.
        """
        giver = access.member(ctx)
        draft = private.record(ctx, "draft", agreements.AgreementDraft)
        for party in (giver, draft.taker):
            participants.participant(ctx, party)
        made = agreements.proposed(agreement_id, giver, draft, _now(ctx))
        private.absent(ctx, _key(ctx, agreement_id), made.parties, f"agreement {agreement_id}")
        return _keep(ctx, "HandoverProposed", made)

    @api.transaction(endorsed_by=_BOTH, transient=("agreement", "salt"), called_by=("taker",))
    def answer(self, ctx: api.Context, agreement_id: str, agree: bool) -> dict[str, str]:
        """
        Agree or decline, as the taker.

        Raises:
            Refused: NOT_AS_STORED, NOT_THE_TAKER, WRONG_STATE, SALT_REUSED, SALT_TOO_SHORT, INVALID_ARGUMENT.
        """
        known = _proven(ctx, agreement_id)
        moved = known.answered(access.member(ctx), agree, private.text(ctx, "salt"), _now(ctx))
        return _keep(ctx, "HandoverAnswered", moved)

    @api.transaction(endorsed_by=_BOTH, transient=("agreement", "salt"), called_by=("giver", "taker"))
    def cancel(self, ctx: api.Context, agreement_id: str) -> dict[str, str]:
        """
        Cancel the agreement.

        Raises:
            Refused: NOT_AS_STORED, NOT_A_PARTY, WRONG_STATE, SALT_REUSED, SALT_TOO_SHORT, INVALID_ARGUMENT.
        """
        known = _proven(ctx, agreement_id)
        moved = known.cancelled(access.member(ctx), private.text(ctx, "salt"), _now(ctx))
        return _keep(ctx, "HandoverCancelled", moved)

    @api.query(read_on=("caller",), called_by=("giver", "taker"))
    def read(self, ctx: api.Context, agreement_id: str) -> agreements.Agreement:
        """Return one of the caller's agreements; to change it, send exactly these bytes."""
        data = private.own(ctx, access.member(ctx), _key(ctx, agreement_id), f"agreement {agreement_id}")
        return _read(data)

    @api.query(read_on=("caller",), called_by=("giver", "taker"))
    def list(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> AgreementPage:
        """
        Return the next *size* agreements of the caller.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        return AgreementPage(*private.page(ctx, access.member(ctx), _read, size, bookmark, _KEY))


def _read(data: bytes) -> agreements.Agreement:
    return records.loads(agreements.Agreement, data)


def _proven(ctx: api.Context, agreement_id: str) -> agreements.Agreement:
    known = private.record(ctx, "agreement", agreements.Agreement)
    if known.agreement_id != agreement_id:
        raise Refusal.NOT_AS_STORED("the agreement is another one")
    data = private.transient(ctx, "agreement")
    what = f"agreement {agreement_id}"
    private.prove(ctx, data, _key(ctx, agreement_id), known.parties, Refusal.NOT_AS_STORED, what)
    return known


def _keep(ctx: api.Context, event: str, agreement: agreements.Agreement) -> dict[str, str]:
    private.put(ctx, _key(ctx, agreement.agreement_id), records.dumps(agreement), agreement.parties)
    ids = {"agreement_id": agreement.agreement_id}
    store.announce(ctx, event, ids)
    return ids


def _key(ctx: api.Context, agreement_id: str) -> str:
    return ctx.stub.create_composite_key(_KEY, [identifiers.check("agreement_id", agreement_id)])


def _now(ctx: api.Context) -> str:
    return clock.stamp(ctx)
