"""Read the parts of a block's transactions that event services need."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_event_pb2, transaction_pb2

from hlf.wire import transactions


def open_envelope(envelope: bytes) -> tuple[common_pb2.ChannelHeader, bytes]:
    """
    Return a transaction's channel header and data.

    Raises:
        DecodeError: it cannot be read; an orderer would have refused it.
    """
    payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(envelope).payload)
    return common_pb2.ChannelHeader.FromString(payload.header.channel_header), payload.data


def events(transaction: bytes) -> Iterator[chaincode_event_pb2.ChaincodeEvent]:
    """
    Yield the event of each action of a transaction, empty if it has none.

    Raises:
        DecodeError: it cannot be read; an invalid transaction can hold any bytes.
    """
    for action in transaction_pb2.Transaction.FromString(transaction).actions:
        payload = transaction_pb2.ChaincodeActionPayload.FromString(action.payload)
        if not payload.HasField("action"):
            continue
        yield chaincode_event_pb2.ChaincodeEvent.FromString(transactions.simulated(payload).events)
