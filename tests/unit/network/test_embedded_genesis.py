"""
Which genesis blocks the embedded orderer takes, and in which words it refuses the others.

The words are those of a real orderer, which was given the same changes of a good block.
"""

from __future__ import annotations

import asyncio

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft_pb2

from hlf.wire import blocks, channelconfig, configtx, configupdate
from network.engines.embedded.channels import Channels, ParticipationRefused
from network.engines.embedded.ordering import Refused
from tests.support.running import Running, consortium, run
from tests.unit.hlf import golden

GOOD = golden.message("python-made-genesis.pychan.block")
INVALID, CANNOT = "invalid join block: ", "cannot join: "
LOADING = INVALID + "initializing channelconfig failed: "
ORDERER = LOADING + "could not create channel Orderer sub-group config: "
APPLICATION = LOADING + "could not create channel Application sub-group config: "
RESOURCES = CANNOT + "failed creating ledger resources: "
CONSENTERS = (
    CANNOT + "failed to determine cluster membership from join-block: failed to validate config metadata of ordering "
    "config: "
)


def group_at(root, *path):
    for name in path:
        root = root.groups[name]
    return root


def drop(*path_and_key):
    *path, key = path_and_key
    return lambda root: group_at(root, *path).values.pop(key)


def drop_policy(*path_and_key):
    *path, key = path_and_key
    return lambda root: group_at(root, *path).policies.pop(key)


def require(*path_and_name):
    *path, name = path_and_name
    return lambda root: configtx.add_capabilities(group_at(root, *path), [name])


def consensus(change):
    def apply(root):
        value = root.groups["Orderer"].values["ConsensusType"]
        message = orderer_pb2.ConsensusType.FromString(value.value)
        change(message)
        value.value = message.SerializeToString()

    return apply


def raft(change):
    def apply(message):
        metadata = raft_pb2.ConfigMetadata.FromString(message.metadata)
        change(metadata)
        message.metadata = metadata.SerializeToString()

    return consensus(apply)


def organisation(path, change):
    def apply(root):
        value = group_at(root, *path).values["MSP"]
        outer = msp_config_pb2.MSPConfig.FromString(value.value)
        inner = msp_config_pb2.FabricMSPConfig.FromString(outer.config)
        change(inner)
        outer.config = inner.SerializeToString()
        value.value = outer.SerializeToString()

    return apply


def to_der(metadata):
    certificate = x509.load_pem_x509_certificate(metadata.consenters[0].client_tls_cert)
    metadata.consenters[0].client_tls_cert = certificate.public_bytes(Encoding.DER)


def without_roles(config):
    config.ClearField("fabric_node_ous")


def no_mod_policies(group):
    group.mod_policy = ""
    for below in group.groups.values():
        no_mod_policies(below)


def timeout(text):
    value = orderer_pb2.BatchTimeout(timeout=text).SerializeToString()
    return lambda root: root.groups["Orderer"].values["BatchTimeout"].CopyFrom(configtx_pb2.ConfigValue(value=value))


ORG1, ORDERER_ORG = ("Application", "Org1MSP"), ("Orderer", "OrdererOrg")

