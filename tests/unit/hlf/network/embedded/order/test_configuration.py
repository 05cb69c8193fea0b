"""Updates of a channel's configuration: who may make them, and what they bring about."""

from __future__ import annotations

import pytest
from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.peer import configuration_pb2

from hlf import errors
from hlf.network.engines.embedded.order import configuration, succession
from hlf.network.engines.embedded.order.ordering import NotOrderedError
from hlf.wire.config import channelconfig, configtx, configupdate
from tests.support.members import put
from tests.support.runningchannel import RunningChannel, again, consortium, run
from tests.unit.hlf import golden

WHO = consortium()


def updated(bundle, change):
    """Return the update that *change* to the root group amounts to."""
    config = configtx_pb2.Config()
    config.CopyFrom(bundle.config)
    change(config.channel_group)
    return configupdate.compute_update(bundle.channel_id, bundle.config, config)


def signed(update, signers, submitter=None):
    """Return the envelope of an update with these people's signatures."""
    who = submitter or WHO["AMSP"].admin
    encoded = update.SerializeToString()
    collected = [configupdate.config_signature(encoded, person.serialized, person.sign) for person in signers]
    return configupdate.update_envelope("trade", encoded, collected, who.serialized, who.sign)


def timeout(text):
    def change(root):
        value = orderer_pb2.BatchTimeout(timeout=text)
        root.groups["Orderer"].values["BatchTimeout"].value = value.SerializeToString()

    return change


def add_member(name):
    def change(root):
        group = configtx.application_organisation(consortium(name)[name].configured())
        root.groups["Application"].groups[name].CopyFrom(group)

    return change


ORDERING = [WHO.ordering.admin]
MAJORITY = [WHO["AMSP"].admin, WHO["BMSP"].admin]


def refused(bundle, envelope):
    with pytest.raises(errors.ConfigError) as error:
        configuration.propose(bundle, envelope)
    return str(error.value)


def genesis(**more):
    return channelconfig.Bundle.from_config_block(WHO.genesis(**more))


def test_a_recorded_update_gives_the_recorded_configuration():
    """The envelope that was sent to real Fabric leads to the configuration that its orderer made of it."""
    bundle = channelconfig.Bundle.from_config_block(golden.read("block-00000-genesis.peer.pb"))
    envelope = common_pb2.Envelope.FromString(golden.read("config-update-210ms.envelope.pb"))
    block = golden.read("block-00138-config-update-batchtimeout-210ms.peer.pb")
    _, recorded = channelconfig.config_of(channelconfig.config_envelope_of(block))
    proposed = configuration.propose(bundle, envelope)
    assert proposed == recorded
    successor = channelconfig.Bundle("mychannel", proposed.config)
    succession.check_successor(bundle, successor)
    assert refused(successor, envelope) == (
        "error authorizing update: error validating DeltaSet: attempt to set key "
        "[Value]  /Channel/Orderer/BatchTimeout to version 1, but key is at version 1"
    )


def test_who_may_change_what():
    """The orderer's admins change batches, a majority of members' admins adds a member; nobody else does either."""
    bundle = genesis()
    for change, good, bad in (
        (timeout("3s"), ORDERING, MAJORITY),
        (add_member("DMSP"), MAJORITY, ORDERING),
        (add_member("DMSP"), MAJORITY, MAJORITY[:1]),
        (add_member("DMSP"), MAJORITY, MAJORITY[:1] * 2),
        (add_member("DMSP"), MAJORITY, [WHO["AMSP"].client, WHO["BMSP"].client]),
        (add_member("DMSP"), MAJORITY, []),
    ):
        update = updated(bundle, change)
        configuration.propose(bundle, signed(update, good))
        words = refused(bundle, signed(update, bad))
        assert words.startswith("error authorizing update: error validating DeltaSet: policy for [")
        assert "sub-policies were satisfied, but this policy requires" in words


