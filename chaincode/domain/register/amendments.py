"""
Amendments: how shared reference data change when more than half of those it binds agree.

Endorsement by a majority of peers shows that the rule was followed; it does
not show that anybody agreed, because a peer endorses whatever the contract
allows. So an organisation proposes, others approve in transactions of their
own, and the approval that makes more than half carries the change out.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers


@dataclasses.dataclass(frozen=True)
class Amendment:
    """
    A proposed change of one subject.

    Attributes:
        subject: what it changes, such as ``participant/LastMileMSP``.
        before: the hash of the subject when it was proposed, empty if it did not exist; a change that
            somebody else overtook is not carried out unseen.
        change: the new value, in JSON's terms.
        voters: who may approve; those bound at the time of the proposal, the proposer among them.
        approvals: who has, in order; the proposer is the first.
    """

    amendment_id: str
    subject: str
    before: str
    change: object
    voters: tuple[str, ...]
    approvals: tuple[str, ...]
    state: Literal["open", "adopted"] = "open"

    @property
    def carried(self) -> bool:
        """Whether more than half have approved."""
        return 2 * len(self.approvals) > len(self.voters)

    def approved_by(self, msp_id: str, now: str) -> Amendment:
        """
        Return the amendment with one more approval, adopted if that makes more than half.

        *now* is the hash of the subject as it stands.

        Raises:
            Refused: ALREADY_ADOPTED, NOT_A_VOTER, ALREADY_APPROVED, OVERTAKEN.
        """
        if self.state == "adopted":
            raise Refusal.ALREADY_ADOPTED(f"amendment {self.amendment_id} is in force")
        if msp_id not in self.voters:
            raise Refusal.NOT_A_VOTER(f"{msp_id} has no vote on amendment {self.amendment_id}")
        if msp_id in self.approvals:
            raise Refusal.ALREADY_APPROVED(f"{msp_id} has approved amendment {self.amendment_id}")
        if now != self.before:
            raise Refusal.OVERTAKEN(f"{self.subject} has changed since amendment {self.amendment_id} was proposed")
        voted = dataclasses.replace(self, approvals=(*self.approvals, msp_id))
        return dataclasses.replace(voted, state="adopted") if voted.carried else voted


def proposed(
    amendment_id: str, subject: str, before: str, change: object, proposer: str, voters: tuple[str, ...]
) -> Amendment:
    """
    Return a new amendment with its proposer's approval; adopted at once if that is already more than half.

    Raises:
        Refused: INVALID_ARGUMENT for the id; NOT_A_VOTER.
    """
    identifiers.check("amendment_id", amendment_id)
    empty = Amendment(amendment_id, subject, before, change, tuple(sorted(voters)), ())
    return empty.approved_by(proposer, before)
