"""Which transactions count on the embedded engine, and under which code the others are kept."""

from __future__ import annotations

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.peer import chaincode_event_pb2, proposal_pb2, transaction_pb2

from hlf.network.engines.embedded.state.validation import BlockValidator
from hlf.wire import keys, policies, rwsets
from tests.support.members import Definition, collection, private_put, put
from tests.support.runningchannel import RunningChannel, consortium, run

SETTLED = "OR('AMSP.peer', 'BMSP.peer', 'CMSP.peer')"


def test_a_majority_is_needed_by_default(tmp_path):
    """One of three is too few, two are enough, and one twice is still one."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        for endorsers, code in (
            (["AMSP", "BMSP"], "VALID"),
            (["AMSP", "BMSP", "CMSP"], "VALID"),
            (["AMSP"], "ENDORSEMENT_POLICY_FAILURE"),
            (["AMSP", "AMSP"], "ENDORSEMENT_POLICY_FAILURE"),
            (["AMSP", "AMSP", "BMSP"], "VALID"),
            ([channel.who["AMSP"].peer, channel.who["BMSP"].client], "ENDORSEMENT_POLICY_FAILURE"),
        ):
            assert await channel.submit(channel.who.transaction(put(k=b"v"), endorsers)) == code

    run(tmp_path, scenario)


def test_nothing_of_an_invalid_transaction_is_written(tmp_path, caplog):
    """It stays in the block with its code, and that is all; the log says why."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        bad = channel.who.transaction(put(k=b"v"), ["AMSP"])
        assert await channel.submit(bad) == "ENDORSEMENT_POLICY_FAILURE"
        assert channel.state("k") is None
        record = channel.ledger.transaction(bad.id)
        assert (record.block_number, record.index, record.code) == (2, 0, transaction_pb2.ENDORSEMENT_POLICY_FAILURE)
        assert record.envelope == channel.ledger.transaction(bad.id).envelope
        with channel.ledger.snapshot() as snapshot:
            assert list(snapshot.history("cc", "k")) == []
        assert f"transaction {bad.id!r} is ENDORSEMENT_POLICY_FAILURE: implicit policy evaluation failed" in caplog.text

    run(tmp_path, scenario)


def bend_payload(change):
    """Return an alteration of the payload, signed anew by the creator."""

    def bend(transaction):
        envelope = transaction.envelope()
        payload = common_pb2.Payload.FromString(envelope.payload)
        change(payload)
        envelope.payload = payload.SerializeToString()
        envelope.signature = transaction.creator.sign(envelope.payload)
        return envelope

    return bend


def bend_header(change):
    def bend(payload):
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        change(header)
        payload.header.channel_header = header.SerializeToString()

    return bend_payload(bend)


def bend_transaction(change):
    def bend(payload):
        transaction = transaction_pb2.Transaction.FromString(payload.data)
        change(transaction)
        payload.data = transaction.SerializeToString()

    return bend_payload(bend)


def two_actions(transaction):
    transaction.actions.append(transaction.actions[0])


def other_action_header(transaction):
    header = common_pb2.SignatureHeader.FromString(transaction.actions[0].header)
    header.nonce = b"another"
    transaction.actions[0].header = header.SerializeToString()


def altered_results(transaction):
    payload = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    payload.action.proposal_response_payload += b"\x7a\x01x"  # A field that nobody knows.
    transaction.actions[0].payload = payload.SerializeToString()


def exchanged_signatures(transaction):
    payload = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    first, second = payload.action.endorsements
    first.signature, second.signature = second.signature, first.signature
    transaction.actions[0].payload = payload.SerializeToString()


def junk(field):
    def change(message):
        setattr(message, field, b"\xff\xff")

    return change


BENT = {
    "type 99": (bend_header(lambda header: setattr(header, "type", 99)), "BAD_COMMON_HEADER"),
    "an epoch": (bend_header(lambda header: setattr(header, "epoch", 1)), "BAD_COMMON_HEADER"),
    "another id": (bend_header(lambda header: setattr(header, "tx_id", "0" * 64)), "BAD_PROPOSAL_TXID"),
    "no id": (bend_header(lambda header: header.ClearField("tx_id")), "BAD_PROPOSAL_TXID"),
    "junk for an extension": (bend_header(junk("extension")), "INVALID_ENDORSER_TRANSACTION"),
    "no transaction": (bend_payload(lambda payload: payload.ClearField("data")), "INVALID_ENDORSER_TRANSACTION"),
    "a junk transaction": (bend_payload(junk("data")), "INVALID_ENDORSER_TRANSACTION"),
    "two actions": (bend_transaction(two_actions), "INVALID_ENDORSER_TRANSACTION"),
    "another action header": (bend_transaction(other_action_header), "INVALID_ENDORSER_TRANSACTION"),
    "a junk action": (bend_transaction(lambda made: junk("payload")(made.actions[0])), "INVALID_ENDORSER_TRANSACTION"),
    "altered results": (bend_transaction(altered_results), "ENDORSEMENT_POLICY_FAILURE"),
    "exchanged signatures": (bend_transaction(exchanged_signatures), "ENDORSEMENT_POLICY_FAILURE"),
}


