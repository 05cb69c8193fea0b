"""What a channel's event streams deliver: chaincode events, blocks, filtered blocks, blocks with private data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import transaction_pb2

from hlf import errors
from hlf.client import failures
from hlf.client.checkpoints import Position
from hlf.client.streams import EventStream, Item
from hlf.wire import blocks, envelopes, rwsets

if TYPE_CHECKING:
    from hlf.client.gateway import Gateway

# How long a new stream waits for its peer to be connected; later, a stream waits for its peer without end.
_CONNECT_TIMEOUT = 10.0

# A Deliver service answers with HTTP-like numbers; these are gRPC's words for them.
_STATUSES = {
    common_pb2.BAD_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
    common_pb2.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    common_pb2.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    common_pb2.REQUEST_ENTITY_TOO_LARGE: grpc.StatusCode.RESOURCE_EXHAUSTED,
    common_pb2.INTERNAL_SERVER_ERROR: grpc.StatusCode.INTERNAL,
    common_pb2.NOT_IMPLEMENTED: grpc.StatusCode.UNIMPLEMENTED,
    common_pb2.SERVICE_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class ChaincodeEvent:
    """An event that a valid transaction has set."""

    block_number: int
    transaction_id: str
    chaincode: str
    name: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FilteredTransaction:
    """A transaction without its contents; of its events, chaincode and name are told but not the payload."""

    transaction_id: str
    type: int
    code: int
    events: tuple[tuple[str, str], ...]

    @property
    def valid(self) -> bool:
        return bool(self.code == transaction_pb2.VALID)

    @property
    def code_name(self) -> str:
        return errors.validation_code_name(self.code)


@dataclass(frozen=True, slots=True)
class FilteredBlock:
    """A block without the contents of its transactions."""

    channel_id: str
    number: int
    transactions: tuple[FilteredTransaction, ...]


@dataclass(frozen=True, slots=True)
class BlockAndPrivateData:
    """A block, and by index of the transaction those private writes that the caller's organisation may see."""

    block: blocks.Block
    private: Mapping[int, rwsets.PrivateRwset] = field(repr=False)


def chaincode_events(gateway: Gateway, channel_id: str, chaincode: str, start: Position) -> EventStream[ChaincodeEvent]:
    """The events of *chaincode* after *start*."""

    def request(position: Position) -> Any:
        asked = gateway_pb2.ChaincodeEventsRequest(
            channel_id=channel_id,
            chaincode_id=chaincode,
            identity=gateway.session.creator,
            start_position=envelopes.seek_position(position.block_number),
            after_transaction_id=position.transaction_id or "",
        ).SerializeToString()
        signed = gateway_pb2.SignedChaincodeEventsRequest(request=asked, signature=gateway.session.sign(asked))
        return gateway.stub.ChaincodeEvents(signed)

    return EventStream(gateway.session, request, _chaincode_events, start)


def block_events(gateway: Gateway, channel_id: str, start: Position, last: int | None) -> EventStream[blocks.Block]:
    """Blocks from *start* on, to *last* if that is given."""
    return _delivered(gateway, channel_id, start, last, "Deliver", _block)


def serialized_blocks(gateway: Gateway, channel_id: str, start: Position, last: int | None) -> EventStream[bytes]:
    """The same as bytes: what is written to files and verified later."""
    return _delivered(gateway, channel_id, start, last, "Deliver", _serialized_block)


def filtered_block_events(
    gateway: Gateway, channel_id: str, start: Position, last: int | None
) -> EventStream[FilteredBlock]:
    """Filtered blocks from *start* on, to *last* if that is given."""
    return _delivered(gateway, channel_id, start, last, "DeliverFiltered", _filtered_block)


def block_and_private_data_events(
    gateway: Gateway, channel_id: str, start: Position, last: int | None
) -> EventStream[BlockAndPrivateData]:
    """Blocks with private data from *start* on, to *last* if that is given."""
    return _delivered(gateway, channel_id, start, last, "DeliverWithPrivateData", _block_and_private_data)


def require_peer(gateway: Gateway) -> None:
    """
    Nothing, if the gateway's peer is there.

    A stream waits for its peer without end, and must not begin that with a wrong address.

    Raises:
        EventsError: it cannot be reached.
    """
    try:
        gateway.wait_ready(_CONNECT_TIMEOUT)
    except errors.GatewayError as unreachable:
        raise errors.EventsError(unreachable.message, status=unreachable.status) from unreachable


def newest_block(gateway: Gateway, channel_id: str) -> int:
    """
    The number of the last block the gateway's peer has.

    Raises:
        EventsError: the peer cannot be reached, or refuses.
    """
    envelope = gateway.session.seek_envelope(channel_id, "newest", "newest")
    call = gateway.session.deliver(gateway.endpoint).DeliverFiltered(iter([envelope]), timeout=_CONNECT_TIMEOUT)
    try:
        return _content(next(call)).filtered_block.number  # type: ignore[no-any-return]
    except grpc.RpcError as failure:
        raise failures.from_rpc(errors.EventsError, failure) from failure
    except StopIteration:
        raise errors.EventsError("the peer ended the stream without an answer") from None
    finally:
        call.cancel()


def _delivered(
    gateway: Gateway,
    channel_id: str,
    start: Position,
    last: int | None,
    service: str,
    read: Callable[[Any], tuple[Item, int]],
) -> EventStream[Item]:
    def request(position: Position) -> Any:
        stop = envelopes.LAST_BLOCK if last is None else last
        envelope = gateway.session.seek_envelope(channel_id, position.block_number, stop)
        return getattr(gateway.session.deliver(gateway.endpoint), service)(iter([envelope]))

    def unpack(response: Any) -> Iterator[tuple[Item, Position]]:
        item, number = read(_content(response))
        yield item, Position(number + 1)

    return EventStream(gateway.session, request, unpack, start, last)


def _content(response: Any) -> Any:
    """*response* itself, unless it is a status, which ends a Deliver stream."""
    if response.WhichOneof("Type") != "status":
        return response
    name = common_pb2.Status.Name(response.status)
    code = _STATUSES.get(response.status, grpc.StatusCode.UNKNOWN)
    raise errors.EventsError(f"the peer ended the block stream with {name}", status=code)


def _chaincode_events(response: Any) -> Iterator[tuple[ChaincodeEvent, Position]]:
    number = response.block_number
    for event in response.events:
        read = ChaincodeEvent(number, event.tx_id, event.chaincode_id, event.event_name, event.payload)
        yield read, Position(number, event.tx_id)


def _block(response: Any) -> tuple[blocks.Block, int]:
    return blocks.from_message(response.block), response.block.header.number


def _serialized_block(response: Any) -> tuple[bytes, int]:
    return response.block.SerializeToString(), response.block.header.number


def _block_and_private_data(response: Any) -> tuple[BlockAndPrivateData, int]:
    both = response.block_and_private_data
    private = {
        index: rwsets.decode_private(plain.SerializeToString()) for index, plain in both.private_data_map.items()
    }
    return BlockAndPrivateData(blocks.from_message(both.block), private), both.block.header.number


def _filtered_block(response: Any) -> tuple[FilteredBlock, int]:
    block = response.filtered_block
    transactions = tuple(
        FilteredTransaction(
            t.txid,
            t.type,
            t.tx_validation_code,
            tuple(
                (a.chaincode_event.chaincode_id, a.chaincode_event.event_name)
                for a in t.transaction_actions.chaincode_actions
            ),
        )
        for t in block.filtered_transactions
    )
    return FilteredBlock(block.channel_id, block.number, transactions), block.number