def test_an_organisations_own_part_is_its_own():
    """Its anchor peers are for its admins to change, not for other members'."""

    def anchors(root):
        value = configuration_pb2.AnchorPeers(anchor_peers=[configuration_pb2.AnchorPeer(host="h", port=1)])
        configtx.add_value(root.groups["Application"].groups["AMSP"], "AnchorPeers", value)

    bundle = genesis()
    update = updated(bundle, anchors)
    configuration.propose(bundle, signed(update, [WHO["AMSP"].admin]))
    assert "policy for [Group]  /Channel/Application/AMSP not satisfied" in refused(
        bundle, signed(update, [WHO["BMSP"].admin, WHO["CMSP"].admin])
    )


def bend(change):
    update = updated(genesis(), timeout("3s"))
    change(update)
    return signed(update, ORDERING)


def other_version(update):
    update.write_set.groups["Orderer"].values["BatchTimeout"].version = 5


def read_what_is_not(update):
    update.read_set.groups["Nope"].SetInParent()


def read_another_version(update):
    update.read_set.groups["Orderer"].version = 3


def write_a_new_thing_late(update):
    update.write_set.groups["Orderer"].values["New"].version = 4
    update.write_set.groups["Orderer"].values["New"].mod_policy = "Admins"


def no_mod_policy(update):
    update.write_set.groups["Orderer"].values["BatchTimeout"].mod_policy = ""


def odd_mod_policy(update):
    update.write_set.groups["Orderer"].values["BatchTimeout"].mod_policy = "a//b"


def odd_key(update):
    update.write_set.groups["Orderer"].values["a b"].version = 1


def nothing(update):
    update.write_set.CopyFrom(update.read_set)


def write_aside(update):
    # Its group is not written, so nothing says that the new value belongs to it.
    update.write_set.groups["Orderer"].values["New"].mod_policy = "Admins"


DELTA = "error authorizing update: error validating DeltaSet: "
READ = "error authorizing update: error validating ReadSet: "
BENT = {
    "another channel": (
        lambda update: setattr(update, "channel_id", "other"),
        "error authorizing update: ConfigUpdate for channel 'other' but envelope for channel 'trade'",
    ),
    "a version skipped": (
        other_version,
        DELTA + "attempt to set key [Value]  /Channel/Orderer/BatchTimeout to version 5, but key is at version 0",
    ),
    "something read that is not there": (
        read_what_is_not,
        READ + "existing config does not contain element for [Group]  /Channel/Nope but was in the read set",
    ),
    "another version read": (
        read_another_version,
        READ + "proposed update requires that key [Group]  /Channel/Orderer be at version 3, "
        "but it is currently at version 0",
    ),
    "something new in a later version": (
        write_a_new_thing_late,
        DELTA + "attempted to set key [Value]  /Channel/Orderer/New to version 4, but key does not exist",
    ),
    "no modification policy": (
        no_mod_policy,
        DELTA + "invalid mod_policy for element [Value]  /Channel/Orderer/BatchTimeout: mod_policy not set",
    ),
    "an odd modification policy": (odd_mod_policy, "path element at 1 is invalid: config ID illegal, cannot be empty"),
    "an odd key": (odd_key, "error authorizing update: error mapping WriteSet: illegal characters in key"),
    "nothing": (nothing, DELTA + "delta set was empty -- update would have no effect"),
}


@pytest.mark.parametrize("how", BENT)
def test_bent_updates_are_refused(how):
    """In Fabric's words, so that administrators find help under them."""
    change, words = BENT[how]
    assert words in refused(genesis(), bend(change))


def test_what_no_group_lists_does_not_get_in():
    """A value beside its group's own element is dropped, as Fabric drops it; nothing else changes by it."""
    bundle = genesis()
    proposed = configuration.propose(bundle, bend(write_aside))
    assert "New" not in proposed.config.channel_group.groups["Orderer"].values


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (timeout("never"), "Attempted to set the batch timeout to a invalid value"),
        (
            lambda root: configtx.add_capabilities(root.groups["Orderer"], ["V9_0"]),
            "config update is not compatible: config requires unsupported orderer capabilities",
        ),
    ],
)
def test_an_unusable_successor_is_refused(tmp_path, change, words):
    """Even with all signatures; the channel goes on under what it had."""

    async def scenario(channel: RunningChannel):
        envelope = signed(updated(channel.channel.bundle, change), [*ORDERING, *MAJORITY])
        with pytest.raises(NotOrderedError) as error:
            await channel.channel.order(envelope, b"")
        assert error.value.info.startswith("error applying config update to existing channel 'trade': ")
        assert words in error.value.info
        assert channel.ledger.height == 1

    run(tmp_path, scenario)


