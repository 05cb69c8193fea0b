"""Channel configurations as typed values, from real blocks and from broken ones."""

from __future__ import annotations

import pytest
from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2, policies_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.peer import configuration_pb2 as peer_pb2

from hlf import errors
from hlf.wire import blocks, msp, policies, signatures
from hlf.wire.config import channelconfig, configvalues
from hlf.wire.endorsement import principalsets
from tests.unit.hlf import golden

CONFIG_BLOCKS = [
    "genesis.configtxgen.block",
    "python-made-genesis.pychan.block",
    "block-00000-genesis.peer.pb",
    "bft4-block-00000.orderer.pb",
    "block-00138-config-update-batchtimeout-210ms.peer.pb",
    "block-00139-config-update-batchtimeout-200ms.peer.pb",
]


@pytest.mark.parametrize("name", CONFIG_BLOCKS)
def test_real_configurations_can_be_read(name):
    """What real tools and orderers made gives the same three members and the same batches."""
    bundle = channelconfig.Bundle.from_config_block(golden.read(name))
    assert bundle.application_msp_ids == ("Org1MSP", "Org2MSP", "Org3MSP")
    assert bundle.batch.max_messages == 50
    assert bundle.capabilities == channelconfig.RequiredCapabilities(
        frozenset({"V3_0"}), frozenset({"V2_0"}), frozenset({"V2_5"})
    )
    assert {organisation.id for organisation in bundle.msps} == {"Org1MSP", "Org2MSP", "Org3MSP", "OrdererMSP"}
    assert list(bundle.orderer_endpoints) == ["OrdererMSP"]


def test_a_later_configuration_has_the_new_value():
    """The update that was recorded changed the batches' time-out."""
    first = channelconfig.Bundle.from_config_block(golden.read(CONFIG_BLOCKS[2]))
    later = channelconfig.Bundle.from_config_block(golden.read(CONFIG_BLOCKS[4]))
    assert (first.sequence, first.batch.timeout) == (0, 0.2)
    assert (later.sequence, later.batch.timeout) == (1, 0.21)


def test_bft_consenters():
    """A BFT channel names its consenters in the configuration."""
    bundle = channelconfig.Bundle.from_config_block(golden.read("bft4-block-00000.orderer.pb"))
    assert bundle.ordering.consensus_type == "BFT"
    assert [consenter.id for consenter in bundle.ordering.consenters] == [1, 2, 3, 4]


def test_real_orderers_satisfy_the_policy_for_blocks():
    """Raft blocks carry one signature, BFT blocks three of four; both are what their policy wants."""
    for name, genesis in (
        ("block-00001-lifecycle-approve-org1.peer.pb", "block-00000-genesis.peer.pb"),
        ("bft4-block-00001.orderer.pb", "bft4-block-00000.orderer.pb"),
    ):
        bundle = channelconfig.Bundle.from_config_block(golden.read(genesis))
        block = golden.block(name)
        signed = [msp.SignedData(one.signed, _signer(bundle, one), one.signature) for one in block.signatures]
        assert bundle.refusal("/Channel/Orderer/BlockValidation", signed) is None
        assert bundle.refusal("/Channel/Orderer/BlockValidation", signed[:0]) is not None
        if len(signed) > 1:
            assert bundle.refusal("/Channel/Orderer/BlockValidation", signed[:2]) is not None


def _signer(bundle: channelconfig.Bundle, signature: blocks.Signature) -> bytes:
    if signature.creator:
        return signature.creator
    consenter = next(one for one in bundle.ordering.consenters if one.id == signature.identifier)
    return signatures.serialized_identity(consenter.msp_id, consenter.identity)


def test_a_real_transaction_satisfies_the_channels_policies():
    """Creator and endorsers of a recorded transaction, judged by the recorded configuration."""
    bundle = channelconfig.Bundle.from_config_block(golden.read("block-00000-genesis.peer.pb"))
    transaction = golden.block("block-00025-submit-ok.peer.pb").transactions[0]
    creator = msp.SignedData(transaction.payload, transaction.creator, transaction.signature)
    assert bundle.refusal("/Channel/Application/Writers", [creator]) is None
    assert bundle.refusal("/Channel/Application/Admins", [creator]) == (
        "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 2 of the "
        "'Admins' sub-policies to be satisfied"
    )
    action = transaction.actions[0]
    endorsers = [
        msp.SignedData(action.response_payload + one.endorser, one.endorser, one.signature)
        for one in action.endorsements
    ]
    assert bundle.refusal("/Channel/Application/Endorsement", endorsers) is None
    assert bundle.refusal("/Channel/Application/Endorsement", endorsers[:1] * 2) is not None


def test_an_implicit_policy_as_signatures():
    """Planning needs the majority of the members spelled out."""
    bundle = channelconfig.Bundle.from_config_block(golden.read("block-00000-genesis.peer.pb"))
    majority = policies.build(bundle.policy("/Channel/Application/Endorsement").rule())
    assert sorted(tuple(str(one) for one in way) for way in principalsets.of_policy(majority)) == [
        ("Org1MSP.peer", "Org2MSP.peer"),
        ("Org1MSP.peer", "Org3MSP.peer"),
        ("Org2MSP.peer", "Org3MSP.peer"),
    ]


