"""
The organisations of the trade, as data that the majority keeps.

    Participants:found    participants (JSON array)     default policy; an admin, once
    Participants:propose  amendment_id, participant     default policy; a participant
    Participants:approve  amendment_id                  default policy; a participant
    Participants:read     msp_id                        query
    Participants:list                                   query
    Participants:amendment amendment_id                 query
    Participants:history  msp_id                        query

Everything here is public to the channel.
"""

from __future__ import annotations

import hashlib

from chaincode.contracts import access, history
from chaincode.domain import amendments, identifiers, records
from chaincode.domain import participants as rules
from chaincode.domain.amendments import Amendment
from chaincode.domain.participants import Directory, Participant
from chaincode.domain.refusals import Refused
from chaincode.shim import api

_DIRECTORY = "participants"


def directory(ctx: api.Context) -> Directory:
    """
    Who holds which role.

    Raises:
        Refused: NOT_FOUNDED, nobody has named the participants yet.
    """
    data = ctx.stub.get_state(_DIRECTORY)
    if not data:
        raise Refused("NOT_FOUNDED", "there are no participants yet: Participants:found comes first")
    return records.loads(Directory, data)


def participant(ctx: api.Context, msp_id: str) -> Participant:
    """
    The participant of that MSP.

    Raises:
        Refused: NOT_A_PARTICIPANT.
    """
    data = ctx.stub.get_state(_key(ctx, msp_id))
    if not data:
        raise Refused("NOT_A_PARTICIPANT", f"{msp_id} is no participant")
    return records.loads(Participant, data)


class Participants(api.Contract):
    """Who takes part: species, roles, countries and the stages each may record."""

    @api.transaction
    def found(self, ctx: api.Context, participants: str) -> bytes:
        """
        Name the first participants (JSON array of Participant); possible once, for an administrator.

        Raises:
            Refused: ALREADY_FOUNDED, WRONG_ROLE, or INVALID_ARGUMENT with the field.
        """
        access.administrator(ctx)
        if ctx.stub.get_state(_DIRECTORY):
            raise Refused("ALREADY_FOUNDED", "the participants are named; propose an amendment instead")
        listed, found = rules.founded(records.loads(tuple[Participant, ...], participants, "participants"))
        for one in listed:
            ctx.stub.put_state(_key(ctx, one.msp_id), records.dumps(one))
        ctx.stub.put_state(_DIRECTORY, records.dumps(found))
        answer = records.dumps(listed)
        ctx.stub.set_event("ParticipantsFounded", answer)
        return answer

    @api.transaction
    def propose(self, ctx: api.Context, amendment_id: str, participant: str) -> bytes:
        """
        Propose to admit or amend a participant (JSON Participant); the proposer approves by proposing.

        Raises:
            Refused: ALREADY_EXISTS, NOT_A_VOTER, or INVALID_ARGUMENT with the field.
        """
        change = records.loads(Participant, participant, "participant")
        key = _amendment_key(ctx, amendment_id)
        if ctx.stub.get_state(key):
            raise Refused("ALREADY_EXISTS", f"amendment {amendment_id} exists")
        voters = directory(ctx).members
        before = _hash(ctx.stub.get_state(_key(ctx, change.msp_id)))
        subject = f"participant/{change.msp_id}"
        amendment = amendments.proposed(
            amendment_id, subject, before, records.plain(change), access.member(ctx), voters
        )
        return self._store(ctx, key, amendment)

    @api.transaction
    def approve(self, ctx: api.Context, amendment_id: str) -> bytes:
        """
        Approve an amendment; the approval that makes more than half carries it out.

        Two approvals in one block touch the same key: the later fails with
        MVCC_READ_CONFLICT and is sent again.

        Raises:
            Refused: NOT_FOUND, NOT_A_VOTER, ALREADY_APPROVED, ALREADY_ADOPTED, OVERTAKEN.
        """
        key = _amendment_key(ctx, amendment_id)
        found = self._amendment(ctx, amendment_id)
        subject = records.shaped(Participant, found.change, "change")
        now = _hash(ctx.stub.get_state(_key(ctx, subject.msp_id)))
        return self._store(ctx, key, found.approved_by(access.member(ctx), now))

    @api.query
    def read(self, ctx: api.Context, msp_id: str) -> bytes:
        """One participant."""
        return records.dumps(participant(ctx, msp_id))

    @api.query
    def list(self, ctx: api.Context) -> bytes:
        """All participants, by their MSP ids."""
        entries = ctx.stub.get_state_by_partial_composite_key("participant")
        return records.dumps([records.loads(Participant, entry.value) for entry in entries])

    @api.query
    def amendment(self, ctx: api.Context, amendment_id: str) -> bytes:
        """One amendment, with who has approved it."""
        return records.dumps(self._amendment(ctx, amendment_id))

    @api.query
    def history(self, ctx: api.Context, msp_id: str) -> bytes:
        """What a participant's record has been, newest first."""
        return history.of(ctx, _key(ctx, msp_id))

    def _amendment(self, ctx: api.Context, amendment_id: str) -> Amendment:
        data = ctx.stub.get_state(_amendment_key(ctx, amendment_id))
        if not data:
            raise Refused("NOT_FOUND", f"there is no amendment {amendment_id}")
        return records.loads(Amendment, data)

    def _store(self, ctx: api.Context, key: str, amendment: Amendment) -> bytes:
        answer = records.dumps(amendment)
        ctx.stub.put_state(key, answer)
        if amendment.state == "adopted":
            changed = records.shaped(Participant, amendment.change, "change")
            ctx.stub.put_state(_key(ctx, changed.msp_id), records.dumps(changed))
            ctx.stub.put_state(_DIRECTORY, records.dumps(directory(ctx).with_participant(changed)))
        ctx.stub.set_event("AmendmentAdopted" if amendment.state == "adopted" else "AmendmentOpen", answer)
        return answer


def _key(ctx: api.Context, msp_id: str) -> str:
    return ctx.stub.create_composite_key("participant", [identifiers.check("msp_id", msp_id)])


def _amendment_key(ctx: api.Context, amendment_id: str) -> str:
    return ctx.stub.create_composite_key("amendment", [identifiers.check("amendment_id", amendment_id)])


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if data else ""