def consensus(**fields):
    def change(root):
        value = root.groups["Orderer"].values["ConsensusType"]
        message = orderer_pb2.ConsensusType.FromString(value.value)
        for name, content in fields.items():
            setattr(message, name, content)
        value.value = message.SerializeToString()

    return change


def both(*changes):
    def change(root):
        for one in changes:
            one(root)

    return change


MAINTENANCE = orderer_pb2.ConsensusType.STATE_MAINTENANCE
INSPECTION = (
    "config update for existing channel did not pass maintenance checks: config transaction inspection failed: "
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            consensus(type="BFT"),
            "attempted to change consensus type from etcdraft to BFT, but current config ConsensusType.State is not in "
            "maintenance mode",
        ),
        (
            both(consensus(state=MAINTENANCE), timeout("3s")),
            "config update contain more then just the ConsensusType value in the Orderer group",
        ),
        (
            both(consensus(state=MAINTENANCE), add_member("DMSP")),
            "config update contains changes to more than one group",
        ),
        (
            consensus(state=MAINTENANCE, type="BFT"),
            "attempted to change ConsensusType.Type from etcdraft to BFT, but ConsensusType.State is changing from "
            "STATE_NORMAL to STATE_MAINTENANCE",
        ),
    ],
)
def test_another_consensus_takes_maintenance_first(tmp_path, change, words):
    """And maintenance comes by itself, without any other change."""

    async def scenario(channel: RunningChannel):
        envelope = signed(updated(channel.channel.bundle, change), [*ORDERING, *MAJORITY])
        with pytest.raises(NotOrderedError) as error:
            await channel.channel.order(envelope, b"")
        assert error.value.info == INSPECTION + words

    run(tmp_path, scenario)


def test_in_maintenance_mode_only_the_orderers_admins_are_heard(tmp_path):
    """Transactions wait outside until the mode ends, and nothing that was ordered is lost."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        transaction = channel.who.transaction(put(k=b"v"), ["AMSP", "BMSP"])
        admin = channel.who.ordering.admin

        async def change(wanted):
            update = updated(channel.channel.bundle, wanted)
            assert await channel.raw_block([signed(update, ORDERING, submitter=admin)]) == ["VALID"]

        await change(consensus(state=MAINTENANCE))
        with pytest.raises(NotOrderedError) as error:
            await channel.channel.order(transaction.envelope(), b"")
        assert (error.value.status, error.value.info) == (
            common_pb2.SERVICE_UNAVAILABLE,
            "normal transactions are rejected: maintenance mode",
        )
        by_a_member = signed(updated(channel.channel.bundle, timeout("3s")), ORDERING)
        with pytest.raises(NotOrderedError, match="permission denied"):
            await channel.channel.order(by_a_member, b"")
        unsupported = signed(updated(channel.channel.bundle, consensus(type="BFT")), ORDERING, submitter=admin)
        with pytest.raises(NotOrderedError, match="transition not supported"):
            await channel.channel.order(unsupported, b"")
        await change(consensus(state=orderer_pb2.ConsensusType.STATE_NORMAL))
        assert await channel.submit(transaction) == "VALID"

    run(tmp_path, scenario)


def test_a_member_that_moves_its_msp_id_is_refused():
    """An organisation's name in the configuration stands for one MSP for good."""

    def swap(root):
        value = configtx.application_organisation(consortium("DMSP")["DMSP"].configured()).values["MSP"]
        root.groups["Application"].groups["CMSP"].values["MSP"].value = value.value

    bundle = genesis()
    proposed = configuration.propose(bundle, signed(updated(bundle, swap), [WHO["CMSP"].admin]))
    successor = channelconfig.Bundle("trade", proposed.config)
    with pytest.raises(errors.ConfigError, match="application org CMSP attempted to change MSP ID from CMSP to DMSP"):
        succession.check_successor(bundle, successor)


