"""The forms of a block in Deliver streams: an outline of its transactions, or with their private data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_protos.common import common_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.peer import events_pb2
from google.protobuf import message

from hlf import errors
from hlf.network.engines.embedded.services import blockcontent
from hlf.wire import keys, msp, policies

if TYPE_CHECKING:
    from hlf.network.engines.embedded.order.channels import OrderedChannel
    from hlf.network.engines.embedded.state import lifecycle
    from hlf.network.engines.embedded.state.snapshots import Snapshot


def filtered(channel: OrderedChannel, block: common_pb2.Block, _: msp.SignedData) -> events_pb2.DeliverResponse:
    """Return id, type, validation code and event names of a block's transactions."""
    outline = events_pb2.FilteredBlock(number=block.header.number, channel_id=channel.id)
    codes = block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER]
    for index, envelope in enumerate(block.data.data):
        header, data = blockcontent.open_envelope(envelope)
        transaction = outline.filtered_transactions.add(
            txid=header.tx_id, type=header.type, tx_validation_code=codes[index]
        )
        if header.type == common_pb2.ENDORSER_TRANSACTION:
            transaction.transaction_actions.SetInParent()
            _outline_events(transaction, data)
    return events_pb2.DeliverResponse(filtered_block=outline)


def with_private_data(
    channel: OrderedChannel, msp_id: str, block: common_pb2.Block, signed: msp.SignedData
) -> events_pb2.DeliverResponse:
    """Return a whole block and, by transaction, the private writes that *msp_id* has and the caller may read."""
    response = events_pb2.DeliverResponse()
    response.block_and_private_data.block.CopyFrom(block)
    held = channel.ledger.private_data_of_block(block.header.number, msp_id)
    if not held:
        return response
    readers = channel.bundle.msps.signers([signed])
    with channel.ledger.snapshot() as snapshot:
        for index, encoded in held.items():
            shown = _readable(channel, snapshot, rwset_pb2.TxPvtReadWriteSet.FromString(encoded), readers)
            if shown.ns_pvt_rwset:
                response.block_and_private_data.private_data_map[index].CopyFrom(shown)
    return response


def is_configuration(block: common_pb2.Block) -> bool:
    """Return whether a block carries a new configuration."""
    if len(block.data.data) != 1:
        return False
    header, _ = blockcontent.open_envelope(block.data.data[0])
    return header.type == common_pb2.CONFIG


def _outline_events(transaction: events_pb2.FilteredTransaction, data: bytes) -> None:
    try:
        found = [event for event in blockcontent.events(data) if event.chaincode_id]
    except message.DecodeError:
        # An invalid transaction can hold any bytes; it is still listed with its code.
        return
    for event in found:
        action = transaction.transaction_actions.chaincode_actions.add()
        action.chaincode_event.chaincode_id = event.chaincode_id
        action.chaincode_event.tx_id = event.tx_id
        action.chaincode_event.event_name = event.event_name


def _readable(
    channel: OrderedChannel, snapshot: Snapshot, held: rwset_pb2.TxPvtReadWriteSet, readers: list[msp.Identity]
) -> rwset_pb2.TxPvtReadWriteSet:
    shown = rwset_pb2.TxPvtReadWriteSet(data_model=held.data_model)
    for namespace in held.ns_pvt_rwset:
        definition = channel.definition(namespace.namespace, snapshot)
        kept = [
            collection
            for collection in namespace.collection_pvt_rwset
            if _may_read(definition, collection.collection_name, readers)
        ]
        if kept:
            shown.ns_pvt_rwset.add(namespace=namespace.namespace, collection_pvt_rwset=kept)
    return shown


def _may_read(definition: lifecycle.ChaincodeDefinition | None, collection: str, readers: list[msp.Identity]) -> bool:
    """Return whether readers may see a collection; as in Fabric, only those with member-only reads are checked."""
    if keys.msp_of_implicit_collection(collection) is not None:
        return True
    config = definition.collection(collection) if definition is not None else None
    if config is None:
        return False
    if not config.member_only_read:
        return True
    try:
        return policies.evaluate(config.member_orgs_policy.signature_policy, readers)
    except errors.PolicyError:
        return False
