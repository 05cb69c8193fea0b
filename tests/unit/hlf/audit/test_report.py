"""What a verification says: causes and consequences, unsigned parts, invalid transactions, on any number of cores."""

from __future__ import annotations

import json
import subprocess

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import transaction_pb2

from hlf import audit
from hlf.audit.replay import report
from hlf.audit.signatures import checkingahead, signing, worker
from hlf.wire import blocks, rwsets
from hlf.wire.rwsets import Version
from tests.support.members import Consortium, Definition, put
from tests.unit.hlf import golden
from tests.unit.hlf.chain import Chain

CODES = transaction_pb2.TxValidationCode
COMMITTED = [golden.read(name) for name in golden.PEER_BLOCKS if golden.number_of(name) <= 4]
ORDERED = golden.read("block-00001-lifecycle-approve-org1.orderer.pb")


@pytest.fixture(scope="module")
def consortium():
    return Consortium(("AMSP", "BMSP", "CMSP"))


@pytest.fixture
def chain(consortium):
    made = Chain(consortium)
    made.add(consortium.define(Definition("cc")))
    return made


def _read(chain: Chain, version: Version | None):
    part = rwsets.NamespaceRwset("cc", reads=(rwsets.Read("k", version),), writes=(rwsets.Write("k", b"v"),))
    return chain.consortium.transaction(rwsets.TxRwset((part,)), ["AMSP", "BMSP"])


# Causes and consequences.


def test_what_follows_from_a_hidden_transaction_is_told_with_it(chain):
    """Whoever marks a write invalid has other versions from there on; that is one lie, not many."""
    chain.add(_read(chain, None))
    chain.mark(2, CODES.MVCC_READ_CONFLICT)
    chain.add(_read(chain, Version(2, 0)), codes=[CODES.MVCC_READ_CONFLICT])
    chain.add(_read(chain, Version(3, 0)), codes=[CODES.MVCC_READ_CONFLICT])
    chain.add(chain.consortium.transaction(put(other=b"v"), ["AMSP"]))
    hidden, own = audit.verify(chain.serialized).findings
    assert (hidden.block_number, hidden.rule) == (2, report.VALIDATION_CODE)
    assert [(f.block_number, f.rule) for f in hidden.consequences] == [(n, report.VALIDATION_CODE) for n in (3, 4)]
    assert str(hidden).endswith("but it is VALID (2 disagreements follow from it)")
    assert (own.block_number, own.consequences) == (5, ())


def test_a_missing_block_takes_the_state_with_it(chain):
    """What comes after a gap is judged by its signatures; that it cannot be replayed is no further finding."""
    for version in (None, Version(2, 0), Version(3, 0)):
        chain.add(_read(chain, version))
    serialized = chain.serialized
    outcome = audit.verify([*serialized[:3], *serialized[4:]])
    (gap,) = outcome.findings
    assert (gap.block_number, gap.words) == (4, "block 3 is missing before it")
    assert (outcome.verdict, outcome.complete, outcome.state_hash) == (report.DOES_NOT_HOLD, False, "")
    assert outcome.last_block == 4
    (gap,) = audit.verify([*serialized[:2], *serialized[4:]]).findings
    assert gap.words == "blocks 2 to 3 are missing before it"


def test_a_configuration_that_is_missing_ends_the_verification(chain):
    """Nobody knows who may sign what comes after it."""
    value = b"\x0a\x023s"

    def change(group) -> None:
        group.groups["Orderer"].values["BatchTimeout"].value = value

    chain.add_config(change, [chain.consortium.ordering.admin])
    chain.add(_read(chain, None))
    chain.add(_read(chain, Version(3, 0)))
    outcome = audit.verify([block for number, block in enumerate(chain.serialized) if number != 2])
    (gap,) = outcome.findings
    assert gap.words == "block 2 is missing before it"
    assert [f.rule for f in gap.consequences] == [report.LAST_CONFIG]
    assert outcome.last_block == 1


def test_blocks_of_another_channel_are_named(chain):
    """Their channel is what is wrong with them, and not all that follows from it."""
    other = Chain(Consortium(("AMSP", "BMSP"), channel_id="elsewhere"))
    other.add(other.consortium.define(Definition("cc")))
    other.add(other.consortium.transaction(put(k=b"v"), ["AMSP"]))
    (finding,) = audit.verify([*chain.serialized, other.serialized[2]]).findings
    assert (finding.rule, finding.words) == (report.CHANNEL, "it is a block of channel elsewhere, not of trade")


def test_a_flood_of_findings_is_counted_and_not_kept(chain, monkeypatch):
    """A hostile export must not fill the auditor's memory."""
    monkeypatch.setattr("hlf.audit.replay.notes.MOST_LISTED", 3)
    for number in range(5):
        chain.add(chain.consortium.transaction(put(**{f"k{number}": b"v"}), ["AMSP"]))
    outcome = audit.verify(chain.serialized)
    assert (len(outcome.findings), outcome.more_findings) == (3, 2)
    assert (len(outcome.invalid), outcome.document()["more_invalid"]) == (3, 2)


