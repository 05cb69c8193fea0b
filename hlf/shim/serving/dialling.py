"""Chaincode that a peer launches: it connects to the peer (``protos.ChaincodeSupport/Register``) and serves there."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import grpc

from hlf.shim import invocation, server
from hlf.shim.handler import Handler, Message
from hlf.shim.serving.workers import Workers

logger = logging.getLogger("hlf.chaincode")


class PeerGone(server.ServerError):  # noqa: N818  (an expected end)
    """The dialled peer ended the stream or could not be reached; the launcher of the chaincode starts it again."""


@dataclass(frozen=True)
class PeerTls:
    """
    TLS material for the connection to the peer, in PEM.

    Attributes:
        roots: the CA certificates for the peer's certificate.
        certificate: the chaincode's own, which the peer made for it.
        key: its private key; no text form of the object shows it.
        name: the host name in the peer's certificate, if it is not the dialled one.
    """

    roots: bytes
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)
    name: str = ""


@dataclass(frozen=True)
class DialledChaincode:
    """One chaincode; it registers at the peer at *address* under the name that the peer gave it."""

    chaincode: invocation.Chaincode
    name: str
    address: str
    tls: PeerTls | None = None


async def serve(dialled: DialledChaincode, stopping: asyncio.Event) -> None:
    """
    Serve the peer until *stopping* is set, then finish the running transactions.

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
            # Cancelling would drop messages on their way. Half-closed, the stream ends when the peer has them all.
            await stream.done_writing()
            await asyncio.wait([serving], timeout=server.GRACE_SECONDS)
        finally:
            for task in (serving, stopped):
                task.cancel()
            stream.cancel()
            await asyncio.gather(serving, stopped, return_exceptions=True)


async def _cause(serving: asyncio.Task[None], stream: Any) -> str:
    """Return why the stream ended, in gRPC's words; the error of a late write is less exact."""
    await asyncio.gather(serving, return_exceptions=True)
    if not stream.done():
        return "it violated the protocol"
    return str(await stream.details() or "it ended the stream")


def _words(handler: Handler, dialled: DialledChaincode, cause: str) -> str:
    if handler.registered:
        return f"the peer at {dialled.address} is gone: {cause}"
    return (
        f"the peer at {dialled.address} did not take the chaincode {dialled.name}: {cause}; check the address, TLS "
        "(CORE_PEER_TLS_ENABLED), and the name (CORE_CHAINCODE_ID_NAME), which must be that of an installed package; "
        "a peer in development mode (--peer-chaincodedev) accepts chaincode that it did not launch"
    )


async def _drained(handler: Handler) -> None:
    try:
        await asyncio.wait_for(handler.drained(), server.GRACE_SECONDS)
    except TimeoutError:
        logger.warning("transactions still ran %s seconds after the order to stop", server.GRACE_SECONDS)


def _channel(dialled: DialledChaincode) -> Any:
    address = dialled.address.removeprefix("grpcs://").removeprefix("grpc://")
    options: list[tuple[str, Any]] = list(server.OPTIONS)
    tls = dialled.tls
    if tls is None:
        return grpc.aio.insecure_channel(address, options)
    if tls.name:
        options.append(("grpc.ssl_target_name_override", tls.name))
    credentials = grpc.ssl_channel_credentials(tls.roots, tls.key, tls.certificate)
    return grpc.aio.secure_channel(address, credentials, options)
