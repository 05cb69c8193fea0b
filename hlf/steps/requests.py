"""
Requests for events: how a stream asks a peer, again after each break; and as bytes that are signed elsewhere.

A request that was signed elsewhere cannot change its start, so it is sent again unchanged.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, Literal, Protocol

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.orderer import ab_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.profile import Endpoint
from hlf.steps import events
from hlf.steps.caller import SigningCaller
from hlf.steps.checkpoints import Position
from hlf.steps.choosing import Peers, Route
from hlf.steps.events import Item
from hlf.steps.step import SignableStep
from hlf.wire import envelopes

Kind = Literal[
    "chaincode_events", "block_events", "serialized_blocks", "filtered_block_events", "block_and_private_data_events"
]
# The service of each kind, and the reader of its answers.
_SERVICES: dict[str, tuple[str, Callable[[Any], Iterable[tuple[Any, Position]]]]] = {
    "chaincode_events": ("ChaincodeEvents", events.chaincode_events),
    "block_events": ("Deliver", events.unpacked(events.block)),
    "serialized_blocks": ("Deliver", events.unpacked(events.serialized_block)),
    "filtered_block_events": ("DeliverFiltered", events.unpacked(events.filtered_block)),
    "block_and_private_data_events": ("DeliverWithPrivateData", events.unpacked(events.block_and_private_data)),
}


# Opens the call whose answers a stream reads, from the consumer's position on.
Request = Callable[[Position], Any]


class AnySession(Protocol):
    """The part of a session that both clients have: the caller, and the stubs of a peer's services."""

    caller: SigningCaller

    def gateway(self, endpoint: Endpoint) -> Any:
        """Return the gateway service of a peer."""

    def deliver(self, endpoint: Endpoint) -> Any:
        """Return the block service of a peer."""


class EventsStep(SignableStep):
    """A request for events, made but not sent."""

    def __init__(self, message: Any, kind: Kind, start: Position, last_block: int | None) -> None:
        """Make a request of the protobuf *message*; the signature covers all of it."""
        super().__init__(message, message, _signed_part(message))
        self.kind = kind
        self.start = start
        self.last_block = last_block
        self._service, self._read = _SERVICES[kind]

    def _asked_again(self, session: AnySession, peers: Peers) -> tuple[Request, ReplayFilter[Any]]:
        """Return the function that sends this request, each time it is needed, and the reader of its answers."""
        route, replayed = Route(peers), ReplayFilter[Any](self.start, self._read)

        def request(position: Position) -> Any:
            replayed.asked(position)
            peer = route.next()
            if self.kind == "chaincode_events":
                return session.gateway(peer).ChaincodeEvents(self._whole)
            return getattr(session.deliver(peer), self._service)(iter([self._whole]))

        return request, replayed

    def _creator(self) -> builtins.bytes:
        if self.kind == "chaincode_events":
            return bytes(gateway_pb2.ChaincodeEventsRequest.FromString(self.message).identity)
        header = common_pb2.Payload.FromString(self.message).header
        return bytes(common_pb2.SignatureHeader.FromString(header.signature_header).creator)


class ReplayFilter(Generic[Item]):
    """
    Reads the answers to one request that is sent several times, and skips items that come again.

    A signed request cannot change its start. Each time it has the same items in the same order, so all up to the last
    one that the consumer got are skipped.
    """

    def __init__(self, start: Position, read: Callable[[Any], Iterable[tuple[Item, Position]]]) -> None:
        self._start = start
        self._read = read
        self._last: Position | None = None

    def asked(self, position: Position) -> None:
        """Record that the request is sent again; the consumer has everything before *position*."""
        self._last = None if position == self._start else position

    def __call__(self, answer: Any) -> Iterator[tuple[Item, Position]]:
        for item, after in self._read(answer):
            if self._last is None:
                yield item, after
            elif after == self._last:
                self._last = None


def asking_chaincode_events(session: AnySession, peers: Peers, channel_id: str, chaincode: str) -> Request:
    """Return the function that requests the events of *chaincode* after a position."""
    route = Route(peers)

    def request(position: Position) -> Any:
        asked = chaincode_events(session.caller, channel_id, chaincode, position)
        asked.signature = session.caller.sign(asked.request)
        return session.gateway(route.next()).ChaincodeEvents(asked)

    return request


def asking_delivered(session: AnySession, peers: Peers, channel_id: str, last: int | None, service: str) -> Request:
    """Return the function that requests blocks from a position on, to *last* if given, at a *service* of the peer."""
    route = Route(peers)

    def request(position: Position) -> Any:
        peer = route.next()
        asked = blocks(session.caller, peer, channel_id, position, last)
        asked.signature = session.caller.sign(asked.payload)
        return getattr(session.deliver(peer), service)(iter([asked]))

    return request


def chaincode_events(caller: SigningCaller, channel_id: str, chaincode: str, start: Position) -> Any:
    """Return the unsigned request for the events of *chaincode* after *start*."""
    asked = events.chaincode_events_request(channel_id, chaincode, caller.creator, start)
    return gateway_pb2.SignedChaincodeEventsRequest(request=asked)


def blocks(caller: SigningCaller, peer: Endpoint, channel_id: str, start: Position, last_block: int | None) -> Any:
    """Return the unsigned request to *peer* for the blocks from *start* on."""
    stop = envelopes.LAST_BLOCK if last_block is None else last_block
    return caller.unsigned_seek_envelope(peer, channel_id, start.block_number, stop)


def read(serialized: bytes, kind: Kind) -> tuple[Any, Kind, Position, int | None]:
    """
    Return the arguments of ``EventsStep`` for a request of that *kind*.

    Raises:
        WireError: the bytes are no request, or have no first block, which a stream that heals needs.
    """
    try:
        message, start, after, last = (_chaincode if kind == "chaincode_events" else _blocks)(serialized)
    except DecodeError as malformed:
        raise errors.WireError("not a request for events") from malformed
    if start.WhichOneof("Type") != "specified":
        raise errors.WireError("not a request for events from a block on that it names")
    return message, kind, Position(start.specified.number, after or None), last


def _chaincode(serialized: bytes) -> tuple[Any, Any, str, int | None]:
    message = gateway_pb2.SignedChaincodeEventsRequest.FromString(serialized)
    asked = gateway_pb2.ChaincodeEventsRequest.FromString(message.request)
    return message, asked.start_position, asked.after_transaction_id, None


def _blocks(serialized: bytes) -> tuple[Any, Any, str, int | None]:
    message = common_pb2.Envelope.FromString(serialized)
    seek = ab_pb2.SeekInfo.FromString(envelopes.parse(serialized).data)
    last = seek.stop.specified.number
    return message, seek.start, "", None if last == envelopes.LAST_BLOCK else last


def _signed_part(message: Any) -> bytes:
    return bytes(message.payload if isinstance(message, common_pb2.Envelope) else message.request)
