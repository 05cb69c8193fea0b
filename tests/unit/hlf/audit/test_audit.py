"""The verifier: silent about what real networks made, and loud about everything else."""

from __future__ import annotations

import copy
import dataclasses
import hashlib

import pytest
from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.orderer import configuration_pb2
from fabric_protos.peer import proposal_response_pb2, transaction_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf import audit, errors
from hlf.audit.replay import ranges, report
from hlf.wire import keys, policies, rwsets
from hlf.wire.rwsets import Version
from tests.support.members import Consortium, Definition, Person, collection, private_put, put
from tests.unit.hlf import golden
from tests.unit.hlf.chain import Chain, ordered

CODES = transaction_pb2.TxValidationCode
RAFT = [golden.read(name) for name in golden.PEER_BLOCKS if golden.number_of(name) <= 4]
UPDATES = [name for name in golden.PEER_BLOCKS if golden.number_of(name) in (138, 139)]


@pytest.fixture(scope="module")
def consortium():
    return Consortium(("AMSP", "BMSP", "CMSP"))


@pytest.fixture
def chain(consortium):
    """Return a channel with chaincode `cc`, endorsed by a majority, and private data, some for two blocks only."""
    made = Chain(consortium)
    members = "OR('AMSP.member','BMSP.member')"
    made.add(
        consortium.define(
            Definition(
                "cc",
                collections=(
                    collection("kept", members),
                    collection("short", members, block_to_live=2),
                    collection("own", members, policy="OR('AMSP.peer')"),
                ),
            )
        )
    )
    return made


def _rules(outcome: audit.Report) -> list[str]:
    return [finding.rule for finding in outcome.findings]


def _verify(chain: Chain) -> audit.Report:
    return audit.verify(chain.serialized)


# What real networks made.


def test_a_real_channel_from_its_genesis_block_on():
    """Approvals and a definition: codes, endorsements, and the peer's own hash of its state are arrived at."""
    outcome = audit.verify(RAFT)
    assert outcome.ok, outcome.findings
    assert outcome.complete
    assert (outcome.first_block, outcome.last_block, outcome.blocks) == (0, 4, 5)
    assert outcome.codes == {"VALID": 5}
    assert outcome.commit_hashes == 4
    assert outcome.channel_id == "mychannel"
    assert outcome.genesis_hash == golden.block(golden.PEER_BLOCKS[0]).hash.hex()
    assert outcome.last_hash == golden.block("block-00004-lifecycle-commit.peer.pb").hash.hex()


def test_real_bft_orderers():
    """Three of four signatures, under the policy that names each orderer."""
    outcome = audit.verify(golden.read(name) for name in golden.BFT_BLOCKS[:2])
    assert outcome.ok, outcome.findings
    forged = common_pb2.Block.FromString(golden.read(golden.BFT_BLOCKS[1]))
    metadata = common_pb2.Metadata.FromString(forged.metadata.metadata[common_pb2.SIGNATURES])
    del metadata.signatures[2]
    forged.metadata.metadata[common_pb2.SIGNATURES] = metadata.SerializeToString()
    outcome = audit.verify([golden.read(golden.BFT_BLOCKS[0]), forged.SerializeToString()])
    assert _rules(outcome) == [report.ORDERER_SIGNATURE]
    assert "2 signatures" in outcome.findings[0].words


def test_a_real_configuration_update():
    """From one configuration block to the next, without what came before."""
    before, after = map(golden.read, UPDATES)
    outcome = audit.verify([after], trusted=before)
    assert outcome.ok, outcome.findings
    assert not outcome.complete
    bent = common_pb2.Block.FromString(after)
    bent.data.data[0] = bent.data.data[0].replace(b"200ms", b"900ms")
    assert _rules(audit.verify([bent.SerializeToString()], trusted=before)) == [report.DATA_HASH]


def test_every_real_block_by_its_configuration():
    """Blocks from the middle of a channel: orderers, creators, and a valid endorser each."""
    checked = 0
    for name in golden.PEER_BLOCKS:
        if 4 < golden.number_of(name) < 138:
            outcome = audit.verify([golden.read(name)], trusted=golden.read(golden.PEER_BLOCKS[0]))
            assert outcome.ok, outcome.findings
            checked += 1
    assert checked >= 15


