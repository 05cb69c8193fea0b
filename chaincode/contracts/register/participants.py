"""
The organisations of the trade, as data that the majority keeps.

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

AUDITOR = "Participants:holder('auditor')"
"""The auditor as a party of a declaration."""
TENDER_MEMBERS = ("Participants:holder('platform')", AUDITOR)
"""The two that keep the tender."""
TENDER = "tender"
"""The collection that they keep."""

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
    Return the participant of that MSP.

    Raises:
        Refused: NOT_A_PARTICIPANT.
    """
    return store.load(ctx, Participant, Refusal.NOT_A_PARTICIPANT, _PARTICIPANT, identifiers.check("msp_id", msp_id))


def tender_member(ctx: api.Context) -> str:
    """
    Return the caller's organisation, one of the two that keep the tender.

    Raises:
        Refused: NOT_TENDER, WRONG_ROLE.
    """
    members = directory(ctx).tender
    return access.one_of(ctx, members, Refusal.NOT_TENDER, "the platform or the auditor does this")


def voters(ctx: api.Context) -> tuple[str, ...]:
    """Return who votes on amendments of the register and of all other shared data: the participants."""
    return directory(ctx).members


def _adopt(ctx: api.Context, changed: Participant) -> None:
    store.save(ctx, changed, _PARTICIPANT, changed.msp_id)
    store.save(ctx, directory(ctx).with_participant(changed), _DIRECTORY)


AMENDED = amending.Subject(
    kind="participant",
    shape=Participant,
    name=lambda change: change.msp_id,
    standing=lambda ctx, msp_id: store.find(ctx, Participant, _PARTICIPANT, msp_id),
    check=lambda ctx, change: directory(ctx).with_participant(change),
    voters=voters,
    carry=_adopt,
)


class Participants(api.Contract):
    """Who takes part: species, roles, countries and the stages each may record."""

    @api.transaction(endorsed_by=(), called_by=("admin",))
    def found(self, ctx: api.Context, participants: str) -> tuple[Participant, ...]:
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
        store.announce(ctx, "ParticipantsFounded", listed)
        return listed

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def propose(self, ctx: api.Context, amendment_id: str, participant: str) -> Amendment:
        """
        Propose to admit or amend a participant (JSON Participant); the proposer approves by proposing.

        Raises:
            Refused: ALREADY_EXISTS, NOT_A_VOTER, or INVALID_ARGUMENT with the field.
        """
        change = records.loads(Participant, participant, "participant")
        return AMENDED.propose(ctx, amendment_id, change)

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def approve(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """
        Approve an amendment; the approval that makes more than half carries it out.

        Raises:
            Refused: NOT_FOUND, NOT_A_VOTER, ALREADY_APPROVED, ALREADY_ADOPTED, OVERTAKEN.
        """
        return AMENDED.approve(ctx, amendment_id)

    @api.query
    def read(self, ctx: api.Context, msp_id: str) -> Participant:
        """One participant."""
        return participant(ctx, msp_id)

    @api.query
    def holder(self, ctx: api.Context, role: str) -> str:
        """
        The organisation that counts for a role: the one that took it first.

        Raises:
            Refused: NOT_FOUNDED, ROLE_VACANT.
        """
        return directory(ctx).holder(role)

    @api.query
    def list(self, ctx: api.Context) -> tuple[Participant, ...]:
        """All participants, by their MSP ids."""
        return tuple(store.each(ctx, Participant, _PARTICIPANT))

    @api.query
    def amendment(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """One amendment, with who has approved it."""
        return AMENDED.find(ctx, amendment_id)

    @api.query
    def amendments(self, ctx: api.Context) -> tuple[Amendment, ...]:
        """Every amendment of the register, by its id."""
        return tuple(AMENDED.listed(ctx))

    @api.query
    def history(self, ctx: api.Context, msp_id: str) -> tuple[store.KeyChange, ...]:
        """What a participant's record has been, newest first."""
        return store.history(ctx, _PARTICIPANT, identifiers.check("msp_id", msp_id))
