"""
What a transaction changed: each public key that it wrote, with the value before and after.

A transaction states which version of a key it read, by block and place; a valid one read the latest. So the value
before is in that block, and no index of a peer has to be trusted. For a key that was written without being read, the
block does not tell the value before.
"""

from __future__ import annotations

from typing import Any

from gateway.audit.histories import Proofs
from hlf.audit.evidence.proofs import TransactionProof
from hlf.audit.records import anatomy
from hlf.codec import canonical
from hlf.wire import blocks, rwsets

# The most earlier blocks that are read for one page.
_MOST_BLOCKS = 20
READ, ABSENT, UNREAD = "read", "absent", "unread"


def of(proof: TransactionProof, peer: Proofs) -> list[dict[str, Any]]:
    """
    Return the public changes of a transaction by key; none for one that peers refused, because it wrote nothing.

    Raises:
        hlf.errors.HlfError: the peer cannot give an earlier block, or it is malformed.
    """
    if not proof.transaction.valid:
        return []
    earlier = _EarlierValues(peer)
    return [
        _change(part, write, earlier)
        for action in proof.transaction.actions
        for part in action.rwset.namespaces
        for write in part.writes
    ]


class _EarlierValues:
    """Values by version, from blocks that are decoded once."""

    def __init__(self, peer: Proofs) -> None:
        self._peer = peer
        self._blocks: dict[int, blocks.Block] = {}

    def value(self, namespace: str, key: str, version: rwsets.Version) -> bytes | None:
        """Return the value that was written at a version; None if it is not there, or too many blocks were read."""
        if version.block not in self._blocks:
            if len(self._blocks) >= _MOST_BLOCKS:
                return None
            self._blocks[version.block] = blocks.decode(self._peer.block(version.block))
        written = self._blocks[version.block].transactions[version.tx : version.tx + 1]
        return next(
            (
                write.value
                for transaction in written
                for action in transaction.actions
                for part in action.rwset.namespaces
                if part.namespace == namespace
                for write in part.writes
                if write.key == key
            ),
            None,
        )


def _change(part: rwsets.NamespaceRwset, write: rwsets.Write, earlier: _EarlierValues) -> dict[str, Any]:
    known, before = UNREAD, None
    read = next((each for each in part.reads if each.key == write.key), None)
    if read is not None and read.version is None:
        known = ABSENT
    elif read is not None and read.version is not None:
        before = earlier.value(part.namespace, write.key, read.version)
        known = UNREAD if before is None else READ
    return {
        "namespace": part.namespace,
        "key": write.key.strip("\0").split("\0"),
        "before": known,
        "deleted": write.is_delete,
        "members": _members(before, write.value),
    }


def _members(before: bytes | None, after: bytes | None) -> list[tuple[str, str | None, str | None]]:
    """Return the differences: by member if both values are objects, else both values under an empty name."""
    old, new = _object(before), _object(after)
    if (old is None and before) or (new is None and after):
        return [("", None if not before else anatomy.shown(before), None if not after else anatomy.shown(after))]
    old, new = old or {}, new or {}
    names = [*new, *(name for name in old if name not in new)]
    return [(name, _text(old, name), _text(new, name)) for name in names if _text(old, name) != _text(new, name)]


def _object(value: bytes | None) -> dict[str, Any] | None:
    try:
        found = canonical.loads(value, reals=True) if value else None
    except canonical.CanonicalError:
        return None
    return found if isinstance(found, dict) else None


def _text(members: dict[str, Any], name: str) -> str | None:
    """Return a member for people: text as it is, anything else as JSON."""
    if name not in members:
        return None
    value = members[name]
    return value if isinstance(value, str) else canonical.dumps(value).decode()