def test_orderers_copies_have_no_codes_to_compare(chain):
    """What they would be is reported."""
    chain.add(chain.consortium.transaction(put(k=b"v"), ["AMSP"]))
    for number in range(3):
        chain.mark(number)
    outcome = _verify(chain)
    assert outcome.ok
    assert outcome.codes == {"VALID": 2, "ENDORSEMENT_POLICY_FAILURE": 1}


# Trust.


def test_nothing_is_trusted_without_a_beginning():
    """A chain that begins later needs the configuration it began under."""
    outcome = audit.verify(RAFT[1:])
    assert _rules(outcome) == [report.UNANCHORED]
    assert not outcome.ok
    assert audit.verify(RAFT[1:], trusted=RAFT[0]).ok
    assert not audit.verify([]).ok


def test_another_genesis_block_is_another_channel():
    """A forger can make a whole channel; its beginning is not the one that is known."""
    outcome = audit.verify(RAFT, trusted=golden.read("python-made-genesis.pychan.block"))
    assert _rules(outcome) == [report.TRUST]
    bent = common_pb2.Block.FromString(RAFT[0])
    bent.header.data_hash = b"x"
    for unusable in (b"\xff", RAFT[1], bent.SerializeToString()):
        with pytest.raises(errors.WireError):
            audit.Verifier(trusted=unusable)


def _configured(chain: Chain, *, at: int, length: int) -> list[bytes]:
    """Return a chain of that length with a configuration block *at* a number."""
    while len(chain.blocks) < at:
        chain.add(_tx(chain, put(k=b"%d" % len(chain.blocks))))
    chain.add_config(_timeout, [chain.consortium.ordering.admin])
    while len(chain.blocks) < length:
        chain.add(_tx(chain, put(k=b"%d" % len(chain.blocks))))
    return chain.serialized


def test_a_trusted_configuration_anchors_where_it_stands(chain):
    """In the middle of the chain, at its beginning, in front of it: the same verdict, always tied to it."""
    made = _configured(chain, at=3, length=6)
    for first in range(5):
        outcome = audit.verify(made[first:], trusted=made[3])
        assert outcome.ok, outcome.findings
        assert outcome.anchored
        assert outcome.complete == (first == 0)
        # Before the trusted block nothing is known but the hashes that lead to it.
        assert outcome.codes.get("NOT_JUDGED", 0) == (4 - first if 0 < first <= 3 else 0)
    assert not audit.verify(made).anchored


def test_a_trusted_configuration_of_another_chain_is_never_ignored(chain):
    """Wherever it would stand: a fork of the same channel, and numbers that the chain does not reach."""
    fork, later = copy.deepcopy(chain), copy.deepcopy(chain)
    made, other = _configured(chain, at=3, length=6), _configured(fork, at=3, length=6)
    beyond = _configured(later, at=8, length=9)
    for first in range(4):
        assert _rules(audit.verify(made[first:], trusted=other[3])) == [report.TRUST], first
    assert _rules(audit.verify(made[4:], trusted=other[3])) == [report.TRUST]
    assert _rules(audit.verify(made[4:], trusted=made[0])) == [report.TRUST]
    for first in (0, 1, 4):
        outcome = audit.verify(made[first:], trusted=beyond[8])
        assert (_rules(outcome), outcome.anchored, outcome.ok) == ([report.UNANCHORED], False, False)


def test_the_state_hash_is_the_last_commit_hash(chain):
    """As peers have it; of a chain that was not replayed there is none."""
    outcome = audit.verify(RAFT)
    assert outcome.state_hash == golden.block("block-00004-lifecycle-commit.peer.pb").commit_hash.hex()
    assert audit.verify(RAFT[:1]).state_hash == ""
    assert audit.verify(RAFT[1:], trusted=RAFT[0]).state_hash == ""


