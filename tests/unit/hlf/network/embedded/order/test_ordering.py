"""What the embedded orderer lets in, in which words it refuses, and when it makes a block."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fabric_protos.common import common_pb2, policies_pb2
from fabric_protos.orderer.etcdraft import metadata_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf.network.certificates import IssuedCertificate
from hlf.network.engines.embedded.order import ordering
from hlf.network.engines.embedded.order.ordering import AdmissionRules, BlockCutter, Message, NotOrderedError
from hlf.wire import blocks, msp, signatures
from hlf.wire.config import channelconfig
from tests.support.members import Person, put
from tests.support.runningchannel import RunningChannel, consortium, run
from tests.unit.hlf import golden

WHO = consortium()
DENIED = (
    "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' "
    "sub-policies to be satisfied: permission denied"
)


def admission(**genesis):
    bundle = channelconfig.Bundle.from_config_block(WHO.genesis(**genesis))
    return AdmissionRules(bundle, lambda: WHO.ordering.orderer)


def made(creator=None, **more):
    return WHO.transaction(put(k=b"v"), ["AMSP"], creator=creator, **more).envelope()


def refusal(envelope, **genesis):
    with pytest.raises(NotOrderedError) as refused:
        admission(**genesis).admit(envelope, envelope.SerializeToString(), 0)
    return common_pb2.Status.Name(refused.value.status), refused.value.info


def expired(person):
    """Return the same person, a day after."""
    member = WHO[person.msp_id]
    begin = member.ca.certificate.not_valid_before_utc
    key = ec.generate_private_key(ec.SECP256R1())
    units = [
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "client"),
        x509.NameAttribute(NameOID.COMMON_NAME, "late"),
    ]
    builder = x509.CertificateBuilder(
        member.ca.certificate.subject, x509.Name(units), key.public_key(), x509.random_serial_number()
    )
    builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(seconds=2))
    return Person(person.msp_id, IssuedCertificate(builder.sign(member.ca.key, hashes.SHA256()), key))


def test_clients_and_admins_write_and_peers_do_not():
    """As real orderers were seen to have it: the role decides."""
    member = WHO["BMSP"]
    for person in (member.client, member.admin):
        envelope = made(person)
        message = admission().admit(envelope, envelope.SerializeToString(), 0)
        assert (message.verified, message.sequence) == (True, 0)
    assert refusal(made(member.peer)) == ("FORBIDDEN", DENIED)


def test_forged_and_foreign_senders_are_refused():
    """Signature, organisation and certificate are all judged by the writers' policy."""
    stranger = consortium("XMSP")["XMSP"].client
    disguised = Person("AMSP", stranger.issued)
    forged = made()
    forged.signature = WHO["BMSP"].client.sign(forged.payload)
    garbage = made()
    garbage.signature = b"garbage"
    unsigned = made()
    unsigned.ClearField("signature")
    for envelope in (forged, garbage, unsigned, made(stranger), made(disguised)):
        assert refusal(envelope) == ("FORBIDDEN", DENIED)


def test_what_no_peer_takes_is_not_ordered():
    """Where nobody need sign, a real orderer lets an unsigned message in, and peers refuse the block for good."""
    genesis = WHO.genesis()
    envelope = channelconfig.config_envelope_of(genesis)
    channel_id, config = channelconfig.config_of(envelope)
    nobody = policies_pb2.SignaturePolicy(n_out_of=policies_pb2.SignaturePolicy.NOutOf(n=0))
    writers = config.config.channel_group.policies["Writers"].policy
    writers.type = policies_pb2.Policy.SIGNATURE
    writers.value = policies_pb2.SignaturePolicyEnvelope(rule=nobody).SerializeToString()
    lenient = AdmissionRules(channelconfig.Bundle(channel_id, config.config), lambda: WHO.ordering.orderer)
    message = made()
    lenient.admit(message, message.SerializeToString(), 0)
    message.ClearField("signature")
    with pytest.raises(NotOrderedError, match="message has no signature"):
        lenient.admit(message, message.SerializeToString(), 0)


