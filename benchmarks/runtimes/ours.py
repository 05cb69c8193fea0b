"""The chaincode as a contract of ours, typed arguments and all."""

from __future__ import annotations

from hlf.shim import api


class Values(api.Contract):
    """Keys and values."""

    @api.transaction
    def put(self, ctx: api.Context, key: str, value: str) -> str:
        ctx.stub.put_state(key, value.encode())
        return value

    @api.query
    def get(self, ctx: api.Context, key: str) -> bytes:
        return ctx.stub.get_state(key)


chaincode = api.Chaincode("selat", [Values])