@pytest.mark.parametrize("how", BENT)
def test_bent_transactions(tmp_path, how):
    """Whatever was let in to be ordered is judged; the codes are those real peers gave."""
    bend, code = BENT[how]

    async def scenario(channel: RunningChannel):
        await channel.define()
        assert await channel.raw_block([bend(channel.who.transaction(put(k=b"v"), ["AMSP", "BMSP"]))]) == [code]
        assert channel.state("k") is None

    run(tmp_path, scenario)


def event_of(chaincode):
    return chaincode_event_pb2.ChaincodeEvent(chaincode_id=chaincode).SerializeToString()


def twice(action):
    sets = rwset_pb2.TxReadWriteSet.FromString(action.results)
    sets.ns_rwset.append(sets.ns_rwset[0])
    action.results = sets.SerializeToString()


ENDORSED = {
    "junk for results": (junk("results"), "BAD_RWSET"),
    "another chaincode": (lambda action: setattr(action.chaincode_id, "name", "dd"), "INVALID_CHAINCODE"),
    "no version": (lambda action: action.chaincode_id.ClearField("version"), "INVALID_CHAINCODE"),
    "no chaincode": (lambda action: action.ClearField("chaincode_id"), "INVALID_OTHER_REASON"),
    "junk for an event": (junk("events"), "INVALID_OTHER_REASON"),
    "an event of another": (lambda action: setattr(action, "events", event_of("dd")), "INVALID_OTHER_REASON"),
    "a namespace twice": (twice, "ILLEGAL_WRITESET"),
}


@pytest.mark.parametrize("how", ENDORSED)
def test_endorsed_nonsense(tmp_path, how):
    """Endorsers may sign what they like; it must make sense all the same."""
    change, code = ENDORSED[how]

    async def scenario(channel: RunningChannel):
        await channel.define()
        transaction = channel.who.transaction(put(k=b"v"), ["AMSP", "BMSP"])
        change(transaction.action)
        assert await channel.submit(transaction) == code

    run(tmp_path, scenario)


def test_an_action_without_content(tmp_path):
    """A response payload must have an extension."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        transaction = channel.who.transaction(put(k=b"v"), ["AMSP", "BMSP"])
        transaction.action = proposal_pb2.ChaincodeAction()
        assert await channel.submit(transaction) == "BAD_RESPONSE_PAYLOAD"

    run(tmp_path, scenario)


def test_a_chaincode_nobody_defined(tmp_path):
    """Neither a call of it nor a write to its state counts."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        everybody = list(channel.who.members)
        called = channel.who.transaction(put("nope", k=b"v"), everybody, chaincode="nope")
        written = channel.who.transaction(put("nope", k=b"v"), everybody)
        assert await channel.block([called, written]) == ["INVALID_CHAINCODE", "INVALID_CHAINCODE"]

    run(tmp_path, scenario)


def test_every_namespace_written_must_agree(tmp_path):
    """A call from chaincode to chaincode needs the endorsement of both; one that is only read does not."""

    async def scenario(channel: RunningChannel):
        await channel.define("open", policy=SETTLED)
        await channel.define("strict", policy="AND('AMSP.peer', 'BMSP.peer')")
        both = rwsets.TxRwset(put("open", k=b"1").namespaces + put("strict", k=b"1").namespaces)
        read = rwsets.TxRwset(
            (*put("open", k=b"2").namespaces, rwsets.NamespaceRwset("strict", reads=(rwsets.Read("x", None),)))
        )
        who = channel.who
        assert await channel.submit(who.transaction(both, ["AMSP"], chaincode="open")) == "ENDORSEMENT_POLICY_FAILURE"
        assert await channel.submit(who.transaction(both, ["AMSP", "BMSP"], chaincode="open")) == "VALID"
        assert await channel.submit(who.transaction(read, ["CMSP"], chaincode="open")) == "VALID"

    run(tmp_path, scenario)


