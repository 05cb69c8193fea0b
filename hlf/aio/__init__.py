"""
The client for asyncio: the names, types and guarantees of ``hlf.client``, on ``grpc.aio``.

::

    async with aio.connect(Profile.load("profiles/ForwarderMSP.json"), *load_user(folder, "ForwarderMSP")) as fabric:
        assets = fabric.network("mychannel").contract("assets", "Assets")
        await assets.submit("transfer", "A1", "BuyerMSP")
        async for event in await fabric.network("mychannel").chaincode_events("assets", start_block=0):
            ...

If a task is cancelled, so is the call that it waits for: a query is dropped, a stream goes on at its position at the
next call, and a submitted transaction may still be committed. The event loop signs; use a signer whose ``sign`` is
quick, or sign elsewhere.
"""

from hlf.aio.connections import Connections
from hlf.aio.gateway import Gateway, connect
from hlf.steps.call import Timeouts
from hlf.steps.retrying import Retry

__all__ = ["Connections", "Gateway", "Retry", "Timeouts", "connect"]
