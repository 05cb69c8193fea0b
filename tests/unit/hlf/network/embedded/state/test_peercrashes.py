"""Blocks at which every real peer of Fabric 3.1.5 ends, or waits for ever, are told in the log, once each."""

from __future__ import annotations

import logging

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import transaction_pb2

from hlf.network.engines.embedded.state import blocklog, peercrashes
from hlf.wire import rwsets
from tests.support.members import collection, private_put, put
from tests.support.runningchannel import RunningChannel, run

BOTH = ["AMSP", "BMSP"]
SECRET = "a price that nobody may see"
POLICY = (("VALIDATION_PARAMETER", b""),)


def rwset(**parts) -> rwsets.TxRwset:
    return rwsets.TxRwset((rwsets.NamespaceRwset("cc", **parts),))


def policy_of(key: str) -> rwsets.TxRwset:
    return rwset(metadata_writes=(rwsets.MetadataWrite(key, POLICY),))


def without_action(channel: RunningChannel):
    """Return a transaction whose action holds no endorsed one."""
    envelope = channel.who.transaction(put(k=b"1"), BOTH).envelope()
    payload = common_pb2.Payload.FromString(envelope.payload)
    transaction = transaction_pb2.Transaction.FromString(payload.data)
    action = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    action.ClearField("action")
    transaction.actions[0].payload = action.SerializeToString()
    payload.data = transaction.SerializeToString()
    envelope.payload = payload.SerializeToString()
    envelope.signature = channel.who["AMSP"].client.sign(envelope.payload)
    return envelope


def torn(channel: RunningChannel):
    """Return a transaction that cannot be taken apart."""
    envelope = channel.who.transaction(put(k=b"1"), BOTH).envelope()
    payload = common_pb2.Payload.FromString(envelope.payload)
    payload.data = b"\xff"
    envelope.payload = payload.SerializeToString()
    envelope.signature = channel.who["AMSP"].client.sign(envelope.payload)
    return envelope


def envelopes(channel: RunningChannel, *sets: rwsets.TxRwset, chaincode: str = "cc") -> list:
    return [channel.who.transaction(each, BOTH, chaincode=chaincode).envelope() for each in sets]


DEADLY = {
    "no action": (
        lambda channel: [without_action(channel)],
        ["INVALID_ENDORSER_TRANSACTION"],
        {0: peercrashes.NO_ACTION},
    ),
    "an undefined collection": (
        lambda channel: envelopes(channel, private_put("nowhere", {"p": b"v"})[0]),
        ["ENDORSEMENT_POLICY_FAILURE"],
        {0: peercrashes.NO_COLLECTION},
    ),
    "a policy for a key that was deleted": (
        lambda channel: envelopes(channel, put(old=None), policy_of("old")),
        ["VALID", "VALID"],
        {1: peercrashes.NO_VALUE},
    ),
    "a private key's policy, the same way": (
        lambda channel: envelopes(
            channel,
            private_put("ab", {"p": None})[0],
            rwset(collections=(rwsets.CollectionHashed("ab", metadata_writes=(_hashed_policy("p"),)),)),
        ),
        ["VALID", "VALID"],
        {1: peercrashes.NO_VALUE},
    ),
    "a range result without a version": (
        lambda channel: envelopes(channel, rwset(range_queries=(rwsets.RangeQuery("a", "z", True, (_READ,)),))),
        ["PHANTOM_READ_CONFLICT"],
        {0: peercrashes.NO_VERSION},
    ),
    "a tree of degree one": (
        lambda channel: envelopes(
            channel,
            rwset(range_queries=(rwsets.RangeQuery("a", "z", True, (), rwsets.MerkleSummary(1, 1, (b"h",))),)),
        ),
        ["PHANTOM_READ_CONFLICT"],
        {0: peercrashes.NO_VERSION},
    ),
    "one that cannot be taken apart before one that writes": (
        lambda channel: [torn(channel), *envelopes(channel, put(k=b"1"))],
        ["INVALID_ENDORSER_TRANSACTION", "VALID"],
        {0: peercrashes.WITHHELD},
    ),
    "a policy set by one that is not judged": (
        lambda channel: [*envelopes(channel, policy_of("k"), chaincode="nowhere"), *envelopes(channel, put(k=b"1"))],
        ["INVALID_CHAINCODE", "VALID"],
        {0: peercrashes.UNANSWERED},
    ),
}
HARMLESS = {
    "one that cannot be taken apart, after all others": (
        lambda channel: [*envelopes(channel, put(k=b"1")), torn(channel)],
        ["VALID", "INVALID_ENDORSER_TRANSACTION"],
    ),
    "a policy set by one that is not judged, of another key": (
        lambda channel: [*envelopes(channel, policy_of("j"), chaincode="nowhere"), *envelopes(channel, put(k=b"1"))],
        ["INVALID_CHAINCODE", "VALID"],
    ),
    "a policy for a key that is not there": (lambda channel: envelopes(channel, policy_of("never")), ["VALID"]),
    "a deletion with a policy": (
        lambda channel: envelopes(
            channel, rwset(writes=(rwsets.Write("old", None),), metadata_writes=(rwsets.MetadataWrite("old", POLICY),))
        ),
        ["VALID"],
    ),
    "an implicit collection": (
        lambda channel: envelopes(channel, private_put("_implicit_org_AMSP", {"p": b"v"})[0]),
        ["VALID"],
    ),
}
_READ = rwsets.Read("old", None)


