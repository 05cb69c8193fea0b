"""
Deliver: a channel's blocks, whole, filtered, or with the private data that the caller may see.

One stream serves many seeks: the answer is the blocks and a status, and after
SUCCESS the next seek may follow. Peers and the orderer have the same rules about readers and about BAD_REQUEST.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2, ab_pb2_grpc
from fabric_protos.peer import events_pb2, events_pb2_grpc
from google.protobuf import message

from hlf.network.engines.embedded.endorse import access
from hlf.network.engines.embedded.services import filtering
from hlf.network.engines.embedded.wire import statuses
from hlf.network.engines.embedded.wire.requests import TIME_WINDOW, expiry
from hlf.wire import envelopes, msp
from hlf.wire.certificates import pem

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.order.channels import Channels, OrderedChannel
    from hlf.network.engines.embedded.order.orderers import OrdererState

    _Context = grpc.aio.ServicerContext[Any, Any]

ORDERER_READERS = "/Channel/Readers"

Refusal = Callable[["OrderedChannel", msp.SignedData], str | None]
Answer = Callable[["OrderedChannel", common_pb2.Block, msp.SignedData], message.Message]


class PeerEvents(events_pb2_grpc.DeliverServicer):
    """``protos.Deliver`` at one peer."""

    def __init__(self, peer: PeerState, most: int) -> None:
        """*most* streams are served at once."""
        self.limit = statuses.Limit("protos.Deliver", most)
        self._peer = peer

    @statuses.streaming
    async def Deliver(  # noqa: N802 - the service's own name
        self, request_iterator: AsyncIterator[common_pb2.Envelope], context: _Context
    ) -> AsyncIterator[message.Message]:
        """Stream whole blocks."""
        session = self._session(access.BLOCK_EVENTS, events_pb2.DeliverResponse, _whole_block)
        async for response in session.run(request_iterator, context):
            yield response

    @statuses.streaming
    async def DeliverFiltered(  # noqa: N802
        self, request_iterator: AsyncIterator[common_pb2.Envelope], context: _Context
    ) -> AsyncIterator[message.Message]:
        """Stream the outcome of each transaction without its content."""
        session = self._session(access.FILTERED_BLOCK_EVENTS, events_pb2.DeliverResponse, filtering.filtered)
        async for response in session.run(request_iterator, context):
            yield response

    @statuses.streaming
    async def DeliverWithPrivateData(  # noqa: N802
        self, request_iterator: AsyncIterator[common_pb2.Envelope], context: _Context
    ) -> AsyncIterator[message.Message]:
        """Stream whole blocks, with the private data that this peer holds and the caller may read."""

        def answer(channel: OrderedChannel, block: common_pb2.Block, signed: msp.SignedData) -> message.Message:
            return filtering.with_private_data(channel, self._peer.msp_id, block, signed)

        session = self._session(access.BLOCK_EVENTS, events_pb2.DeliverResponse, answer)
        async for response in session.run(request_iterator, context):
            yield response

    def _session(self, resource: str, response: Callable[..., message.Message], answer: Answer) -> DeliverSession:
        def refusal(channel: OrderedChannel, signed: msp.SignedData) -> str | None:
            return access.signed_refusal(resource, channel.bundle, channel.id, signed)

        return DeliverSession(self._peer.channel, refusal, response, answer)


class OrdererEvents(ab_pb2_grpc.AtomicBroadcastServicer):
    """The Deliver half of ``orderer.AtomicBroadcast`` at one orderer."""

    def __init__(self, channels: Channels, orderer: OrdererState) -> None:
        self.limit = statuses.Limit("orderer.AtomicBroadcast")
        self._channels = channels
        self._orderer = orderer

    @statuses.streaming
    async def Deliver(  # noqa: N802 - the service's own name
        self, request_iterator: AsyncIterator[common_pb2.Envelope], context: _Context
    ) -> AsyncIterator[message.Message]:
        """Stream blocks without the metadata of peers, or only headers with signatures."""

        def refusal(channel: OrderedChannel, signed: msp.SignedData) -> str | None:
            return channel.bundle.refusal(ORDERER_READERS, [signed])

        consents = functools.partial(self._channels.ordered, self._orderer)
        session = DeliverSession(consents, refusal, ab_pb2.DeliverResponse, _orderer_block)
        async for response in session.run(request_iterator, context):
            yield response


class DeliverSession:
    """One Deliver stream."""

    def __init__(
        self,
        channel_of: Callable[[str], OrderedChannel | None],
        refusal: Refusal,
        response: Callable[..., message.Message],
        answer: Answer,
    ) -> None:
        self._channel_of = channel_of
        self._refusal = refusal
        self._response = response
        self._answer = answer

    async def run(self, seeks: AsyncIterator[common_pb2.Envelope], context: _Context) -> AsyncIterator[message.Message]:
        """Answer seeks until the caller closes the stream or one of them fails."""
        certificate = _client_certificate_hash(context)
        async for envelope in seeks:
            status: int = common_pb2.SUCCESS
            async for response in self._seek(envelope, certificate):
                if isinstance(response, int):
                    status = response
                else:
                    yield response
            yield self._response(status=status)
            if status != common_pb2.SUCCESS:
                return

    async def _seek(self, envelope: common_pb2.Envelope, certificate: bytes) -> AsyncIterator[message.Message | int]:
        """Yield the blocks of one seek; a number at the end is a status other than SUCCESS."""
        try:
            payload, header, creator = _read(envelope, certificate)
        except (message.DecodeError, ValueError):
            yield common_pb2.BAD_REQUEST
            return
        channel = self._channel_of(header.channel_id)
        if channel is None:
            yield common_pb2.NOT_FOUND
            return
        try:
            seek = ab_pb2.SeekInfo.FromString(payload.data)
        except message.DecodeError:
            yield common_pb2.BAD_REQUEST
            return
        signed = msp.SignedData(envelope.payload, creator, envelope.signature)
        guard = _Guard(channel, signed, self._refusal)
        if not guard.allows():
            yield common_pb2.FORBIDDEN
            return
        bounds = _bounds(seek, channel.ledger.height)
        if isinstance(bounds, int):
            yield bounds
            return
        number, stop = bounds
        headers_only = seek.content_type == ab_pb2.SeekInfo.HEADER_WITH_SIG
        while number <= stop:
            if number >= channel.ledger.height:
                if seek.behavior == ab_pb2.SeekInfo.FAIL_IF_NOT_READY:
                    yield common_pb2.NOT_FOUND
                    return
                await channel.ledger.wait_height(number + 1)
            if self._channel_of(channel.id) is not channel:
                # The node is not part of the channel any more: an orderer was removed from its consenters.
                yield common_pb2.SERVICE_UNAVAILABLE
                return
            if not guard.allows():
                yield common_pb2.FORBIDDEN
                return
            block = common_pb2.Block.FromString(channel.ledger.stored(number))
            if headers_only and not filtering.is_configuration(block):
                # Configuration blocks stay whole, because the check of later blocks needs them.
                block.ClearField("data")
            yield self._answer(channel, block, signed)
            number += 1


class _Guard:
    """Checks the caller's access again after each change of the configuration."""

    def __init__(self, channel: OrderedChannel, signed: msp.SignedData, refusal: Refusal) -> None:
        self._channel = channel
        self._signed = signed
        self._refusal = refusal
        self._expires = expiry(signed.identity)
        self._asked: object = None

    def allows(self) -> bool:
        if self._expires is not None and self._expires < datetime.datetime.now(datetime.UTC):
            return False
        bundle = self._channel.bundle
        if bundle is not self._asked:
            if self._refusal(self._channel, self._signed) is not None:
                return False
            self._asked = bundle
        return True


