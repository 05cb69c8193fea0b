"""Shipments that depart and arrive, each with an event."""

from hlf.shim import api


class Shipments(api.Contract):
    """Where each shipment is."""

    @api.transaction
    def depart(self, ctx: api.Context, shipment: str) -> None:
        """Let a shipment depart."""
        self._move(ctx, shipment, "Departed")

    @api.transaction
    def arrive(self, ctx: api.Context, shipment: str) -> None:
        """Let a shipment arrive; it has departed before."""
        if ctx.stub.get_state(shipment) != b"Departed":
            raise api.Refused("NOT_ON_ITS_WAY", f"{shipment} has not departed")
        self._move(ctx, shipment, "Arrived")

    def _move(self, ctx: api.Context, shipment: str, to: str) -> None:
        ctx.stub.put_state(shipment, to.encode())
        # A transaction has one event. Everybody on the channel can read it.
        ctx.stub.set_event(to, shipment.encode())


chaincode = api.Chaincode("shipments", [Shipments])