def test_nothing_that_members_choose_reaches_a_terminal(chain):
    """Ids and names are theirs to choose: long ones are cut, and what a terminal would obey is not printed."""
    transaction = chain.consortium.transaction(put(k=b"v"), ["AMSP", "BMSP"])
    payload = common_pb2.Payload.FromString(transaction.envelope().payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    header.tx_id = "\x1b[2J" + "x" * 100_000
    payload.header.channel_header = header.SerializeToString()
    bent = payload.SerializeToString()
    signed = common_pb2.Envelope(payload=bent, signature=transaction.creator.sign(bent)).SerializeToString()
    chain.add(signed)
    outcome = audit.verify(chain.serialized)
    for found in (outcome.findings[0], outcome.invalid[0]):
        assert "\x1b" not in found.transaction_id
        assert len(found.transaction_id) < 250


# Unsigned parts.


def test_a_whole_chain_says_so():
    """Every block has what peers add to it, all of it recomputed."""
    outcome = audit.verify(COMMITTED)
    assert (outcome.verdict, outcome.whole, outcome.remarks) == (report.HOLDS, True, ())
    assert {part: str(share) for part, share in outcome.unsigned.items()} == {
        "commit_hashes": "4 of 4",
        "validation_codes": "5 of 5",
    }


def test_a_stripped_chain_does_not_read_like_a_whole_one(chain):
    """How many blocks have which part is counted; one without them is an orderer's, or somebody took them out."""
    outcome = audit.verify([COMMITTED[0], ORDERED, *COMMITTED[2:]])
    assert not outcome.whole
    assert {part: str(share) for part, share in outcome.unsigned.items()} == {
        "commit_hashes": "3 of 4",
        "validation_codes": "4 of 5",
    }
    assert outcome.verdict == report.HOLDS
    names = [name for name in golden.RAFT_BLOCKS if golden.number_of(name) == 139]
    before = golden.read("block-00138-config-update-batchtimeout-210ms.peer.pb")
    stripped = golden.message(names[0])
    stripped.metadata.metadata[common_pb2.LAST_CONFIG] = b""
    outcome = audit.verify([stripped.SerializeToString()], trusted=before)
    assert str(outcome.unsigned["last_configurations"]) == "0 of 1"


@pytest.mark.parametrize(
    ("entry", "content", "words"),
    [
        (common_pb2.LAST_CONFIG, b"\x0a\x02\x08\x07", "the last configuration is repeated as another one"),
        (common_pb2.ORDERER, b"x", "the entry for orderers of old is not empty"),
        (common_pb2.COMMIT_HASH, b"\x1a\x00", "the entry of the commit hash holds more than a hash"),
    ],
)
def test_what_nobody_signs_and_nobody_writes_is_remarked(entry, content, words):
    """It changes nothing that is signed, so the verdict stands; but it is said."""
    block = common_pb2.Block.FromString(COMMITTED[1])
    block.metadata.metadata[entry] += content
    outcome = audit.verify([COMMITTED[0], block.SerializeToString(), *COMMITTED[2:]])
    assert outcome.ok
    (remark,) = outcome.remarks
    assert (remark.rule, remark.block_number) == (report.UNSIGNED, 1)
    assert remark.words.startswith(words)


def test_a_genesis_block_that_says_more_than_it_can(chain):
    """Its metadata are signed by nobody: what stands there is remarked."""
    genesis = common_pb2.Block.FromString(COMMITTED[0])
    signed = common_pb2.Metadata.FromString(genesis.metadata.metadata[common_pb2.SIGNATURES])
    signed.signatures.add(signature=b"x")
    genesis.metadata.metadata[common_pb2.SIGNATURES] = signed.SerializeToString()
    genesis.metadata.metadata[common_pb2.COMMIT_HASH] = common_pb2.Metadata(value=b"h").SerializeToString()
    outcome = audit.verify([genesis.SerializeToString(), *COMMITTED[1:]])
    assert outcome.ok
    assert len(outcome.remarks) == 2


def test_a_signature_too_many_is_remarked():
    """Three of four orderers are enough; a fourth that does not hold, or is nobody's, changes nothing."""
    block = golden.message(golden.BFT_BLOCKS[1])
    metadata = common_pb2.Metadata.FromString(block.metadata.metadata[common_pb2.SIGNATURES])
    for number in (4, 77):
        header = common_pb2.IdentifierHeader(identifier=number).SerializeToString()
        metadata.signatures.add(identifier_header=header, signature=metadata.signatures[0].signature)
    block.metadata.metadata[common_pb2.SIGNATURES] = metadata.SerializeToString()
    outcome = audit.verify([golden.read(golden.BFT_BLOCKS[0]), block.SerializeToString()])
    assert outcome.ok
    assert len(outcome.remarks) == 2


def test_bytes_that_belong_to_no_part_are_refused():
    """No node gives out a block with something in it that it does not know."""
    for more in (b"\x22\x01x", b"\x1a\x03\x12\x01x"):
        outcome = audit.verify([COMMITTED[0], COMMITTED[1] + more])
        (finding,) = outcome.findings
        assert (finding.rule, finding.block_number) == (report.FORM, 1)
        assert "belong to no part" in finding.words


# For machines.


def test_the_report_as_json(chain):
    """Every field is there, and nothing that JSON cannot carry."""
    chain.add(chain.consortium.transaction(put(k=b"v"), ["AMSP"]))
    document = json.loads(json.dumps(audit.verify(chain.serialized, trusted=chain.serialized[0]).document()))
    assert document["verdict"] == "does not hold"
    assert (document["channel"], document["anchored"], document["complete"]) == ("trade", True, True)
    assert document["unsigned"]["validation_codes"] == {"have": 3, "of": 3}
    assert document["codes"] == {"ENDORSEMENT_POLICY_FAILURE": 1, "VALID": 2}
    (finding,) = document["findings"]
    assert (finding["block"], finding["transaction"], finding["rule"]) == (2, 0, "VALIDATION_CODE")
    (invalid,) = document["invalid"]
    assert invalid["code"] == "ENDORSEMENT_POLICY_FAILURE"
    assert document["more_invalid"] == 0


def test_verdicts():
    """A contradiction goes before what is missing, and no block is no proof."""
    assert audit.verify(COMMITTED).verdict == report.HOLDS
    assert audit.verify([]).verdict == report.CANNOT_TELL
    assert audit.verify(COMMITTED[1:]).verdict == report.CANNOT_TELL
    assert audit.verify(COMMITTED[:2], trusted=golden.read(golden.BFT_BLOCKS[0])).verdict == report.DOES_NOT_HOLD


# On every core.


@pytest.fixture
def eager(monkeypatch):
    """Start processes at once, with small lots."""
    monkeypatch.setattr(checkingahead, "_WORTH_STARTING", 0)
    monkeypatch.setattr(checkingahead, "_LOT", 3)


def _varied(chain: Chain) -> list[bytes]:
    """Blocks of every kind: valid, invalid, garbage, and a forged one near the end."""
    c = chain.consortium
    for number in range(6):
        bent = c.transaction(put(**{f"a{number}": b"v"}), ["AMSP", "BMSP"]).envelope(signer=c["CMSP"].client)
        chain.add(
            c.transaction(put(**{f"b{number}": b"v"}), ["AMSP", "BMSP", "CMSP"]),
            bent.SerializeToString(),
            c.transaction(put(**{f"c{number}": b"v"}), ["AMSP"]),
            codes=[CODES.VALID, CODES.BAD_CREATOR_SIGNATURE, CODES.ENDORSEMENT_POLICY_FAILURE],
        )
    chain.sign(chain.blocks[5], c["AMSP"].peer)
    return chain.serialized


def test_the_outcome_does_not_depend_on_the_cores(chain, eager):
    """Two processes beside this one, and none: the same report, of good blocks and of what no block is."""
    made = _varied(chain)
    for given in (made, [*made, b"\xff"]):
        numbers: list[int] = []
        assert audit.verify(given, processes=2, on_block=numbers.append) == audit.verify(given, processes=0)
        assert numbers == list(range(len(made)))
    one_by_one = audit.Verifier()
    assert all(one_by_one.add(block) for block in made)
    assert one_by_one.report() == audit.verify(made)


def test_a_process_that_is_lost_is_made_up_for(chain, eager, monkeypatch):
    """Killed at work, or never started: the checks are made here."""
    made = _varied(chain)
    alone = audit.verify(made, processes=0)
    started = subprocess.Popen

    def killed(*args, **more):
        process = started(*args, **more)
        process.kill()
        return process

    def failing(*args, **more):
        raise OSError("no more processes")

    for popen in (killed, failing):
        monkeypatch.setattr(subprocess, "Popen", popen)
        assert audit.verify(made, processes=2) == alone


def test_an_error_of_whoever_reads_comes_after_what_was_read(chain, eager):
    """A file that cannot be read is its reader's matter, when all before it was verified."""
    made = _varied(chain)
    seen: list[int] = []

    def broken():
        yield from made[:4]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        audit.verify(broken(), processes=2, on_block=seen.append)
    assert seen == [0, 1, 2, 3]


def test_claims_are_checked_as_fabric_checks_signatures(consortium):
    """High S, other keys, no key, no signature: each is one that does not hold; Ed25519 signs messages, not hashes."""
    person = consortium["AMSP"].client
    keys = signing.IdentityKeys()
    key, hashes = keys.get(person.serialized)
    assert hashes
    assert keys.get(b"\xff") == (b"", False)
    block = blocks.decode(COMMITTED[1])
    wanted = signing.SignatureClaims(block, [s.creator for s in block.signatures], keys)
    answers = worker.Checker().check(wanted.claims)
    assert answers == b"\x01" * len(wanted.claims)
    signed = wanted.answered(answers)
    assert signed.creators == (True,)
    assert signed.endorsements == ((True,) * len(block.transactions[0].actions[0].endorsements),)
    public, digest, signature = wanted.claims[0]
    for claim in ((key, digest, signature), (b"", digest, signature), (public, digest, b""), (public, digest, b"\x30")):
        assert worker.Checker().check([claim]) == b"\x00"
