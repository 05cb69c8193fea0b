"""
Records under composite keys: load, save, list and the history of one, for every contract.

For an absent record the result is None or a refusal with the code that the contract gives. A record that cannot be
read is a refusal too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypedDict, TypeVar

from chaincode.domain.vocabulary import bounds
from hlf.codec import canonical, moments, records
from hlf.codec.refusals import RefusalRow
from hlf.shim import api

Record = TypeVar("Record")


class KeyChange(TypedDict):
    """One change of a public key, with its key, so that a reader can find it in the block."""

    key: str
    transaction_id: str
    at: str
    deleted: bool
    value: object


def find(ctx: api.Context, kind: type[Record], name: str, *attributes: str) -> Record | None:
    """
    Return the record under (*name*, *attributes*), or None.

    It is read once in a transaction, which sees the same value throughout: its own writes count after it.
    """
    key = ctx.stub.create_composite_key(name, attributes)
    if (kind, key) not in ctx.memo:
        data = read(ctx, key)
        ctx.memo[kind, key] = records.loads(kind, data) if data else None
    found: Record | None = ctx.memo[kind, key]
    return found


def read(ctx: api.Context, key: str) -> bytes:
    """Return the committed value of *key*, empty if there is none; the peer is asked once in a transaction."""
    read_ahead(ctx, [key])
    found: bytes = ctx.memo[key]
    return found


def read_ahead(ctx: api.Context, keys: Iterable[str]) -> None:
    """
    Read the values of *keys* in one message to the peer; `find` and `read` then ask it for none of them.

    Each of them is in the read set, so name those alone that the transaction would read one after another.
    """
    unread = [key for key in dict.fromkeys(keys) if key not in ctx.memo]
    if len(unread) == 1:
        ctx.memo[unread[0]] = ctx.stub.get_state(unread[0])
    elif unread:
        ctx.memo.update(zip(unread, ctx.stub.get_states(unread), strict=True))


def find_all(ctx: api.Context, kind: type[Record], name: str, names: Sequence[str]) -> list[Record | None]:
    """Return the records under (*name*, each of *names*) in their order, as `find` does, in one message to the peer."""
    read_ahead(ctx, [ctx.stub.create_composite_key(name, [each]) for each in names])
    return [find(ctx, kind, name, each) for each in names]


def load(ctx: api.Context, kind: type[Record], refusal: RefusalRow, name: str, *attributes: str) -> Record:
    """
    Return the record under (*name*, *attributes*).

    Raises:
        Refused: *refusal* if there is none.
    """
    found = find(ctx, kind, name, *attributes)
    if found is None:
        raise refusal(f"there is no {name} {' '.join(attributes)}")
    return found


def save(
    ctx: api.Context, record: object, name: str, *attributes: str, held_by: Sequence[str] = (), policy: bytes = b""
) -> None:
    """
    Write *record* under (*name*, *attributes*); from then on all of *held_by* must endorse changes of the key.

    *policy* is any other endorsement policy for the key. With neither, the key keeps its policy; for a new key this
    is the chaincode's.
    """
    key = ctx.stub.create_composite_key(name, attributes)
    ctx.stub.put_state(key, records.dumps(record))
    if held_by:
        policy = api.endorsed_by_all_of(held_by)
    if policy:
        ctx.stub.set_state_validation_parameter(key, policy)


def each(ctx: api.Context, kind: type[Record], name: str, *attributes: str) -> Iterator[Record]:
    """Return every record whose key begins with (*name*, *attributes*), in the order of their keys."""
    with ctx.stub.get_state_by_partial_composite_key(name, attributes) as found:
        for entry in found:
            yield records.loads(kind, entry.value)


def page(
    ctx: api.Context, kind: type[Record], size: int, bookmark: str, name: str, *attributes: str
) -> tuple[tuple[Record, ...], str]:
    """
    Return *size* records whose key begins with (*name*, *attributes*), and the bookmark of the next page.

    A bookmark is the rest of the first key that follows, its parts joined by slashes; it is empty on the last page.
    For queries only: Fabric refuses writes after a page was read.

    Raises:
        Refused: INVALID_ARGUMENT for a size that is not within `bounds.PAGE`.
    """
    found, following = ctx.stub.get_state_by_partial_composite_key_with_pagination(
        name, attributes, bounds.PAGE.check("size", size), marked_key(ctx, bookmark, name, *attributes)
    )
    shown = tuple(records.loads(kind, entry.value) for entry in found)
    return shown, bookmark_of(ctx, following, *attributes) if following else ""


def marked_key(ctx: api.Context, bookmark: str, name: str, *attributes: str) -> str:
    """Return the key with which the page of a bookmark begins; empty for the first page."""
    return ctx.stub.create_composite_key(name, [*attributes, *bookmark.split("/")]) if bookmark else ""


def bookmark_of(ctx: api.Context, key: str, *attributes: str) -> str:
    """Return the bookmark of the page that begins with *key*, in the list of the keys with these *attributes*."""
    return "/".join(ctx.stub.split_composite_key(key)[1][len(attributes) :])


def history(ctx: api.Context, name: str, *attributes: str) -> tuple[KeyChange, ...]:
    """
    Return every committed value that the key had, newest first; for queries, since history is not part of the read set.

    Old values stay visible for ever, and auditors read them here.
    """
    key = ctx.stub.create_composite_key(name, attributes)
    return tuple(
        KeyChange(
            key=key,
            transaction_id=entry.tx_id,
            at=moments.exactly(entry.timestamp),
            deleted=entry.is_delete,
            value=canonical.loads(entry.value) if entry.value else None,
        )
        for entry in ctx.stub.get_history_for_key(key)
    )


def announce(ctx: api.Context, name: str, payload: object) -> None:
    """Set the chaincode event, with identifiers, hashes and states; listeners read the rest from the ledger."""
    ctx.stub.set_event(name, records.dumps(payload))