def test_an_expired_sender_is_told_so():
    """Before anything costly is done, and whoever issued the certificate."""
    late = expired(WHO["AMSP"].client)
    for person in (late, Person("XMSP", late.issued)):
        assert refusal(made(person)) == ("BAD_REQUEST", "broadcast client identity expired")


def test_size_is_limited():
    """The limit is the channel's, and the words say both sizes."""
    envelope = made()
    size = len(envelope.payload) + len(envelope.signature)
    assert refusal(envelope, absolute=size - 1, preferred=1) == (
        "BAD_REQUEST",
        f"message payload is {size} bytes and exceeds maximum allowed {size - 1} bytes",
    )
    admission(absolute=size, preferred=1).admit(envelope, envelope.SerializeToString(), 0)


def of_type(kind, data=b""):
    header = common_pb2.ChannelHeader(type=kind, channel_id="trade").SerializeToString()
    creator = common_pb2.SignatureHeader(creator=WHO["AMSP"].client.serialized, nonce=b"n").SerializeToString()
    payload = common_pb2.Payload(header=common_pb2.Header(channel_header=header, signature_header=creator), data=data)
    encoded = payload.SerializeToString()
    return common_pb2.Envelope(payload=encoded, signature=WHO["AMSP"].client.sign(encoded))


@pytest.mark.parametrize(
    ("envelope", "words"),
    [
        (common_pb2.Envelope(), "Message was empty"),
        (
            common_pb2.Envelope(payload=b"\xff\xff"),
            "could not determine channel ID: error unmarshalling Payload: proto: cannot parse invalid wire-format data",
        ),
        (of_type(common_pb2.CONFIG), "message is of type that cannot be processed directly"),
        (of_type(common_pb2.ORDERER_TRANSACTION), "message is of type that is no longer supported"),
        (
            of_type(common_pb2.CONFIG_UPDATE, b"\xff\xff"),
            "error applying config update to existing channel 'trade': error converting envelope to config update: "
            "proto: cannot parse invalid wire-format data",
        ),
    ],
)
def test_what_cannot_be_ordered(envelope, words):
    """Each is a bad request with its own words."""
    assert refusal(envelope) == ("BAD_REQUEST", words)


def test_a_type_nobody_knows_is_ordered():
    """The orderer does not judge contents; peers will mark it."""
    envelope = of_type(99)
    assert admission().admit(envelope, envelope.SerializeToString(), 0).raw == envelope.SerializeToString()


# Batches ----------------------------------------------------------------------------------------------------------

LIMITS = channelconfig.Batch(max_messages=3, absolute_max_bytes=100, preferred_max_bytes=10, timeout=1)


def message(size, number=0):
    return Message(raw=bytes([number]), size=size, sequence=0, arrived=float(number))


@given(st.lists(st.integers(1, 15), max_size=30))
def test_batches_keep_order_and_limits(sizes):
    """Nothing is lost or moved; a batch is too large only when a single message is."""
    cutter, batches = BlockCutter(), []
    for number, size in enumerate(sizes):
        batches += cutter.add(message(size, number), LIMITS)
        waiting = cutter.deadline_base
        assert waiting is None or waiting <= number
    batches += cutter.cut()
    assert [one.arrived for batch in batches for one in batch] == list(range(len(sizes)))
    for batch in batches:
        total = sum(one.size for one in batch)
        assert len(batch) <= LIMITS.max_messages
        assert total <= LIMITS.preferred_max_bytes or len(batch) == 1
    assert cutter.deadline_base is None
    assert cutter.cut() == []


def test_a_large_message_travels_alone():
    """What waits goes first, so that order is kept."""
    cutter = BlockCutter()
    assert cutter.add(message(4, 1), LIMITS) == []
    assert [len(batch) for batch in cutter.add(message(11, 2), LIMITS)] == [1, 1]


