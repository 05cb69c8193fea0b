"""Receipts: they prove what is so, against a genesis block or a checkpoint, and nothing else, whatever is forged."""

from __future__ import annotations

import base64
import copy
import dataclasses
import hashlib
import json

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import transaction_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf import audit, errors
from hlf.audit.evidence import anchors, checkpoints, proofs, receipts, validity
from hlf.audit.evidence.opening import ValueOpening
from hlf.audit.evidence.receipts import BlockHeaders, Receipt
from hlf.identity import Identity
from hlf.wire import blocks, rwsets, signatures
from tests.support.members import Consortium, Definition, collection, private_put, put
from tests.support.runningchannel import consortium
from tests.unit.hlf import golden
from tests.unit.hlf.audit.test_audit import _remove_member, _timeout
from tests.unit.hlf.chain import Chain

DOCUMENT = b'{"_sd":["%s"],"_sd_alg":"sha-256","iss":"AMSP"}'


def _disclosure(name: str, value: object) -> str:
    text = json.dumps(["c2FsdHNhbHRzYWx0c2FsdA", name, value])
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _digest(encoded: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(encoded.encode()).digest()).rstrip(b"=").decode()


DISCLOSED = _disclosure("units", 350)
VALUE = DOCUMENT % _digest(DISCLOSED).encode()


class Story:
    """A channel: a definition, an update, private values, an update by admins, two transactions together, a tail."""

    def __init__(self, who: Consortium) -> None:
        self.who = who
        self.chain = Chain(who)
        members = "OR('AMSP.member','BMSP.member')"
        self.chain.add(who.define(Definition("cc", collections=(collection("kept", members),))))
        self.chain.add_config(_timeout, [who.ordering.admin])
        private, _ = private_put("kept", {"p": VALUE})
        self.committed = who.transaction(private, ["AMSP", "BMSP"])
        self.chain.add(self.committed)
        self.chain.add_config(_remove_member, [who[name].admin for name in ("AMSP", "BMSP")])
        self.first = who.transaction(put(k=b"v"), ["AMSP", "BMSP"], event=b"e")
        self.second = who.transaction(put(l=b"w"), ["AMSP", "BMSP"])
        self.chain.add(self.first, self.second)
        self.chain.add(who.transaction(put(m=b"x"), ["AMSP", "BMSP"]))
        self._as_peers_keep_it()

    def _as_peers_keep_it(self) -> None:
        """Put each block's state hash where peers put it."""
        verifier = audit.Verifier()
        for block in self.chain.blocks:
            assert verifier.add(block.SerializeToString())
            state = bytes.fromhex(verifier.report().state_hash)
            block.metadata.metadata[common_pb2.COMMIT_HASH] = common_pb2.Metadata(value=state).SerializeToString()
        assert verifier.report().ok

    def checkpoint(self, height: int, **changes: object) -> checkpoints.SignedCheckpoint:
        """Return what an auditor of BMSP has signed of it."""
        last = blocks.from_message(self.chain.blocks[height - 1])
        auditor = self.who["BMSP"].client
        stated = {
            "channel": self.who.channel_id,
            "genesis_hash": blocks.from_message(self.chain.blocks[0]).hash,
            "height": height,
            "last_hash": last.hash,
            "state_hash": last.commit_hash or b"",
        }
        who = Identity("BMSP", auditor.issued.certificate_pem)
        return checkpoints.sign(**{**stated, **changes}, who=who, signer=auditor)


@pytest.fixture(scope="module")
def story() -> Story:
    return Story(consortium())


@pytest.fixture(scope="module")
def genesis(story) -> anchors.Anchor:
    return anchors.of_block(story.chain.serialized[0])


@pytest.fixture(scope="module")
def receipt(story) -> Receipt:
    """Of the first of the two transactions in block 5."""
    return receipts.from_blocks(story.chain.serialized, story.first.id)


def refused(receipt: Receipt, *trusted: anchors.Anchor) -> str:
    """Return what a receipt fails by, all of it."""
    proof = proofs.check(receipt, trusted)
    assert not proof.verified
    return "; ".join(f"{check.name}: {check.detail}" for check in proof.checks if not check.passed)


# What is so.


