"""The golden network: its configuration, and what its transactions were endorsed with."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2, proposal_response_pb2, transaction_pb2

from hlf.wire.config import channelconfig

FOLDER = Path(__file__).parents[1] / "golden"
MEMBERS = frozenset({"Org1MSP", "Org2MSP", "Org3MSP"})


def read(name: str) -> bytes:
    """Return a golden file."""
    return (FOLDER / name).read_bytes()


@cache
def bundle() -> channelconfig.Bundle:
    """Return the configuration of channel ``mychannel``."""
    return channelconfig.Bundle.from_config_block(read("block-00000-genesis.peer.pb"))


def results_of(name: str) -> bytes:
    """Return the public read-write set of a golden block's first transaction."""
    payload = _action(name)
    response = proposal_response_pb2.ProposalResponsePayload.FromString(payload.action.proposal_response_payload)
    return proposal_pb2.ChaincodeAction.FromString(response.extension).results


def arguments_of(name: str) -> list[bytes]:
    """Return the function and arguments of a golden block's first transaction."""
    proposal = proposal_pb2.ChaincodeProposalPayload.FromString(_action(name).chaincode_proposal_payload)
    spec = chaincode_pb2.ChaincodeInvocationSpec.FromString(proposal.input)
    return list(spec.chaincode_spec.input.args)


def _action(name: str) -> transaction_pb2.ChaincodeActionPayload:
    envelope = common_pb2.Envelope.FromString(common_pb2.Block.FromString(read(name)).data.data[0])
    data = common_pb2.Payload.FromString(envelope.payload).data
    action = transaction_pb2.Transaction.FromString(data).actions[0]
    return transaction_pb2.ChaincodeActionPayload.FromString(action.payload)
