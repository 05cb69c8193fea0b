"""What a contract says around its functions: hooks, its own context, the default contract, attributes of callers."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import pytest

from hlf.shim import api, testing


class DeskContext(api.Context):
    """A context that reads the caller's desk once."""

    @cached_property
    def desk(self) -> str:
        return self.client.attribute("desk") or "none"


class Desks(api.Contract):
    """Keeps a trace of what ran, in the order in which it ran."""

    context = DeskContext

    def before_transaction(self, ctx: DeskContext) -> None:
        if ctx.desk == "closed":
            raise api.Refused("DESK_CLOSED", "come back tomorrow")
        if ctx.function in ("act", "peek"):
            ctx.stub.put_state("before", ctx.function.encode())

    def after_transaction(self, ctx: DeskContext, result: object) -> None:
        if result == "wrong":
            raise api.Refused("WRONG_RESULT", "the function did what it must not")
        if ctx.function in ("act", "peek"):
            ctx.stub.put_state("after", str(result).encode())

    def unknown_transaction(self, ctx: DeskContext) -> str:
        ctx.stub.put_state("unknown", b"1")
        return f"{ctx.function} of {ctx.contract} with {len(ctx.stub.args) - 1} arguments at desk {ctx.desk}"

    @api.transaction
    def act(self, ctx: DeskContext, result: str) -> str:
        return result

    @api.query
    def look(self, ctx: DeskContext) -> str:
        return ctx.desk

    @api.query
    def peek(self, ctx: DeskContext) -> str:
        return ctx.desk

    @api.query
    def guarded(self, ctx: DeskContext) -> None:
        ctx.client.assert_attribute("desk", "7")


class Plain(api.Contract):
    name = "plain"
    default = True

    @api.query
    def hello(self, ctx: api.Context) -> str:
        return "hello"


@pytest.fixture
def ledger():
    return testing.Ledger(api.Chaincode("desks", [Desks, Plain]), members=("AMSP",))


@pytest.fixture
def seven():
    return testing.client("AMSP", attributes={"desk": "7"})


def test_hooks_run_around_a_function(ledger, seven):
    """The first sees what is called, the last what came of it, and their writes are the transaction's."""
    written = ledger.invoke("Desks:act", "done", client=seven).writes
    assert written == {"before": b"act", "after": b"done"}


def test_a_hook_that_refuses_ends_the_transaction(ledger, seven):
    """Neither the function nor anything written before it counts."""
    with pytest.raises(api.Refused, match="DESK_CLOSED"):
        ledger.invoke("Desks:act", "x", client=testing.client("AMSP", attributes={"desk": "closed"}))
    with pytest.raises(api.Refused, match="WRONG_RESULT"):
        ledger.invoke("Desks:act", "wrong", client=seven)


def test_arguments_are_checked_before_the_hooks(ledger):
    """A hook may count on a call that is well-formed."""
    with pytest.raises(api.Refused, match="INVALID_ARGUMENT: result: missing"):
        ledger.invoke("Desks:act", client=testing.client("AMSP", attributes={"desk": "closed"}))


def test_a_hook_writes_nothing_in_a_query(ledger, seven):
    """A query stays one, whatever runs around it."""
    assert ledger.evaluate("Desks:look", client=seven).text == "7"
    with pytest.raises(testing.CallFailed) as failed:
        ledger.evaluate("Desks:peek", client=seven)
    assert str(failed.value.__cause__) == "a query writes nothing"


def test_a_contract_answers_for_functions_that_it_does_not_have(ledger, seven):
    """It is asked with its own context, and may write."""
    done = ledger.invoke("Desks:old_name", "1", "2", client=seven)
    assert (done.text, done.writes) == (
        "old_name of Desks with 2 arguments at desk 7",
        {"unknown": b"1"},
    )


def test_the_default_contract_answers_without_its_name(ledger, seven):
    """It need not be the first, and the published metadata names it."""
    assert ledger.evaluate("hello", client=seven).text == "hello"
    with pytest.raises(api.Refused, match="UNKNOWN_FUNCTION: plain has no function 'look'"):
        ledger.evaluate("look", client=seven)
    with pytest.raises(api.Refused, match="UNKNOWN_FUNCTION: desks has no contract 'Nobody'"):
        ledger.evaluate("Nobody:look", client=seven)
    described = ledger.evaluate("org.hyperledger.fabric:GetMetadata", client=seven).json()["contracts"]
    assert {name: each["default"] for name, each in described.items()} == {"Desks": False, "plain": True}


class Renamed(api.Contract):
    @api.transaction(name="CreateAsset")
    def create(self, ctx: api.Context) -> str:
        return f"{ctx.contract}:{ctx.function}"

    @api.query(name="ReadAsset")
    def read(self, ctx: api.Context) -> str:
        return "read"


