"""Chaincode that a peer launches: it connects to the peer (``protos.ChaincodeSupport/Register``) and serves there."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import grpc

from hlf.shim import invocation, server
from hlf.shim.handler import Handler, Message
from hlf.shim.workers import Workers

logger = logging.getLogger("hlf.chaincode")


class PeerGone(server.ServerError):  # noqa: N818  (an outcome)
    """The peer that was dialled ended the stream, or was never there; who launched the chaincode starts it again."""


@dataclass(frozen=True)
class PeerTls:
    """
    What the connection to the peer is checked by, and how the chaincode shows who it is; all in PEM.

    Attributes:
        roots: the certificates that the peer's is checked against.
        certificate: the chaincode's own, which the peer made for it.
        key: its private key, kept out of every rendering.
        name: the host's name in the peer's certificate, where it is not the one that is dialled.
    """

    roots: bytes
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)
    name: str = ""


@dataclass(frozen=True)
class Dialled:
    """One chaincode that registers at the peer at *address* under the name that the peer gave it."""

    chaincode: invocation.Chaincode
    name: str
    address: str
    tls: PeerTls | None = None


async def serve(dialled: Dialled, stopping: asyncio.Event) -> None:
    """
    Serve the peer until *stopping* is set, then finish what runs.

    Raises:
        PeerGone: the peer cannot be reached, or it ended the stream; a peer starts its chaincodes again.
    """
    async with _channel(dialled) as channel:
        connect = channel.stream_stream(
            "/protos.ChaincodeSupport/Register",
            request_serializer=Message.SerializeToString,
            response_deserializer=Message.FromString,
        )
        stream: Any = connect()
        handler = Handler(dialled.chaincode, dialled.name, Workers())
        serving = asyncio.create_task(handler.serve(stream.read, stream.write, grpc.aio.EOF))
        stopped = asyncio.create_task(stopping.wait())
        logger.info("chaincode %s registers as %s at %s", dialled.chaincode.name, dialled.name, dialled.address)
        try:
            await asyncio.wait([serving, stopped], return_when=asyncio.FIRST_COMPLETED)
            if not stopped.done():
                raise PeerGone(_words(handler, dialled, await _cause(serving, stream)))
            await _drained(handler)
            # Cancelling throws away what is still on its way; half-closed, the stream ends once the peer has it all.
            await stream.done_writing()
            await asyncio.wait([serving], timeout=server.GRACE_SECONDS)
        finally:
            for task in (serving, stopped):
                task.cancel()
            stream.cancel()
            await asyncio.gather(serving, stopped, return_exceptions=True)


async def _cause(serving: asyncio.Task[None], stream: Any) -> str:
    """Return why the stream ended, in gRPC's words; what a late write says counts for nothing beside them."""
    await asyncio.gather(serving, return_exceptions=True)
    if not stream.done():
        return "it broke the protocol"
    return str(await stream.details() or "it ended the stream")


def _words(handler: Handler, dialled: Dialled, cause: str) -> str:
    if handler.registered:
        return f"the peer at {dialled.address} is gone: {cause}"
    return (
        f"the peer at {dialled.address} did not take the chaincode {dialled.name}: {cause}; check the address, TLS "
        "(CORE_PEER_TLS_ENABLED), and the name (CORE_CHAINCODE_ID_NAME), which must be of a package that is installed; "
        "a peer that does not launch chaincode itself takes it with --peer-chaincodedev"
    )


async def _drained(handler: Handler) -> None:
    try:
        await asyncio.wait_for(handler.drained(), server.GRACE_SECONDS)
    except TimeoutError:
        logger.warning("transactions still ran %s seconds after the order to stop", server.GRACE_SECONDS)


def _channel(dialled: Dialled) -> Any:
    address = dialled.address.removeprefix("grpcs://").removeprefix("grpc://")
    options: list[tuple[str, Any]] = list(server.OPTIONS)
    tls = dialled.tls
    if tls is None:
        return grpc.aio.insecure_channel(address, options)
    if tls.name:
        options.append(("grpc.ssl_target_name_override", tls.name))
    credentials = grpc.ssl_channel_credentials(tls.roots, tls.key, tls.certificate)
    return grpc.aio.secure_channel(address, credentials, options)
