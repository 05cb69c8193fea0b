"""The requests and items of a channel's event streams: chaincode events, blocks, filtered blocks, private data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import transaction_pb2

from hlf import errors
from hlf.steps.checkpoints import Position
from hlf.wire import blocks, enumerations, envelopes, rwsets

Item = TypeVar("Item")

# The seconds that a new stream waits for its peer; later, a stream waits for its peer without a limit.
CONNECT_SECONDS = 10.0

# The names of gRPC for the statuses of a Deliver service, which are like HTTP's.
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
    """A transaction without its contents; its events have chaincode and name but no payload."""

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


def chaincode_events_request(channel_id: str, chaincode: str, creator: bytes, position: Position) -> bytes:
    """Return the unsigned ``gateway.ChaincodeEventsRequest`` for the events after *position*."""
    return bytes(
        gateway_pb2.ChaincodeEventsRequest(
            channel_id=channel_id,
            chaincode_id=chaincode,
            identity=creator,
            start_position=envelopes.seek_position(position.block_number),
            after_transaction_id=position.transaction_id or "",
        ).SerializeToString()
    )


def unpacked(read: Callable[[Any], tuple[Item, int]]) -> Callable[[Any], Iterator[tuple[Item, Position]]]:
    """Return a reader of Deliver's responses: the item that *read* finds, and the position after it."""

    def unpack(response: Any) -> Iterator[tuple[Item, Position]]:
        item, number = read(delivered(response))
        yield item, Position(number + 1)

    return unpack


def delivered(response: Any) -> Any:
    """Return *response*; raise the error if it is a status, which ends a Deliver stream."""
    if response.WhichOneof("Type") != "status":
        return response
    name = enumerations.name(common_pb2.Status, response.status)
    code = _STATUSES.get(response.status, grpc.StatusCode.UNKNOWN)
    raise errors.EventsError(f"the peer ended the block stream with {name}", status=code)


def chaincode_events(response: Any) -> Iterator[tuple[ChaincodeEvent, Position]]:
    number = response.block_number
    for event in response.events:
        read = ChaincodeEvent(number, event.tx_id, event.chaincode_id, event.event_name, event.payload)
        yield read, Position(number, event.tx_id)


def block(response: Any) -> tuple[blocks.Block, int]:
    return blocks.from_message(response.block), response.block.header.number


def serialized_block(response: Any) -> tuple[bytes, int]:
    return response.block.SerializeToString(), response.block.header.number


def block_and_private_data(response: Any) -> tuple[BlockAndPrivateData, int]:
    both = response.block_and_private_data
    private = {
        index: rwsets.decode_private(plain.SerializeToString()) for index, plain in both.private_data_map.items()
    }
    return BlockAndPrivateData(blocks.from_message(both.block), private), both.block.header.number


def filtered_block(response: Any) -> tuple[FilteredBlock, int]:
    filtered = response.filtered_block
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
        for t in filtered.filtered_transactions
    )
    return FilteredBlock(filtered.channel_id, filtered.number, transactions), filtered.number
