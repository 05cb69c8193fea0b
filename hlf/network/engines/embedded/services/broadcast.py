"""An orderer's service for transactions and configuration updates: ``AtomicBroadcast.Broadcast``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2

from hlf.network.engines.embedded.order.ordering import NotOrderedError
from hlf.network.engines.embedded.services import events
from hlf.network.engines.embedded.wire import statuses
from hlf.network.engines.embedded.wire.requests import MalformedError, decode

if TYPE_CHECKING:
    from hlf.network.engines.embedded.order.channels import Channels
    from hlf.network.engines.embedded.order.orderers import OrdererState


class BroadcastService(events.OrdererEvents):
    """``orderer.AtomicBroadcast`` at one orderer."""

    @statuses.streaming
    async def Broadcast(  # noqa: N802 - the service's own name
        self, request_iterator: AsyncIterator[common_pb2.Envelope], _: Any
    ) -> AsyncIterator[ab_pb2.BroadcastResponse]:
        """Queue envelopes one by one; the first refusal ends the stream."""
        async for envelope in request_iterator:
            response = await broadcast(self._channels, self._orderer, envelope)
            yield response
            if response.status != common_pb2.SUCCESS:
                return


async def broadcast(
    channels: Channels, orderer: OrdererState, envelope: common_pb2.Envelope
) -> ab_pb2.BroadcastResponse:
    """Queue one envelope at an orderer; return the answer, with the reason if it is refused."""
    try:
        payload = decode(common_pb2.Payload, envelope.payload)
        if not payload.HasField("header"):
            raise MalformedError("header not set")
        header = decode(common_pb2.ChannelHeader, payload.header.channel_header)
    except MalformedError as error:
        return _refused(common_pb2.BAD_REQUEST, f"could not determine channel ID: {error}")
    channel = channels.ordered(orderer, header.channel_id)
    if channel is None:
        return _refused(common_pb2.BAD_REQUEST, "channel does not exist")
    try:
        await channel.order(envelope, envelope.SerializeToString())
    except NotOrderedError as refused:
        return _refused(refused.status, refused.info)
    return ab_pb2.BroadcastResponse(status=common_pb2.SUCCESS)


def _refused(status: int, info: str) -> ab_pb2.BroadcastResponse:
    return ab_pb2.BroadcastResponse(status=status, info=info)
