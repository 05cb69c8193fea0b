"""A chaincode server whose every message a test decides: what a well-behaved runtime would never send included."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2, chaincode_shim_pb2_grpc, proposal_response_pb2

Message = chaincode_shim_pb2.ChaincodeMessage
Script = Callable[["Line"], Awaitable[None]]


class Line:
    """The chaincode's end of one stream."""

    def __init__(self, requests: AsyncIterator[Message], context: grpc.aio.ServicerContext[Message, Message]) -> None:
        self._requests = requests
        self._context = context

    async def register(self, name: str) -> None:
        """Say who this is and wait until the peer is ready."""
        await self.send("REGISTER", chaincode_pb2.ChaincodeID(name=name).SerializeToString())
        assert (await self.receive()).type == Message.REGISTERED
        assert (await self.receive()).type == Message.READY

    async def receive(self) -> Message:
        return await anext(self._requests)

    async def send(self, kind: str, payload: bytes = b"", about: Message | None = None, **more: Any) -> None:
        """Send a message; *about* is the one whose transaction it belongs to."""
        if about is not None:
            more = {"txid": about.txid, "channel_id": about.channel_id, **more}
        await self._context.write(Message(type=Message.Type.Value(kind), payload=payload, **more))

    async def complete(self, about: Message, payload: bytes = b"", status: int = 200) -> None:
        """End a transaction with a response."""
        response = proposal_response_pb2.Response(status=status, payload=payload)
        await self.send("COMPLETED", response.SerializeToString(), about)


@asynccontextmanager
async def serving(script: Script, address: str = "127.0.0.1:0", credentials: Any = None) -> AsyncIterator[str]:
    """Serve *script* to every peer that dials; the address is what is entered."""

    class Servicer(chaincode_shim_pb2_grpc.ChaincodeServicer):
        async def Connect(  # type: ignore[override]  # It writes to the context, and yields nothing.  # noqa: N802
            self, request_iterator: Any, context: Any
        ) -> None:
            try:
                await script(Line(request_iterator, context))
            except StopAsyncIteration:
                return

    server = grpc.aio.server()
    chaincode_shim_pb2_grpc.add_ChaincodeServicer_to_server(Servicer(), server)
    if credentials is None:
        port = server.add_insecure_port(address)
    else:
        port = server.add_secure_port(address, credentials)
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
