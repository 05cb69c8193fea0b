"""
An orderer's channel-participation REST interface, for its organisation's administrators.

It has its own listener beside gRPC and requires a client certificate of the
configured authority.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web
from fabric_protos.common import common_pb2, configtx_pb2
from google.protobuf import message

from hlf import errors
from hlf.network.engines.embedded.endorse.system import last_config
from hlf.network.engines.embedded.order.joining import ParticipationRefused
from hlf.network.engines.embedded.order.ordering import NotOrderedError
from hlf.network.engines.embedded.wire.requests import INVALID_WIRE
from hlf.wire.config import channelconfig

if TYPE_CHECKING:
    from hlf.network.engines.embedded.order.channels import Channels
    from hlf.network.engines.embedded.order.followers import ChannelParticipation
    from hlf.network.engines.embedded.order.orderers import OrdererState

BASE = "/participation/v1/"
CHANNELS = f"{BASE}channels"
# The native engine sets the same limit for its orderers; Fabric's default is a tenth of it.
MAX_BODY = 10 * 1024 * 1024
_FOLLOWER = "channel is not ready, he is a follower"
_JSON_TYPES = ("application/json", "application/*", "*/*", "")


class ParticipationRefusal(Exception):  # noqa: N818 - an answer, not a failure
    """An answer that is not a success."""

    def __init__(self, status: int, reason: str, allow: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.allow = allow


class ParticipationService:
    """The interface over one orderer's channels."""

    def __init__(self, channels: Channels, orderer: OrdererState) -> None:
        self._channels = channels
        self._orderer = orderer

    def application(self) -> web.Application:
        """Return the aiohttp application to serve."""
        application = web.Application(middlewares=[_answer_refusals], client_max_size=MAX_BODY)
        application.add_routes(
            [
                web.get(BASE, _redirect),
                web.get(CHANNELS, self._list),
                web.post(CHANNELS, self._join),
                web.put(CHANNELS, self._update),
                web.get(CHANNELS + "/{channel}", self._show),
                web.delete(CHANNELS + "/{channel}", self._remove),
                web.get(CHANNELS + "/{channel}/blocks/{block}", self._fetch),
            ]
        )
        return application

    async def _list(self, request: web.Request) -> web.Response:
        _check_accept(request)
        listed = [
            {"name": standing.channel_id, "url": f"{CHANNELS}/{standing.channel_id}"}
            for standing in self._channels.standings(self._orderer)
        ]
        return _json(200, {"systemChannel": None, "channels": listed or None}, {"Cache-Control": "no-store"})

    async def _show(self, request: web.Request) -> web.Response:
        _check_accept(request)
        return _json(200, _describe(self._standing(request)), {"Cache-Control": "no-store"})

    async def _join(self, request: web.Request) -> web.Response:
        _check_accept(request)
        encoded = await _file(request, "config-block")
        try:
            common_pb2.Block.FromString(encoded)
        except message.DecodeError:
            raise ParticipationRefusal(
                400, f"cannot unmarshal file part config-block into a block: {INVALID_WIRE}"
            ) from None
        try:
            standing = await self._channels.join_orderer(self._orderer, encoded)
        except ParticipationRefused as refused:
            raise ParticipationRefusal(
                refused.status, refused.reason, "GET, DELETE" if refused.status == 405 else ""
            ) from None
        described = _describe(standing)
        return _json(201, described, {"Location": described["url"]})

    async def _update(self, request: web.Request) -> web.Response:
        """Queue a configuration update without the gRPC listener, as Fabric 3.1 offers it."""
        _check_accept(request)
        encoded = await _file(request, "config-update-envelope")
        try:
            envelope = common_pb2.Envelope.FromString(encoded)
            payload = common_pb2.Payload.FromString(envelope.payload)
            header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
            configtx_pb2.ConfigUpdateEnvelope.FromString(payload.data)
        except message.DecodeError:
            raise ParticipationRefusal(
                400, f"cannot unmarshal file part config-update-envelope into an envelope: {INVALID_WIRE}"
            ) from None
        if header.type != common_pb2.CONFIG_UPDATE:
            raise ParticipationRefusal(400, "invalid config update envelope: bad type")
        standing = self._channels.standing(self._orderer, header.channel_id)
        if standing is None:
            raise ParticipationRefusal(405, "cannot update: channel does not exist")
        channel = self._channels.ordered(self._orderer, standing.channel_id)
        if channel is None:
            raise ParticipationRefusal(403, f"cannot update: {_FOLLOWER}")
        try:
            await channel.order(envelope, envelope.SerializeToString())
        except NotOrderedError as refused:
            raise ParticipationRefusal(400, f"cannot update: {refused.info}") from None
        described = _describe(standing)
        return _json(201, described, {"Location": described["url"]})

    async def _remove(self, request: web.Request) -> web.Response:
        standing = self._standing(request, "cannot remove: channel does not exist")
        try:
            await self._channels.leave_orderer(self._orderer, standing.channel_id)
        except ParticipationRefused as refused:
            raise ParticipationRefusal(refused.status, refused.reason) from None
        return web.Response(status=204)

    async def _fetch(self, request: web.Request) -> web.Response:
        _check_accept(request)
        channel = self._channels.ordered(self._orderer, self._standing(request).channel_id)
        if channel is None:
            raise ParticipationRefusal(404, _FOLLOWER)
        name = request.match_info["block"]
        newest = channel.ledger.height - 1
        if name == "config":
            number = last_config(channel.ledger)
        elif name in ("oldest", "newest"):
            number = 0 if name == "oldest" else newest
        elif name.isascii() and name.isdigit() and len(name) <= 20:
            number = int(name)
        else:
            raise ParticipationRefusal(400, f"invalid block ID: '{name}' not equal <newest|oldest|config|(number)>")
        block = channel.ledger.orderer_block(number) if number <= newest else None
        if block is None:
            raise ParticipationRefusal(404, f"failed to retrieve block {name}")
        headers = {"Content-Type": "application/octet-stream", "Cache-Control": "no-store"}
        return web.Response(status=200, body=block, headers=headers)

    def _standing(self, request: web.Request, missing: str = "channel does not exist") -> ChannelParticipation:
        channel_id = request.match_info["channel"]
        try:
            channelconfig.check_channel_id(channel_id)
        except errors.ConfigError as error:
            raise ParticipationRefusal(400, f"invalid channel ID: {error}") from None
        standing = self._channels.standing(self._orderer, channel_id)
        if standing is None:
            raise ParticipationRefusal(404, missing)
        return standing


