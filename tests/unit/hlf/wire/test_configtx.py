"""Channel configurations: the structure Fabric's own tools give them, and updates as configtxlator computes them."""

from __future__ import annotations

import pytest
from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2, policies_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_configuration_pb2
from fabric_protos.orderer.etcdraft import configuration_pb2 as etcdraft_pb2
from fabric_protos.orderer.smartbft import configuration_pb2 as smartbft_pb2

from hlf import errors, signers
from hlf.wire import blocks, signatures
from hlf.wire.config import channelconfig, configtx, configupdate, configvalues
from tests.unit.hlf import golden
from tests.unit.hlf.certificates import issue


def _config(name: str):
    _, envelope = channelconfig.config_of(channelconfig.config_envelope_of(golden.message(name)))
    return envelope.config


def _decoded(group):
    """Return a group as nested dictionaries of messages, so that the order of serialized maps does not count."""
    return {
        "mod_policy": group.mod_policy,
        "version": group.version,
        "values": {name: (value.mod_policy, value.version, value.value) for name, value in group.values.items()},
        "policies": {
            name: (policy.mod_policy, policy.version, policy.policy.type, policy.policy.value)
            for name, policy in group.policies.items()
        },
        "groups": {name: _decoded(inner) for name, inner in group.groups.items()},
    }


def _organisation(group, **more) -> configtx.OrganisationGroup:
    config = msp_config_pb2.FabricMSPConfig.FromString(
        msp_config_pb2.MSPConfig.FromString(group.values["MSP"].value).config
    )
    return configtx.OrganisationGroup(config.name, tuple(config.root_certs), tuple(config.tls_root_certs), **more)


def test_the_golden_raft_genesis_is_made_again_value_by_value():
    """From its certificates and addresses alone, every group, policy and value of configtxgen's block comes out."""
    wanted = _config("genesis.configtxgen.block").channel_group
    members = wanted.groups["Application"].groups
    application = configtx.application(
        [
            _organisation(members[name], anchor_peers=(("127.0.0.1", port),))
            for name, port in (("Org1MSP", 17051), ("Org2MSP", 17151), ("Org3MSP", 17251))
        ]
    )
    operators = wanted.groups["Orderer"].groups["OrdererOrg"]
    operator = _organisation(operators, orderer_endpoints=("127.0.0.1:17510",))
    orderer = configtx.orderer(
        [operator],
        batch_timeout="200ms",
        max_message_count=50,
        preferred_max_bytes=2 << 20,
        absolute_max_bytes=103809024,
    )
    metadata = etcdraft_pb2.ConfigMetadata.FromString(
        orderer_configuration_pb2.ConsensusType.FromString(
            wanted.groups["Orderer"].values["ConsensusType"].value
        ).metadata
    )
    certificate = metadata.consenters[0].server_tls_cert
    configtx.add_raft(orderer, [configtx.Consenter("127.0.0.1", 17510, "OrdererMSP", certificate)])
    # configtxgen names the group as its file does; here it is the MSP id, which Fabric accepts as well.
    orderer.groups["OrdererOrg"].CopyFrom(orderer.groups.pop("OrdererMSP"))
    made = _decoded(configtx.channel(application, orderer))
    assert made == _decoded(wanted)


def test_the_golden_bft_ordering_is_made_again():
    """The consenters' mapping and the policy of 2f+1 signatures are those of configtxgen."""
    wanted = _config("bft4-block-00000.orderer.pb").channel_group.groups["Orderer"]
    mapping = configuration_pb2.Orderers.FromString(wanted.values["Orderers"].value).consenter_mapping
    group = configtx_pb2.ConfigGroup()
    consenters = [
        configtx.Consenter(each.host, each.port, each.msp_id, each.server_tls_cert, each.identity) for each in mapping
    ]
    configtx.add_bft(group, consenters)
    assert group.values["Orderers"].value == wanted.values["Orderers"].value
    assert group.policies["BlockValidation"] == wanted.policies["BlockValidation"]
    consensus = orderer_configuration_pb2.ConsensusType.FromString(group.values["ConsensusType"].value)
    expected = orderer_configuration_pb2.ConsensusType.FromString(wanted.values["ConsensusType"].value)
    assert consensus.type == expected.type
    assert smartbft_pb2.Options.FromString(consensus.metadata) == smartbft_pb2.Options.FromString(expected.metadata)


@pytest.mark.parametrize(("nodes", "quorum"), [(4, 3), (5, 4), (6, 4), (7, 5), (10, 7)])
def test_a_bft_quorum_outvotes_the_faulty(nodes, quorum):
    """ceil((n+f+1)/2) signatures, so that two quorums always share an honest node."""
    group = configtx_pb2.ConfigGroup()
    consenters = [configtx.Consenter("h", n, "AMSP", b"tls", f"identity {n}".encode()) for n in range(nodes)]
    configtx.add_bft(group, consenters)
    policy = policies_pb2.SignaturePolicyEnvelope.FromString(group.policies["BlockValidation"].policy.value)
    assert policy.rule.n_out_of.n == quorum
    assert len(policy.identities) == nodes


def test_a_genesis_block_has_the_form_a_peer_expects():
    """Number 0, no previous hash, the right data hash, signature metadata that names configuration block 0."""
    golden_block = golden.message("genesis.configtxgen.block")
    block = configtx.genesis_block("mychannel", _config("genesis.configtxgen.block").channel_group)
    assert block.header.number == 0
    assert block.header.previous_hash == b""
    assert block.header.data_hash == blocks.data_hash(block.data.data)
    assert list(block.metadata.metadata) == list(golden_block.metadata.metadata)
    decoded = blocks.decode(block.SerializeToString())
    assert blocks.check(decoded) == []
    assert channelconfig.Bundle.from_config_block(block).application_msp_ids == ("Org1MSP", "Org2MSP", "Org3MSP")