@pytest.mark.parametrize("garbage", [b"\x12\x00", b"\xff" * 40])
def test_a_beginning_that_holds_no_configuration(garbage):
    """Block 0 is what everything else is judged by."""
    genesis = common_pb2.Block.FromString(RAFT[0])
    genesis.data.data[0] = ordered(garbage)
    outcome = audit.verify([genesis.SerializeToString(), *RAFT[1:]])
    assert _rules(outcome) == [report.CONFIG]
    assert (outcome.blocks, outcome.complete) == (0, False)


# Hashes and orderers.


@pytest.mark.parametrize("number", range(1, 4))
def test_a_missing_block_is_missed(number):
    """Wherever it was taken out, but at the end: there, ``last_block`` says how far the proof goes."""
    assert report.CHAIN in _rules(audit.verify([b for n, b in enumerate(RAFT) if n != number]))
    assert audit.verify(RAFT[:-1]).last_block == 3


def test_the_order_of_blocks_counts():
    """Exchanged neighbours are no chain."""
    assert report.CHAIN in _rules(audit.verify([RAFT[0], RAFT[2], RAFT[1]]))


def test_changed_data_are_found(chain):
    """A byte in a transaction changes the data hash; a forged data hash breaks the chain and the signature."""
    chain.add(chain.consortium.transaction(put(k=b"v"), ["AMSP", "BMSP"]))
    chain.add(chain.consortium.transaction(put(l=b"v"), ["AMSP", "BMSP"]))
    good = copy.deepcopy(chain.blocks[2])
    chain.blocks[2].data.data[0] += b"\x22\x00"
    assert _rules(_verify(chain)) == [report.DATA_HASH]
    chain.blocks[2].header.data_hash = hashlib.sha256(chain.blocks[2].data.data[0]).digest()
    (forged,) = _verify(chain).findings
    assert (forged.block_number, forged.rule) == (2, report.ORDERER_SIGNATURE)
    assert [(f.block_number, f.rule) for f in forged.consequences] == [(3, report.CHAIN)]
    chain.blocks[2] = good
    assert _verify(chain).ok


def test_only_an_orderer_signs_blocks(chain):
    """No signature, a member's, an old signature on another block."""
    block = chain.add(chain.consortium.transaction(put(k=b"v"), ["AMSP", "BMSP"]))
    chain.sign(block, chain.consortium["AMSP"].peer)
    assert _rules(_verify(chain)) == [report.ORDERER_SIGNATURE]
    block.metadata.metadata[common_pb2.SIGNATURES] = b""
    assert _rules(_verify(chain)) == [report.ORDERER_SIGNATURE]
    block.metadata.metadata[common_pb2.SIGNATURES] = chain.blocks[1].metadata.metadata[common_pb2.SIGNATURES]
    assert _rules(_verify(chain)) == [report.ORDERER_SIGNATURE]
    chain.sign(block, last_config=1)
    assert _rules(_verify(chain)) == [report.LAST_CONFIG]


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"\x0a\x00"])
def test_what_is_no_block_ends_the_verification(garbage):
    """Nothing after it can be chained."""
    outcome = audit.verify([*RAFT[:2], garbage, *RAFT[2:]])
    assert not outcome.ok
    assert outcome.findings[0].block_number in (0, 2)


# Transactions.


def _code(chain: Chain, *transactions: object) -> list[str]:
    """Return the codes that the verifier gives to the transactions of a new block that claims all valid."""
    before = _verify(chain)
    assert before.ok, before.findings
    chain.add(*transactions)
    outcome = _verify(chain)
    assert set(_rules(outcome)) <= {report.VALIDATION_CODE}
    found = {f.transaction_index: f.words.split("but it is ")[1].split(":")[0] for f in outcome.findings}
    return [found.get(index, "VALID") for index in range(len(transactions))]


def test_endorsements(chain):
    """Two of three are a majority; one is none, nor are two by the same, by a client, or with a bent signature."""
    c = chain.consortium
    assert _code(chain, c.transaction(put(k=b"v"), ["AMSP", "CMSP"])) == ["VALID"]
    for few in (["AMSP"], ["AMSP", "AMSP"], ["AMSP", c["BMSP"].client], []):
        forked = copy.deepcopy(chain)
        if few:
            assert _code(forked, c.transaction(put(k=b"v"), few)) == ["ENDORSEMENT_POLICY_FAILURE"]
    stranger = Consortium(("DMSP",))["DMSP"].peer
    imposter = Person("BMSP", stranger.issued)
    for other in (stranger, imposter):
        forked = copy.deepcopy(chain)
        assert _code(forked, c.transaction(put(k=b"v"), ["AMSP", other])) == ["ENDORSEMENT_POLICY_FAILURE"]


