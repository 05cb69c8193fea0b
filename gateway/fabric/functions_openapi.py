"""OpenAPI of one chaincode, made from the metadata that it publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.fabric.declarations import DeclaredFunction
from gateway.http import description

Node = dict[str, Any]

_ARRAY_OF_TEXT: Node = {"type": "array", "items": {"type": "string"}}


def document(channel: str, chaincode: str, functions: Mapping[str, DeclaredFunction]) -> Node:
    """Return the description of a chaincode's functions, each at its own address, as OpenAPI 3.1."""
    paths = {}
    for name, function in sorted(functions.items()):
        kind = "submit" if function.writes else "evaluate"
        paths[f"/{kind}/{name}"] = {"post": _operation(function, kind)}
        paths[f"/preflight/{name}"] = {"post": _operation(function, "preflight")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{chaincode} on {channel}",
            "version": "1",
            "description": "Functions of a chaincode, as it publishes them, called through a gateway.",
        },
        "servers": [{"url": f"/v1/channels/{channel}/chaincodes/{chaincode}"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": description.PROBLEM, "Preflight": _PREFLIGHT},
            "securitySchemes": description.SPEC["components"]["securitySchemes"],
            "parameters": {"IdempotencyKey": description.SPEC["components"]["parameters"]["IdempotencyKey"]},
        },
    }


def _operation(function: DeclaredFunction, kind: str) -> Node:
    words = " ".join(function.description.split("\n\n")[0].split())
    about = {"preflight": f"Who would see and must endorse {function.name}"}.get(kind, words or function.name)
    declared = {
        "x-endorsed-by": function.endorsed_by,
        "x-transient": function.transient,
        "x-called-by": function.called_by or None,
        "x-read-on": function.read_on or None,
    }
    operation: Node = {
        "operationId": f"{kind}_{function.name.replace(':', '_')}",
        "tags": [function.name.partition(":")[0]],
        "summary": about,
        "requestBody": {"required": True, "content": {"application/json": {"schema": _body(function)}}},
        "responses": {
            "200": {"description": "The answer", "content": {"application/json": {"schema": _answer(function, kind)}}},
            "default": {
                "description": "A problem",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
        **{name: list(value) for name, value in declared.items() if value is not None},
    }
    if function.description and kind != "preflight":
        operation["description"] = function.description
    if kind == "submit":
        operation["parameters"] = [{"$ref": "#/components/parameters/IdempotencyKey"}]
    return operation


def _body(function: DeclaredFunction) -> Node:
    schemas = function.schemas or tuple({} for _ in function.parameters)
    arguments: Node = {
        "type": "object",
        "properties": dict(zip(function.parameters, schemas, strict=True)),
        "additionalProperties": False,
    }
    needed = [name for name in function.parameters if name not in function.optional]
    if needed:
        arguments["required"] = needed
    private: Node = {"type": "object", "description": "Private values: only the endorsers see them"}
    if function.transient is not None:
        private |= {"properties": {name: {} for name in function.transient}, "additionalProperties": False}
    properties = {"arguments": arguments, "transient": private, "endorsing_organizations": _ARRAY_OF_TEXT}
    body: Node = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**body, "required": ["arguments"]} if needed else body


def _answer(function: DeclaredFunction, kind: str) -> Node:
    if kind == "preflight":
        return {"$ref": "#/components/schemas/Preflight"}
    properties: Node = {"result": function.answer, "result_base64": {"type": "string"}}
    if kind == "submit":
        properties |= {"transaction_id": {"type": "string"}, "block_number": {"type": "integer"}}
    return {"type": "object", "properties": properties, "required": sorted(properties)}


_PREFLIGHT: Node = {
    "type": "object",
    "properties": {
        "function": {"type": "string"},
        "declared": {"type": "boolean"},
        "query": {"type": "boolean"},
        **dict.fromkeys(
            ("must_endorse", "will_see", "private", "endorsed_by", "transient", "called_by", "read_on"), _ARRAY_OF_TEXT
        ),
    },
}
