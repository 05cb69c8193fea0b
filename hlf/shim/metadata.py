"""
A chaincode's metadata: contracts, functions, parameters and JSON schemas.

The form is that of Fabric's contract API, so its tools and user interfaces
read it: ``org.hyperledger.fabric:GetMetadata``. Fabric's schema of that form
allows no ``anyOf`` in a parameter. So a union is one schema of several types
if that is equivalent, else a component of its own.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from hlf.codec import canonical, records, scalars
from hlf.shim.functions import Function

CONTRACT = "org.hyperledger.fabric"
NAME = "GetMetadata"
FUNCTION = f"{CONTRACT}:{NAME}"

_Schema = dict[str, Any]
_SCALARS: dict[Any, _Schema] = {
    str: {"type": "string"},
    bytes: {"type": "string", "format": "binary"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": -canonical.LARGEST_INTEGER, "maximum": canonical.LARGEST_INTEGER},
    float: {"type": "number"},
    Decimal: {"type": "string", "pattern": f"^{scalars.DECIMAL}$", "maxLength": scalars.LONGEST},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
    None: {"type": "null"},
    object: {},
    Any: {},
    list: {"type": "array"},
    dict: {"type": "object"},
}


def describe(name: str, version: str, contracts: Mapping[str, Sequence[Function]], default: str) -> _Schema:
    """Return the metadata of a chaincode; *default* names the default one of its *contracts*."""
    components: _Schema = {}
    described = {
        contract: {
            "name": contract,
            "default": contract == default,
            "info": {"title": contract, "version": version},
            "transactions": [_transaction(function, components) for function in functions],
        }
        for contract, functions in contracts.items()
    }
    return {
        "info": {"title": name, "version": version},
        "contracts": described,
        "components": {"schemas": components},
    }


def _transaction(function: Function, components: _Schema) -> _Schema:
    described: _Schema = {
        "name": function.name,
        "tag": [function.tag],
        "parameters": [
            {
                "name": parameter.name,
                "required": parameter.required,
                "schema": schema(parameter.annotation, components),
            }
            for parameter in function.parameters
        ],
        **function.declared.as_metadata(),
    }
    if function.documentation:
        described["description"] = function.documentation
    if function.returns not in (None, type(None)):
        described["returns"] = schema(function.returns, components)
    return described


def schema(annotation: Any, components: _Schema) -> _Schema:
    """Return the JSON schema of a type; dataclasses and TypedDicts are described once, in *components*."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None:
        return _simple(annotation, components)
    if annotation == records.Amount:
        return {"type": "string", "pattern": "^(0|-?[1-9][0-9]{0,37})$"}
    if origin is typing.Annotated:
        return schema(parts[0], components)
    if origin is typing.Literal:
        return {"enum": list(parts)}
    if origin in (list, tuple, Sequence):
        return {"type": "array", "items": schema(parts[0], components)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": schema(parts[1], components)}
    return _union([schema(part, components) for part in parts], components)


def _union(members: list[_Schema], components: _Schema) -> _Schema:
    """Return the schema of a union of *members*."""
    if all(set(member) == {"enum"} or member == {"type": "null"} for member in members):
        return {"enum": [value for member in members for value in member.get("enum", [None])]}
    types = [member.get("type") for member in members]
    # A keyword such as `minimum` applies to every type that has it, so no two members may share one.
    kinds = {"number" if each == "integer" else each for each in types}
    if None not in types and len(kinds) == len(members):
        return {key: value for member in members for key, value in member.items()} | {"type": types}
    names = [str(member.get("$ref", member.get("type", "value"))).rpartition("/")[2] for member in members]
    named = "Or".join(each[:1].upper() + each[1:] for each in names)
    while named in components and components[named].get("anyOf") != members:
        named += "_"
    components[named] = {"$id": named, "anyOf": members}
    return {"$ref": f"#/components/schemas/{named}"}


def _simple(kind: Any, components: _Schema) -> _Schema:
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {"enum": [each.value for each in kind]}
    if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or typing.is_typeddict(kind)):
        if kind.__name__ not in components:
            components[kind.__name__] = {}
            components[kind.__name__] = _object(kind, components)
        return {"$ref": f"#/components/schemas/{kind.__name__}"}
    # A function may return any type; only parameters must have a strict one.
    return {}


def _object(kind: Any, components: _Schema) -> _Schema:
    fields = records.typed_keys(kind) if typing.is_typeddict(kind) else _fields(kind)
    described: _Schema = {
        "$id": kind.__name__,
        "type": "object",
        "properties": {name: schema(hint, components) for name, (hint, _) in fields.items()},
        "additionalProperties": False,
    }
    required = [name for name, (_, needed) in fields.items() if needed]
    # JSON schema draft 4, which the contract API uses, allows no empty list here.
    return described | ({"required": required} if required else {})


def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    hints, missing = records.field_types(kind), dataclasses.MISSING
    return {
        field.name: (hints[field.name], field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(kind)
    }