def _hashed_policy(key: str) -> rwsets.HashedMetadataWrite:
    (namespace,) = private_put("ab", {key: b"v"})[0].namespaces
    return rwsets.HashedMetadataWrite(namespace.collections[0].writes[0].key_hash, POLICY)


def errors_of(tmp_path, caplog, make, codes: list[str]) -> list[str]:
    """Return the errors that are logged for a block of these envelopes, which gets these codes."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=(collection("ab", "OR('AMSP.member','BMSP.member')"),))
        first = envelopes(channel, put(old=b"0"), private_put("ab", {"p": b"0"})[0])
        assert await channel.raw_block(first) == ["VALID", "VALID"]
        caplog.clear()
        assert await channel.raw_block(make(channel)) == codes
        assert await channel.submit(channel.who.transaction(put(after=b"1"), BOTH)) == "VALID"

    with caplog.at_level(logging.ERROR):
        run(tmp_path, scenario)
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(("make", "codes", "told"), DEADLY.values(), ids=DEADLY)
def test_what_ends_real_peers_is_told_once(tmp_path, caplog, make, codes, told):
    """With the transaction and the reason; here it has its code, and the channel goes on."""
    (words,) = errors_of(tmp_path, caplog, make, codes)
    assert words.startswith("trade: BLOCK 3 WOULD END THIS CHANNEL AT EVERY PEER OF FABRIC 3.1.5")
    for position, why in told.items():
        assert f"transaction {position} (" in words
        assert why in words
    assert words.count("transaction ") == len(told)


@pytest.mark.parametrize(("make", "codes"), HARMLESS.values(), ids=HARMLESS)
def test_what_real_peers_survive_is_not_told(tmp_path, caplog, make, codes):
    """A warning that comes without reason is read by nobody."""
    assert errors_of(tmp_path, caplog, make, codes) == []


def test_a_defect_in_telling_keeps_no_block_from_being_written(tmp_path, caplog, monkeypatch):
    """It is logged like any other, and the block is there."""

    def broken(*_: object) -> None:
        raise KeyError(SECRET)

    monkeypatch.setattr(peercrashes, "of_block", broken)
    told = errors_of(tmp_path, caplog, lambda channel: envelopes(channel, put(k=b"1")), ["VALID"])
    assert all("in broken" in words for words in told)
    assert SECRET not in caplog.text
    assert blocklog.__name__ in {record.name for record in caplog.records}