def test_an_id_counts_once(tmp_path):
    """The same transaction again, in the same block or later, is a duplicate; the first result stays."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        transaction = channel.who.transaction(put(k=b"v"), ["AMSP", "BMSP"])
        assert await channel.block([transaction, transaction]) == ["VALID", "DUPLICATE_TXID"]
        assert await channel.submit(transaction) == "DUPLICATE_TXID"
        record = channel.ledger.transaction(transaction.id)
        assert (record.block_number, record.index, record.code) == (2, 0, transaction_pb2.VALID)
        assert (await channel.ledger.wait_transaction(transaction.id)) == record

    run(tmp_path, scenario)


def test_an_invalid_transaction_uses_its_id_up(tmp_path):
    """As in Fabric: what is in a block is in the index, whatever became of it."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        transaction = channel.who.transaction(put(k=b"v"), ["AMSP"])
        assert await channel.submit(transaction) == "ENDORSEMENT_POLICY_FAILURE"
        transaction.endorsers = [channel.who["AMSP"].peer, channel.who["BMSP"].peer]
        assert await channel.submit(transaction) == "DUPLICATE_TXID"

    run(tmp_path, scenario)


def set_policy(key, text, **values):
    """Return a set that gives a key its own policy."""
    encoded = policies.from_dsl(text).SerializeToString() if text else b""
    entries = (("VALIDATION_PARAMETER", encoded),)
    namespace = rwsets.NamespaceRwset(
        "cc",
        writes=tuple(rwsets.Write(name, value) for name, value in values.items()),
        metadata_writes=(rwsets.MetadataWrite(key, entries),),
    )
    return rwsets.TxRwset((namespace,))


def test_a_keys_own_policy_goes_first(tmp_path):
    """The custodian alone may write, and may hand over; the chaincode's majority may not; other keys are as before."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        refused = "ENDORSEMENT_POLICY_FAILURE"
        assert await channel.submit(who.transaction(put(k=b"0"), ["AMSP", "BMSP"])) == "VALID"
        assert await channel.submit(who.transaction(set_policy("k", "OR('CMSP.peer')"), ["AMSP", "BMSP"])) == "VALID"
        assert await channel.submit(who.transaction(put(k=b"1"), ["AMSP", "BMSP"])) == refused
        assert await channel.submit(who.transaction(put(k=b"2"), ["CMSP"])) == "VALID"
        assert await channel.submit(who.transaction(put(k=b"3", other=b"x"), ["CMSP"])) == refused
        assert await channel.submit(who.transaction(put(k=b"3", other=b"x"), ["AMSP", "CMSP"])) == "VALID"
        assert await channel.submit(who.transaction(set_policy("k", "OR('AMSP.peer')"), ["AMSP", "BMSP"])) == refused
        assert await channel.submit(who.transaction(set_policy("k", "OR('AMSP.peer')"), ["CMSP"])) == "VALID"
        assert await channel.submit(who.transaction(put(k=b"4"), ["AMSP"])) == "VALID"
        assert await channel.submit(who.transaction(set_policy("k", ""), ["AMSP"])) == "VALID"
        assert await channel.submit(who.transaction(put(k=b"5"), ["AMSP"])) == refused
        assert channel.state("k") == b"4"

    run(tmp_path, scenario)


def test_a_policy_dies_with_its_key(tmp_path):
    """A deleted key that is written again has no policy of its own."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        assert (
            await channel.submit(who.transaction(set_policy("k", "OR('CMSP.peer')", k=b"0"), ["AMSP", "BMSP"]))
            == "VALID"
        )
        assert await channel.submit(who.transaction(put(k=None), ["CMSP"])) == "VALID"
        assert await channel.submit(who.transaction(put(k=b"1"), ["CMSP"])) == "ENDORSEMENT_POLICY_FAILURE"
        assert await channel.submit(who.transaction(put(k=b"1"), ["AMSP", "BMSP"])) == "VALID"

    run(tmp_path, scenario)


