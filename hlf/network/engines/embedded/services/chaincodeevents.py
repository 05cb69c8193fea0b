"""The gateway's stream of chaincode events: its first block, its filter, and one message for each block."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import chaincode_event_pb2, transaction_pb2
from google.protobuf import message

from hlf.network.engines.embedded.endorse import access
from hlf.network.engines.embedded.services import blockcontent
from hlf.network.engines.embedded.wire.requests import INVALID_WIRE, AccessDeniedError
from hlf.network.engines.embedded.wire.statuses import StatusError
from hlf.wire import msp

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.state.ledger import ChannelLedger

Code = grpc.StatusCode
_VALID = transaction_pb2.TxValidationCode.VALID


async def follow(
    peer: PeerState, signed: gateway_pb2.SignedChaincodeEventsRequest
) -> AsyncIterator[gateway_pb2.ChaincodeEventsResponse]:
    """
    Yield every block with events of the requested chaincode, without end.

    Raises:
        StatusError: the request cannot be read, or its signer has no access.
    """
    if not signed.request:
        raise StatusError(Code.INVALID_ARGUMENT, "a chaincode events request is required")
    try:
        asked = gateway_pb2.ChaincodeEventsRequest.FromString(signed.request)
    except message.DecodeError:
        raise StatusError(Code.INVALID_ARGUMENT, f"invalid chaincode events request: {INVALID_WIRE}") from None
    signature = msp.SignedData(signed.request, asked.identity, signed.signature)
    try:
        channel = access.permitted(peer.channel(asked.channel_id), access.CHAINCODE_EVENTS, asked.channel_id, signature)
    except AccessDeniedError as error:
        raise StatusError(Code.PERMISSION_DENIED, str(error)) from None
    number = _start(channel.ledger, asked)
    passed = not asked.after_transaction_id
    while True:
        await channel.ledger.wait_height(number + 1)
        response = gateway_pb2.ChaincodeEventsResponse(block_number=number)
        for event in events_of(channel.ledger.stored(number)):
            if not passed:
                passed = event.tx_id == asked.after_transaction_id
            elif event.chaincode_id == asked.chaincode_id:
                response.events.append(event)
        if response.events:
            yield response
        number += 1


@functools.lru_cache(maxsize=2)
def events_of(block: bytes) -> tuple[chaincode_event_pb2.ChaincodeEvent, ...]:
    """Return the events of a block's valid transactions, in order; all who listen want those of the same blocks."""
    return tuple(_events_in(block))


def _events_in(block: bytes) -> Iterator[chaincode_event_pb2.ChaincodeEvent]:
    decoded = common_pb2.Block.FromString(block)
    codes = decoded.metadata.metadata[common_pb2.TRANSACTIONS_FILTER]
    for index, envelope in enumerate(decoded.data.data):
        if codes[index] != _VALID:
            continue
        header, data = blockcontent.open_envelope(envelope)
        if header.type == common_pb2.ENDORSER_TRANSACTION:
            yield from (event for event in blockcontent.events(data) if event.chaincode_id)


def _start(ledger: ChannelLedger, asked: gateway_pb2.ChaincodeEventsRequest) -> int:
    if asked.after_transaction_id:
        record = ledger.transaction(asked.after_transaction_id)
        if record is not None:
            return record.block_number
    kind = asked.start_position.WhichOneof("Type") if asked.HasField("start_position") else None
    if kind == "specified":
        return asked.start_position.specified.number
    if kind in (None, "next_commit"):
        return ledger.height
    name = ab_pb2.SeekPosition.DESCRIPTOR.fields_by_name[kind].message_type.name.removeprefix("Seek")
    raise StatusError(Code.INVALID_ARGUMENT, f"invalid start position type: *orderer.SeekPosition_{name}")