def test_a_receipt_is_proved_by_the_genesis_block(story, receipt, genesis):
    """Configurations lead to the block's orderers; who submitted, endorsed and what was written is signed."""
    read = Receipt.from_bytes(receipt.to_bytes())
    assert read == receipt
    assert len(read.configurations) == 3
    proof = proofs.check(read, [genesis])
    assert proof.verified
    assert (proof.endorsers, proof.vouched) == (["AMSP", "BMSP"], proofs.PEER)
    assert [(name, write.key, write.value) for name, write in proofs.writes(proof)] == [("cc", "k", b"v")]


def test_a_ledger_and_an_export_give_the_same_receipt(story, receipt):
    """However it is made, a receipt of one transaction is the same bytes."""
    made = receipts.from_ledger(story.chain.serialized[5], story.first.id, story.chain.serialized.__getitem__)
    assert made.to_bytes() == receipt.to_bytes()
    reached = receipts.from_blocks(story.chain.serialized, story.first.id, heights=[3, 7])
    again = receipts.from_ledger(
        story.chain.serialized[5], story.first.id, story.chain.serialized.__getitem__, heights=[3, 7]
    )
    assert again == reached
    assert (reached.headers.first, len(reached.headers.data_hashes)) == (2, 5)


def test_a_configuration_has_a_receipt_too(story, genesis):
    """It is the end of its own chain."""
    for number in (2, 4):
        block = blocks.decode(story.chain.serialized[number])
        made = receipts.from_ledger(
            story.chain.serialized[number], block.transactions[0].transaction_id, story.chain.serialized.__getitem__
        )
        assert proofs.check(made, [genesis]).verified
    shortened = dataclasses.replace(made, configurations=made.configurations[:-1])
    assert "its sequence is 2" in refused(shortened, genesis)


def test_a_checkpoint_behind_the_block_vouches_for_its_codes(story, receipt, genesis):
    """Its state hash goes over codes and writes, so the word of the peer is not needed."""
    exact = anchors.of_checkpoint(story.checkpoint(6))
    proof = proofs.check(receipt, [exact])
    assert proof.verified
    assert proof.vouched == proofs.CHECKPOINT
    assert proofs.check(receipt, [genesis, exact]).vouched == proofs.CHECKPOINT


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_state_hashes_of_real_fabric_are_arrived_at(number):
    """What real peers keep beside each block comes of its codes and writes and of the one before."""
    chain = [golden.read(name) for name in golden.PEER_BLOCKS[:5]]
    block = blocks.decode(chain[number])
    state = blocks.decode(chain[number]).commit_hash
    before = blocks.decode(chain[number - 1]).commit_hash or b""
    anchor = anchors.Anchor("what an auditor has signed", {number: block.hash}, number, state)
    made = receipts.from_blocks(chain, block.transactions[0].transaction_id)
    assert made.previous_state_hash == before
    assert proofs.check(made, [anchor]).vouched == proofs.CHECKPOINT
    assert validity.proved_by(anchor, block, b"\1" * 32) is False
    assert validity.proved_by(anchor, block, b"") is (True if number == 1 else None)


def test_a_policy_changed_alone_leaves_it_open(story):
    """The value beside it comes from before the block and is part of the state, but is not in the receipt."""
    entry = rwsets.MetadataWrite("k", (("VALIDATION_PARAMETER", b"x"),))
    alone = rwsets.TxRwset((rwsets.NamespaceRwset("cc", metadata_writes=(entry,)),))
    chain = copy.deepcopy(story.chain)
    block = blocks.from_message(chain.add(story.who.transaction(alone, ["AMSP", "BMSP"])))
    anchor = anchors.Anchor("it", {block.number: block.hash}, block.number, b"\1" * 32)
    assert validity.proved_by(anchor, block, b"\1" * 32) is None


@pytest.mark.parametrize(("height", "vouched"), [(1, "peer"), (5, "peer"), (7, "peer")])
def test_a_checkpoint_elsewhere_shows_the_place(story, height, vouched):
    """Headers lead there; what the block's codes are, it does not say."""
    made = receipts.from_blocks(story.chain.serialized, story.first.id, heights=[height])
    proof = proofs.check(made, [anchors.of_checkpoint(story.checkpoint(height))])
    assert proof.verified
    assert proof.vouched == vouched