def test_a_policy_changed_in_the_same_block_cannot_be_judged_by(tmp_path):
    """A later write of the key fails, endorsed by whomever; other keys are free."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        assert await channel.submit(who.transaction(put(k=b"0"), ["AMSP", "BMSP"])) == "VALID"
        codes = await channel.block(
            [
                who.transaction(set_policy("k", "OR('CMSP.peer')"), ["AMSP", "BMSP"]),
                who.transaction(put(k=b"1"), ["AMSP", "BMSP"]),
                who.transaction(put(k=b"2"), ["CMSP"]),
                who.transaction(put(other=b"3"), ["AMSP", "BMSP"]),
            ]
        )
        assert codes == ["VALID", "ENDORSEMENT_POLICY_FAILURE", "ENDORSEMENT_POLICY_FAILURE", "VALID"]

    run(tmp_path, scenario)


def test_a_change_of_policy_that_fails_changes_nothing(tmp_path):
    """Then the old policy still judges the rest of the block."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        assert await channel.submit(who.transaction(put(k=b"0"), ["AMSP", "BMSP"])) == "VALID"
        codes = await channel.block(
            [
                who.transaction(set_policy("k", "OR('CMSP.peer')"), ["CMSP"]),
                who.transaction(put(k=b"1"), ["AMSP", "BMSP"]),
            ]
        )
        assert codes == ["ENDORSEMENT_POLICY_FAILURE", "VALID"]

    run(tmp_path, scenario)


def test_an_unreadable_policy_of_a_key_shuts_it(tmp_path):
    """Whatever a chaincode stored, nobody passes by it and the channel goes on."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        entries = (("VALIDATION_PARAMETER", b"\xff\xff"),)
        namespace = rwsets.NamespaceRwset(
            "cc", writes=(rwsets.Write("k", b"0"),), metadata_writes=(rwsets.MetadataWrite("k", entries),)
        )
        assert await channel.submit(who.transaction(rwsets.TxRwset((namespace,)), ["AMSP", "BMSP"])) == "VALID"
        assert await channel.submit(who.transaction(put(k=b"1"), list(who.members))) == "ENDORSEMENT_POLICY_FAILURE"
        assert await channel.submit(who.transaction(put(other=b"1"), ["AMSP", "BMSP"])) == "VALID"

    run(tmp_path, scenario)


def test_collections_have_policies_of_their_own(tmp_path):
    """A collection's policy replaces the chaincode's for its writes; without one the chaincode's holds."""
    held = (
        collection("plain", "OR('AMSP.member','BMSP.member')"),
        collection("own", "OR('AMSP.member','BMSP.member')", policy="OR('BMSP.peer')"),
        collection("by_path", "OR('AMSP.member')", policy="/Channel/Application/AMSP/Endorsement"),
    )

    async def scenario(channel: RunningChannel):
        await channel.define(collections=held)
        who = channel.who
        refused = "ENDORSEMENT_POLICY_FAILURE"
        for name, endorsers, code in (
            ("plain", ["BMSP"], refused),
            ("plain", ["AMSP", "CMSP"], "VALID"),
            ("own", ["AMSP", "CMSP"], refused),
            ("own", ["BMSP"], "VALID"),
            ("by_path", ["BMSP", "CMSP"], refused),
            ("by_path", ["AMSP"], "VALID"),
            ("_implicit_org_CMSP", ["AMSP", "BMSP"], refused),
            ("_implicit_org_CMSP", ["CMSP"], "VALID"),
            ("_implicit_org_NopeMSP", ["AMSP", "BMSP", "CMSP"], refused),
            ("nope", ["AMSP", "BMSP", "CMSP"], refused),
        ):
            public, private = private_put(name, {"k": b"v"})
            assert await channel.submit(who.transaction(public, endorsers), private) == code, (name, endorsers)

    run(tmp_path, scenario)


def test_public_and_private_writes_need_both_policies(tmp_path):
    """A transaction that also writes public state needs the chaincode's endorsement as well."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        hashed, _ = private_put("_implicit_org_CMSP", {"k": b"v"})
        merged = rwsets.TxRwset(
            (
                rwsets.NamespaceRwset(
                    "cc", writes=(rwsets.Write("k", b"v"),), collections=hashed.namespaces[0].collections
                ),
            )
        )
        assert await channel.submit(who.transaction(merged, ["CMSP"])) == "ENDORSEMENT_POLICY_FAILURE"
        assert await channel.submit(who.transaction(merged, ["AMSP", "BMSP"])) == "ENDORSEMENT_POLICY_FAILURE"
        assert await channel.submit(who.transaction(merged, ["AMSP", "CMSP"])) == "VALID"

    run(tmp_path, scenario)


def test_private_keys_may_have_policies(tmp_path):
    """Key-level policies of private keys are kept with the hash, on the channel."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        public, private = private_put("_implicit_org_AMSP", {"k": b"v"})
        assert await channel.submit(who.transaction(public, ["AMSP"]), private) == "VALID"
        encoded = policies.from_dsl("AND('AMSP.peer','BMSP.peer')").SerializeToString()
        guarded = rwsets.CollectionHashed(
            "_implicit_org_AMSP",
            metadata_writes=(rwsets.HashedMetadataWrite(keys.hash_key(b"k"), (("VALIDATION_PARAMETER", encoded),)),),
        )
        change = rwsets.TxRwset((rwsets.NamespaceRwset("cc", collections=(guarded,)),))
        assert await channel.submit(who.transaction(change, ["AMSP"])) == "VALID"
        public, private = private_put("_implicit_org_AMSP", {"k": b"w"})
        assert await channel.submit(who.transaction(public, ["AMSP"]), private) == "ENDORSEMENT_POLICY_FAILURE"
        assert await channel.submit(who.transaction(public, ["AMSP", "BMSP"]), private) == "VALID"
        assert channel.private("AMSP", "_implicit_org_AMSP", "k") == b"w"

    run(tmp_path, scenario)


