"""
The operations of one transaction on one key, added up as Fabric's state validator adds them.

An honest peer's read-write set has at most one write and one change of metadata
for a key. Fabric adds a number for each, so a repeated operation becomes another
one: two writes are a change of metadata, two removals of metadata a deletion.
All peers do this, so the engine does it too.
"""

from __future__ import annotations

from dataclasses import dataclass

# Fabric's sum is a byte.
_MOST = 0xFF
_WRITE, _SET_METADATA, _REMOVE_METADATA, _DELETE = 1, 2, 4, 8


@dataclass(slots=True)
class Operation:
    """The sum for one key, with the last *value* and *metadata*."""

    flags: int = 0
    value: bytes | None = None
    metadata: bytes | None = None

    def write(self, value: bytes | None) -> None:
        """Count a write; None deletes."""
        self._add(_DELETE if value is None else _WRITE)
        if value is not None:
            self.value = value

    def change_metadata(self, metadata: bytes | None) -> None:
        """Count a change of metadata; None removes all."""
        self._add(_REMOVE_METADATA if metadata is None else _SET_METADATA)
        if metadata is not None:
            self.metadata = metadata

    def _add(self, flag: int) -> None:
        self.flags = self.flags + flag & _MOST

    @property
    def deletes(self) -> bool:
        """Whether the key and its metadata are deleted."""
        return bool(self.flags & _DELETE)

    @property
    def keeps_metadata(self) -> bool:
        """Whether only the value changes; after an overflow of the byte there may be no value."""
        return self.flags | _WRITE == _WRITE

    @property
    def keeps_value(self) -> bool:
        """Whether only the metadata change, if there is such a key."""
        both = self.flags & _WRITE and self.flags & (_SET_METADATA | _REMOVE_METADATA)
        return not self.deletes and not self.keeps_metadata and not both