def test_a_receipt_that_does_not_reach_a_later_checkpoint(story, receipt):
    """The genesis hash in the checkpoint ties the channel; the place then hangs on the orderers' signatures."""
    proof = proofs.check(receipt, [anchors.of_checkpoint(story.checkpoint(7))])
    assert proof.verified
    (trust,) = [check for check in proof.checks if check.name.startswith("trust")]
    assert "orderers' signatures" in trust.detail


def test_without_a_state_before_it_a_checkpoint_vouches_for_nothing(story, receipt):
    """Leaving something out makes a receipt say less, never more."""
    exact = anchors.of_checkpoint(story.checkpoint(6))
    proof = proofs.check(dataclasses.replace(receipt, previous_state_hash=b""), [exact])
    assert (proof.verified, proof.vouched) == (True, proofs.PEER)


def test_disclosed_members_are_what_the_owner_committed_to(story, genesis):
    """The transaction wrote the hash of the document, and the document has the digest of what is disclosed."""
    opening = ValueOpening("cc", "kept", "p", VALUE.decode(), (DISCLOSED,))
    made = receipts.from_blocks(story.chain.serialized, story.committed.id).with_opening(opening)
    proof = proofs.check(Receipt.from_bytes(made.to_bytes()), [genesis])
    assert proof.verified
    assert proof.values == {"units": 350}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"disclosures": (_disclosure("units", 351),)}, "not one that the value commits to"),
        ({"disclosures": (DISCLOSED, DISCLOSED)}, "disclosed twice"),
        ({"disclosures": (_disclosure("iss", "BMSP"),)}, "disclosed twice"),
        ({"disclosures": (_disclosure("_sd", []),)}, "keeps for itself"),
        ({"disclosures": ("!",)}, "not base64url"),
        ({"disclosures": (base64.urlsafe_b64encode(b"[1,2]").rstrip(b"=").decode(),)}, "is not [salt, name, value]"),
        ({"value": VALUE.decode() + " "}, "does not write the hash"),
        ({"key": "q"}, "does not write the hash"),
        ({"collection": "_implicit_org_AMSP"}, "does not write the hash"),
        ({"namespace": "other"}, "does not write the hash"),
    ],
)
def test_other_values_than_were_committed_to_are_refused(story, genesis, changes, words):
    """Another value, another place, a value twice, or no disclosure at all."""
    opening = dataclasses.replace(ValueOpening("cc", "kept", "p", VALUE.decode(), (DISCLOSED,)), **changes)
    made = receipts.from_blocks(story.chain.serialized, story.committed.id).with_opening(opening)
    assert words in refused(made, genesis)


# What is forged.


def _bent(receipt: Receipt, bend) -> Receipt:
    """Return the receipt with its block changed."""
    block = common_pb2.Block.FromString(receipt.block)
    bend(block)
    return dataclasses.replace(receipt, block=block.SerializeToString())


def test_another_transaction_is_not_this_one(story, receipt):
    """Its id must stand where the receipt says, and is the hash of who sent it."""
    with pytest.raises(errors.WireError, match="does not hold transaction"):
        proofs.check(dataclasses.replace(receipt, transaction_id="0" * 64))
    with pytest.raises(errors.WireError, match="at place 1"):
        proofs.check(dataclasses.replace(receipt, index=1))
    with pytest.raises(errors.WireError, match="at place 7"):
        proofs.check(dataclasses.replace(receipt, index=7))


def test_a_transaction_swapped_in(story, receipt, genesis):
    """Whatever stands in the block is under the data hash, and that under the orderers' signatures."""
    other = story.who.transaction(put(k=b"forged"), ["AMSP", "BMSP"])

    def swap(block) -> None:
        block.data.data[0] = other.raw

    forged = dataclasses.replace(_bent(receipt, swap), transaction_id=other.id)
    assert "data hash" in refused(forged, genesis)

    def swap_and_hash(block) -> None:
        swap(block)
        block.header.data_hash = blocks.data_hash(block.data.data)

    forged = dataclasses.replace(_bent(receipt, swap_and_hash), transaction_id=other.id)
    assert "block: signed by orderers" in refused(forged, genesis)


