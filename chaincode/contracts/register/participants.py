"""
The contract of the register: the organisations of the trade, changed by a majority.

Everything here is public to the channel.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaincode.contracts import access, store
from chaincode.contracts.register import amending
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import participants as rules
from chaincode.domain.register.amendments import Amendment
from chaincode.domain.register.participants import Directory, Participant, PlatformTender
from chaincode.domain.vocabulary import identifiers
from hlf.codec import names, records
from hlf.shim import api

AUDITOR = "Participants:holder('auditor')"
"""The auditor as a party of a declaration."""
TENDER_MEMBERS = ("Participants:tender(platform)",)
"""The two organisations of the tender that a call is about; its functions take an optional *platform* at their end."""

_DIRECTORY = "participants"
_PARTICIPANT = "participant"


def directory(ctx: api.Context) -> Directory:
    """
    Return the holders of each role.

    Raises:
        Refused: NOT_FOUNDED if there are no participants yet.
    """
    found = store.find(ctx, Directory, _DIRECTORY)
    if not found:
        raise Refusal.NOT_FOUNDED("there are no participants yet: Participants:found comes first")
    return found


def participant(ctx: api.Context, msp_id: str) -> Participant:
    """
    Return the participant with this MSP id.

    Raises:
        Refused: NOT_A_PARTICIPANT.
    """
    return store.load(ctx, Participant, Refusal.NOT_A_PARTICIPANT, _PARTICIPANT, identifiers.check("msp_id", msp_id))


def all_of(ctx: api.Context, msp_ids: Sequence[str]) -> list[Participant]:
    """
    Return the participants with these MSP ids, in their order.

    Raises:
        Refused: NOT_A_PARTICIPANT.
    """
    store.find_all(ctx, Participant, _PARTICIPANT, [identifiers.check("msp_id", each) for each in msp_ids])
    return [participant(ctx, each) for each in msp_ids]


def tender(ctx: api.Context, platform: str = "") -> PlatformTender:
    """
    Return the tender of *platform*, or without one that of the caller; for a caller that is no platform, as the
    auditor, that of the acting platform.

    Raises:
        Refused: NOT_TENDER if *platform* is no platform; ROLE_VACANT if there is none.
    """
    found = directory(ctx)
    platforms = found.roles.get("platform", ())
    if platform and platform not in platforms:
        raise Refusal.NOT_TENDER(f"{names.MSP_ID.check('platform', platform)} is no platform and has no tender")
    caller = ctx.client.msp_id
    return found.tender(platform or (caller if caller in platforms else found.platform))


def own_tender(ctx: api.Context, platform: str) -> PlatformTender:
    """
    Return the tender that a call is about, as `tender` does, if the caller is platform or auditor of it.

    Raises:
        Refused: NOT_TENDER, WRONG_ROLE.
    """
    found = tender(ctx, platform)
    access.one_of(ctx, found.members, Refusal.NOT_TENDER, "the platform of the tender or the auditor does this")
    return found


def voters(ctx: api.Context) -> tuple[str, ...]:
    """Return the voters on the register and all other shared data: the participants."""
    return directory(ctx).members


def _adopt(ctx: api.Context, changed: Participant) -> None:
    store.save(ctx, changed, _PARTICIPANT, changed.msp_id)
    store.save(ctx, directory(ctx).with_participant(changed), _DIRECTORY)


AMENDED = amending.AmendmentSubject(
    kind="participant",
    shape=Participant,
    name=lambda change: change.msp_id,
    standing=lambda ctx, msp_id: store.find(ctx, Participant, _PARTICIPANT, msp_id),
    check=lambda ctx, change: directory(ctx).with_participant(change),
    voters=voters,
    carry=_adopt,
)


class Participants(api.Contract):
    """The register of participants: species, roles, countries and the stages that each may record."""

    @api.transaction(endorsed_by=(), called_by=("admin",))
    def found(self, ctx: api.Context, participants: str) -> tuple[Participant, ...]:
        """
        Store the first participants (JSON array of Participant); once, by an administrator.

        Raises:
            Refused: ALREADY_FOUNDED, WRONG_ROLE, or INVALID_ARGUMENT with the field.
        """
        access.administrator(ctx)
        if store.find(ctx, Directory, _DIRECTORY):
            raise Refusal.ALREADY_FOUNDED("the first participants are stored already; propose an amendment instead")
        listed, found = rules.founded(records.loads(tuple[Participant, ...], participants, "participants"))
        for one in listed:
            store.save(ctx, one, _PARTICIPANT, one.msp_id)
        store.save(ctx, found, _DIRECTORY)
        store.announce(ctx, "ParticipantsFounded", listed)
        return listed

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def propose(self, ctx: api.Context, amendment_id: str, participant: str) -> Amendment:
        """
        Propose to add or change a participant (JSON Participant); a proposal counts as the proposer's approval.

        Raises:
            Refused: ALREADY_EXISTS, NOT_A_VOTER, or INVALID_ARGUMENT with the field.
        """
        change = records.loads(Participant, participant, "participant")
        return AMENDED.propose(ctx, amendment_id, change)

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def approve(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """
        Approve an amendment; the approval that makes more than half makes the change.

        Raises:
            Refused: NOT_FOUND, NOT_A_VOTER, ALREADY_APPROVED, ALREADY_ADOPTED, OVERTAKEN.
        """
        return AMENDED.approve(ctx, amendment_id)

    @api.query
    def read(self, ctx: api.Context, msp_id: str) -> Participant:
        """Return one participant."""
        return participant(ctx, msp_id)

    @api.query
    def holder(self, ctx: api.Context, role: str) -> str:
        """
        Return the organisation that acts in a role: the first that got it.

        Raises:
            Refused: NOT_FOUNDED, ROLE_VACANT.
        """
        return directory(ctx).holder(role)

    @api.query
    def tender(self, ctx: api.Context, platform: str = "") -> tuple[str, str]:
        """
        Return platform and auditor of a tender: of *platform*, or of the caller; for others of the acting platform.

        Raises:
            Refused: NOT_FOUNDED, NOT_TENDER, ROLE_VACANT.
        """
        return tender(ctx, platform).members

    @api.query
    def list(self, ctx: api.Context) -> tuple[Participant, ...]:
        """Return all participants, sorted by MSP id."""
        return tuple(store.each(ctx, Participant, _PARTICIPANT))

    @api.query
    def amendment(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """Return one amendment, with its approvals."""
        return AMENDED.find(ctx, amendment_id)

    @api.query
    def amendments(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> amending.AmendmentPage:
        """Return the next amendments of the register, sorted by id, among *size* of all kinds."""
        return AMENDED.page(ctx, size, bookmark)

    @api.query
    def history(self, ctx: api.Context, msp_id: str) -> tuple[store.KeyChange, ...]:
        """Return every version of a participant's record, newest first."""
        return store.history(ctx, _PARTICIPANT, identifiers.check("msp_id", msp_id))