def tls(certificate: Path, key: Path, client_ca: Path) -> ssl.SSLContext:
    """Return a server context that requires a client certificate of *client_ca*."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_ca)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@web.middleware
async def _answer_refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except ParticipationRefusal as refusal:
        return _json(refusal.status, {"error": str(refusal)}, {"Allow": refusal.allow} if refusal.allow else {})
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods - {"HEAD"}))
        return _json(405, {"error": f"invalid request method: {request.method}"}, {"Allow": allowed})


async def _redirect(_: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": CHANNELS})


async def _file(request: web.Request, name: str) -> bytes:
    """Return the only part of a form; there must be exactly one."""
    if request.content_type != "multipart/form-data":
        raise ParticipationRefusal(400, f"unsupported Content-Type: [{request.headers.get('Content-Type', '')}]")
    found: bytes | None = None
    try:
        async for part in await request.multipart():
            if found is not None:
                raise ParticipationRefusal(400, "form contains too many parts")
            if not isinstance(part, aiohttp.BodyPartReader) or part.name != name or part.filename is None:
                raise ParticipationRefusal(400, f"form does not contains part key: {name}")
            found = await _read_limited(request, part)
        _check_size(request)
    except (ValueError, aiohttp.ClientError) as error:
        raise ParticipationRefusal(400, f"cannot read form from request body: {error}") from None
    if found is None:
        raise ParticipationRefusal(400, f"form does not contains part key: {name}")
    return found


async def _read_limited(request: web.Request, part: aiohttp.BodyPartReader) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        _check_size(request)
    return bytes(content)


def _check_size(request: web.Request) -> None:
    """Refuse a body over the limit, which includes the form itself."""
    if request.content.total_bytes > MAX_BODY:
        raise ParticipationRefusal(400, "cannot read form from request body: http: request body too large")


def _describe(standing: ChannelParticipation) -> dict[str, Any]:
    # Real orderers do not return the reason why a channel failed.
    reason = {"reason": standing.reason} if standing.reason else {}
    return reason | {
        "name": standing.channel_id,
        "url": f"{CHANNELS}/{standing.channel_id}",
        "consensusRelation": standing.relation,
        "status": standing.status,
        "height": standing.height,
    }


def _check_accept(request: web.Request) -> None:
    offered = [part.partition(";")[0].strip() for part in request.headers.get("Accept", "").split(",")]
    if not any(kind in _JSON_TYPES for kind in offered):
        raise ParticipationRefusal(406, "response Content-Type is application/json only")


def _json(status: int, content: object, headers: dict[str, str]) -> web.Response:
    text = json.dumps(content) + "\n"
    return web.Response(status=status, text=text, content_type="application/json", headers=headers)