def test_signatures_made_again_by_others(story, receipt, genesis):
    """Members are no orderers of the channel, and another consortium's orderers are not either."""
    for signer in (story.who["AMSP"].peer, Consortium().ordering.orderer):
        forged = _bent(receipt, lambda block, signer=signer: story.chain.sign(block, signer))
        assert "block: signed by orderers" in refused(forged, genesis)


def test_an_endorsement_stripped_or_exchanged(story, receipt, genesis):
    """By whoever can have orderers sign: who has endorsed is counted, and each must have signed these results."""

    def colluding(bend) -> Receipt:
        envelope = story.first.envelope()
        payload = common_pb2.Payload.FromString(envelope.payload)
        transaction = transaction_pb2.Transaction.FromString(payload.data)
        action = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
        bend(action.action.endorsements)
        transaction.actions[0].payload = action.SerializeToString()
        payload.data = transaction.SerializeToString()
        envelope.payload = payload.SerializeToString()
        envelope.signature = story.first.creator.sign(envelope.payload)
        chain = copy.deepcopy(story.chain)
        chain.rebuild(5, [envelope.SerializeToString(), story.second.raw])
        return receipts.from_blocks(chain.serialized, story.first.id)

    def one(endorsements) -> None:
        del endorsements[1:]

    def none(endorsements) -> None:
        del endorsements[:]

    def of_a_stranger(endorsements) -> None:
        endorsements[0].endorser = Consortium(("AMSP",))["AMSP"].peer.serialized

    def of_another(endorsements) -> None:
        endorsements[0].endorser = story.who["BMSP"].client.serialized

    stripped = proofs.check(colluding(one), [genesis])
    assert (stripped.verified, stripped.endorsers) == (True, ["AMSP"])
    assert "nobody has endorsed it" in refused(colluding(none), genesis)
    assert "endorsement of unknown" in refused(colluding(of_a_stranger), genesis)
    assert "endorsement of BMSP: signed over the results: the signature does not hold" in refused(
        colluding(of_another), genesis
    )


def test_configurations_left_out_exchanged_or_added(story, receipt, genesis):
    """The first is the channel, each follows from the one before, and the block names the last."""
    first, second, third = receipt.configurations
    other = Chain(Consortium()).serialized[0]
    for chain, words in {
        (first, third): "its sequence is 2",
        (first, second): "the receipt ends with 2",
        (first,): "the receipt ends with 0",
        (first, second, third, third): "does not come after it",
        (first, third, second): "its sequence is 2",
        (first, story.chain.serialized[1], second, third): "is no configuration block",
        (other, second, third): "another there",
    }.items():
        assert words in refused(dataclasses.replace(receipt, configurations=chain), genesis)
    for chain in ((), (second, third), (story.chain.serialized[3],), (b"",), (b"\xff",)):
        with pytest.raises(errors.WireError, match="genesis block cannot be used"):
            proofs.check(dataclasses.replace(receipt, configurations=chain), [genesis])


def test_a_configuration_that_nobody_released(story, genesis):
    """An orderer alone gives nobody a say: the update is released by the administrators before it."""
    forged = Chain(story.who)
    forged.add_config(_remove_member, [story.who["AMSP"].admin])
    sent = story.who.transaction(put(k=b"v"), ["AMSP", "BMSP"])
    forged.add(sent)
    assert "may not change group" in refused(receipts.from_blocks(forged.serialized, sent.id), genesis)


def test_another_channel_of_the_same_organisations(story, genesis):
    """The same keys, the same orderers, another name or another beginning."""
    other = copy.copy(story.who)
    other.channel_id = "logistics"
    chain = Chain(other)
    sent = other.transaction(put(k=b"v"), ["AMSP", "BMSP"])
    chain.add(sent)
    made = receipts.from_blocks(chain.serialized, sent.id)
    assert proofs.check(made, [anchors.of_block(chain.serialized[0])]).verified
    assert "another there" in refused(made, genesis)
    named = dataclasses.replace(made, channel="trade")
    assert "channel logistics" in refused(named, anchors.of_block(chain.serialized[0]))
    moved = dataclasses.replace(made, configurations=(story.chain.serialized[0],), channel="trade")
    assert "it is for channel logistics" in refused(moved, genesis)


