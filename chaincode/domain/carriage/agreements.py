"""
Agreements between two carriers about a hand-over: place, time, seals. Nobody else sees them.

Both store the agreement, and both must endorse each change. Every version has a new salt, because its hash is on
the channel.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from chaincode.domain.disclosure import disclosures
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds, identifiers, places
from hlf.codec import moments
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

CONSIGNMENTS = Bounds(1, 1_000)
"""Journeys that one agreement is about."""


@dataclasses.dataclass(frozen=True)
class AgreementDraft:
    """
    The proposal of the giving carrier.

    ``consignments`` are the ids of the journeys; ``conditions`` is free text, such as the temperature or who breaks
    the seal.
    """

    taker: str
    consignments: tuple[str, ...]
    place: str
    opens_at: str
    closes_at: str
    seals: tuple[str, ...]
    conditions: str
    salt: str

    def __post_init__(self) -> None:
        places.check_locode("agreement.place", self.place)
        disclosures.check_salt(self.salt, "agreement.salt")
        for consignment in self.consignments:
            identifiers.check("agreement.consignments", consignment)
        if len(self.consignments) not in CONSIGNMENTS:
            raise invalid("agreement.consignments", f"must name {CONSIGNMENTS.least} to {CONSIGNMENTS.most} journeys")
        opens = moments.stated("agreement.opens_at", self.opens_at)
        if opens.at > moments.stated("agreement.closes_at", self.closes_at).at:
            raise invalid("agreement.closes_at", "must not be before it opens")
        if any(len(text) > bounds.SENTENCE.most for text in (*self.seals, self.conditions)):
            raise invalid("agreement", f"seals and conditions have at most {bounds.SENTENCE.most} characters")


@dataclasses.dataclass(frozen=True)
class Agreement:
    """A hand-over agreement as both carriers store it."""

    agreement_id: str
    giver: str
    state: Literal["proposed", "agreed", "declined", "cancelled"]
    draft: AgreementDraft
    salt: str
    changed_at: str

    @property
    def parties(self) -> tuple[str, str]:
        """The two carriers that store it and may read it."""
        return self.giver, self.draft.taker

    def answered(self, by: str, agree: bool, salt: str, now: str) -> Agreement:
        """
        Return the agreement with the taker's answer.

        Raises:
            Refused: NOT_THE_TAKER, WRONG_STATE, SALT_REUSED, SALT_TOO_SHORT.
        """
        if by != self.draft.taker:
            raise Refusal.NOT_THE_TAKER("the carrier that is to take over answers")
        self._only("proposed")
        return self._next("agreed" if agree else "declined", salt, now)

    def cancelled(self, by: str, salt: str, now: str) -> Agreement:
        """
        Return the agreement after one side has cancelled it.

        Raises:
            Refused: NOT_A_PARTY, WRONG_STATE, SALT_REUSED, SALT_TOO_SHORT.
        """
        if by not in self.parties:
            raise Refusal.NOT_A_PARTY("one of the two carriers calls it off")
        self._only("proposed", "agreed")
        return self._next("cancelled", salt, now)

    def _only(self, *states: str) -> None:
        if self.state not in states:
            raise Refusal.WRONG_STATE(f"agreement {self.agreement_id} is {self.state}")

    def _next(self, state: Literal["agreed", "declined", "cancelled"], salt: str, now: str) -> Agreement:
        if disclosures.check_salt(salt, "salt") in (self.salt, self.draft.salt):
            raise Refusal.SALT_REUSED("every version of a private record has a salt of its own")
        return dataclasses.replace(self, state=state, salt=salt, changed_at=now)


def proposed(agreement_id: str, giver: str, draft: AgreementDraft, now: str) -> Agreement:
    """
    Return a new agreement.

    Raises:
        Refused: INVALID_ARGUMENT, SAME_PARTY.
    """
    identifiers.check("agreement_id", agreement_id)
    if draft.taker == giver:
        raise Refusal.SAME_PARTY("a carrier needs no agreement with itself")
    return Agreement(agreement_id, giver, "proposed", draft, draft.salt, now)