TAKEN = {
    "channel capability V2_0": require("V2_0"),
    "no application capabilities": drop("Application", "Capabilities"),
    "an application capability of the future": require("Application", "V3_0"),
    "no channel restrictions": lambda root: root.groups["Orderer"].values.pop("ChannelRestrictions", None),
    "no anchor peers": lambda root: group_at(root, *ORG1).values.pop("AnchorPeers", None),
    "no endorsement policy": drop_policy(*ORG1, "Endorsement"),
    "no lifecycle policy": drop_policy("Application", "LifecycleEndorsement"),
    "no readers": drop_policy("Readers"),
    "no admins": drop_policy("Admins"),
    "no modification policies": no_mod_policies,
    "a modification policy that is none": lambda root: setattr(root, "mod_policy", "Nope"),
    "no crypto configuration": organisation(ORG1, lambda config: config.ClearField("crypto_config")),
}
REFUSED = {
    "an orderer capability of the future": (
        require("Orderer", "V3_0"),
        RESOURCES + "error checking bundle for channel: pychan: config requires unsupported orderer capabilities: "
        "Orderer capability V3_0 is required but not supported: Orderer capability V3_0 is required but not supported",
    ),
    "no channel capabilities": (drop("Capabilities"), LOADING + "Must set some OrdererAddresses"),
    "no orderer capabilities": (
        drop("Orderer", "Capabilities"),
        INVALID + "cannot enable channel capabilities without orderer support first",
    ),
    "no hashing algorithm": (drop("HashingAlgorithm"), LOADING + "Unknown hashing algorithm type: "),
    "no hashing structure": (
        drop("BlockDataHashingStructure"),
        LOADING + "BlockDataHashStructure width only supported at MaxUint32 in this version",
    ),
    "no consensus": (drop("Orderer", "ConsensusType"), CANNOT + "failed to find a consenter for consensus type: "),
    "solo": (
        consensus(lambda message: setattr(message, "type", "solo")),
        CANNOT + "failed to find a consenter for consensus type: solo",
    ),
    "no batch size": (
        drop("Orderer", "BatchSize"),
        ORDERER + "Attempted to set the batch size max message count to an invalid value: 0",
    ),
    "no batch time-out": (
        drop("Orderer", "BatchTimeout"),
        ORDERER + 'Attempted to set the batch timeout to a invalid value: time: invalid duration ""',
    ),
    "a time-out without unit": (
        timeout("200"),
        ORDERER + 'Attempted to set the batch timeout to a invalid value: time: missing unit in duration "200"',
    ),
    "no endpoints": (
        drop(*ORDERER_ORG, "Endpoints"),
        ORDERER + "some orderer organizations endpoints are empty: [OrdererOrg]",
    ),
    "no MSP": (
        drop("Application", "Org2MSP", "MSP"),
        APPLICATION + "setting up the MSP manager failed: expected at least one CA certificate",
    ),
    "no policy for blocks": (drop_policy("Orderer", "BlockValidation"), RESOURCES + "no policies in config block"),
    "no application": (
        lambda root: root.groups.pop("Application"),
        INVALID + "invalid config: must contain application config",
    ),
    "no Raft metadata": (
        consensus(lambda message: message.ClearField("metadata")),
        CONSENTERS + "nil Raft config metadata options",
    ),
    "no Raft options": (raft(lambda metadata: metadata.ClearField("options")), CONSENTERS + "nil Raft config metadata"),
    "junk for Raft metadata": (
        consensus(lambda message: setattr(message, "metadata", b"\xff")),
        CONSENTERS + "failed to unmarshal etcdraft configuration",
    ),
    "no consenters": (raft(lambda metadata: metadata.ClearField("consenters")), CONSENTERS + "empty consenter set"),
    "no ticks": (
        raft(lambda metadata: setattr(metadata.options, "election_tick", 0)),
        CONSENTERS + "none of HeartbeatTick (1), ElectionTick (0) and MaxInflightBlocks (",
    ),
    "an early election": (
        raft(lambda metadata: setattr(metadata.options, "election_tick", 1)),
        CONSENTERS + "ElectionTick (1) must be greater than HeartbeatTick (1)",
    ),
    "a tick of nothing": (
        raft(lambda metadata: setattr(metadata.options, "tick_interval", "0")),
        CONSENTERS + "TickInterval cannot be zero",
    ),
    "a tick of junk": (
        raft(lambda metadata: setattr(metadata.options, "tick_interval", "soon")),
        CONSENTERS + "failed to parse TickInterval (soon) to time duration: time: invalid duration",
    ),
    "a consenter's certificate in DER": (
        raft(to_der),
        CONSENTERS + "consenter 127.0.0.1:18510 has invalid certificate: parsing tls client cert of 127.0.0.1:18510: "
        "no PEM data found in cert[30 82 ",
    ),
    "an organisation without TLS roots": (
        organisation(ORDERER_ORG, lambda config: config.ClearField("tls_root_certs")),
        CONSENTERS + "consenter 127.0.0.1:18510 has invalid certificate: verifying tls client cert with serial number ",
    ),
    "an organisation without roles or admins": (
        organisation(ORG1, without_roles),
        APPLICATION + "setting up the MSP manager failed: administrators must be declared when no admin ou "
        "classification is set",
    ),
}


def bent(change, channel_id="pychan"):
    """The good block with a changed configuration and the hash that goes with it."""
    envelope = channelconfig.config_envelope_of(GOOD)
    payload = common_pb2.Payload.FromString(envelope.payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    config = configtx_pb2.ConfigEnvelope.FromString(payload.data)
    change(config.config.channel_group)
    header.channel_id = channel_id
    payload.header.channel_header = header.SerializeToString()
    payload.data = config.SerializeToString()
    block = common_pb2.Block()
    block.CopyFrom(GOOD)
    block.data.data[0] = common_pb2.Envelope(payload=payload.SerializeToString()).SerializeToString()
    block.header.data_hash = blocks.data_hash(block.data.data)
    return block.SerializeToString()


def join(folder, block):
    """The orderer's status and reason if it refuses, and what is in its folder then; nothing if it joins."""

    async def play():
        channels = Channels(folder, consortium().ordering.orderer)
        await channels.open()
        try:
            await channels.join_orderer(block)
        except ParticipationRefused as refused:
            return refused.status, refused.reason, list(folder.iterdir())
        else:
            channel = channels.get("pychan")
            return None if channel.ordering and channel.ledger.height == 1 else channel
        finally:
            await channels.close()

    return asyncio.run(play())


@pytest.mark.parametrize("what", TAKEN)
def test_taken(tmp_path, what):
    """What real orderers take, odd as it is, is taken."""
    assert join(tmp_path, bent(TAKEN[what])) is None


@pytest.mark.parametrize("what", REFUSED)
def test_refused(tmp_path, what):
    """What real orderers refuse is refused with their words, and leaves nothing behind."""
    change, words = REFUSED[what]
    status, reason, left = join(tmp_path, bent(change))
    assert (status, left) == (400, [])
    assert reason.startswith(words)


def test_a_name_in_capitals(tmp_path):
    """Names of channels are of lower case."""
    words = INVALID + "initializing configtx manager failed: bad channel ID: 'BadName' contains illegal characters"
    assert join(tmp_path, bent(lambda root: None, "BadName")) == (400, words, [])


def test_the_rule_holds_for_updates_too(tmp_path):
    """A later configuration may not bring in what the first may not."""

    def no_roots(root):
        organisation(("Orderer", "OrdererMSP"), lambda config: config.ClearField("tls_root_certs"))(root)

    async def scenario(channel: Running):
        bundle = channel.channel.bundle
        config = configtx_pb2.Config()
        config.CopyFrom(bundle.config)
        no_roots(config.channel_group)
        update = configupdate.compute_update("trade", bundle.config, config).SerializeToString()
        admin = channel.who.ordering.admin
        collected = [configupdate.config_signature(update, admin.serialized, admin.sign)]
        envelope = configupdate.update_envelope("trade", update, collected, admin.serialized, admin.sign)
        with pytest.raises(Refused, match="consensus metadata update for channel config update is invalid: consenter"):
            await channel.channel.order(envelope, b"")

    run(tmp_path, scenario)