def test_a_code_turned_round_is_found_by_a_checkpoint(story, receipt, genesis):
    """Codes are not signed: against the genesis block they are the peer's word, against a checkpoint they are not."""

    def turn(block) -> None:
        block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = bytes([0, 11])

    turned = _bent(receipt, turn)
    assert proofs.check(turned, [genesis]).vouched == proofs.PEER
    assert "validity" in refused(turned, anchors.of_checkpoint(story.checkpoint(6)))


def test_another_past_is_found_by_a_checkpoint(story, receipt):
    """The state before the block is part of the state behind it."""
    bent = dataclasses.replace(receipt, previous_state_hash=b"\1" * 32)
    assert "validity" in refused(bent, anchors.of_checkpoint(story.checkpoint(6)))


def test_headers_that_lead_elsewhere(story, genesis):
    """One hash in them changed, and the block or the checkpoint is another."""
    made = receipts.from_blocks(story.chain.serialized, story.first.id, heights=[4, 7])
    anchor = anchors.of_checkpoint(story.checkpoint(7))
    assert proofs.check(made, [anchor]).verified
    run = made.headers
    for place in range(len(run.data_hashes)):
        changed = list(run.data_hashes)
        changed[place] = b"\1" * 32
        bent = dataclasses.replace(made, headers=dataclasses.replace(run, data_hashes=tuple(changed)))
        assert "another" in refused(bent, anchor)
    later = BlockHeaders(6, run.previous_hash, run.data_hashes[-1:])
    assert "block 5 is not among them" in refused(dataclasses.replace(made, headers=later), genesis)


@pytest.mark.parametrize(
    "changes", [{"state_hash": b"\1" * 32}, {"last_hash": b"\1" * 32}, {"genesis_hash": b"\1" * 32}]
)
def test_a_checkpoint_of_something_else(story, receipt, changes):
    """Another state, another last block or another channel."""
    assert refused(receipt, anchors.of_checkpoint(story.checkpoint(6, **changes)))


# What is no receipt.


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (lambda text: text[:-1], "not JSON"),
        (lambda text: text.replace('"index":0', '"index":0,"index":1'), "stands twice"),
        (lambda text: text.replace('"index":0', '"index":0,"more":1'), "unknown member 'more'"),
        (lambda text: text.replace('"index":0,', ""), "has no index"),
        (lambda text: text.replace('"index":0', '"index":0.0'), "has no index, or not as"),
        (lambda text: text.replace('"index":0', '"index":true'), "has no index, or not as"),
        (lambda text: text.replace('"index":0', '"index":-1'), "out of its range"),
        (lambda text: text.replace('"index":0', '"index":1' + "0" * 5000), "not JSON"),
        (lambda text: text.replace('"index":0', '"index":NaN'), "NaN is no JSON"),
        (lambda text: text.replace('"version":1', '"version":2'), "of version 2"),
        (lambda text: text.replace("selat.receipt", "selat.checkpoint"), "not a selat.receipt"),
        (lambda text: text.replace('"channel":"trade"', '"channel":"\\ud800"'), "lone surrogate"),
        (lambda text: text.replace('"channel":"trade"', '"channel":"../trade"'), "not of its form"),
        (lambda text: text.replace('"headers":null', '"headers":[]'), "has no headers"),
        (lambda text: text.replace('"disclosure":null', '"disclosure":' + "[" * 50_000), "nested too deeply"),
        (lambda text: text.replace('"disclosure":null', '"disclosure":' + '{"a":' * 50_000), "nested too deeply"),
        (lambda text: text.replace('"block":"', '"block":"!'), "not base64"),
        (lambda text: text.replace('"block":"', '"block":"é'), "not base64"),
        (lambda text: "[" + "[]," * 2_000_001 + "0]", "more than 2000000 elements"),
        (lambda text: "null", "is no JSON object"),
        (lambda text: "", "not JSON"),
    ],
)
def test_a_file_that_is_none(receipt, bend, words):
    """Whatever is wrong with it is said, in one line and without a traceback."""
    with pytest.raises(errors.WireError, match=words):
        Receipt.from_bytes(bend(receipt.to_bytes().decode()).encode())


@pytest.mark.parametrize("data", [b"\xff", b"\xef\xbb\xbf{}", b"\0", b"{" * 100, bytes(range(256))])
def test_bytes_that_are_none(data):
    """Not even text."""
    with pytest.raises(errors.WireError):
        Receipt.from_bytes(data)


