"""Names that Fabric reserves, and names that are computed: transaction ids, composite keys, implicit collections."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hlf.errors import WireError

LIFECYCLE = "_lifecycle"
SYSTEM_CHAINCODES = frozenset({LIFECYCLE, "cscc", "lscc", "qscc"})
"""The chaincodes that are part of every peer."""
VALIDATION_PARAMETER = "VALIDATION_PARAMETER"
"""The entry in a key's metadata with its own endorsement policy, a serialized ``SignaturePolicyEnvelope``."""

LARGEST = "\U0010ffff"
"""The end of a range over all keys with a prefix; so no part of a composite key may contain it."""

_IMPLICIT = "_implicit_org_"
_SEPARATOR = "\x00"


def transaction_id(nonce: bytes, creator: bytes) -> str:
    """Return Fabric's id of the transaction that *creator* (a serialized identity) proposes with *nonce*."""
    return hashlib.sha256(nonce + creator).hexdigest()


def hash_key(key: bytes) -> bytes:
    """Return the SHA-256 by which Fabric hashes private keys and values for the channel."""
    return hashlib.sha256(key).digest()


def composite_key(object_type: str, attributes: Sequence[str]) -> str:
    """
    Return the key under which Fabric's shims store *object_type* with *attributes*.

    Raises:
        WireError: a part contains U+0000 or U+10FFFF, which the form reserves, or cannot be encoded.
    """
    for part in (object_type, *attributes):
        if _SEPARATOR in part or LARGEST in part:
            raise WireError("a part of a composite key contains U+0000 or U+10FFFF, which its form reserves")
        _utf8(part)
    return _SEPARATOR + "".join(part + _SEPARATOR for part in (object_type, *attributes))


def split_composite_key(key: str) -> tuple[str, list[str]]:
    """
    Return the object type and attributes of a composite key.

    Raises:
        WireError: *key* is a simple key.
    """
    if len(key) < 2 or not key.startswith(_SEPARATOR) or not key.endswith(_SEPARATOR):
        raise WireError("not a composite key: it neither starts nor ends with U+0000 as one does")
    object_type, *attributes = key[1:-1].split(_SEPARATOR)
    return object_type, attributes


def implicit_collection(msp_id: str) -> str:
    """Return the name of the collection that every chaincode has for the organisation *msp_id* alone."""
    return _IMPLICIT + msp_id


def msp_of_implicit_collection(name: str) -> str | None:
    """Return the organisation whose implicit collection *name* is; None for an explicit collection."""
    return name[len(_IMPLICIT) :] if name.startswith(_IMPLICIT) else None


def _utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise WireError("a part of a composite key contains a lone surrogate, which UTF-8 cannot carry") from None