def test_endorsements_of_other_results(chain):
    """Endorsers have signed what stands in the transaction, or they have signed nothing."""
    c = chain.consortium
    transaction = c.transaction(put(k=b"v"), ["AMSP", "BMSP"])
    envelope = transaction.envelope()
    payload = common_pb2.Payload.FromString(envelope.payload)
    whole = transaction_pb2.Transaction.FromString(payload.data)
    action = transaction_pb2.ChaincodeActionPayload.FromString(whole.actions[0].payload)
    result = proposal_response_pb2.ProposalResponsePayload.FromString(action.action.proposal_response_payload)
    result.extension = result.extension.replace(b"v", b"w")
    action.action.proposal_response_payload = result.SerializeToString()
    whole.actions[0].payload = action.SerializeToString()
    payload.data = whole.SerializeToString()
    forged = payload.SerializeToString()
    signed = common_pb2.Envelope(payload=forged, signature=transaction.creator.sign(forged))
    assert _code(chain, signed.SerializeToString()) == ["ENDORSEMENT_POLICY_FAILURE"]


def _bent_header(transaction, name: str, value: object) -> bytes:
    """Return the transaction with another channel header, signed by its creator."""
    payload = common_pb2.Payload.FromString(transaction.envelope().payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    setattr(header, name, value)
    payload.header.channel_header = header.SerializeToString()
    bent = payload.SerializeToString()
    return common_pb2.Envelope(payload=bent, signature=transaction.creator.sign(bent)).SerializeToString()


def test_creators(chain):
    """Somebody else's signature, a stranger's transaction, an id that is not the hash of its parts."""
    c = chain.consortium
    transaction = c.transaction(put(k=b"v"), ["AMSP", "BMSP"])
    good = c.transaction(put(j=b"v"), ["AMSP", "BMSP"])
    foreign = _bent_header(transaction, "channel_id", "other")
    assert _code(copy.deepcopy(chain), good, foreign) == ["VALID", "MALFORMED"]
    assert _code(copy.deepcopy(chain), _bent_header(transaction, "tx_id", "0" * 64)) == ["BAD_PROPOSAL_TXID"]
    assert _code(copy.deepcopy(chain), _bent_header(transaction, "type", 0)) == ["BAD_COMMON_HEADER"]
    assert _code(copy.deepcopy(chain), _bent_header(transaction, "type", 2)) == ["UNSUPPORTED_TX_PAYLOAD"]
    assert _code(copy.deepcopy(chain), _bent_header(transaction, "epoch", 1)) == ["BAD_COMMON_HEADER"]
    assert _code(copy.deepcopy(chain), _bent_header(transaction, "extension", b"\xff")) == [
        "INVALID_ENDORSER_TRANSACTION"
    ]
    mallory = c["CMSP"].client
    forged = transaction.envelope(signer=mallory).SerializeToString()
    assert _code(copy.deepcopy(chain), forged) == ["BAD_CREATOR_SIGNATURE"]
    stranger = Consortium(("DMSP",))["DMSP"].client
    foreign = c.transaction(put(k=b"v"), ["AMSP", "BMSP"], creator=stranger)
    assert _code(copy.deepcopy(chain), foreign) == ["BAD_CREATOR_SIGNATURE"]


def test_one_transaction_counts_once(chain):
    """Repeated in its block, or in a later one."""
    transaction = chain.consortium.transaction(put(k=b"v"), ["AMSP", "BMSP"])
    assert _code(chain, transaction.raw, transaction.raw) == ["VALID", "DUPLICATE_TXID"]
    chain.mark(2, 0, CODES.DUPLICATE_TXID)
    assert _code(chain, transaction.raw) == ["DUPLICATE_TXID"]


def test_garbage_is_not_valid(chain):
    """It has the code that Fabric has for it, is listed, and does not hide what stands beside it."""
    good = chain.consortium.transaction(put(k=b"v"), ["AMSP", "BMSP"])
    garbage = (ordered(b"\xff"), ordered(b"\x12\x00"))
    assert _code(copy.deepcopy(chain), good, *garbage) == ["VALID", "BAD_PAYLOAD", "BAD_COMMON_HEADER"]
    chain.add(good, *garbage, codes=[CODES.VALID, CODES.BAD_PAYLOAD, CODES.BAD_COMMON_HEADER])
    outcome = _verify(chain)
    assert outcome.ok
    assert [(f.block_number, f.transaction_index, f.code) for f in outcome.invalid] == [
        (2, 1, "BAD_PAYLOAD"),
        (2, 2, "BAD_COMMON_HEADER"),
    ]


def test_a_valid_transaction_that_is_suppressed(chain):
    """A peer that hides a payment by marking it invalid is found as well."""
    chain.add(chain.consortium.transaction(put(k=b"v"), ["AMSP", "BMSP"]), codes=[CODES.MVCC_READ_CONFLICT])
    (finding,) = _verify(chain).findings
    assert finding.rule == report.VALIDATION_CODE
    assert finding.transaction_id
    assert str(finding) == "block 2, transaction 0: VALIDATION_CODE: marked MVCC_READ_CONFLICT, but it is VALID"


def test_chaincodes_must_be_defined(chain):
    """Nobody's endorsement makes a chaincode that the channel has not agreed on."""
    other = chain.consortium.transaction(put("other", k=b"v"), ["AMSP", "BMSP"], chaincode="other")
    assert _code(chain, other) == ["INVALID_CHAINCODE"]


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (lambda action: setattr(action.chaincode_id, "name", "dd"), "INVALID_CHAINCODE"),
        (lambda action: action.chaincode_id.ClearField("version"), "INVALID_CHAINCODE"),
        (lambda action: action.ClearField("chaincode_id"), "INVALID_OTHER_REASON"),
        (lambda action: action.ClearField("results"), "VALID"),
        (lambda action: setattr(action, "results", b"\xff"), "BAD_RWSET"),
        (lambda action: setattr(action, "events", b"\xff"), "INVALID_OTHER_REASON"),
        (lambda action: setattr(action, "events", b"\x0a\x02dd"), "INVALID_OTHER_REASON"),
        (lambda action: setattr(action, "events", b"\x0a\x02cc"), "VALID"),
    ],
)
def test_what_the_endorsers_ran(chain, bend, code):
    """The chaincode that was called, in some version, with an event of its own: nobody speaks in another's name."""
    transaction = chain.consortium.transaction(put(k=b"v"), ["AMSP", "BMSP"])
    bend(transaction.action)
    assert _code(chain, transaction) == [code]


