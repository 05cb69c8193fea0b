"""
Amendments on the ledger: one mechanism for every contract that keeps shared reference data.

A contract describes its data as an `AmendmentSubject` and passes proposals and approvals to this module. Each amendment
has its own id and names its subject, such as ``participant/LastMileMSP`` or ``lpi/2023``. The voters are the
participants at the time of the proposal; the approval that makes more than half makes the change.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from typing import Generic, TypeVar

from chaincode.contracts import access, store
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import amendments
from chaincode.domain.register.amendments import Amendment
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.shim import api

_KEY = "amendment"
Change = TypeVar("Change")


@dataclasses.dataclass(frozen=True)
class AmendmentPage:
    """A page of amendments; *bookmark* leads to the next page, and is empty on the last."""

    amendments: tuple[Amendment, ...]
    bookmark: str


@dataclasses.dataclass(frozen=True)
class AmendmentSubject(Generic[Change]):
    """
    One kind of shared reference data, and how to change it.

    Attributes:
        kind: the first part of its amendments' subjects, such as ``participant``.
        shape: the class of a change.
        name: returns the name of the changed record, such as an MSP id; empty if there is only one record.
        standing: returns the present record with a name, or None.
        check: refuses an impossible change before anybody votes on it.
        voters: returns the organisations that vote.
        carry: writes an adopted change.
    """

    kind: str
    shape: type[Change]
    name: Callable[[Change], str]
    standing: Callable[[api.Context, str], object]
    check: Callable[[api.Context, Change], object]
    voters: Callable[[api.Context], tuple[str, ...]]
    carry: Callable[[api.Context, Change], object]

    def propose(self, ctx: api.Context, amendment_id: str, change: Change) -> Amendment:
        """
        Write a new amendment with the caller's approval; make the change if that is already more than half.

        Raises:
            Refused: ALREADY_EXISTS, NOT_A_VOTER, INVALID_ARGUMENT, or a refusal of *check*.
        """
        self.check(ctx, change)
        name = self.name(change)
        subject, before, voters = f"{self.kind}/{name}".rstrip("/"), self.standing(ctx, name), self.voters(ctx)
        if store.find(ctx, Amendment, _KEY, identifiers.check("amendment_id", amendment_id)):
            raise Refusal.ALREADY_EXISTS(f"amendment {amendment_id} exists")
        proposer, proposal = access.member(ctx), records.plain(change)
        return self._keep(ctx, amendments.proposed(amendment_id, subject, _hash(before), proposal, proposer, voters))

    def approve(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """
        Add the caller's approval; the one that makes more than half makes the change.

        Two approvals in one block write the same key: the later one fails with MVCC_READ_CONFLICT; send it again.

        Raises:
            Refused: NOT_FOUND, NOT_A_VOTER, ALREADY_APPROVED, ALREADY_ADOPTED, OVERTAKEN.
        """
        found = self.find(ctx, amendment_id)
        now = self.standing(ctx, found.subject.partition("/")[2])
        return self._keep(ctx, found.approved_by(access.member(ctx), _hash(now)))

    def find(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """
        Return the amendment with this id, if it is about this kind of data.

        Raises:
            Refused: NOT_FOUND.
        """
        found = store.load(ctx, Amendment, Refusal.NOT_FOUND, _KEY, identifiers.check("amendment_id", amendment_id))
        if not self._concerns(found):
            raise Refusal.NOT_FOUND(f"amendment {amendment_id} is not about a {self.kind}")
        return found

    def page(self, ctx: api.Context, size: int, bookmark: str) -> AmendmentPage:
        """
        Return amendments of this kind of data, open or adopted, sorted by id; only for queries.

        A page looks at *size* amendments of all kinds. So it may have fewer, even none; only an empty bookmark means
        the end.

        Raises:
            Refused: INVALID_ARGUMENT for a size that is not within `bounds.PAGE`.
        """
        found, following = store.page(ctx, Amendment, size, bookmark, _KEY)
        return AmendmentPage(tuple(filter(self._concerns, found)), following)

    def _concerns(self, amendment: Amendment) -> bool:
        return amendment.subject.partition("/")[0] == self.kind

    def _keep(self, ctx: api.Context, amendment: Amendment) -> Amendment:
        adopted = amendment.state == "adopted"
        store.save(ctx, amendment, _KEY, amendment.amendment_id)
        store.announce(ctx, "AmendmentAdopted" if adopted else "AmendmentOpen", amendment)
        if adopted:
            self.carry(ctx, records.shaped(self.shape, amendment.change, "change"))
        return amendment


def _hash(record: object) -> str:
    return hashlib.sha256(records.dumps(record)).hexdigest() if record is not None else ""
