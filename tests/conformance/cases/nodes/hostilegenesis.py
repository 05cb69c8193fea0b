"""What else careless or hostile administrators may offer an orderer and a peer to begin a channel with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fabric_protos.common import configuration_pb2, policies_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2

from hlf.wire import blocks
from tests.conformance import genesis
from tests.conformance.answers import Answer
from tests.conformance.cases import case, cases
from tests.conformance.genesis import (
    ORG1,
    ORG2,
    Draft,
    certified,
    consensus,
    group_at,
    organisation,
    raft,
    with_value,
    without_group,
)
from tests.conformance.lab import Lab
from tests.conformance.laboratories import GENESIS

APPLICATION, ORDERER = ("Application",), ("Orderer",)
#: What the orderers of the laboratories are set to take, in bytes.
LARGEST_BODY = 10 << 20


def _batch_size(messages: int, absolute: int, preferred: int) -> genesis.Change:
    size = orderer_pb2.BatchSize(max_message_count=messages, absolute_max_bytes=absolute, preferred_max_bytes=preferred)
    return with_value(ORDERER, "BatchSize", size)


def _batch_timeout(text: str) -> genesis.Change:
    return with_value(ORDERER, "BatchTimeout", orderer_pb2.BatchTimeout(timeout=text))


def _option(name: str, value: Any) -> genesis.Change:
    return raft(lambda metadata: setattr(metadata.options, name, value))


def _readers(kind: int, value: bytes) -> genesis.Change:
    def change(draft: Draft) -> None:
        draft.root.policies["Readers"].policy.CopyFrom(policies_pb2.Policy(type=kind, value=value))

    return change


def _twice(draft: Draft) -> None:
    groups = draft.root.groups["Application"].groups
    groups["Org1Again"].CopyFrom(groups["Org1MSP"])


def _expired_authority(draft: Draft) -> None:
    folder = draft.state / "organisations" / "Org1MSP" / "ca"
    pem = genesis.expired(folder, (folder / "cert.pem").read_bytes())

    def change(msp: msp_config_pb2.FabricMSPConfig) -> None:
        msp.root_certs[0] = pem
        for role in ("client", "peer", "admin", "orderer"):
            getattr(msp.fabric_node_ous, f"{role}_ou_identifier").certificate = pem

    organisation(ORG1, change)(draft)


CHANGES: dict[str, genesis.Change] = {
    "no channel id": lambda draft: setattr(draft.header, "channel_id", ""),
    "channel id of 250 letters": lambda draft: setattr(draft.header, "channel_id", "a" * 250),
    "no configuration": lambda draft: draft.config.Clear(),
    "no Orderer group": without_group("Orderer"),
    "a Consortiums group": lambda draft: draft.root.groups["Consortiums"].SetInParent(),
    "a group below Org1": lambda draft: group_at(draft.root, ORG1).groups["Below"].SetInParent(),
    "a value of an unknown name": with_value(APPLICATION, "Nope", b""),
    "a value of junk": with_value(ORDERER, "BatchSize", b"\xff"),
    "global OrdererAddresses": with_value(
        (), "OrdererAddresses", configuration_pb2.OrdererAddresses(addresses=["127.0.0.1:1"])
    ),
    "a policy of an unknown type": _readers(policies_pb2.Policy.MSP, b""),
    "a policy of junk": _readers(policies_pb2.Policy.SIGNATURE, b"\xff"),
    "Org1 twice": _twice,
    "Org2 with the MSP id of Org1": organisation(ORG2, lambda msp: setattr(msp, "name", "Org1MSP")),
    "Org1 MSP without a name": organisation(ORG1, lambda msp: msp.ClearField("name")),
    "Org1 MSP of an unknown type": with_value(ORG1, "MSP", msp_config_pb2.MSPConfig(type=7)),
    "Org1 MSP of junk": with_value(ORG1, "MSP", msp_config_pb2.MSPConfig(config=b"\xff")),
    "Org1 CA of junk": organisation(ORG1, lambda msp: msp.root_certs.__setitem__(0, b"no certificate")),
    "Org1 CA that has expired": _expired_authority,
    "BatchSize of no bytes": _batch_size(10, 0, 1024),
    "BatchSize preferred 0": _batch_size(10, 1024, 0),
    "BatchSize preferred above absolute": _batch_size(10, 1024, 1025),
    # A number of 64 bits, of which both ends keep the last 32.
    "BatchSize of -1 messages": with_value(ORDERER, "BatchSize", b"\x08" + b"\xff" * 9 + b"\x01\x10\x01\x18\x01"),
    'BatchTimeout "0s"': _batch_timeout("0s"),
    'BatchTimeout "-90s"': _batch_timeout("-90s"),
    'BatchTimeout "3000000h"': _batch_timeout("3000000h"),
    "consenter certificate of a foreign CA": certified(genesis.foreign_consenter),
    "consenter certificate that has expired": certified(genesis.expired_consenter),
    "consenter port out of range": raft(lambda metadata: setattr(metadata.consenters[0], "port", 70_000)),
    "the same consenter twice": raft(lambda metadata: metadata.consenters.append(metadata.consenters[0])),
    "no consenters": raft(lambda metadata: metadata.ClearField("consenters")),
    "Raft metadata of junk": consensus(lambda message: setattr(message, "metadata", b"\xff")),
    "ElectionTick 0": _option("election_tick", 0),
    "ElectionTick of one heartbeat": _option("election_tick", 1),
    'TickInterval "0"': _option("tick_interval", "0"),
    'TickInterval "soon"': _option("tick_interval", "soon"),
    "BFT without consenters": consensus(lambda message: setattr(message, "type", "BFT")),
}

cases({f"genesis: {name}": change for name, change in CHANGES.items()}, genesis.changed, GENESIS)


def _block(change: Callable[[Any], None]) -> Callable[[Draft], bytes]:
    def made(draft: Draft) -> bytes:
        block = draft.block()
        change(block)
        block.header.data_hash = blocks.data_hash(block.data.data)
        return bytes(block.SerializeToString())

    return made


#: What is no block, or none that begins a channel.
BODIES: dict[str, Callable[[Draft], bytes]] = {
    "an empty body": lambda draft: b"",
    "a truncated block": lambda draft: draft.block().SerializeToString()[:-1],
    "the transaction without its block": lambda draft: draft.envelope().SerializeToString(),
    "no transaction": _block(lambda block: block.data.Clear()),
    "a transaction of junk": _block(lambda block: block.data.data.__setitem__(0, b"\xff")),
    "three metadata entries": _block(lambda block: block.metadata.metadata.__delitem__(slice(3, None))),
}

for _name, _make in BODIES.items():

    @case(f"genesis: {_name}", GENESIS)
    def body(lab: Lab, make: Callable[[Draft], bytes] = _make) -> Answer:
        """Orderer and peer are given the same bytes."""
        draft = genesis.draft(lab)
        return genesis.judged(lab, make(draft), draft.header.channel_id)


@case("genesis: two transactions", GENESIS)
def two_transactions(lab: Lab) -> Answer:
    """Only the orderer is asked: what a peer makes of such a block is not what any orderer would order."""
    body = _block(lambda block: block.data.data.append(block.data.data[0]))(genesis.draft(lab))
    return Answer(result={"orderer": genesis.Participation(lab).join(body)})


@case("genesis: a body above MaxRequestBodySize", GENESIS)
def large_body(lab: Lab) -> Answer:
    """It is refused for its size, whatever it is."""
    return Answer(result=genesis.Participation(lab).join(b"\0" * LARGEST_BODY))


@case("genesis: a form without a block", GENESIS)
def other_part(lab: Lab) -> Answer:
    """The one part has another name."""
    block = genesis.draft(lab).block().SerializeToString()
    return Answer(result=genesis.Participation(lab).join(block, part="block"))


@case("genesis: JSON instead of a form", GENESIS)
def no_form(lab: Lab) -> Answer:
    """The type of the content is looked at first."""
    return Answer(result=genesis.Participation(lab).ask("POST", json={"config-block": ""}))
