"""
Complete the OpenAPI description of the views: answers, problems, headers, scopes and contract functions.

It is OpenAPI 3.1, whose schemas are JSON Schema: patterns are those of ECMA-262, for the whole text.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin, get_type_hints

from flask import Flask

from gateway.events.cloudevents import CLOUD_EVENT
from gateway.examples.documenting import template
from gateway.http import auth, budgets, freshness, idempotency, inputs, problemtypes, viewcalls
from gateway.jobs import accepting

Node = dict[str, Any]

_JSON, _PROBLEM_JSON = "application/json", "application/problem+json"
# Scopes whose answers are text: the media type and a description.
_TEXTS = {
    "events": (
        "text/event-stream",
        "Server-sent events; the data of each is a CloudEvent: #/components/schemas/CloudEvent",
    ),
    "metrics": ("text/plain", "Metrics in the text format of Prometheus"),
}
PROBLEM: Node = {
    "type": "object",
    "description": "Problem details (RFC 9457). `code` is stable; `type` leads to its meaning.",
    "required": ["type", "title", "status", "detail", "code", "cure", "request_id"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Address that explains the code",
            "examples": ["/docs/errors#NO_SUCH_ADDRESS"],
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": sorted(problemtypes.PROBLEM_TYPES)},
        "cure": {"type": "string"},
        "request_id": {"type": "string"},
        "transaction_id": {"type": "string", "description": "Id of the Fabric transaction, if there is one"},
        "committed": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Committed transactions of this request, if it failed after the first",
        },
        "errors": {"type": "object", "description": "Errors of the request, for each field"},
        "fabric": {"type": "object", "description": "Fabric's own messages, for each endorser"},
    },
}
_HEADERS: Node = {
    "X-Request-Id": {"description": "Names the request in the gateway's log", "schema": {"type": "string"}},
    freshness.BLOCK: {
        "description": f"The last block of each channel that the request wrote to; a value for {freshness.AFTER}",
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "`true` if this repeats the answer to an earlier request with the same key",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {"description": "Seconds to wait before another attempt", "schema": {"type": "string"}},
    budgets.POLICY: {"description": "The caller's budgets of requests", "schema": {"type": "string"}},
    budgets.LEFT: {"description": "What is left of these budgets", "schema": {"type": "string"}},
}
SPEC: dict[str, Any] = {
    "info": {
        "description": "Cross-border trade on Hyperledger Fabric. All calls but the public ones need an access token, "
        "which speaks for one organisation's user. Failures are problem documents (RFC 9457), listed at /docs/errors.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "servers": [{"url": "/", "description": "This gateway"}],
    "security": [{"token": []}],
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "selat gateway token create"}},
        "headers": _HEADERS,
        "parameters": {
            "IdempotencyKey": {
                "in": "header",
                "name": idempotency.HEADER,
                "schema": {"type": "string", "pattern": f"^{idempotency.KEY.pattern}$"},
                "description": "A request repeated with the same key acts once and gets the same answer.",
            },
            "Prefer": {
                "in": "header",
                "name": accepting.PREFER,
                "schema": {"type": "string"},
                "description": f"`{accepting.ASYNC}`: do not wait for the answer, which a job gets. With "
                f"`{accepting.RETRY}` beside it, the request is done again after a conflict.",
                "example": accepting.ASYNC,
            },
            "BuildOn": {
                "in": "header",
                "name": freshness.AFTER,
                "schema": {"type": "string", "pattern": freshness.FORM},
                "description": f"Blocks that the answer must build on, as {freshness.BLOCK} told them",
                "example": "trade=42",
            },
            "LastEvent": {
                "in": "header",
                "name": "Last-Event-ID",
                "schema": {"type": "string"},
                "description": "The id of the last event that the reader has seen; the query's `after` means the same",
            },
        },
    },
}


def complete(app: Flask, spec: Any) -> None:
    """Add to each operation what its view does not declare itself, and make all patterns ECMA's."""
    spec.components.schemas |= {"Problem": PROBLEM, "CloudEvent": CLOUD_EVENT}
    spec.components.responses["DEFAULT_ERROR"] = spec.components.responses["UNPROCESSABLE_ENTITY"] = {
        "description": "A problem",
        "headers": _headers("X-Request-Id", "Retry-After"),
        "content": {_PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    spec.components.schemas.pop("Error", None)  # flask-smorest's own schema of errors; this gateway never answers so.
    endpoints = {
        (template(rule.rule), method.lower()): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path, operations in spec._paths.items():  # The public interface of apispec cannot return the paths again.
        for method, operation in operations.items():
            if method != "parameters":
                endpoint = endpoints[path, method]
                operation["operationId"] = endpoint.replace(".", "_")
                _complete(operation, app.view_functions[endpoint], method)
    for node in (spec._paths, spec.components.schemas):
        _make_patterns_whole(node)


def _complete(operation: Node, view: Callable[..., Any], method: str) -> None:
    scope = auth.scope_of(view)
    operation["x-scope"] = scope
    operation["x-contract-functions"] = [
        {"function": name, "chaincode": among[0].name} if len(among) == 1 else {"function": name}
        for name, among in viewcalls.functions(view).items()
    ]
    if scope == auth.PUBLIC:
        operation["security"] = []
    parameters = operation.setdefault("parameters", [])
    if method == "post" and scope == "write":
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if idempotency.is_keyed(view):
        parameters.append({"$ref": "#/components/parameters/Prefer"})
        operation["responses"]["202"] = {
            "description": "Accepted as a job, if the header Prefer asks for it; `Location` is its address",
            "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Job"}}},
        }
    if scope in {"read", "write"}:
        parameters.append({"$ref": "#/components/parameters/BuildOn"})
    if scope == "events":
        parameters.append({"$ref": "#/components/parameters/LastEvent"})
    _complete_answers(operation, view, scope)