def test_a_path_to_no_policy_refuses_everybody():
    """A configuration that names a missing policy shuts, it does not open."""
    bundle = channelconfig.Bundle.from_config_block(golden.read("block-00000-genesis.peer.pb"))
    for path in ("/Channel/Application/Nope", "/Other/Readers", "Nope", ""):
        assert bundle.policy(path).refusal([]).startswith("no such policy")
        with pytest.raises(errors.PolicyError):
            bundle.policy(path).rule()


GENESIS = common_pb2.Block.FromString(golden.read("genesis.configtxgen.block"))


def changed(change, channel_id="mychannel"):
    """Return the genesis configuration of configtxgen, after *change* was made to its root group."""
    config = configtx_pb2.Config()
    config.CopyFrom(channelconfig.config_of(channelconfig.config_envelope_of(GENESIS))[1].config)
    change(config.channel_group)
    return channelconfig.Bundle(channel_id, config)


def without(path, key):
    def change(root):
        group = root
        for name in path:
            group = group.groups[name]
        del group.values[key]

    return change


def with_value(path, key, message):
    def change(root):
        group = root
        for name in path:
            group = group.groups[name]
        group.values[key].value = message.SerializeToString()

    return change


def batch(**fields):
    values = {"max_message_count": 1, "absolute_max_bytes": 2, "preferred_max_bytes": 2, **fields}
    return with_value(["Orderer"], "BatchSize", orderer_pb2.BatchSize(**values))


def timeout(text):
    return with_value(["Orderer"], "BatchTimeout", orderer_pb2.BatchTimeout(timeout=text))


def policy_of(root, kind, value):
    root.policies["Odd"].policy.CopyFrom(policies_pb2.Policy(type=kind, value=value))


CONFIG, POLICIES = "initializing channelconfig failed: ", "initializing policymanager failed: "
ORDERER = CONFIG + "could not create channel Orderer sub-group config: "
APPLICATION = CONFIG + "could not create channel Application sub-group config: "
# Words that real orderers and peers were seen to say, or that stand in the same functions as those.
REFUSED = {
    "no hashing": (without([], "HashingAlgorithm"), CONFIG + "Unknown hashing algorithm type: "),
    "no structure": (
        without([], "BlockDataHashingStructure"),
        CONFIG + "BlockDataHashStructure width only supported at MaxUint32 in this version",
    ),
    "no channel capabilities": (without([], "Capabilities"), CONFIG + "Must set some OrdererAddresses"),
    "no orderer capabilities": (
        without(["Orderer"], "Capabilities"),
        "cannot enable channel capabilities without orderer support first",
    ),
    "global addresses": (
        with_value([], "OrdererAddresses", configuration_pb2.OrdererAddresses(addresses=["a:1"])),
        CONFIG + "global OrdererAddresses are not allowed with V3_0 capability, use org specific addresses only",
    ),
    "unknown key": (
        with_value([], "Odd", common_pb2.Header()),
        CONFIG + "failed to deserialize values: Unexpected key Odd",
    ),
    "no batch size": (
        without(["Orderer"], "BatchSize"),
        ORDERER + "Attempted to set the batch size max message count to an invalid value: 0",
    ),
    "no absolute size": (batch(absolute_max_bytes=0), "absolute max bytes to an invalid value: 0"),
    "no preferred size": (batch(preferred_max_bytes=0), "preferred max bytes to an invalid value: 0"),
    "too large preferred": (batch(preferred_max_bytes=3), "preferred max bytes (3) greater than the absolute max"),
    "no timeout": (
        without(["Orderer"], "BatchTimeout"),
        ORDERER + 'Attempted to set the batch timeout to a invalid value: time: invalid duration ""',
    ),
    "timeout without unit": (
        timeout("200"),
        ORDERER + 'Attempted to set the batch timeout to a invalid value: time: missing unit in duration "200"',
    ),
    "timeout of another unit": (timeout("2x"), 'time: unknown unit "x" in duration "2x"'),
    "timeout of nothing": (timeout("0"), "Attempted to set the batch timeout to a non-positive value: 0"),
    "no endpoints": (
        without(["Orderer", "OrdererOrg"], "Endpoints"),
        ORDERER + "some orderer organizations endpoints are empty: [OrdererOrg]",
    ),
    "no MSP": (
        without(["Application", "Org2MSP"], "MSP"),
        APPLICATION + "setting up the MSP manager failed: expected at least one CA certificate",
    ),
    "Idemix": (
        with_value(["Application", "Org2MSP"], "MSP", msp_config_pb2.MSPConfig(type=1)),
        "Idemix organisations are not supported",
    ),
    "MSP of another kind": (
        with_value(["Application", "Org2MSP"], "MSP", msp_config_pb2.MSPConfig(type=7)),
        "Setup error: unsupported msp type 7",
    ),
    "two forms of one MSP": (
        lambda root: root.groups["Application"].groups["Org2MSP"].values["MSP"].CopyFrom(_other_org1(root)),
        "Attempted to define two different versions of MSP: Org1MSP",
    ),
    "group in an organisation": (
        lambda root: root.groups["Application"].groups["Org1MSP"].groups["x"].SetInParent(),
        "ApplicationOrg config does not allow sub-groups",
    ),
    "group of another kind": (lambda root: root.groups["Odd"].SetInParent(), "Disallowed channel group"),
    "policy without content": (
        lambda root: root.policies["Odd"].SetInParent(),
        POLICIES + "policy Odd at path Channel was nil",
    ),
    "policy of another kind": (lambda root: policy_of(root, 9, b""), "has unknown policy type: 9"),
    "policy of junk": (
        lambda root: policy_of(root, 1, b"\xff"),
        POLICIES + "policy Odd at path Channel did not compile",
    ),
    "implicit policy of junk": (lambda root: policy_of(root, 3, b"\xff"), "did not compile"),
}