def test_policies_of_a_group_are_set_from_text():
    """Implicit meta rules by their two words, anything else as a signature policy, nonsense refused."""
    group = configtx_pb2.ConfigGroup()
    configtx.add_policy(group, "Endorsement", "ANY Endorsement")
    assert group.policies["Endorsement"].policy.type == policies_pb2.Policy.IMPLICIT_META
    configtx.add_policy(group, "Endorsement", "OR('AMSP.peer', 'BMSP.peer')")
    assert group.policies["Endorsement"].policy.type == policies_pb2.Policy.SIGNATURE
    with pytest.raises(errors.PolicyError):
        configtx.add_policy(group, "Endorsement", "MOST Endorsement")


@pytest.mark.parametrize(("timeout", "version"), [("210ms", 1), ("200ms", 4)])
def test_the_golden_updates_are_computed_again(timeout, version):
    """What configtxlator made of the same change: the same read set and write set."""
    sent = common_pb2.Envelope.FromString(golden.read(f"config-update-{timeout}.envelope.pb"))
    data = common_pb2.Payload.FromString(sent.payload).data
    wanted = configtx_pb2.ConfigUpdate.FromString(configtx_pb2.ConfigUpdateEnvelope.FromString(data).config_update)
    original = _config("block-00000-genesis.peer.pb")
    before = original.channel_group.groups["Orderer"].values["BatchTimeout"]
    # The second update was sent after three that have no golden block of their own.
    before.version = version - 1
    before.value = orderer_configuration_pb2.BatchTimeout(timeout="before").SerializeToString()
    changed = configtx_pb2.Config()
    changed.CopyFrom(original)
    value = orderer_configuration_pb2.BatchTimeout(timeout=timeout).SerializeToString()
    changed.channel_group.groups["Orderer"].values["BatchTimeout"].value = value
    assert configupdate.compute_update("mychannel", original, changed) == wanted


def test_an_added_organisation_raises_the_group_and_keeps_the_others_by_version():
    """The changed group lists what it keeps in both sets, so that two changes at once do not silently merge."""
    original = _config("genesis.configtxgen.block")
    changed = configtx_pb2.Config()
    changed.CopyFrom(original)
    new = configtx.OrganisationGroup("NewMSP", (b"root",), (b"tls",))
    changed.channel_group.groups["Application"].groups["NewMSP"].CopyFrom(configtx.application_organisation(new))
    update = configupdate.compute_update("mychannel", original, changed)
    read, write = (side.groups["Application"] for side in (update.read_set, update.write_set))
    assert set(read.groups) == {"Org1MSP", "Org2MSP", "Org3MSP"}
    assert set(write.groups) == {"Org1MSP", "Org2MSP", "Org3MSP", "NewMSP"}
    assert (read.version, write.version) == (0, 1)
    assert write.groups["NewMSP"].policies["Admins"].policy.value
    assert not write.groups["Org1MSP"].values
    assert set(update.write_set.groups) == {"Application"}


def test_removals_and_modification_policies_count_as_changes():
    """A value left out, and a new mod_policy alone, both make an update."""
    original = _config("genesis.configtxgen.block")
    removed = configtx_pb2.Config()
    removed.CopyFrom(original)
    del removed.channel_group.groups["Application"].groups["Org3MSP"]
    write = configupdate.compute_update("mychannel", original, removed).write_set.groups["Application"]
    assert set(write.groups) == {"Org1MSP", "Org2MSP"}
    renamed = configtx_pb2.Config()
    renamed.CopyFrom(original)
    renamed.channel_group.groups["Orderer"].values["BatchSize"].mod_policy = "Writers"
    write = configupdate.compute_update("mychannel", original, renamed).write_set.groups["Orderer"]
    assert (write.version, write.values["BatchSize"].version) == (0, 1)


def test_no_change_is_no_update():
    """An update that changes nothing would only cost a block."""
    original = _config("genesis.configtxgen.block")
    with pytest.raises(errors.ConfigError, match="nothing to update"):
        configupdate.compute_update("mychannel", original, original)


def test_signatures_cover_header_and_update():
    """Each admin signs its own header with the update; the envelope is signed as any other."""
    admin = issue("admin")
    signer = signers.from_pem(admin.key_pem)
    creator = signatures.serialized_identity("AMSP", admin.pem)
    signature = configupdate.config_signature(b"update", creator, signer.sign)
    assert signatures.verify(
        admin.certificate.public_key(), signature.signature, signature.signature_header + b"update"
    )
    envelope = configupdate.update_envelope("c", b"update", [signature], creator, signer.sign)
    assert signatures.verify(admin.certificate.public_key(), envelope.signature, envelope.payload)
    payload = common_pb2.Payload.FromString(envelope.payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    assert (header.type, header.channel_id) == (common_pb2.CONFIG_UPDATE, "c")
    assert configtx_pb2.ConfigUpdateEnvelope.FromString(payload.data).config_update == b"update"


def test_consenters_that_cannot_be_read_are_an_error_of_the_configuration():
    """Whoever compares or orders by them is told so, and meets no error of the encoding."""
    with pytest.raises(errors.ConfigError, match="cannot parse invalid wire-format data"):
        configvalues.raft_metadata(b"\xff")
