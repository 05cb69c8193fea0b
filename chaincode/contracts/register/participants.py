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

from chaincode.contracts import access, store
from chaincode.contracts.register import amending
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import participants as rules
from chaincode.domain.register.amendments import Amendment
from chaincode.domain.register.participants import Directory, Participant
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.shim import api

_DIRECTORY = "participants"
_PARTICIPANT = "participant"


def directory(ctx: api.Context) -> Directory:
    """
    Who holds which role.

    Raises:
        Refused: NOT_FOUNDED, nobody has named the participants yet.
    """
    found = store.find(ctx, Directory, _DIRECTORY)
    if not found:
        raise Refusal.NOT_FOUNDED("there are no participants yet: Participants:found comes first")
    return found


def participant(ctx: api.Context, msp_id: str) -> Participant:
    """
    The participant of that MSP.

    Raises:
        Refused: NOT_A_PARTICIPANT.
    """
    return store.load(ctx, Participant, Refusal.NOT_A_PARTICIPANT, _PARTICIPANT, identifiers.check("msp_id", msp_id))


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
        if store.find(ctx, Directory, _DIRECTORY):
            raise Refusal.ALREADY_FOUNDED("the participants are named; propose an amendment instead")
        listed, found = rules.founded(records.loads(tuple[Participant, ...], participants, "participants"))
        for one in listed:
            store.save(ctx, one, _PARTICIPANT, one.msp_id)
        store.save(ctx, found, _DIRECTORY)
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
        before = store.find(ctx, Participant, _PARTICIPANT, change.msp_id)
        known = directory(ctx)
        # What the directory would not take is refused here, before anybody votes on it.
        known.with_participant(change)
        subject, voters = f"participant/{change.msp_id}", known.members
        return _carried(ctx, amending.propose(ctx, amendment_id, subject, before, change, voters))

    @api.transaction
    def approve(self, ctx: api.Context, amendment_id: str) -> bytes:
        """
        Approve an amendment; the approval that makes more than half carries it out.

        Raises:
            Refused: NOT_FOUND, NOT_A_VOTER, ALREADY_APPROVED, ALREADY_ADOPTED, OVERTAKEN.
        """
        found = amending.find(ctx, amendment_id, "participant")
        now = store.find(ctx, Participant, _PARTICIPANT, _changed(found).msp_id)
        return _carried(ctx, amending.approve(ctx, found, now))

    @api.query
    def read(self, ctx: api.Context, msp_id: str) -> bytes:
        """One participant."""
        return records.dumps(participant(ctx, msp_id))

    @api.query
    def list(self, ctx: api.Context) -> bytes:
        """All participants, by their MSP ids."""
        return records.dumps(tuple(store.each(ctx, Participant, _PARTICIPANT)))

    @api.query
    def amendment(self, ctx: api.Context, amendment_id: str) -> bytes:
        """One amendment, with who has approved it."""
        return records.dumps(amending.find(ctx, amendment_id, "participant"))

    @api.query
    def history(self, ctx: api.Context, msp_id: str) -> bytes:
        """What a participant's record has been, newest first."""
        return records.dumps(store.history(ctx, _PARTICIPANT, identifiers.check("msp_id", msp_id)))


def _changed(amendment: Amendment) -> Participant:
    return records.shaped(Participant, amendment.change, "change")


def _carried(ctx: api.Context, amendment: Amendment) -> bytes:
    """The amendment as the answer; if it is adopted, the participant and the directory are changed with it."""
    if amendment.state == "adopted":
        changed = _changed(amendment)
        store.save(ctx, changed, _PARTICIPANT, changed.msp_id)
        store.save(ctx, directory(ctx).with_participant(changed), _DIRECTORY)
    return records.dumps(amendment)
