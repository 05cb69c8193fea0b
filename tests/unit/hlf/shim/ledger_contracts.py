"""Contracts that the runtime's tests run."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

from hlf.shim import api, testing


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Part:
    name: str
    count: int = 1


@dataclass(frozen=True)
class Thing:
    """Something with every kind of field."""

    id: str
    colour: Colour
    parts: tuple[Part, ...]
    labels: dict[str, str]
    size: Literal["s", "l"] = "s"
    note: str | None = None


class Things(api.Contract):
    """Exercises every door of the stub."""

    @api.transaction
    def put(self, ctx: api.Context, key: str, value: str) -> str:
        """Write, and say what was there before and is (not) seen after."""
        before = ctx.stub.get_state(key).decode()
        ctx.stub.put_state(key, value.encode())
        return f"{before}>{ctx.stub.get_state(key).decode()}"

    @api.query
    def get(self, ctx: api.Context, key: str) -> bytes:
        return ctx.stub.get_state(key)

    @api.transaction
    def delete(self, ctx: api.Context, key: str) -> None:
        ctx.stub.delete_state(key)

    @api.query
    def listed(self, ctx: api.Context, start: str, end: str) -> list[tuple[str, str]]:
        return [(kv.key, kv.value.decode()) for kv in ctx.stub.get_state_by_range(start, end)]

    @api.transaction
    def copy_range(self, ctx: api.Context, start: str, end: str, to: str) -> int:
        found = list(ctx.stub.get_state_by_range(start, end))
        ctx.stub.put_state(to, str(len(found)).encode())
        return len(found)

    @api.query
    def page(self, ctx: api.Context, start: str, end: str, size: int, bookmark: str = "") -> dict[str, object]:
        found, following = ctx.stub.get_state_by_range_with_pagination(start, end, size, bookmark)
        return {"keys": [kv.key for kv in found], "next": following}

    @api.transaction
    def place(self, ctx: api.Context, kind: str, parts: tuple[str, ...]) -> str:
        key = ctx.stub.create_composite_key(kind, parts)
        ctx.stub.put_state(key, b"x")
        return ":".join((ctx.stub.split_composite_key(key)[0], *ctx.stub.split_composite_key(key)[1]))

    @api.query
    def placed(self, ctx: api.Context, kind: str, parts: tuple[str, ...]) -> list[list[str]]:
        found = ctx.stub.get_state_by_partial_composite_key(kind, parts)
        return [ctx.stub.split_composite_key(kv.key)[1] for kv in found]

    @api.query
    def history(self, ctx: api.Context, key: str) -> list[tuple[str, bool, str]]:
        past = ctx.stub.get_history_for_key(key)
        return [(each.value.decode(), each.is_delete, each.timestamp.isoformat()) for each in past]

    @api.query
    def many(self, ctx: api.Context, keys: tuple[str, ...]) -> list[str]:
        return [value.decode() for value in ctx.stub.get_states(keys)]

    @api.transaction
    def hide(self, ctx: api.Context, collection: str, key: str) -> None:
        ctx.stub.put_private_data(collection, key, ctx.transient["value"])

    @api.query
    def reveal(self, ctx: api.Context, collection: str, key: str) -> bytes:
        return ctx.stub.get_private_data(collection, key)

    @api.query
    def fingerprint(self, ctx: api.Context, collection: str, key: str) -> str:
        return ctx.stub.get_private_data_hash(collection, key).hex()

    @api.query
    def revealed(self, ctx: api.Context, collection: str) -> list[str]:
        return [kv.key for kv in ctx.stub.get_private_data_by_range(collection)]

    @api.transaction
    def purge(self, ctx: api.Context, collection: str, key: str) -> None:
        ctx.stub.purge_private_data(collection, key)

    @api.transaction
    def lock(self, ctx: api.Context, key: str, owners: tuple[str, ...]) -> None:
        ctx.stub.set_state_validation_parameter(key, api.endorsed_by_all_of(owners))

    @api.query
    def locked(self, ctx: api.Context, key: str) -> str:
        return ctx.stub.get_state_validation_parameter(key).hex()

    @api.transaction
    def announce(self, ctx: api.Context) -> None:
        ctx.stub.set_event("First", b"1")
        ctx.stub.set_event("Second", b"2")

    @api.query
    def caller(self, ctx: api.Context) -> dict[str, object]:
        return {
            "msp": ctx.client.msp_id,
            "role": ctx.client.role,
            "attributes": dict(ctx.client.attributes),
            "id": ctx.client.id,
            "at": ctx.timestamp.isoformat(),
            "function": f"{ctx.contract}:{ctx.function}",
        }

    @api.transaction
    def echo(self, ctx: api.Context, thing: Thing) -> Thing:
        """Give back what was understood."""
        return thing

    @api.transaction
    def typed(self, ctx: api.Context, count: int, yes: bool, anything: object, names: list[str]) -> list[object]:
        return [count, yes, anything, names]

    @api.transaction
    def refuse(self, ctx: api.Context) -> None:
        ctx.stub.put_state("never", b"written")
        raise api.Refused("NOT_TODAY", "come back tomorrow")

    @api.transaction
    def fail(self, ctx: api.Context, secret: str) -> None:
        raise KeyError(secret)

    @api.transaction
    def leave(self, ctx: api.Context) -> None:
        raise SystemExit(3)

    @api.query
    def write_in_a_query(self, ctx: api.Context) -> None:
        ctx.stub.put_state("k", b"v")

    @api.transaction
    def call(self, ctx: api.Context, chaincode: str, function: str, key: str) -> str:
        answer = ctx.stub.invoke_chaincode(chaincode, [function, key])
        return f"{answer.status} {answer.payload.decode()}{answer.message}"

    @api.transaction
    def disagree(self, ctx: api.Context) -> str:
        """Answer with what this peer alone holds."""
        return ",".join(kv.key for kv in ctx.stub.get_private_data_by_range("_implicit_org_AMSP"))

    @api.transaction
    def write_many(self, ctx: api.Context, count: int) -> None:
        for number in range(count):
            ctx.stub.put_state(f"n{number:05}", b"v")


class Others(api.Contract):
    name = "elsewhere"

    @api.query
    def hello(self, ctx: api.Context) -> str:
        return "hello"


chaincode = api.Chaincode("things", [Things, Others])


def careless() -> testing.Ledger:
    """Return a ledger whose contract iterates over a set, so that its writes depend on the hash seed."""

    class Careless(api.Contract):
        @api.transaction
        def write(self, ctx: api.Context) -> str:
            return ",".join({"alpha", "beta", "gamma", "delta", "epsilon"})

    ledger = testing.Ledger(api.Chaincode("careless", [Careless]), members=("AMSP",))
    ledger.invoke("write", client=testing.client("AMSP"))
    return ledger


def careful() -> testing.Ledger:
    """Return a ledger with private and public writes, the same under every hash seed."""
    ledger = testing.Ledger(chaincode, members=("AMSP", "BMSP"))
    caller = testing.client("AMSP", attributes={"desk": "7", "floor": "2"})
    ledger.invoke("put", "k", "v", client=caller)
    ledger.invoke("hide", "_implicit_org_AMSP", "k", client=caller, transient={"value": b"secret"})
    ledger.invoke("announce", client=caller)
    return ledger
