"""Payments to accounts, each with an event."""

from hlf.codec import records
from hlf.shim import api


class Payments(api.Contract):
    """One key for each payment."""

    @api.transaction
    def pay(self, ctx: api.Context, payment: str, account: str, cents: int) -> None:
        """Pay an amount to an account, once."""
        if ctx.stub.get_state(payment):
            raise api.Refused("PAID", f"{payment} is paid already")
        paid = records.dumps({"account": account, "cents": cents})
        ctx.stub.put_state(payment, paid)
        ctx.stub.set_event("Paid", paid)


chaincode = api.Chaincode("payments", [Payments])
