"""Names computed from other things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlf.errors import WireError
from hlf.wire import keys
from tests.unit.hlf import golden

PARTS = st.text(st.characters(exclude_characters="\x00\U0010ffff", exclude_categories=["Cs"]))


def test_transaction_ids_are_those_that_real_peers_accepted():
    """A transaction's id is the hash of its nonce and creator."""
    checked = 0
    for name in golden.PEER_BLOCKS:
        for transaction in golden.block(name).transactions:
            if transaction.transaction_id:
                assert keys.transaction_id(transaction.nonce, transaction.creator) == transaction.transaction_id
                checked += 1
    assert checked >= 20


def test_a_composite_key_is_the_one_the_node_shim_wrote():
    """The form is that of Fabric's own shims."""
    written = [
        write.key
        for transaction in golden.block("block-00130-composite-put.peer.pb").transactions
        for namespace in transaction.actions[0].rwset.namespaces
        for write in namespace.writes
    ]
    assert written
    for key in written:
        object_type, attributes = keys.split_composite_key(key)
        assert attributes
        assert keys.composite_key(object_type, attributes) == key


@given(PARTS, st.lists(PARTS))
def test_a_composite_key_comes_apart_into_its_parts(object_type, attributes):
    """Splitting undoes joining, for every text the form allows."""
    assert keys.split_composite_key(keys.composite_key(object_type, attributes)) == (object_type, attributes)


@pytest.mark.parametrize("part", ["\x00", "a\x00b", "\U0010ffff", "\ud800"])
def test_a_part_that_the_form_reserves_is_refused(part):
    """Otherwise two different lists of parts could give one key."""
    with pytest.raises(WireError):
        keys.composite_key("type", [part])
    with pytest.raises(WireError):
        keys.composite_key(part, [])


@pytest.mark.parametrize("key", ["", "plain", "\x00", "\x00open", "closed\x00"])
def test_a_simple_key_is_not_split(key):
    """A simple key has no parts to give."""
    with pytest.raises(WireError):
        keys.split_composite_key(key)


def test_implicit_collections_name_their_organisation():
    """The name leads back to the organisation, and other names lead nowhere."""
    name = keys.implicit_collection("CustomsMSP")
    assert name == "_implicit_org_CustomsMSP"
    assert keys.msp_of_implicit_collection(name) == "CustomsMSP"
    assert keys.msp_of_implicit_collection("tender") is None


def test_private_keys_are_hashed_as_on_the_channel():
    """The block that wrote key `p1` privately holds its hash and nothing more."""
    block = golden.block("block-00044-pvt-put-org1-via-transient.peer.pb")
    (action,) = block.transactions[0].actions
    hashed = [w.key_hash for n in action.rwset.namespaces for c in n.collections for w in c.writes]
    assert hashed == [keys.hash_key(b"p1")]