def test_blocks_are_cut_by_count_and_by_time(tmp_path):
    """Full batches at once, the rest when its time is up."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        transactions = [channel.who.transaction(put(**{f"k{n}": b"v"}), ["AMSP", "BMSP"]) for n in range(7)]
        for transaction in transactions:
            envelope = transaction.envelope()
            await channel.channel.order(envelope, envelope.SerializeToString())
        records = [await channel.ledger.wait_transaction(transaction.id) for transaction in transactions]
        assert [(record.block_number, record.index) for record in records] == [
            (2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2), (4, 0)
        ]  # fmt: skip

    run(tmp_path, scenario, max_messages=3)


def test_a_channel_without_orderer_takes_nothing(tmp_path):
    """Peers may have joined already; the orderer says it does not know the channel."""

    async def scenario(channel: RunningChannel):
        channel.channel.orderers.discard("orderer0")
        with pytest.raises(NotOrderedError, match="channel does not exist"):
            await channel.channel.order(made(), b"")

    run(tmp_path, scenario)


# Blocks -----------------------------------------------------------------------------------------------------------


def test_blocks_are_made_as_real_ones():
    """Metadata and signature have the form of a recorded block, entry by entry."""
    real = golden.message("block-00025-submit-ok.peer.pb")
    signer = WHO.ordering.orderer
    entries = [made().SerializeToString() for _ in range(2)]
    raft = metadata_pb2.BlockMetadata(consenter_ids=[1], next_consenter_id=2, raft_index=9)
    block = ordering.make_block(7, b"p" * 32, entries, 3, signer, raft.SerializeToString())
    decoded = blocks.from_message(block)
    assert (decoded.number, decoded.previous_hash, decoded.last_config) == (7, b"p" * 32, 3)
    assert decoded.data_hash == decoded.computed_data_hash
    assert len(block.metadata.metadata) == len(real.metadata.metadata)
    assert _shape(block.metadata.metadata[0]) == _shape(real.metadata.metadata[0])
    last_config = common_pb2.Metadata.FromString(block.metadata.metadata[1])
    assert common_pb2.LastConfig.FromString(last_config.value).index == 3
    bundle = channelconfig.Bundle.from_config_block(WHO.genesis())
    signed = [msp.SignedData(one.signed, one.creator, one.signature) for one in decoded.signatures]
    assert bundle.refusal("/Channel/Orderer/BlockValidation", signed) is None
    assert decoded.signatures[0].creator == signatures.serialized_identity("OrdererMSP", signer.issued.certificate_pem)


def test_metadata_of_the_first_configuration_are_empty():
    """An index of zero is written as nothing, as real orderers do."""
    block = ordering.make_block(1, b"p" * 32, [b"one"], 0, WHO.ordering.orderer)
    assert block.metadata.metadata[1] == b""
    assert golden.message("block-00001-lifecycle-approve-org1.orderer.pb").metadata.metadata[1] == b""


def _shape(metadata):
    """Which fields are there, at each level."""
    outer = common_pb2.Metadata.FromString(metadata)
    inner = common_pb2.OrdererBlockMetadata.FromString(outer.value)
    consenter = common_pb2.Metadata.FromString(inner.consenter_metadata)
    signature = outer.signatures[0]
    header = common_pb2.SignatureHeader.FromString(signature.signature_header)
    return (
        len(outer.signatures),
        inner.HasField("last_config"),
        [field.name for field, _ in metadata_pb2.BlockMetadata.FromString(consenter.value).ListFields()],
        [field.name for field, _ in signature.ListFields()],
        len(header.nonce),
    )


def test_the_orderers_copy_lacks_what_peers_add(tmp_path):
    """Codes and commit hash are the peers' own; header, data and signatures are the same."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        peers = common_pb2.Block.FromString(channel.ledger.block(1))
        orderers = common_pb2.Block.FromString(channel.ledger.orderer_block(1))
        assert (orderers.header, orderers.data) == (peers.header, peers.data)
        assert [len(entry) for entry in peers.metadata.metadata][1:] == [0, 1, 0, 34]
        assert [len(entry) for entry in orderers.metadata.metadata][1:] == [0, 0, 0, 0]
        genesis = common_pb2.Block.FromString(channel.ledger.block(0))
        assert [len(entry) for entry in genesis.metadata.metadata] == [4, 0, 1, 0, 0]
        assert channel.ledger.block(2) is None
        assert channel.ledger.orderer_block(2) is None

    run(tmp_path, scenario)
