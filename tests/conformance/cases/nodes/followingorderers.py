"""How an orderer stands in a channel: one that it only follows, one it waits for, and one whose consenters change."""

from __future__ import annotations

import copy
from typing import Any

import requests
from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft_pb2

from hlf.wire.config import configupdate
from tests.conformance import genesis
from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case
from tests.conformance.genesis import ORDERERS, Draft, certified, consensus, organisation, raft
from tests.conformance.lab import CHANNEL, OLDEST, Lab
from tests.conformance.laboratories import GENESIS


@case("genesis: a channel of other consenters", GENESIS)
def other_consenters(lab: Lab) -> Answer:
    """The orderer follows, and never gets a block, because nobody orders."""
    return _standing(lab, genesis.bent(lab, certified(genesis.another_consenter)))


@case("genesis: a channel from its second block on", GENESIS)
def second_block(lab: Lab) -> Answer:
    """The orderer is a consenter that waits for the block before."""
    return _standing(lab, genesis.bent(lab, lambda draft: setattr(draft, "number", 1)))


def _standing(lab: Lab, draft: Draft) -> Answer:
    """What is told of a channel, at the orderer and through a peer, from the orderer's joining to its leaving."""
    interface, block, channel = genesis.Participation(lab), draft.block().SerializeToString(), draft.header.channel_id
    place = f"{genesis.CHANNELS}/{channel}"
    envelope = lab.seek(OLDEST, OLDEST, channel=channel)
    told = {
        "joined": interface.join(block),
        "peer": genesis.peer_join(lab, block),
        "shown": interface.ask("GET", place),
        "oldest block": interface.ask("GET", f"{place}/blocks/oldest"),
        "joined again": interface.join(block),
        "broadcast": lab.broadcast(envelope),
        "submitted": ask(lambda: lab.send_envelope(envelope, "x", channel=channel)).as_json(lab.addresses),
        "delivered": lab.delivered([envelope], "orderer").result,
        "left": interface.ask("DELETE", place),
    }
    lab.wait_until(lambda: interface.ask("GET", place)["status"] == requests.codes.not_found, f"the end of {channel}")
    return Answer(result=told | {"left again": interface.ask("DELETE", place)})


# Updates. What no channel may begin with, none may come to.


def _with_more(*files: str) -> genesis.Change:
    """As many consenters more, each with a certificate of the ordering organisation."""

    def change(draft: Draft) -> None:
        pems = [(draft.state / "organisations" / "OrdererMSP" / file).read_bytes() for file in files]

        def inner(metadata: raft_pb2.ConfigMetadata) -> None:
            for pem in pems:
                metadata.consenters.add(host="127.0.0.1", port=1, client_tls_cert=pem, server_tls_cert=pem)

        raft(inner)(draft)

    return change


for _name, _change in {
    "OrdererMSP without tls_root_certs": organisation(ORDERERS, lambda msp: msp.ClearField("tls_root_certs")),
    "Raft metadata of junk": consensus(lambda message: setattr(message, "metadata", b"\xff")),
    "ElectionTick 0": raft(lambda metadata: setattr(metadata.options, "election_tick", 0)),
    "two more consenters": _with_more("users/Admin/tls/client.crt", "tlsca/cert.pem"),
    "a consenter certificate that has expired": certified(genesis.expired_consenter),
}.items():

    @case(f"genesis: an update to {_name}", GENESIS)
    def refused(lab: Lab, change: genesis.Change = _change) -> Answer:
        """The ordering organisation's admin signs, who may change all of this."""
        return Answer(result=lab.broadcast(_update(lab, genesis.draft(lab), change, CHANNEL)))


@case("genesis: an update to another consenter than the one", GENESIS)
def dropped(lab: Lab) -> Answer:
    """It is taken and never ordered: a leader hands the lead on first, and there is nobody. What follows is ordered."""
    draft = genesis.draft(lab)
    channel, block = draft.header.channel_id, draft.block().SerializeToString()
    replaced = _update(lab, draft, certified(genesis.another_consenter), channel)
    slower = _update(lab, draft, raft(lambda metadata: setattr(metadata.options, "election_tick", 20)), channel)
    with genesis.offered(lab, block, channel):
        genesis.peer_join(lab, block)
        lab.wait_until(lambda: lab.broadcast(replaced)[0] == "SUCCESS", f"a leader of {channel}")
        told = [lab.broadcast(replaced), lab.broadcast(slower)]
        lab.wait_until(lambda: _config(lab, channel).sequence > 0, f"the update of {channel}")
        config = _config(lab, channel)
    before, after = _raft(draft.config), _raft(config)
    result = {
        "broadcast": told,
        "sequence": config.sequence,
        "election tick": after.options.election_tick,
        "consenters are the same": before.consenters == after.consenters,
    }
    return Answer(result=result)


def _update(lab: Lab, before: Draft, change: genesis.Change, channel: str) -> common_pb2.Envelope:
    """The update from one configuration to a changed one, by the orderer's admin."""
    admin, after = lab.caller("Orderer", "Admin"), copy.deepcopy(before)
    change(after)
    update = configupdate.compute_update(channel, before.config, after.config).SerializeToString()
    signature = configupdate.config_signature(update, admin.creator, admin.sign)
    return configupdate.update_envelope(channel, update, [signature], admin.creator, admin.sign)


def _config(lab: Lab, channel: str) -> configtx_pb2.Config:
    answer = lab.system("cscc", "GetChannelConfig", channel, channel="")
    return configtx_pb2.Config.FromString(answer.result["payload"])


def _raft(config: configtx_pb2.Config) -> Any:
    value = config.channel_group.groups["Orderer"].values["ConsensusType"].value
    return raft_pb2.ConfigMetadata.FromString(orderer_pb2.ConsensusType.FromString(value).metadata)
