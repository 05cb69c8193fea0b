"""
What one transaction does to one key, added up as Fabric's state validator adds it.

An honest peer's read-write set says of a key at most one write and one change
of its metadata. Fabric keeps a flag for each and adds them, so what a set says
twice becomes something else: two writes are a change of metadata alone, two
removals of metadata are a deletion. Peers agree on that, so it is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass

# Fabric adds in a byte.
_MOST = 0xFF
_WRITE, _SET_METADATA, _REMOVE_METADATA, _DELETE = 1, 2, 4, 8


@dataclass(slots=True)
class Operation:
    """The sum for one key; *value* and *metadata* are the last that were given."""

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
        """Whether the key goes, with its metadata."""
        return bool(self.flags & _DELETE)

    @property
    def keeps_metadata(self) -> bool:
        """Whether the key gets a new value alone; after a full turn of the byte there may be none to give."""
        return self.flags | _WRITE == _WRITE

    @property
    def keeps_value(self) -> bool:
        """Whether the key, if there is one, gets new metadata alone."""
        both = self.flags & _WRITE and self.flags & (_SET_METADATA | _REMOVE_METADATA)
        return not self.deletes and not self.keeps_metadata and not both