def test_a_file_that_is_too_large():
    """Is refused before it is taken apart."""
    with pytest.raises(errors.WireError, match="longer than 64 MiB"):
        Receipt.from_bytes(b" " * (64 << 20) + b"x")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(data=st.data())
def test_any_member_may_be_anything(receipt, data):
    """A verdict or a WireError, whatever stands under any name."""
    document = json.loads(receipt.to_bytes())
    name = data.draw(st.sampled_from(sorted(document)))
    document[name] = data.draw(_JSON)
    try:
        proofs.check(Receipt.from_bytes(json.dumps(document).encode()))
    except errors.WireError:
        return


@given(garbage=st.binary(max_size=200), place=st.sampled_from(["block", "configurations"]))
def test_any_bytes_may_stand_for_a_block(receipt, genesis, garbage, place):
    """Garbage where Fabric's messages should be gives a verdict or a WireError."""
    forged = {"block": garbage, "configurations": (receipt.configurations[0], garbage)}
    bent = dataclasses.replace(receipt, **{place: forged[place]})
    try:
        assert not proofs.check(bent, [genesis]).verified
    except errors.WireError:
        return


# Checkpoints.


def test_a_checkpoint_comes_back_as_it_was(story):
    """Read again, its signature holds, and its signer is a member of the channel."""
    made = story.checkpoint(6)
    read = checkpoints.SignedCheckpoint.from_bytes(made.to_bytes())
    assert read == made
    read.check_signature()
    assert read.signer.startswith("BMSP, ")


@pytest.mark.parametrize("name", ["channel", "genesis_hash", "height", "hash", "state_hash", "made_at", "msp_id"])
def test_every_word_of_a_checkpoint_is_signed(story, name):
    """One of them changed, and the signature does not hold."""
    made = story.checkpoint(6)
    other = {
        "channel": "other",
        "height": 7,
        "made_at": "2020-01-01T00:00:00Z",
        "msp_id": "AMSP",
    }.get(name, b"\1" * 32)
    with pytest.raises(errors.WireError, match="signature does not hold"):
        dataclasses.replace(made, **{name: other}).check_signature()


def test_a_checkpoint_signed_by_another_key(story):
    """The certificate is signed too, so it cannot be exchanged for somebody else's."""
    made = story.checkpoint(6)
    other = story.who["AMSP"].client
    with pytest.raises(errors.WireError, match="signature does not hold"):
        dataclasses.replace(made, certificate=other.issued.certificate_pem).check_signature()
    for certificate in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(errors.WireError, match="certificate cannot be used"):
            dataclasses.replace(made, certificate=certificate).check_signature()


def test_what_a_fabric_identity_signs_otherwise_is_no_checkpoint(story):
    """A signature over anything in Fabric cannot be used for one: no message begins with a zero."""
    made = story.checkpoint(6)
    signed = made._signed()
    assert signed[0] == 0
    assert signatures.verify(story.who["BMSP"].client.issued.key.public_key(), made.signature, signed)


def test_membership_is_told_by_the_configuration(story):
    """Whoever is on the channel counts; a namesake's certificate does not."""
    bundle = proofs.check(receipts.from_blocks(story.chain.serialized, story.first.id)).members
    assert story.checkpoint(6).membership_refusal(bundle) is None
    stranger = Consortium(("BMSP",))["BMSP"].client
    forged = dataclasses.replace(story.checkpoint(6), certificate=stranger.issued.certificate_pem)
    assert forged.membership_refusal(bundle)


def test_an_anchor_is_a_checkpoint_or_a_block(story, genesis):
    """A file says by itself which it is; anything else is neither."""
    assert anchors.read(story.chain.serialized[0]) == genesis
    assert anchors.read(b" " + story.checkpoint(6).to_bytes()).state_number == 5
    for data in (b"", b"\xff", b"{", b"{}", b"null"):
        with pytest.raises(errors.WireError):
            anchors.read(data)
    bent = common_pb2.Block.FromString(story.chain.serialized[5])
    bent.header.data_hash = b"\1" * 32
    with pytest.raises(errors.WireError, match="neither a checkpoint nor a block"):
        anchors.read(bent.SerializeToString())
