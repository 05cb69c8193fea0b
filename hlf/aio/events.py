"""A channel's event streams, as an asyncio client opens them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio
from fabric_protos.gateway import gateway_pb2

from hlf import errors
from hlf.aio.sending import Sender
from hlf.aio.streams import EventStream
from hlf.steps import connecting, events, failures
from hlf.steps.checkpoints import Position
from hlf.steps.choosing import Route
from hlf.steps.events import Item
from hlf.wire import envelopes


def chaincode_events(
    sender: Sender, channel_id: str, chaincode: str, start: Position
) -> EventStream[events.ChaincodeEvent]:
    """Return the events of *chaincode* after *start*."""

    route = Route(sender.peers)

    def request(position: Position) -> Any:
        asked = events.chaincode_events_request(channel_id, chaincode, sender.session.caller.creator, position)
        signed = gateway_pb2.SignedChaincodeEventsRequest(request=asked, signature=sender.session.caller.sign(asked))
        return sender.session.gateway(route.next()).ChaincodeEvents(signed)

    return EventStream(sender.session, request, events.chaincode_events, start)


def delivered(
    sender: Sender,
    channel_id: str,
    start: Position,
    last: int | None,
    service: str,
    read: Callable[[Any], tuple[Item, int]],
) -> EventStream[Item]:
    """Return what a *service* of the peer delivers from *start* on, to *last* if that is given."""

    route = Route(sender.peers)

    def request(position: Position) -> Any:
        stop = envelopes.LAST_BLOCK if last is None else last
        envelope = sender.session.caller.seek_envelope(channel_id, position.block_number, stop)
        return getattr(sender.session.deliver(route.next()), service)(iter([envelope]))

    return EventStream(sender.session, request, events.unpacked(read), start, last)


async def require_peer(sender: Sender) -> None:
    """
    Raise EventsError unless the peer is reachable.

    A stream waits for its peer without end, and must not begin that with a wrong address.
    """
    try:
        await sender.wait_ready(events.CONNECT_SECONDS)
    except errors.GatewayError as unreachable:
        raise errors.EventsError(unreachable.message, status=unreachable.status, cure=unreachable.cure) from unreachable


async def newest_block(sender: Sender, channel_id: str) -> int:
    """
    Return the number of the last block the gateway's peer has.

    Raises:
        EventsError: the peer cannot be reached, or refuses.
    """
    envelope = sender.session.caller.seek_envelope(channel_id, "newest", "newest")
    peer = sender.peers.pick()
    call = sender.session.deliver(peer).DeliverFiltered(iter([envelope]), timeout=events.CONNECT_SECONDS)
    try:
        answer = await call.read()
        if answer is grpc.aio.EOF:
            raise errors.EventsError("the peer ended the stream without an answer")
        return events.filtered_block(events.delivered(answer))[1]
    except grpc.aio.AioRpcError as failure:
        unanswered = failures.from_rpc(errors.EventsError, failure)
        connecting.explain(unanswered, peer, sender.session.connections.tls_identity)
        raise unanswered from failure
    finally:
        call.cancel()