# State.


def _set(**parts: object) -> rwsets.TxRwset:
    return rwsets.TxRwset((rwsets.NamespaceRwset("cc", **parts),))


def _tx(chain: Chain, rwset: rwsets.TxRwset, endorsers: tuple[str, ...] = ("AMSP", "BMSP")):
    return chain.consortium.transaction(rwset, endorsers)


def test_reads_must_still_stand(chain):
    """The version that was read, or absence; a transaction of the same block comes before too."""
    read = lambda version: _tx(chain, _set(reads=(rwsets.Read("k", version),)))  # noqa: E731
    assert _code(chain, _tx(chain, put(k=b"1")), read(None)) == ["VALID", "MVCC_READ_CONFLICT"]
    chain.mark(2, 0, CODES.MVCC_READ_CONFLICT)
    now = Version(2, 0)
    assert _code(copy.deepcopy(chain), read(None), read(Version(1, 0)), read(now)) == [
        "MVCC_READ_CONFLICT",
        "MVCC_READ_CONFLICT",
        "VALID",
    ]
    assert _code(chain, _tx(chain, put(k=None)), read(now)) == ["VALID", "MVCC_READ_CONFLICT"]
    chain.mark(3, 0, CODES.MVCC_READ_CONFLICT)
    assert _code(chain, read(None), read(now)) == ["VALID", "MVCC_READ_CONFLICT"]