def test_an_update_takes_effect_in_a_block_of_its_own(tmp_path):
    """Batches before and after it are separate; the new limits hold from the next message on, also after a restart."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who, both = channel.who, ["AMSP", "BMSP"]
        update = signed(updated(channel.channel.bundle, timeout("15ms")), ORDERING)
        envelopes = [
            who.transaction(put(a=b"1"), both).envelope(),
            update,
            who.transaction(put(b=b"1"), both).envelope(),
        ]
        for envelope in envelopes:
            await channel.channel.order(envelope, envelope.SerializeToString())
        await channel.ledger.wait_height(5)
        assert [channel.codes(number) for number in (2, 3, 4)] == [["VALID"]] * 3
        assert (channel.channel.bundle.sequence, channel.channel.bundle.batch.timeout) == (1, 0.015)
        assert channel.ledger.config_block == 3
        metadata = common_pb2.Block.FromString(channel.ledger.block(4)).metadata.metadata
        last_config = common_pb2.Metadata.FromString(metadata[common_pb2.LAST_CONFIG]).value
        assert common_pb2.LastConfig.FromString(last_config).index == 3

    async def afterwards(channel: RunningChannel):
        assert (channel.channel.bundle.sequence, channel.channel.bundle.batch.timeout) == (1, 0.015)
        assert await channel.submit(channel.who.transaction(put(c=b"1"), ["AMSP", "BMSP"])) == "VALID"

    run(tmp_path, scenario)
    again(tmp_path, afterwards)


def test_of_two_updates_at_once_one_is_late(tmp_path):
    """Both were right when they came; the second was made for a configuration that is no more, and is dropped."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        bundle = channel.channel.bundle
        for text in ("15ms", "16ms"):
            envelope = signed(updated(bundle, timeout(text)), ORDERING)
            await channel.channel.order(envelope, envelope.SerializeToString())
        await channel.committed(channel.who.transaction(put(a=b"1"), ["AMSP", "BMSP"]))
        assert (channel.ledger.height, channel.channel.bundle.batch.timeout) == (4, 0.015)

    run(tmp_path, scenario)


def test_an_organisation_added_later_takes_part(tmp_path):
    """Its peers join and have everything; a majority is then counted over four."""
    joined = consortium("DMSP")["DMSP"]

    async def scenario(channel: RunningChannel):
        await channel.define()
        assert await channel.submit(channel.who.transaction(put(k=b"1"), ["AMSP", "BMSP"])) == "VALID"
        stranger = channel.who.transaction(put(k=b"2"), ["AMSP", "BMSP"], creator=joined.client)
        with pytest.raises(NotOrderedError, match="permission denied"):
            await channel.channel.order(stranger.envelope(), b"")
        update = signed(updated(channel.channel.bundle, add_member("DMSP")), MAJORITY)
        assert await channel.raw_block([update]) == ["VALID"]
        genesis_block = channel.ledger.block(0)
        await channel.channels.join_peer(genesis_block, "peer0.DMSP", "DMSP")
        assert channel.channels.joined("peer0.DMSP") == ["trade"]
        assert channel.channel.bundle.application_msp_ids == ("AMSP", "BMSP", "CMSP", "DMSP")
        who = channel.who
        assert await channel.submit(who.transaction(put(k=b"3"), ["AMSP", "BMSP"])) == "ENDORSEMENT_POLICY_FAILURE"
        now = who.transaction(put(k=b"4"), ["AMSP", "BMSP", joined.peer], creator=joined.client)
        assert await channel.submit(now) == "VALID"

    run(tmp_path, scenario)


def test_a_member_removed_is_out_at_once(tmp_path):
    """What it has in the queue is judged again and dropped."""

    def remove(root):
        del root.groups["Application"].groups["CMSP"]

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        update = signed(updated(channel.channel.bundle, remove), MAJORITY)
        late = who.transaction(put(k=b"1"), ["AMSP", "BMSP"], creator=who["CMSP"].client)
        for envelope in (update, late.envelope()):
            await channel.channel.order(envelope, envelope.SerializeToString())
        await channel.committed(who.transaction(put(k=b"2"), ["AMSP", "BMSP"]))
        assert channel.ledger.transaction(late.id) is None
        with pytest.raises(NotOrderedError, match="permission denied"):
            await channel.channel.order(late.envelope(), b"")

    run(tmp_path, scenario)
