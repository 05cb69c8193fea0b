"""
Amendments of shared data: the same addresses to propose, approve, read and list them for all kinds of data.

A resource describes its data as `AmendableData`, and `serve` gives it the addresses:

    POST <address>                           propose a change; the proposer approves by proposing
    GET  <address>                           list the amendments
    GET  <address>/<amendment_id>            read one, with who has approved it
    POST <address>/<amendment_id>/approval   approve one; the approval that makes more than half carries it out
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from gateway.http import auth, context, idempotency, paging, viewcalls
from gateway.http.context import CARRIAGE, TRADE, TradeChaincode
from gateway.http.inputs import Blueprint
from gateway.http.paging import PageQuerySchema
from gateway.trade import minting
from gateway.trade.receipts import CommittedSchema

_View = Callable[..., Any]


class AmendmentSchema(CommittedSchema):
    """An amendment of shared data, and who has approved it (in ``result``)."""

    amendment_id = fields.String()


class RegisterQuerySchema(Schema):
    """The register to use."""

    channel = fields.String(load_default=TRADE.channel, validate=validate.OneOf([TRADE.channel, CARRIAGE.channel]))


class RegisterPageSchema(RegisterQuerySchema, PageQuerySchema):
    """The register to use, and a page of its amendments."""


@dataclass(frozen=True)
class AmendableData:
    """
    One kind of shared data that participants can amend.

    Attributes:
        contract: the contract that stores it, such as Lpi.
        body: the schema of a proposal.
        change: takes the proposed change out of the body.
        proposing, approving: a summary of each of the two acts.
        address: the address of its amendments, below its resource.
        functions: the contract's names for proposing and approving.
        endpoints: the views' names, in the order propose, approve, read, list.
        registers: whether `logistics` has such data too, so that a call may name the channel.
    """

    contract: str
    body: type[Schema]
    change: Callable[[dict[str, Any]], Any]
    proposing: str
    approving: str = "Approve an amendment; it is adopted when more than half of the participants have approved it."
    address: str = "/amendments"
    functions: tuple[str, str] = ("propose", "approve")
    endpoints: tuple[str, str, str, str] = ("propose", "approve", "amendment", "amendments")
    registers: bool = False

    def propose(self, body: dict[str, Any], chaincode: TradeChaincode = TRADE) -> dict[str, Any]:
        """Propose the change in *body* under a new id."""
        amendment_id = minting.public_id("amendment")
        return self._act(chaincode, self.functions[0], amendment_id, self.change(body))

    def approve(self, amendment_id: str, chaincode: TradeChaincode = TRADE) -> dict[str, Any]:
        """Approve the amendment with this id."""
        return self._act(chaincode, self.functions[1], amendment_id)

    def _act(self, chaincode: TradeChaincode, function: str, amendment_id: str, *change: Any) -> dict[str, Any]:
        done = context.act(chaincode, f"{self.contract}:{function}", amendment_id, *change)
        return {"amendment_id": amendment_id, **done}


def serve(blueprint: Blueprint, amended: AmendableData) -> None:
    """Serve the addresses to propose, approve, read and list amendments of *amended*."""

    # Views get the query parameters first, if there are any, then the body.
    def propose(*given: dict[str, Any]) -> dict[str, Any]:
        return amended.propose(given[-1], register(*given[:-1]))

    def approve(*query: dict[str, Any], amendment_id: str) -> dict[str, Any]:
        return amended.approve(amendment_id, register(*query))

    def read(*query: dict[str, Any], amendment_id: str) -> dict[str, Any]:
        return context.ask_record(register(*query), f"{amended.contract}:amendment", amendment_id)

    def every(query: dict[str, Any]) -> Any:
        page = context.ask_record(register(query), f"{amended.contract}:amendments", *paging.asked(query))
        return paging.answer(page["amendments"], page["bookmark"])

    among = (TRADE, CARRIAGE) if amended.registers else (TRADE,)
    one_of = RegisterQuerySchema if amended.registers else None
    pages = RegisterPageSchema if amended.registers else PageQuerySchema
    proposing, approving = amended.functions

    def address(
        end: str, endpoint: str, view: _View, calls: str, method: str, summary: str, query: type[Schema] | None = one_of
    ) -> None:
        view.__doc__ = summary
        if query:
            view = blueprint.arguments(query, location="query")(view)
        view = auth.needs("read")(view) if method == "GET" else auth.needs("write")(idempotency.keyed(view))
        view = viewcalls.calls(f"{amended.contract}:{calls}", *among)(view)
        blueprint.route(amended.address + end, methods=[method], endpoint=endpoint)(view)

    answer, one = blueprint.response, "/<amendment_id>"
    proposed = blueprint.arguments(amended.body)(answer(201, AmendmentSchema)(propose))
    address("", amended.endpoints[0], proposed, proposing, "POST", amended.proposing)
    approved = answer(200, AmendmentSchema)(approve)
    address(f"{one}/approval", amended.endpoints[1], approved, approving, "POST", amended.approving)
    found = answer(200, description="The amendment and who has approved it")(read)
    address(one, amended.endpoints[2], found, "amendment", "GET", "Read an amendment.")
    listed = answer(200, description="The amendments, sorted by id")(every)
    address(
        "", amended.endpoints[3], listed, "amendments", "GET", "List the amendments, open and adopted, by pages.", pages
    )


def register(query: dict[str, Any] | None = None) -> TradeChaincode:
    """Return the chaincode with the register that *query* names; by default that of `trade`."""
    return CARRIAGE if query and query.get("channel") == CARRIAGE.channel else TRADE