def test_ranges_must_still_hold_the_same(chain):
    """A key that came, went or changed in between is a phantom."""
    chain.add(_tx(chain, put(a=b"1", b=b"1", c=b"1")))
    at = Version(2, 0)

    def query(*keys_seen: str, end: str = "d", exhausted: bool = True):
        reads = tuple(rwsets.Read(key, at) for key in keys_seen)
        return _tx(chain, _set(range_queries=(rwsets.RangeQuery("a", end, exhausted, reads),)))

    assert _code(copy.deepcopy(chain), query("a", "b", "c"), query("a", "b"), query("a", "b", "c", "d")) == [
        "VALID",
        "PHANTOM_READ_CONFLICT",
        "PHANTOM_READ_CONFLICT",
    ]
    assert _code(copy.deepcopy(chain), query("a", "b", end="b", exhausted=False)) == ["VALID"]
    for change in ({"bb": b"new"}, {"b": None}, {"c": b"2"}):
        codes = _code(copy.deepcopy(chain), _tx(chain, put(**change)), query("a", "b", "c"))
        assert codes == ["VALID", "PHANTOM_READ_CONFLICT"]
    beyond = _code(copy.deepcopy(chain), _tx(chain, put(e=b"new")), query("a", "b", "c"))
    assert beyond == ["VALID", "VALID"]


def test_long_ranges_are_noted_as_a_tree(chain):
    """The hash tree is recomputed from what stands."""
    names = [f"k{n:03}" for n in range(120)]
    chain.add(_tx(chain, put(**dict.fromkeys(names, b"v"))))
    tree = ranges.summary([(name, Version(2, 0)) for name in names], 50)
    query = _set(range_queries=(rwsets.RangeQuery("k", "l", True, (), tree),))
    wrong = _set(range_queries=(rwsets.RangeQuery("k", "l", True, (), dataclasses.replace(tree, max_level=9)),))
    few = _set(range_queries=(rwsets.RangeQuery("k", "l", True, (), dataclasses.replace(tree, max_degree=1)),))
    assert _code(chain, _tx(chain, query), _tx(chain, wrong), _tx(chain, few)) == [
        "VALID",
        "PHANTOM_READ_CONFLICT",
        "PHANTOM_READ_CONFLICT",
    ]


def _key_policy(text: str) -> rwsets.TxRwset:
    encoded = policies.from_dsl(text).SerializeToString()
    return _set(metadata_writes=(rwsets.MetadataWrite("k", (("VALIDATION_PARAMETER", encoded),)),))


def test_a_key_may_have_a_policy_of_its_own(chain):
    """It goes before the chaincode's, from the block after the one that set it, and survives new values."""
    chain.add(_tx(chain, put(k=b"1")))
    assert _code(chain, _tx(chain, _key_policy("OR('CMSP.peer')")), _tx(chain, put(k=b"2"))) == [
        "VALID",
        "ENDORSEMENT_POLICY_FAILURE",
    ]
    chain.mark(3, 0, CODES.ENDORSEMENT_POLICY_FAILURE)
    assert _code(copy.deepcopy(chain), _tx(chain, put(k=b"2"))) == ["ENDORSEMENT_POLICY_FAILURE"]
    assert _code(chain, _tx(chain, put(k=b"2"), ("CMSP",)), _tx(chain, put(j=b"2"))) == ["VALID", "VALID"]
    assert _code(copy.deepcopy(chain), _tx(chain, put(k=b"3"))) == ["ENDORSEMENT_POLICY_FAILURE"]
    cleared = _set(metadata_writes=(rwsets.MetadataWrite("k", ()),))
    chain.add(_tx(chain, cleared, ("CMSP",)))
    assert _code(chain, _tx(chain, put(k=b"3"))) == ["VALID"]
    assert _code(chain, _tx(chain, _key_policy("OR('CMSP.peer')")), _tx(chain, put(k=None))) == [
        "VALID",
        "ENDORSEMENT_POLICY_FAILURE",
    ]


