"""
What the description of the API says beside the schemas of views: problems, scopes, contract functions and headers.
"""

from __future__ import annotations

from typing import Any

from flask import Flask

from gateway.http import auth, called, idempotency, problemtypes

_PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457). `code` is stable; `type` leads to its meaning.",
    "required": ["type", "title", "status", "detail", "code", "cure", "request_id"],
    "properties": {
        "type": {
            "type": "string",
            "description": "Address that explains the code",
            "example": "/docs/errors#NO_SUCH_ADDRESS",
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
SPEC: dict[str, Any] = {
    "info": {
        "description": "Cross-border trade on Hyperledger Fabric. All calls but the public ones need an access token, "
        "which speaks for one organisation's user. Failures are problem documents (RFC 9457), listed at /docs/errors.",
        "license": {"name": "Apache-2.0"},
    },
    "security": [{"token": []}],
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "selat gateway token create"}},
        "parameters": {
            "IdempotencyKey": {
                "in": "header",
                "name": idempotency.HEADER,
                "schema": {"type": "string", "maxLength": 128},
                "description": "A request repeated with the same key acts once and gets the same answer.",
            }
        },
    },
}


def complete(app: Flask, spec: Any) -> None:
    """Add to each operation its scope and its possible problem."""
    spec.components.schemas["Problem"] = _PROBLEM
    spec.components.responses["DEFAULT_ERROR"] = {
        "description": "A problem",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    endpoints = {
        (_template(rule.rule), method.lower()): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path, operations in spec._paths.items():  # The library's public interface cannot read paths again.
        for method, operation in operations.items():
            if method == "parameters":
                continue
            endpoint = endpoints[path, method]
            scope = auth.scope_of(app.view_functions[endpoint])
            operation["x-scope"] = scope
            operation["x-contract-functions"] = [
                {"function": name, "chaincode": among[0].name} if len(among) == 1 else {"function": name}
                for name, among in called.by(app.view_functions[endpoint]).items()
            ]
            operation["operationId"] = endpoint.replace(".", "_")
            if scope == auth.PUBLIC:
                operation["security"] = []
            if method == "post" and scope == "write":
                operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})


def _template(rule: str) -> str:
    """``/a/<path:b>`` of Flask as ``/a/{b}`` of OpenAPI."""
    pieces = rule.replace(">", "<").split("<")
    return "".join(piece if index % 2 == 0 else "{" + piece.split(":")[-1] + "}" for index, piece in enumerate(pieces))