def _complete_answers(operation: Node, view: Callable[..., Any], scope: str | None) -> None:
    """Give each good answer a schema and its headers, and name the statuses that any caller may meet."""
    responses = operation["responses"]
    for status, response in responses.items():
        if str(status).startswith("2"):
            names = ["X-Request-Id", budgets.POLICY, budgets.LEFT]
            names += [freshness.BLOCK, "Idempotency-Replayed"] if scope == "write" else []
            response["headers"] = {**_headers(*names), **response.get("headers", {})}
            if scope in _TEXTS:
                kind, described = _TEXTS[scope]
                response["content"] = {kind: {"schema": {"type": "string", "description": described}}}
            if str(status) != "204":
                response.setdefault("content", {_JSON: {"schema": _answered(view)}})
    refused = {"429", "404"} | ({"401", "403"} if scope != auth.PUBLIC else set())
    refused |= {"400", "413", "415", "422"} if inputs.of(view).body else set()
    for status in sorted(refused):
        responses.setdefault(status, {"$ref": "#/components/responses/DEFAULT_ERROR"})


def _answered(view: Callable[..., Any]) -> Node:
    """Return the JSON type that the annotation of a view without a schema names."""
    return _kind(get_type_hints(inspect.unwrap(view)).get("return"))


def _kind(hint: Any) -> Node:
    """Return the JSON schema of a Python type: objects, arrays with their items, texts; an empty one for others."""
    kind = get_origin(hint) or hint
    if kind is list:
        return {"type": "array", "items": _kind(next(iter(get_args(hint)), None))}
    kinds: dict[Any, str] = {dict: "object", str: "string"}
    return {"type": kinds[kind]} if kind in kinds else {}


def _headers(*names: str) -> Node:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _make_patterns_whole(node: Any) -> None:
    """
    Anchor every pattern: marshmallow's fields match whole texts, JSON Schema looks for a part.

    A default that the field itself would refuse means that the field was left out, so it is removed.
    """
    for schema in _schemas(node):
        pattern = schema["pattern"]
        if not (pattern.startswith("^") and pattern.endswith("$")):
            schema["pattern"] = f"^(?:{pattern})$"
        default = schema.get("default")
        if isinstance(default, str) and not re.search(schema["pattern"], default):
            del schema["default"]


def _schemas(node: Any) -> Iterator[Node]:
    """Yield every object with a pattern."""
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _schemas(each)
