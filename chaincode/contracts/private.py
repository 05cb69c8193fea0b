"""
Private values: read from the transient data, proved by hashes, stored in implicit collections.

If several organisations endorse a transaction, it must read the same at each of their peers. But only its holders'
peers have a private value; the others can read only its hash. So the client sends the record in the transient data,
and the contract compares its hash in every collection that must have it.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from chaincode.contracts import store
from chaincode.domain.disclosure import disclosures
from chaincode.domain.disclosure.disclosures import Disclosure
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds
from hlf.codec import canonical, records
from hlf.codec.refusals import RefusalRow, invalid
from hlf.shim import api
from hlf.wire import keys

Record = TypeVar("Record")

MOST_BYTES = 1_000_000


def collection(msp_id: str) -> str:
    """Return the implicit collection of an organisation."""
    return keys.implicit_collection(msp_id)


def transient(ctx: api.Context, name: str) -> bytes:
    """
    Return the transient value under *name*.

    Raises:
        Refused: INVALID_ARGUMENT if it is missing or too long.
    """
    data = ctx.transient.get(name, b"")
    if not data:
        raise invalid(f"transient.{name}", "is missing")
    if len(data) > MOST_BYTES:
        raise invalid(f"transient.{name}", f"is longer than {MOST_BYTES} bytes")
    return data


def text(ctx: api.Context, name: str) -> str:
    """Return the transient value under *name* as text."""
    try:
        return transient(ctx, name).decode()
    except UnicodeDecodeError:
        raise invalid(f"transient.{name}", "is not UTF-8") from None


def salt(ctx: api.Context, name: str = "salt") -> str:
    """
    Return the salt in the transient data under *name*.

    Raises:
        Refused: SALT_TOO_SHORT, INVALID_ARGUMENT.
    """
    return disclosures.check_salt(text(ctx, name), f"transient.{name}")


def record(ctx: api.Context, name: str, kind: type[Record]) -> Record:
    """Return the record of class *kind* in the transient value under *name*."""
    return records.loads(kind, transient(ctx, name), f"transient.{name}")


def disclosed(ctx: api.Context, name: str = "disclosures") -> list[Disclosure]:
    """Return the disclosures in the transient JSON array under *name*."""
    try:
        listed = canonical.loads(transient(ctx, name))
    except canonical.CanonicalError as error:
        raise invalid(f"transient.{name}", error.reason) from None
    if not isinstance(listed, list) or len(listed) not in disclosures.SHOWN:
        raise invalid(f"transient.{name}", f"must be an array of 1 to {disclosures.SHOWN.most} disclosures")
    found = []
    for index, encoded in enumerate(listed):
        field = f"transient.{name}[{index}]"
        if not isinstance(encoded, str):
            raise invalid(field, "must be a text")
        found.append(disclosures.read(encoded, field))
    return found


def prove(ctx: api.Context, data: bytes, key: str, holders: Iterable[str], refusal: RefusalRow, what: str) -> None:
    """
    Raise *refusal* unless each of *holders* stores exactly the bytes *data* under *key*.

    Raises:
        Refused: *refusal*; *what* names the record.
    """
    wanted = hashlib.sha256(data).digest()
    for holder in sorted(holders):
        if ctx.stub.get_private_data_hash(collection(holder), key) != wanted:
            raise refusal(f"{what} differs from the one that {holder} stores")


def pin(ctx: api.Context, key: str, value: bytes, holder: str, what: str) -> None:
    """
    Write *value* to *holder* once; afterwards refuse any other value.

    Raises:
        Refused: COMMITMENT_CHANGED; *what* names the record.
    """
    if held(ctx, key, [holder]):
        prove(ctx, value, key, [holder], Refusal.COMMITMENT_CHANGED, what)
    else:
        put(ctx, key, value, [holder])


def put(ctx: api.Context, key: str, value: bytes, holders: Iterable[str]) -> None:
    """Write *value* under *key* for each of *holders*, who see it and must endorse."""
    for holder in sorted(set(holders)):
        ctx.stub.put_private_data(collection(holder), key, value)


def held(ctx: api.Context, key: str, holders: Iterable[str]) -> bool:
    """Return whether any of *holders* stores something under *key*; every peer can see this."""
    return any(ctx.stub.get_private_data_hash(collection(holder), key) for holder in sorted(set(holders)))


def absent(ctx: api.Context, key: str, holders: Iterable[str], what: str) -> None:
    """
    Refuse if any of *holders* already stores something under *key*.

    Raises:
        Refused: ALREADY_EXISTS.
    """
    if held(ctx, key, holders):
        raise Refusal.ALREADY_EXISTS(f"{what} exists; records are added, not overwritten")


def own(ctx: api.Context, holder: str, key: str, what: str) -> bytes:
    """
    Return what *holder* stores under *key*; only on its own peer, and after a check of the caller.

    Raises:
        Refused: NOT_FOUND.
    """
    data = ctx.stub.get_private_data(collection(holder), key)
    if not data:
        raise Refusal.NOT_FOUND(f"{holder} stores no {what}")
    return data


def listed(
    ctx: api.Context, holder: str, object_type: str, attributes: Sequence[str], most: int | None = None
) -> list[bytes]:
    """
    Return the values of *object_type* with these *attributes* that *holder* stores, the first *most* in the order of
    their keys.

    Only for queries on its peer, and where the attributes leave few or there is a *most*; lists that grow use `page`.
    """
    found = ctx.stub.get_private_data_by_partial_composite_key(collection(holder), object_type, attributes)
    with found:
        return [entry.value for entry in itertools.islice(found, most)]


def page(
    ctx: api.Context,
    holder: str,
    read: Callable[[bytes], Record],
    size: int,
    bookmark: str,
    object_type: str,
    fits: Callable[[Record], bool] = lambda _: True,
) -> tuple[tuple[Record, ...], str]:
    """
    Return up to *size* values that *holder* stores, as *read* reads them and *fits* takes them, and the bookmark of the
    next page.

    A page looks at no more records than the largest page has. So it may have fewer than *size*, even none; only an
    empty bookmark means the end. For queries on the holder's peer.

    Raises:
        Refused: INVALID_ARGUMENT for a size that is not within `bounds.PAGE`.
    """
    bounds.PAGE.check("size", size)
    start = store.marked_key(ctx, bookmark, object_type)
    shown: list[Record] = []
    found = ctx.stub.get_private_data_by_partial_composite_key(collection(holder), object_type, (), start)
    with found:
        for looked_at, entry in enumerate(found):
            if len(shown) == size or looked_at == bounds.PAGE.most:
                return tuple(shown), store.bookmark_of(ctx, entry.key)
            one = read(entry.value)
            if fits(one):
                shown.append(one)
    return tuple(shown), ""


def announce(ctx: api.Context, event: str, **ids: str) -> dict[str, str]:
    """Set the event and return the answer. Both are public in the block, so both have only identifiers."""
    ctx.stub.set_event(event, canonical.dumps(ids))
    return ids
