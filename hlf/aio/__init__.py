"""
The client for asyncio: the names, types and guarantees of ``hlf.client``, on ``grpc.aio``.

::

    async with aio.connect(Profile.load("profiles/ForwarderMSP.json"), *load_user(folder, "ForwarderMSP")) as fabric:
        journeys = fabric.network("trade").contract("trade", "Journeys")
        await journeys.submit("hand_over", "J1", "LastMileMSP")
        async for event in await fabric.network("trade").chaincode_events("trade", start_block=0):
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