def test_collections(chain):
    """Their own policy if they have one; an implicit one belongs to its organisation; no others exist."""
    write = lambda name: private_put(name, {"p": b"v"})[0]  # noqa: E731
    cases = {
        ("kept", ("AMSP",)): "ENDORSEMENT_POLICY_FAILURE",
        ("kept", ("AMSP", "CMSP")): "VALID",
        ("own", ("AMSP",)): "VALID",
        ("own", ("BMSP", "CMSP")): "ENDORSEMENT_POLICY_FAILURE",
        ("_implicit_org_CMSP", ("CMSP",)): "VALID",
        ("_implicit_org_CMSP", ("AMSP", "BMSP")): "ENDORSEMENT_POLICY_FAILURE",
        ("_implicit_org_DMSP", ("AMSP", "BMSP")): "ENDORSEMENT_POLICY_FAILURE",
        ("nowhere", ("AMSP", "BMSP")): "ENDORSEMENT_POLICY_FAILURE",
    }
    for (name, endorsers), expected in cases.items():
        assert _code(copy.deepcopy(chain), _tx(chain, write(name), endorsers)) == [expected], name


def test_private_reads_and_expiry(chain):
    """Hashes have versions too; a collection's data are gone after its number of blocks."""
    key_hash = keys.hash_key(b"p")

    def read(version):
        hashed = rwsets.CollectionHashed("short", reads=(rwsets.HashedRead(key_hash, version),))
        return _tx(chain, _set(collections=(hashed,)))

    chain.add(_tx(chain, private_put("short", {"p": b"v"})[0]))
    assert _code(copy.deepcopy(chain), read(None), read(Version(2, 0))) == ["MVCC_READ_CONFLICT", "VALID"]
    for number in range(3):
        assert _code(copy.deepcopy(chain), read(Version(2, 0))) == ["VALID"]
        chain.add(_tx(chain, put(**{f"other{number}": b"v"})))
    assert _code(chain, read(Version(2, 0)), read(None)) == ["MVCC_READ_CONFLICT", "VALID"]


# Configuration.


def _timeout(group) -> None:
    value = configuration_pb2.BatchTimeout(timeout="3s").SerializeToString()
    group.groups["Orderer"].values["BatchTimeout"].value = value


def _remove_member(group) -> None:
    del group.groups["Application"].groups["CMSP"]


def test_a_configuration_takes_its_administrators(chain):
    """The policy of each changed element decides, and the new configuration holds from then on."""
    c = chain.consortium
    admins = [c[name].admin for name in ("AMSP", "BMSP")]
    chain.add_config(_timeout, [c.ordering.admin])
    chain.add_config(_remove_member, admins)
    chain.add(c.transaction(put(k=b"v"), ["AMSP", "BMSP"]))
    assert _verify(chain).ok, _verify(chain).findings
    assert _code(chain, c.transaction(put(k=b"v"), ["AMSP", "BMSP"], creator=c["CMSP"].client)) == [
        "BAD_CREATOR_SIGNATURE"
    ]


@pytest.mark.parametrize("signers", [[], ["AMSP"], ["AMSP", "AMSP"]])
def test_a_configuration_without_its_administrators(chain, signers):
    """An orderer alone cannot throw a member out."""
    chain.add_config(_remove_member, [chain.consortium[name].admin for name in signers])
    (finding,) = _verify(chain).findings
    assert finding.rule == report.CONFIG
    assert "may not change group /Channel/Application" in finding.words


def _more_than_signed(envelope) -> None:
    _timeout(envelope.config.channel_group)


def _another_update(envelope) -> None:
    """Put in an update that was made for another configuration than the channel had."""
    payload = common_pb2.Payload.FromString(envelope.last_update.payload)
    signed = configtx_pb2.ConfigUpdateEnvelope.FromString(payload.data)
    update = configtx_pb2.ConfigUpdate.FromString(signed.config_update)
    update.read_set.groups["Application"].version += 1
    signed.config_update = update.SerializeToString()
    payload.data = signed.SerializeToString()
    envelope.last_update.payload = payload.SerializeToString()


