"""
Convert frozen dataclasses to canonical bytes and back, for what a contract stores and returns.

The bytes are RFC 8785 (`canonical`), so equal records are equal bytes on every
endorser. Reading is strict: a name that is not a field, a missing field
without a default, or a value of another type is refused with its path, because
a ledger key may have been written by a peer that runs other code. Neither
the path nor the reason quotes a value, which may be private.

Fields may be str, int, bool, float, Decimal, datetime, Optional and other unions (the first member that takes a value
wins), Literal, Enum by value, tuple[X, ...], list[X], Sequence[X], dict[str, X], TypedDict, dataclasses of these, and
object for any JSON value.
"""

from __future__ import annotations

import hashlib
import typing

from hlf.codec import canonical, readers
from hlf.codec.fieldtypes import UNIONS, Amount, Instant, Record, RecordError, field_types, typed_keys
from hlf.codec.readers import shaped
from hlf.codec.writers import plain, writer

__all__ = [
    "UNIONS",
    "Amount",
    "Instant",
    "RecordError",
    "digest",
    "dumps",
    "field_types",
    "loads",
    "plain",
    "shaped",
    "typed_keys",
    "writer",
]


def dumps(value: object) -> bytes:
    """Return the canonical bytes of a record, or of anything made of records."""
    return canonical.dumps(plain(value))


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical bytes, in hex; other records pin this record with it."""
    return hashlib.sha256(dumps(value)).hexdigest()


def loads(kind: type[Record], data: bytes | str, name: str = "") -> Record:
    """
    Return the record of type *kind* in *data*; errors call it *name*, by default its class.

    Raises:
        RecordError: not JSON, or not that record.
    """
    name = name or kind.__name__.lower()
    try:
        value = canonical.loads(data, reals=readers.has_reals(typing.cast(type, kind), frozenset()))
    except canonical.CanonicalError as error:
        raise RecordError(name + error.path[1:], error.reason) from None
    return shaped(kind, value, name)