def _read(
    envelope: common_pb2.Envelope, certificate: bytes
) -> tuple[common_pb2.Payload, common_pb2.ChannelHeader, bytes]:
    """Return the payload, channel header and creator of a seek; raise ValueError if it is malformed."""
    payload = common_pb2.Payload.FromString(envelope.payload)
    if not payload.HasField("header"):
        raise ValueError("no header")
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    creator = common_pb2.SignatureHeader.FromString(payload.header.signature_header).creator
    if not header.HasField("timestamp"):
        raise ValueError("no timestamp")
    if abs(header.timestamp.seconds + header.timestamp.nanos / 1e9 - time.time()) > TIME_WINDOW:
        raise ValueError("a timestamp too far from this machine's time")
    if certificate and header.tls_cert_hash != certificate:
        raise ValueError("not bound to the caller's TLS certificate")
    return payload, header, creator


def _bounds(seek: ab_pb2.SeekInfo, height: int) -> tuple[int, int] | int:
    """Return the first and last block of a seek, or an error status."""
    if not seek.HasField("start") or not seek.HasField("stop"):
        return common_pb2.BAD_REQUEST
    kind = seek.start.WhichOneof("Type")
    first = {"oldest": 0, "newest": height - 1, "next_commit": height}.get(kind or "")
    if kind == "specified":
        first = seek.start.specified.number
    if first is None or first > height:
        return common_pb2.NOT_FOUND
    stop = seek.stop.WhichOneof("Type")
    if stop == "oldest":
        return first, first
    if stop == "newest":
        return first, first if kind == "newest" else height - 1
    last = seek.stop.specified.number if stop == "specified" else 0
    if stop == "specified" and last < first:
        return common_pb2.BAD_REQUEST
    # A stop without a block means block 0, which a later start never reaches.
    return first, last if last >= first else envelopes.LAST_BLOCK


def _whole_block(_: OrderedChannel, block: common_pb2.Block, __: msp.SignedData) -> events_pb2.DeliverResponse:
    return events_pb2.DeliverResponse(block=block)


def _orderer_block(_: OrderedChannel, block: common_pb2.Block, __: msp.SignedData) -> ab_pb2.DeliverResponse:
    """Return a block without the metadata that peers add."""
    for added in (common_pb2.TRANSACTIONS_FILTER, common_pb2.COMMIT_HASH):
        if len(block.metadata.metadata) > added:
            block.metadata.metadata[added] = b""
    return ab_pb2.DeliverResponse(block=block)


def _client_certificate_hash(context: _Context) -> bytes:
    """Return the SHA-256 of the caller's TLS certificate, if there is one; a seek must be bound to it."""
    shown = next(iter(context.auth_context().get("x509_pem_cert", ())), None)
    block = pem.first(shown) if shown is not None else None
    return hashlib.sha256(block.content).digest() if block is not None else b""
