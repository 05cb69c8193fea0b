"""Parameters and results of every type: how they are written, what is refused with which name, what is published."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, NotRequired, TypedDict

import jsonschema
import pytest

from hlf.codec import canonical
from hlf.codec.records import Amount
from hlf.shim import api, testing


class Unit(enum.Enum):
    KG = "kg"
    LB = "lb"


class Reading(TypedDict):
    """What a scale says."""

    weight: float
    at: NotRequired[datetime]


@dataclass(frozen=True)
class Box:
    kind: Literal["box"]
    price: Decimal
    readings: Sequence[Reading] = ()


@dataclass(frozen=True)
class Pallet:
    kind: Literal["pallet"]
    boxes: tuple[Box, ...]
    limit: int | float | None = None


class Kinds(api.Contract):
    """Gives back what it understood."""

    @api.query
    def real(self, ctx: api.Context, value: float) -> float:
        return value

    @api.query
    def decimal(self, ctx: api.Context, value: Decimal, more: Decimal | None = None) -> Decimal:
        return value + (more or 0)

    @api.query
    def moment(self, ctx: api.Context, value: datetime) -> datetime:
        return value

    @api.query
    def unit(self, ctx: api.Context, value: Unit) -> list[Unit]:
        return [value]

    @api.query
    def either(self, ctx: api.Context, value: int | str | None) -> list[object]:
        return [type(value).__name__, value]

    @api.query
    def cargo(self, ctx: api.Context, value: Box | Pallet) -> Box | Pallet:
        return value

    @api.query
    def typed(self, ctx: api.Context, value: Reading) -> Reading:
        return value

    @api.query
    def listed(self, ctx: api.Context, value: Sequence[float]) -> list[float]:
        return list(value)

    @api.query
    def amounts(self, ctx: api.Context, value: list[Amount]) -> dict[str, Amount | float]:
        return {"sum": sum(value), "mean": sum(value) / len(value)}

    @api.query
    def undeclared(self, ctx: api.Context):  # type: ignore[no-untyped-def]  # noqa: ANN201  (that is the fault)
        return [1.5]


BOX = '{"kind":"box","price":"1.50","readings":[{"weight":0.5},{"at":"2026-11-22T07:05:00Z","weight":2}]}'
CASES = [
    ("real", "1.50", "1.5"),
    ("real", "7", "7"),
    ("real", "1E+2", "100"),
    ("real", "12345678901234567890", "12345678901234567000"),
    ("decimal", "1.50", "1.50"),
    ("moment", "2026-11-22T15:05:00+08:00", "2026-11-22T07:05:00Z"),
    ("unit", "kg", '["kg"]'),
    ("either", "7", '["int",7]'),
    ("either", '"7"', '["str","7"]'),
    ("either", "null", '["NoneType",null]'),
    ("cargo", BOX, BOX),
    ("cargo", f'{{"boxes":[{BOX}],"kind":"pallet","limit":0.25}}', f'{{"boxes":[{BOX}],"kind":"pallet","limit":0.25}}'),
    ("typed", '{"weight": 1e-7}', '{"weight":1e-7}'),
    ("listed", "[1, 2.5]", "[1,2.5]"),
    ("amounts", '["1", "2"]', '{"mean":1.5,"sum":"3"}'),
]


@pytest.fixture
def ledger() -> Any:
    return testing.Ledger(api.Chaincode("kinds", [Kinds]), members=("AMSP",))


@pytest.fixture
def a() -> Any:
    return testing.client("AMSP")


@pytest.mark.parametrize(("function", "argument", "answer"), CASES, ids=[f"{case[0]} {case[1][:20]}" for case in CASES])
def test_a_value_comes_and_goes_in_one_form(
    ledger: testing.Ledger, a: Any, function: str, argument: Any, answer: Any
) -> None:
    """Canonical JSON, or the text of what is a text; whatever form the argument had."""
    assert ledger.evaluate(function, argument, client=a).text == answer


@pytest.mark.parametrize(
    ("function", "argument", "refusal"),
    [
        ("real", "true", "value: must be a number"),
        ("real", '"1"', "value: must be a number"),
        ("real", "NaN", "value: a number that is not an integer"),
        ("real", "1e999", "value: a number beyond what 64 bits hold"),
        ("decimal", "1e3", "value: must be a decimal number such as -12.50"),
        ("moment", "2026-11-22", "value: must be a time with its offset"),
        ("unit", "oz", "value: must be one of kg, lb"),
        ("either", "1.5", "value: a number that is not an integer"),
        ("either", "[]", "value: must be an integer or a string or null"),
        ("cargo", '{"kind":"crate"}', "value: must be Box or Pallet"),
        ("cargo", '{"kind":"box","price":1}', "value: must be Box or Pallet"),
        ("cargo", "7", "value: must be Box or Pallet"),
        ("typed", '{"weight":1,"unit":"kg"}', "value.unit: is not a field"),
        ("typed", '{"at":"2026-11-22T07:05:00Z"}', "value.weight: is missing"),
        ("typed", '{"weight":1,"at":0}', "value.at: must be a time with its offset"),
        ("typed", "[]", "value: must be an object"),
        ("listed", '[1,"2"]', "value[1]: must be a number"),
    ],
)
def test_what_is_wrong_is_named(ledger: testing.Ledger, a: Any, function: str, argument: Any, refusal: Any) -> None:
    """By the parameter and the field in it, without the value."""
    with pytest.raises(api.Refused) as refused:
        ledger.evaluate(function, argument, client=a)
    assert refused.value.code == "INVALID_ARGUMENT"
    assert refused.value.text.startswith(refusal)


def test_the_test_ledger_writes_values_as_a_client_does(ledger: testing.Ledger, a: Any) -> None:
    """A test gives the values themselves."""
    moment = datetime(2026, 11, 22, 7, 5, tzinfo=UTC)
    assert ledger.evaluate("decimal", Decimal("1.50"), Decimal("0.5"), client=a).text == "2.00"
    assert ledger.evaluate("moment", moment, client=a).text == "2026-11-22T07:05:00Z"
    assert ledger.evaluate("unit", Unit.LB, client=a).json() == ["lb"]
    assert ledger.evaluate("real", 0.5, client=a).text == "0.5"
    assert ledger.evaluate("cargo", Box("box", Decimal(2), [{"weight": 1.5, "at": moment}]), client=a).json() == {
        "kind": "box", "price": "2", "readings": [{"at": "2026-11-22T07:05:00Z", "weight": 1.5}],
    }  # fmt: skip


def test_a_float_that_nobody_declared_is_a_defect(ledger: testing.Ledger, a: Any) -> None:
    """Money that became a float by mistake is not written."""
    with pytest.raises(testing.CallFailed) as failed:
        ledger.evaluate("undeclared", client=a)
    assert isinstance(failed.value.__cause__, canonical.CanonicalError)


def test_the_published_schemas_are_those_that_are_kept(ledger: testing.Ledger, a: Any) -> None:
    """Each argument above fits the schema of its parameter, as JSON Schema's own validator reads it."""
    described = ledger.evaluate("org.hyperledger.fabric:GetMetadata", client=a).json()
    functions = {each["name"]: each for each in described["contracts"]["Kinds"]["transactions"]}
    for function, argument, _ in CASES:
        schema = {**functions[function]["parameters"][0]["schema"], "components": described["components"]}
        is_text = schema.get("type") == "string" or "enum" in schema
        value = argument if is_text else canonical.loads(argument, reals=True)
        # References of the contract API are relative to the whole description.
        jsonschema.Draft202012Validator(schema).validate(value)
    assert functions["real"]["parameters"][0]["schema"] == {"type": "number"}
    assert functions["moment"]["returns"] == {"type": "string", "format": "date-time"}
    assert functions["either"]["parameters"][0]["schema"]["type"] == ["integer", "string", "null"]
    assert functions["cargo"]["returns"] == {"$ref": "#/components/schemas/BoxOrPallet"}
    assert described["components"]["schemas"]["Reading"]["required"] == ["weight"]
    # The schema that Fabric gives this form knows no unions beside a parameter or a result, only types and components.
    assert "anyOf" not in str(list(functions.values()))


class BoxOrPallet(TypedDict):
    """A type whose name is that of a union."""

    only: Literal["x"] | Literal["y"] | None


class Named(api.Contract):
    @api.query
    def first(self, ctx: api.Context, value: BoxOrPallet, other: Box | Pallet, last: Unit | Box | None) -> None: ...


def test_a_unions_component_takes_no_name_that_is_taken() -> None:
    """Nor is one of words alone a component: its words are listed together."""
    described = api.Chaincode("named", [Named]).describe()
    schemas = described["components"]["schemas"]
    parameters = described["contracts"]["Named"]["transactions"][0]["parameters"]
    assert [each["schema"]["$ref"].rpartition("/")[2] for each in parameters] == [
        "BoxOrPallet",
        "BoxOrPallet_",
        "ValueOrBoxOrNull",
    ]
    assert schemas["BoxOrPallet"]["properties"] == {"only": {"enum": ["x", "y", None]}}
    assert schemas["ValueOrBoxOrNull"]["anyOf"][0] == {"enum": ["kg", "lb"]}