def test_a_function_may_have_another_name_than_its_method(seven):
    """Clients of a contract in Go go on when it is rewritten; the method's own name is no function then."""
    ledger = testing.Ledger(api.Chaincode("renamed", [Renamed]), members=("AMSP",))
    assert ledger.invoke("CreateAsset", client=seven).text == "Renamed:CreateAsset"
    assert ledger.evaluate("Renamed:ReadAsset", client=seven).text == "read"
    with pytest.raises(api.Refused, match="UNKNOWN_FUNCTION"):
        ledger.invoke("create", client=seven)


def test_an_attribute_is_asked_for(ledger, seven):
    """Whoever's certificate does not have it is refused; the attribute's real value is not told."""
    assert ledger.evaluate("Desks:guarded", client=seven).payload == b""
    for attributes in ({}, {"desk": "12"}):
        with pytest.raises(api.Refused) as refused:
            ledger.evaluate("Desks:guarded", client=testing.client("AMSP", attributes=attributes))
        assert (refused.value.code, refused.value.text) == (
            "ATTRIBUTE_REQUIRED",
            "the caller's certificate must have the attribute desk=7",
        )


def test_the_clients_id_is_the_one_that_go_gives(seven):
    """Contracts in Go and in Python know one owner by one text."""
    found = api.Client(seven.serialized).id
    assert base64.b64decode(found) == b"x509::CN=User1,OU=client::CN=ca.AMSP"


def _hidden(self, ctx, value):
    return value


def _local():
    class Elsewhere:
        pass

    @dataclass
    class Holder:
        part: Elsewhere

    return Holder


_hidden.__annotations__ = {"value": _local()}


def _unhashable(self, ctx, value):
    return value


_unhashable.__annotations__ = {"value": Annotated[str, ["a list"]]}


def _odd(**members):
    return type("Odd", (api.Contract,), {"act": Desks.act, **members})


async def _async(self, ctx):
    return None


def _yields(self, ctx):
    yield 1


def _unreadable(self, ctx, value):
    return value


_unreadable.__annotations__ = {"value": "Nowhere"}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"run": api.query(name="act")(lambda self, ctx: None)}, "Odd has two functions named act"),
        ({"run": api.transaction(_async)}, "Odd:run is async; write def, without await"),
        ({"before_transaction": _async}, "Odd.before_transaction is async; write def"),
        ({"run": api.query(_yields)}, "Odd:run yields; return a list"),
        ({"after_transaction": lambda self, ctx: None}, r"write def after_transaction\(self, ctx, result\)"),
        ({"unknown_transaction": api.transaction(lambda self, ctx: None)}, "is a hook, which the runtime calls"),
        (
            {"run": api.transaction(_hidden)},
            "Odd:run: value: .*Holder.* cannot be read: name 'Elsewhere' is not defined",
        ),
        ({"run": api.transaction(_unhashable)}, "Odd:run: value: .* cannot be read: unhashable type: 'list'"),
        ({"run": api.transaction(_unreadable)}, "Odd:run: an annotation cannot be read: name 'Nowhere'"),
    ],
)
def test_a_contract_that_cannot_run_is_found_at_the_start(members, reason):
    """With the place and the cure, before any client calls."""
    with pytest.raises(api.ContractError, match=reason):
        api.Chaincode("odd", [_odd(**members)])


@pytest.mark.parametrize(
    ("contracts", "reason"),
    [
        ([Plain, type("Other", (api.Contract,), {"default": True, "act": Desks.act})], "more than one default"),
        ([type("Odd", (api.Contract,), {"name": "a:b", "act": Desks.act})], "take a name without a colon"),
        ([type("Odd", (api.Contract,), {"name": "org.hyperledger.fabric", "act": Desks.act})], "no client can call"),
        (
            [type("Odd", (api.Contract,), {"__init__": lambda self, x: None})],
            "Odd cannot be made: .*takes no arguments",
        ),
        ([DeskContext], "give classes that subclass api.Contract"),
        ([Desks()], "give classes that subclass api.Contract"),
    ],
)
def test_a_chaincode_that_cannot_be_put_together_is_found_at_the_start(contracts, reason):
    """A list of something else than contracts, or two that both want to be the default one."""
    with pytest.raises(api.ContractError, match=reason):
        api.Chaincode("odd", contracts)


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        (
            lambda: api.transaction("caller"),
            "@transaction marks 'caller', which is no method; give declarations by keyword",
        ),
        (lambda: api.query(staticmethod(_yields)), "@query marks a staticmethod; write an ordinary method"),
        (lambda: api.query(name="Assets:read"), "@query names a function 'Assets:read'; take a word, as CreateAsset"),
        (lambda: api.transaction()(Plain), "@transaction marks <class .*Plain.*>, which is no method"),
        (lambda: api.transaction(endorsed_by="caller"), r"write endorsed_by=\('caller',\)"),
        (lambda: api.query(read_on="caller"), r"write read_on=\('caller',\)"),
    ],
)
def test_a_decorator_that_is_used_wrongly_says_how_it_is_used(mark, reason):
    """When the module is read, so that the traceback ends at the line that is wrong."""
    with pytest.raises(api.ContractError, match=reason):
        mark()
