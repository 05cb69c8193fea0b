"""
Sealed bids: what an organisation bids stays with its own peers until it opens the bid itself.

Every organisation has an implicit collection, which needs no configuration. The
channel gets the hash of what is in it, so a bid cannot be changed once it is made.
"""

import hashlib

from hlf.shim import api


class Bids(api.Contract):
    """Bids for lots, one for each organisation."""

    @api.transaction(endorsed_by=("caller",), transient=("bid",))
    def seal(self, ctx: api.Context, lot: str) -> None:
        """Keep the caller's bid; its own organisation alone endorses this, so no other peer sees the value."""
        collection = _own(ctx.client.msp_id)
        if ctx.stub.get_private_data_hash(collection, lot):
            raise api.Refused("SEALED", f"{ctx.client.msp_id} has a bid for {lot} already")
        ctx.stub.put_private_data(collection, lot, ctx.transient["bid"])

    @api.query
    def own(self, ctx: api.Context, lot: str) -> bytes:
        """Return the caller's own bid, from its own peer."""
        return ctx.stub.get_private_data(_own(ctx.client.msp_id), lot)

    @api.transaction
    def open(self, ctx: api.Context, lot: str, bid: str) -> None:
        """Publish the caller's bid, if it is the one that was sealed."""
        sealed = ctx.stub.get_private_data_hash(_own(ctx.client.msp_id), lot)
        if hashlib.sha256(bid.encode()).digest() != sealed:
            raise api.Refused("NOT_THE_BID", f"this is not what {ctx.client.msp_id} has sealed for {lot}")
        ctx.stub.put_state(ctx.stub.create_composite_key("bid", [lot, ctx.client.msp_id]), bid.encode())

    @api.query
    def opened(self, ctx: api.Context, lot: str) -> dict[str, str]:
        """Return the bids that are open, by organisation."""
        found = ctx.stub.get_state_by_partial_composite_key("bid", [lot])
        return {ctx.stub.split_composite_key(each.key)[1][1]: each.value.decode() for each in found}


def _own(msp_id: str) -> str:
    return f"_implicit_org_{msp_id}"


chaincode = api.Chaincode("bids", [Bids])