def _junk_update(envelope) -> None:
    envelope.last_update.payload = b"\xff"


def _later_sequence(envelope) -> None:
    envelope.config.sequence += 1


def _without_update(envelope) -> None:
    envelope.ClearField("last_update")


def _unusable(envelope) -> None:
    envelope.config.channel_group.values["HashingAlgorithm"].value = b"\x0a\x03MD5"


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (_more_than_signed, "not what its update leads to"),
        (_later_sequence, "its sequence is 2, after 0"),
        (_without_update, "none for this channel"),
        (_another_update, "the update read group /Channel/Application in another version"),
        (_junk_update, "the update it comes from is malformed"),
        (_unusable, "not what its update leads to"),
    ],
)
def test_a_configuration_that_was_bent(chain, bend, words):
    """Nothing may be in it that its update does not say."""
    admins = [chain.consortium[name].admin for name in ("AMSP", "BMSP")]
    chain.add_config(_remove_member, admins, bend=bend)
    found = _verify(chain).findings
    assert {finding.rule for finding in found} == {report.CONFIG}
    assert words in found[0].words


# Disclosed values, files, hostile bytes.


def test_a_disclosed_value_is_proven(chain):
    """Whoever was told the value finds where it was committed to; another value is found nowhere."""
    chain.add(_tx(chain, private_put("kept", {"price": b"4711"})[0]))
    (found,) = audit.private_writes(chain.serialized, "cc", "kept", "price", b"4711")
    assert found.block_number == 2
    assert found.valid
    assert found.creator == chain.consortium["AMSP"].client.serialized
    for other in (("cc", "kept", "price", b"4712"), ("cc", "kept", "prize", b"4711"), ("cc", "own", "price", b"4711")):
        assert audit.private_writes(chain.serialized, *other) == []


def test_blocks_in_files(tmp_path):
    """In any order and under any name; the numbers in the blocks count."""
    for block in reversed(RAFT):
        audit.write_block(tmp_path, block)
    assert len(list(tmp_path.iterdir())) == 5
    assert list(audit.read_blocks(tmp_path)) == RAFT
    assert audit.verify(audit.read_blocks(tmp_path)).ok
    single = tmp_path / "0000000002.block"
    assert list(audit.read_blocks(single)) == [RAFT[2]]
    with pytest.raises(errors.WireError, match="block 2 stands twice"):
        list(audit.read_blocks(tmp_path, single))
    (tmp_path / "x.block").write_bytes(b"\xff")
    with pytest.raises(errors.WireError, match=r"x\.block holds no block"):
        list(audit.read_blocks(tmp_path))
    with pytest.raises(errors.WireError, match="no blocks in"):
        list(audit.read_blocks())
    with pytest.raises(errors.WireError):
        audit.write_block(tmp_path, b"\xff")


@given(st.data())
def test_no_changed_bit_goes_unnoticed(data):
    """Outside of what nothing protects, every bit of a real chain counts; and no bytes raise an error."""
    number = data.draw(st.integers(1, 3))
    block = bytearray(RAFT[number])
    place = data.draw(st.integers(0, len(block) - 1))
    block[place] ^= 1 << data.draw(st.integers(0, 7))
    outcome = audit.verify([*RAFT[:number], bytes(block), *RAFT[number + 1 :]])
    genuine = common_pb2.Block.FromString(RAFT[number])
    try:
        bent = common_pb2.Block.FromString(bytes(block))
    except Exception:  # noqa: BLE001 - whatever it is, it is no block.
        assert not outcome.ok
        return
    if bent.header != genuine.header or bent.data != genuine.data:
        assert not outcome.ok


def test_a_tree_of_results_at_the_edges():
    """As many as the degree make no tree; one more makes one."""
    reads = [(str(n), Version(1, n)) for n in range(20)]
    assert ranges.summary(reads[:3], 3) is None
    assert ranges.summary(reads[:4], 3).max_level == 1
    levels = [ranges.summary(reads[:count], 3).max_level for count in (4, 12, 16, 17, 20)]
    assert levels == sorted(levels)
    assert all(len(ranges.summary(reads[:count], 3).hashes) <= 3 for count in range(4, 21))