def test_the_lifecycles_own_policy(tmp_path):
    """A definition takes the majority that the channel's configuration asks for."""

    async def scenario(channel: RunningChannel):
        alone = channel.who.define(Definition("cc"))
        alone.endorsers = [channel.who["AMSP"].peer]
        assert await channel.submit(alone) == "ENDORSEMENT_POLICY_FAILURE"
        with channel.ledger.snapshot() as snapshot:
            assert channel.channel.definition("cc", snapshot) is None

    run(tmp_path, scenario)


def test_an_upgrade_between_endorsement_and_commit_is_a_conflict(tmp_path):
    """Every transaction reads the sequence of the definition it ran under."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        key = "namespaces/fields/cc/Sequence"
        read = rwsets.NamespaceRwset("_lifecycle", reads=(rwsets.Read(key, channel.version(key, "_lifecycle")),))
        late = channel.who.transaction(rwsets.TxRwset((read, *put(k=b"v").namespaces)), ["AMSP", "BMSP"])
        await channel.define(sequence=2)
        assert await channel.submit(late) == "MVCC_READ_CONFLICT"

    run(tmp_path, scenario)


def test_a_changed_policy_applies_from_the_next_block(tmp_path):
    """A definition in the same block does not help a transaction beside it."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        codes = await channel.block(
            [
                who.define(Definition("cc", policy=SETTLED, sequence=2)),
                who.transaction(put(k=b"v"), ["AMSP"]),
            ]
        )
        assert codes == ["VALID", "ENDORSEMENT_POLICY_FAILURE"]
        assert await channel.submit(who.transaction(put(k=b"v"), ["AMSP"])) == "VALID"

    run(tmp_path, scenario)


def test_what_the_orderer_has_not_judged_is_judged_here(tmp_path):
    """A validator that is given a block from elsewhere checks creators by itself."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        good = who.transaction(put(k=b"v"), ["AMSP", "BMSP"])
        forged = good.envelope(signer=who["BMSP"].client)
        stranger = consortium("XMSP")["XMSP"].client
        foreign = who.transaction(put(k=b"v"), ["AMSP", "BMSP"], creator=stranger)
        update = bend_header(lambda header: setattr(header, "type", common_pb2.CONFIG_UPDATE))
        elsewhere = bend_header(lambda header: setattr(header, "channel_id", "other"))
        raws = {
            b"": "NIL_ENVELOPE",
            b"\xff\xff": "INVALID_OTHER_REASON",
            common_pb2.Envelope(payload=b"\xff\xff").SerializeToString(): "BAD_PAYLOAD",
            common_pb2.Envelope(payload=b"\x12\x00").SerializeToString(): "BAD_COMMON_HEADER",
            forged.SerializeToString(): "BAD_CREATOR_SIGNATURE",
            foreign.raw: "BAD_CREATOR_SIGNATURE",
            update(who.transaction(put(k=b"v"), ["AMSP"])).SerializeToString(): "UNSUPPORTED_TX_PAYLOAD",
            elsewhere(who.transaction(put(k=b"v"), ["AMSP"])).SerializeToString(): "TARGET_CHAIN_NOT_FOUND",
            good.raw: "VALID",
        }
        validator = BlockValidator(channel.channel.bundle, channel.channel.definition)
        with channel.ledger.snapshot() as snapshot:
            validated = validator.validate(9, list(raws), snapshot, lambda _: set())
        names = [transaction_pb2.TxValidationCode.Name(code) for code in validated.flags]
        assert names == list(raws.values())

    run(tmp_path, scenario)
