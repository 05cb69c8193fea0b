"""Genesis blocks with one thing changed, as they were first observed: which of them an orderer and a peer take."""

from __future__ import annotations

from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2

from tests.conformance import genesis
from tests.conformance.answers import Answer
from tests.conformance.cases import case, cases
from tests.conformance.genesis import (
    ORDERERS,
    ORG1,
    ORG2,
    Draft,
    certified,
    consensus,
    organisation,
    raft,
    requiring,
    with_value,
    without_group,
    without_policy,
    without_value,
)
from tests.conformance.lab import Lab
from tests.conformance.laboratories import GENESIS

CHANNEL, APPLICATION, ORDERER = (), ("Application",), ("Orderer",)


def _renamed(draft: Draft) -> None:
    groups = draft.root.groups["Application"].groups
    groups["Somebody"].CopyFrom(groups["Org1MSP"])
    del groups["Org1MSP"]


def _unmodifiable(group: Any) -> None:
    group.mod_policy = ""
    for below in group.groups.values():
        _unmodifiable(below)


CHANGES: dict[str, genesis.Change] = {
    "caps all V2_0": requiring({CHANNEL: "V2_0", ORDERER: "V2_0", APPLICATION: "V2_0"}),
    "caps channel V3_0 orderer V2_0 app V2_5": requiring({CHANNEL: "V3_0", ORDERER: "V2_0", APPLICATION: "V2_5"}),
    "orderer caps V3_0 (does not exist)": requiring({ORDERER: "V3_0"}),
    "application caps V3_0 (does not exist)": requiring({APPLICATION: "V3_0"}),
    "no channel capabilities": without_value("Capabilities"),
    "no orderer capabilities": without_value("Orderer", "Capabilities"),
    "no application capabilities": without_value("Application", "Capabilities"),
    "no HashingAlgorithm": without_value("HashingAlgorithm"),
    "no BlockDataHashingStructure": without_value("BlockDataHashingStructure"),
    "no ChannelRestrictions": without_value("Orderer", "ChannelRestrictions"),
    "no ConsensusType": without_value("Orderer", "ConsensusType"),
    "no BatchSize": without_value("Orderer", "BatchSize"),
    "no BatchTimeout": without_value("Orderer", "BatchTimeout"),
    "no Endpoints of the orderer org": without_value(*ORDERERS, "Endpoints"),
    "no AnchorPeers": without_value(*ORG1, "AnchorPeers"),
    "no MSP value in Org2": without_value(*ORG2, "MSP"),
    "no BlockValidation policy": without_policy("Orderer", "BlockValidation"),
    "no Endorsement policy in Org1": without_policy(*ORG1, "Endorsement"),
    "no LifecycleEndorsement policy": without_policy("Application", "LifecycleEndorsement"),
    "no Readers policy at channel level": without_policy("Readers"),
    "no Admins policy at channel level": without_policy("Admins"),
    "no Application group": without_group("Application"),
    "empty mod_policy on groups": lambda draft: _unmodifiable(draft.root),
    "mod_policy naming a missing policy": lambda draft: setattr(draft.root, "mod_policy", "Nope"),
    "ConsensusType without Raft metadata": consensus(lambda message: message.ClearField("metadata")),
    "ConsensusType solo": consensus(lambda message: setattr(message, "type", "solo")),
    "consenter certificate is not the TLS certificate of the orderer": certified(genesis.another_consenter),
    "consenter certificate in DER": raft(genesis.in_der),
    "Raft metadata without options": raft(lambda metadata: metadata.ClearField("options")),
    'BatchTimeout "200" without unit': with_value(ORDERER, "BatchTimeout", orderer_pb2.BatchTimeout(timeout="200")),
    "Org1 MSP without node OUs and without admins": organisation(ORG1, lambda msp: msp.ClearField("fabric_node_ous")),
    "OrdererMSP without tls_root_certs": organisation(ORDERERS, lambda msp: msp.ClearField("tls_root_certs")),
    "Org1 MSP without crypto_config": organisation(ORG1, lambda msp: msp.ClearField("crypto_config")),
    "org group key differs from its MSP id": _renamed,
    "tx id empty in channel header": lambda draft: setattr(draft.header, "tx_id", ""),
    "no nonce": lambda draft: setattr(draft.signature_header, "nonce", b""),
    "channel header version 0": lambda draft: setattr(draft.header, "version", 0),
    "wrong data_hash": lambda draft: setattr(draft, "data_hash", b"\1" * 32),
    "previous_hash not empty": lambda draft: setattr(draft, "previous_hash", b"\1" * 32),
    "block number 1": lambda draft: setattr(draft, "number", 1),
    "config sequence 1": lambda draft: setattr(draft.config, "sequence", 1),
    "header type ENDORSER_TRANSACTION": lambda draft: setattr(draft.header, "type", common_pb2.ENDORSER_TRANSACTION),
    "upper case channel id": lambda draft: setattr(draft.header, "channel_id", "BadName"),
}

cases({f"genesis: {name}": change for name, change in CHANGES.items()}, genesis.changed, GENESIS)


@case("genesis: no metadata in the block", GENESIS)
def no_metadata(lab: Lab) -> Answer:
    """Only the orderer is asked: a peer of this version ends with such a block."""
    block = genesis.draft(lab).block()
    block.metadata.Clear()
    return Answer(result={"orderer": genesis.Participation(lab).join(block.SerializeToString())})


@case("genesis: same channel again", GENESIS)
def again(lab: Lab) -> Answer:
    """The orderer takes part already, and so does the peer."""
    draft = genesis.draft(lab)
    block = draft.block().SerializeToString()
    with genesis.offered(lab, block, draft.header.channel_id):
        genesis.peer_join(lab, block)
        return genesis.judged(lab, block, draft.header.channel_id)
