"""
Amendments: shared reference data change when more than half of the participants approve.

Endorsement by a majority of peers shows that the contract's rule was followed, but not that anybody agreed: a peer
endorses all that the contract allows. So one organisation proposes, others approve in their own transactions, and
the approval that makes more than half makes the change.
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
        before: the hash of the subject at the time of the proposal, empty if it did not exist. If the subject
            has changed since, the amendment is refused.
        change: the new value, in JSON's terms.
        voters: who may approve: the participants at the time of the proposal, with the proposer.
        approvals: who has approved, in order; the proposer is the first.
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
        Return the amendment with one more approval; with more than half it is adopted.

        *now* is the present hash of the subject.

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
    Return a new amendment with its proposer's approval; if that is already more than half, it is adopted.

    Raises:
        Refused: INVALID_ARGUMENT for the id; NOT_A_VOTER.
    """
    identifiers.check("amendment_id", amendment_id)
    empty = Amendment(amendment_id, subject, before, change, tuple(sorted(voters)), ())
    return empty.approved_by(proposer, before)
