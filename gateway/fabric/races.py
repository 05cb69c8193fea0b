"""
Whether a transaction lost a race for a key's policy.

Fabric marks a transaction ENDORSEMENT_POLICY_FAILURE in two cases. Either a required organisation did not endorse
it; then other endorsers are needed. Or a key's policy changed after the endorsing, by an earlier transaction of the
same block or of a block in between; that is a conflict, and the transaction can be sent again.
"""

from __future__ import annotations

from collections.abc import Iterator

from hlf import errors
from hlf.client.network import Network
from hlf.wire import blocks, rwsets
from hlf.wire.endorsement import writepolicies

# How many blocks back to look for a change. Between endorsement and commit come two or three blocks, on a busy
# machine many more.
_BLOCKS = 30

# Codes of transactions with enough endorsers. Fabric checks key policies before reads, so within a block even a
# transaction that lost a race itself blocks later ones.
_AGREED = frozenset({"VALID", "MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT"})


def lost(network: Network, error: errors.CommitError) -> bool:
    """Return whether the policy of a key that the transaction writes was changed after it was endorsed."""
    if error.block_number is None:
        return False
    try:
        return _lost(network, error.block_number, error.transaction_id)
    except errors.HlfError:
        # A caller that may not read blocks gets the peer's own answer.
        return False


def _lost(network: Network, block_number: int, transaction_id: str) -> bool:
    block = blocks.decode(network.block(block_number))
    found = next((each for each in block.transactions if each.transaction_id == transaction_id), None)
    if found is None:
        return False
    seen, written = dict(_reads(found)), set(_written(found))

    def overtaken(key: writepolicies.Place, here: rwsets.Version) -> bool:
        """
        Return whether a change came after the transaction read the key, or, if it did not, is in the same block.
        """
        if key not in written:
            return False
        if key not in seen:
            return here.block == block_number
        version = seen[key]
        return version is None or here > version

    for number in range(block_number, max(block_number - _BLOCKS, 0), -1):
        if number != block_number:
            block = blocks.decode(network.block(number))
        for other in block.transactions:
            here = rwsets.Version(number, other.index)
            if number == block_number:
                counts = other.index < found.index and other.code_name in _AGREED
            else:
                counts = other.valid
            if counts and any(overtaken(key, here) for key in _changed(other)):
                return True
    return False


def _reads(transaction: blocks.BlockTransaction) -> Iterator[tuple[writepolicies.Place, rwsets.Version | None]]:
    for namespace in _namespaces(transaction):
        for read in namespace.reads:
            yield (namespace.namespace, "", read.key), read.version
        for collection in namespace.collections:
            for hashed in collection.reads:
                yield (namespace.namespace, collection.name, hashed.key_hash), hashed.version


def _written(transaction: blocks.BlockTransaction) -> Iterator[writepolicies.Place]:
    """Yield the keys whose policy the transaction must satisfy."""
    for namespace in _namespaces(transaction):
        yield from writepolicies.written(namespace)


def _changed(transaction: blocks.BlockTransaction) -> Iterator[writepolicies.Place]:
    """Yield the keys whose policy the transaction changes; deleting a key removes its policy."""
    for namespace in _namespaces(transaction):
        yield from writepolicies.regoverned(namespace)
        yield from ((namespace.namespace, "", write.key) for write in namespace.writes if write.is_delete)
        for collection in namespace.collections:
            place = namespace.namespace, collection.name
            yield from ((*place, hashed.key_hash) for hashed in collection.writes if hashed.is_delete)


def _namespaces(transaction: blocks.BlockTransaction) -> Iterator[rwsets.NamespaceRwset]:
    for action in transaction.actions:
        yield from action.rwset.namespaces
