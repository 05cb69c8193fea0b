"""
The kind of goods of a journey, shown to those who need it; the channel has only commitments
(`domain.journeys.goodsfacts`).

Platform and merchant know the goods from their order. They show them to the carriers of the journey, to its customs
organisations, and to the auditor: to each kind of reader what it needs, in a transaction that the readers alone
endorse, because only they see the values. Their peers compare the values with the channel's commitments.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, private
from chaincode.contracts.journeys import journeystate
from chaincode.contracts.register import participants
from chaincode.domain.journeys import goodsfacts
from chaincode.domain.journeys.goodsfacts import DisclosedLine, Readers
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.participants import sides_of
from hlf.codec import records
from hlf.shim import api


@dataclasses.dataclass(frozen=True)
class ShownGoods:
    """The facts of a journey's goods that an organisation was shown, line by line."""

    journey_id: str
    lines: tuple[DisclosedLine, ...]


class Goods(api.Contract):
    """What a journey carries, for those who need to know."""

    @api.transaction(
        endorsed_by=("Goods:readers(journey_id, readers)",), transient=("goods",), called_by=("platform", "merchant")
    )
    def show(self, ctx: api.Context, journey_id: str, readers: Readers) -> dict[str, str]:
        """
        Show the goods of a journey to its carriers (``logistics``), to its ``customs``, or to the ``auditor``.

        The transient ``goods`` is an object of disclosures, by line. A later call replaces the facts of an earlier one.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY, NOT_A_SELLER, UNKNOWN_ATTRIBUTE, ATTRIBUTE_TWICE, NOT_IN_CLAIM,
                ATTRIBUTE_NOT_GRANTED, INVALID_ARGUMENT.
        """
        journey = journeystate.load(ctx, journey_id)
        if not {"platform", "merchant"} & set(journey.party(access.member(ctx)).roles):
            raise Refusal.NOT_A_SELLER("only the platform or the merchant can show the goods")
        digests = {line.line: line.goods for line in journey.lines}
        shown = goodsfacts.read(private.transient(ctx, "goods"), digests, readers)
        kept = records.dumps(ShownGoods(journey.journey_id, shown))
        private.put(ctx, _key(ctx, journey.journey_id), kept, _readers(ctx, journey, readers))
        return private.announce(ctx, "GoodsShown", journey_id=journey.journey_id, readers=readers)

    @api.query
    def readers(self, ctx: api.Context, journey_id: str, readers: Readers) -> tuple[str, ...]:
        """
        Return the organisations that `show` shows the goods to.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_A_PARTY if the journey has none.
        """
        return _readers(ctx, journeystate.load(ctx, journey_id), readers)

    @api.query(read_on=("caller",), called_by=("party", "auditor"))
    def read(self, ctx: api.Context, journey_id: str) -> ShownGoods:
        """
        Return the facts of a journey's goods that the caller's organisation was shown, with the disclosures that prove
        them.

        Raises:
            Refused: JOURNEY_UNKNOWN, NOT_FOUND.
        """
        caller, journey = access.member(ctx), journeystate.load(ctx, journey_id)
        data = private.own(ctx, caller, _key(ctx, journey.journey_id), f"goods of journey {journey.journey_id}")
        return records.loads(ShownGoods, data)


def _readers(ctx: api.Context, journey: Journey, readers: Readers) -> tuple[str, ...]:
    if readers == "auditor":
        return (participants.directory(ctx).auditor,)
    # An organisation that sells knows its goods, and one that is customs beside a carrier is shown more as customs.
    found = tuple(party.msp_id for party in journey.parties if _kind(party.roles) == readers)
    if not found:
        raise Refusal.NOT_A_PARTY(f"journey {journey.journey_id} has no party for {readers}")
    return found


def _kind(roles: tuple[str, ...]) -> str:
    """Return the kind of reader that a party with these *roles* is; empty if it is none."""
    if "customs" in roles:
        return "customs"
    return "logistics" if "logistics" in sides_of(roles) else ""


def _key(ctx: api.Context, journey_id: str) -> str:
    return ctx.stub.create_composite_key("goods.shown", [journey_id])