def _other_org1(root):
    value = configtx_pb2.ConfigValue()
    value.CopyFrom(root.groups["Application"].groups["Org1MSP"].values["MSP"])
    outer = msp_config_pb2.MSPConfig.FromString(value.value)
    inner = msp_config_pb2.FabricMSPConfig.FromString(outer.config)
    inner.crypto_config.signature_hash_family = "SHA3"
    outer.config = inner.SerializeToString()
    value.value = outer.SerializeToString()
    return value


@pytest.mark.parametrize("what", REFUSED)
def test_what_fabric_refuses_is_refused(what):
    """An unusable configuration never becomes one in force."""
    change, words = REFUSED[what]
    with pytest.raises(errors.ConfigError) as refused:
        changed(change)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("channel_id", "words"),
    [
        ("BadName", "bad channel ID: 'BadName' contains illegal characters"),
        ("1st", "contains illegal characters"),
        ("", "cannot be empty"),
        ("a" * 250, "cannot be longer than 249"),
    ],
)
def test_channel_names(channel_id, words):
    """Lower-case letters, digits, dots and dashes, beginning with a letter."""
    with pytest.raises(errors.ConfigError, match="initializing configtx manager failed") as refused:
        changed(lambda root: None, channel_id)
    assert words in str(refused.value)


def test_access_rules():
    """A rule's policy is named from the application group, or absolutely."""
    acls = peer_pb2.ACLs()
    acls.acls["event/Block"].policy_ref = "Admins"
    acls.acls["qscc/GetChainInfo"].policy_ref = "/Channel/Admins"
    bundle = changed(with_value(["Application"], "ACLs", acls))
    assert bundle.acls == {"event/Block": "/Channel/Application/Admins", "qscc/GetChainInfo": "/Channel/Admins"}


def test_capabilities_nobody_has():
    """Reading goes on; whoever joins decides, since a newer member may have them."""
    capabilities = configuration_pb2.Capabilities()
    capabilities.capabilities["V9_0"].SetInParent()
    bundle = changed(with_value(["Application"], "Capabilities", capabilities))
    words = "Application capability V9_0 is required but not supported"
    assert bundle.capabilities.unsupported("Application") == words
    assert bundle.capabilities.unsupported("Channel") is None


@pytest.mark.parametrize(
    ("text", "nanoseconds", "written"),
    [
        ("200ms", 200_000_000, "200ms"),
        ("90s", 90_000_000_000, "1m30s"),
        ("1.5h", 5_400_000_000_000, "1h30m0s"),
        ("2us", 2_000, "2\u00b5s"),
        ("2\u00b5s", 2_000, "2\u00b5s"),
        ("0", 0, "0s"),
        ("-1s", -1_000_000_000, "-1s"),
        (".5s", 500_000_000, "500ms"),
        ("1s1500us", 1_001_500_000, "1.0015s"),
        ("0.30000000000000000004ns", 0, "0s"),
        ("2562047h47m16.854775807s", 2**63 - 1, "2562047h47m16.854775807s"),
    ],
)
def test_durations(text, nanoseconds, written):
    """As Go reads and writes them."""
    assert configvalues.nanoseconds(text) == nanoseconds
    assert configvalues.duration(text) == nanoseconds / 10**9
    assert configvalues.duration_text(nanoseconds) == written


@pytest.mark.parametrize("text", ["", "s", "1", "1 s", "1s2", "-", "+", "ms1", "2562048h", "9" * 5000 + "ns"])
def test_what_is_no_duration(text):
    """The error is Go's."""
    with pytest.raises(errors.ConfigError, match="time: "):
        configvalues.duration(text)


@pytest.mark.parametrize("damage", [b"\xff", b"", golden.read("block-00025-submit-ok.peer.pb")])
def test_what_is_no_configuration_block(damage):
    """Blocks come over the wire."""
    with pytest.raises(errors.WireError):
        channelconfig.Bundle.from_config_block(damage)
