"""Open a channel's event streams, for the asyncio client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic

import grpc
import grpc.aio

from hlf import errors
from hlf.aio.sending import Sender
from hlf.aio.streams import EventStream
from hlf.steps import connecting, events, failures, requests
from hlf.steps.budget import Budget
from hlf.steps.checkpoints import Position
from hlf.steps.events import Item
from hlf.steps.reconnecting import OnBreak


class EventsRequest(requests.EventsStep, Generic[Item]):
    """
    A request for events, made but not sent.

    It can leave this process as ``bytes``, be signed elsewhere, and come back by ``gateway.events_request_from_bytes``.
    """

    def __init__(self, sender: Sender, message: Any, kind: requests.Kind, start: Position, last: int | None) -> None:
        super().__init__(message, kind, start, last)
        self._sender = sender

    async def open(self, on_break: OnBreak | None = None) -> EventStream[Item]:
        """
        Return the stream.

        It heals by sending the same request again and skipping the items that it has returned. A peer accepts a request
        for blocks for 15 minutes, and one for chaincode events without a limit.

        Raises:
            EventsError: the peer cannot be reached.
        """
        session = self._sender.session
        self.ensure_signed(session.caller.sign)
        await require_peer(self._sender)
        request, replayed = self._asked_again(session, self._sender.peers)
        return EventStream(session, request, replayed, self.start, self.last_block, on_break)


def chaincode_events(
    sender: Sender, channel_id: str, chaincode: str, start: Position, on_break: OnBreak | None
) -> EventStream[events.ChaincodeEvent]:
    """Return the events of *chaincode* after *start*."""
    request = requests.asking_chaincode_events(sender.session, sender.peers, channel_id, chaincode)
    return EventStream(sender.session, request, events.chaincode_events, start, None, on_break)


def delivered(
    sender: Sender,
    channel_id: str,
    start: Position,
    last: int | None,
    service: str,
    read: Callable[[Any], tuple[Item, int]],
    on_break: OnBreak | None,
) -> EventStream[Item]:
    """Return the items of a *service* of the peer from *start* on, to *last* if given."""
    request = requests.asking_delivered(sender.session, sender.peers, channel_id, last, service)
    return EventStream(sender.session, request, events.unpacked(read), start, last, on_break)


async def require_peer(sender: Sender) -> None:
    """
    Raise EventsError unless the peer is reachable.

    A stream waits for its peer without a limit, so a wrong address must be found before.
    """
    try:
        await sender.wait_ready(events.CONNECT_SECONDS)
    except errors.GatewayError as unreachable:
        raise errors.EventsError(unreachable.message, status=unreachable.status, cure=unreachable.cure) from unreachable


async def newest_block(sender: Sender, channel_id: str, timeout: float | None = None) -> int:
    """
    Return the number of the last block the gateway's peer has.

    Raises:
        EventsError: the peer cannot be reached, or refuses.
    """
    peer = sender.peers.pick()
    envelope = sender.session.caller.seek_envelope(peer, channel_id, "newest", "newest")
    call = sender.session.deliver(peer).DeliverFiltered(
        iter([envelope]), timeout=Budget(timeout).within(events.CONNECT_SECONDS)
    )
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
