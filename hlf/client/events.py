"""A channel's event streams, as a synchronous client opens them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from fabric_protos.gateway import gateway_pb2

from hlf import errors
from hlf.client.sending import Sender
from hlf.client.streams import EventStream
from hlf.steps import connecting, events, failures
from hlf.steps.checkpoints import Position
from hlf.steps.choosing import Route
from hlf.steps.events import Item
from hlf.wire import blocks, envelopes


def chaincode_events(
    sender: Sender, channel_id: str, chaincode: str, start: Position
) -> EventStream[events.ChaincodeEvent]:
    """Return the events of *chaincode* after *start*."""

    route = Route(sender.peers)

    def request(position: Position) -> Any:
        asked = events.chaincode_events_request(channel_id, chaincode, sender.session.creator, position)
        signed = gateway_pb2.SignedChaincodeEventsRequest(request=asked, signature=sender.session.sign(asked))
        return sender.session.gateway(route.next()).ChaincodeEvents(signed)

    return EventStream(sender.session, request, events.chaincode_events, start)


def block_events(sender: Sender, channel_id: str, start: Position, last: int | None) -> EventStream[blocks.Block]:
    """Return the blocks from *start* on, to *last* if that is given."""
    return _delivered(sender, channel_id, start, last, "Deliver", events.block)


def serialized_blocks(sender: Sender, channel_id: str, start: Position, last: int | None) -> EventStream[bytes]:
    """Return the same as bytes: what is written to files and verified later."""
    return _delivered(sender, channel_id, start, last, "Deliver", events.serialized_block)


def filtered_block_events(
    sender: Sender, channel_id: str, start: Position, last: int | None
) -> EventStream[events.FilteredBlock]:
    """Return the filtered blocks from *start* on, to *last* if that is given."""
    return _delivered(sender, channel_id, start, last, "DeliverFiltered", events.filtered_block)


def block_and_private_data_events(
    sender: Sender, channel_id: str, start: Position, last: int | None
) -> EventStream[events.BlockAndPrivateData]:
    """Return the blocks with private data from *start* on, to *last* if that is given."""
    return _delivered(sender, channel_id, start, last, "DeliverWithPrivateData", events.block_and_private_data)


def require_peer(sender: Sender) -> None:
    """
    Raise EventsError unless the peer is reachable.

    A stream waits for its peer without end, and must not begin that with a wrong address.
    """
    try:
        sender.wait_ready(events.CONNECT_SECONDS)
    except errors.GatewayError as unreachable:
        raise errors.EventsError(unreachable.message, status=unreachable.status, cure=unreachable.cure) from unreachable


def newest_block(sender: Sender, channel_id: str) -> int:
    """
    Return the number of the last block the gateway's peer has.

    Raises:
        EventsError: the peer cannot be reached, or refuses.
    """
    envelope = sender.session.seek_envelope(channel_id, "newest", "newest")
    peer = sender.peers.pick()
    call = sender.session.deliver(peer).DeliverFiltered(iter([envelope]), timeout=events.CONNECT_SECONDS)
    try:
        return events.filtered_block(events.delivered(next(call)))[1]
    except grpc.RpcError as failure:
        unanswered = failures.from_rpc(errors.EventsError, failure)
        connecting.explain(unanswered, peer, sender.session.connections.tls_identity)
        raise unanswered from failure
    except StopIteration:
        raise errors.EventsError("the peer ended the stream without an answer") from None
    finally:
        call.cancel()


def _delivered(
    sender: Sender,
    channel_id: str,
    start: Position,
    last: int | None,
    service: str,
    read: Callable[[Any], tuple[Item, int]],
) -> EventStream[Item]:
    route = Route(sender.peers)

    def request(position: Position) -> Any:
        stop = envelopes.LAST_BLOCK if last is None else last
        envelope = sender.session.seek_envelope(channel_id, position.block_number, stop)
        return getattr(sender.session.deliver(route.next()), service)(iter([envelope]))

    return EventStream(sender.session, request, events.unpacked(read), start, last)
