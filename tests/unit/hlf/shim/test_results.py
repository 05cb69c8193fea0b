"""What a function returns is what its annotation, and so the published metadata, says; or the transaction fails."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import pytest

from hlf.codec.records import Amount
from hlf.shim import api, testing
from hlf.shim.contracts import results
from hlf.shim.errors import ContractError


@dataclass(frozen=True)
class Lot:
    name: str
    price: Amount
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counted:
    """One whose second field is made of its first, so that it cannot be made of both."""

    name: str
    letters: int = field(init=False, default=0)


class Lots(api.Contract):
    """Writes, and then returns what it should not."""

    @api.transaction
    def sell(self, ctx: api.Context, name: str) -> Lot:
        ctx.stub.put_state(name, b"sold")
        return Lot(name, 12.5)  # type: ignore[arg-type]  # That is the fault.

    @api.transaction
    def seal(self, ctx: api.Context, name: str) -> dict[str, int]:
        ctx.stub.put_private_data("_implicit_org_Org1MSP", name, ctx.transient[name])
        return {ctx.transient[name].decode(): "no number"}  # type: ignore[dict-item]  # That is the fault.


@pytest.fixture
def ledger():
    return testing.Ledger(api.Chaincode("lots", [Lots]), members=["Org1MSP"])


FITTING = [
    (str, "a"),
    (bytes, b"a"),
    (type(None), None),
    (str | None, None),
    (Lot, Lot("a", 1, ("b",))),
    (Lot, {"name": "a", "price": "1"}),
    (list[Lot], (Lot("a", 1),)),
    (dict[str, int], {"a": 1}),
    (float, 1),
    (object, {"a": [1, None]}),
    # These have no strict form, and are written as they are.
    (None, 1),
    (Any, 1),
    (dict[str, Any], {"a": "b"}),
    (tuple[int, str], (1, "a")),
    (Counted, Counted("a")),
    (bytes | None, b"a"),
]
UNFIT = [
    (str, None, "result: must be str, not NoneType"),
    (str, b"a", "result: must be str, not bytes"),
    (bytes, "a", "result: must be bytes, not str"),
    (type(None), "a", "result: must be"),
    (int, True, "result: must be an integer, not true or false"),
    (int, None, "result: must be an integer, not null"),
    (Lot, Lot("a", 1, (1,)), r"result\.tags\[0\]: must be a string, not an integer"),  # type: ignore[arg-type]
    (Lot, {"name": "a", "price": "1", "weight": 3}, r"result\.weight: is not a field"),
    (list[Lot], None, "result: must be a list"),
    (dict[str, int], {"a": "b"}, r"result\.a: must be an integer, not a string"),
]


@pytest.mark.parametrize(("annotation", "value"), FITTING)
def test_a_result_of_the_annotated_type_is_written(annotation, value):
    """Also as the plain values that it is written as."""
    assert results.encoder("Lots:sell", annotation)(value) == results.encoder("", None)(value)


@pytest.mark.parametrize(("annotation", "value", "words"), UNFIT)
def test_a_result_of_another_type_is_an_error_of_the_contract(annotation, value, words):
    """It names function and field, and no value."""
    with pytest.raises(ContractError, match=f"Lots:sell returned what its annotation does not allow: {words}"):
        results.encoder("Lots:sell", annotation)(value)


def test_nothing_of_such_a_transaction_is_written(ledger, caplog):
    """The caller hears that it failed, and the log says where and why."""
    with caplog.at_level(logging.ERROR), pytest.raises(testing.CallFailed) as failed:
        ledger.invoke("sell", "L1", client=testing.client("Org1MSP"))
    assert isinstance(failed.value.__cause__, ContractError)
    assert "result.price" in caplog.text
    assert "12.5" not in caplog.text + str(failed.value)
    assert list(ledger.world.range("lots", "", "")) == []


def test_a_private_key_of_a_result_is_not_told(ledger, caplog):
    """A dictionary's key is a value; where the transaction saw a private one, the log has the place alone."""
    with caplog.at_level(logging.ERROR), pytest.raises(testing.CallFailed) as failed:
        ledger.invoke("seal", "L1", client=testing.client("Org1MSP"), transient={"L1": b"secret"})
    assert "secret" not in caplog.text + str(failed.value)
    assert "Lots:seal failed with ContractError" in caplog.text
