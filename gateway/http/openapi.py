"""
The description of the API: OpenAPI at ``/openapi.json`` and two pages made from it, which load nothing from other
sites.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import flask_smorest
from flask import Blueprint, Response, current_app, render_template

from gateway.examples import documenting
from gateway.fabric.declarations import DeclaredFunction
from gateway.http import auth, context, problemtypes
from gateway.pages import languages
from gateway.store import scopes

_KEPT = "selat.description"
pages = Blueprint("pages", __name__, template_folder="templates")


@pages.route("/openapi.json")
@auth.needs(auth.PUBLIC)
def openapi() -> Response:
    """Return the OpenAPI description."""
    return Response(_kept().text, content_type="application/json")


@pages.route("/docs")
@auth.needs(auth.PUBLIC)
def reference() -> str:
    """Return a page of all addresses, made from the OpenAPI description."""
    kept, language = _kept(), languages.current()
    if language not in kept.pages:
        operations = _operations(kept.document)
        kept.pages[language] = render_template("reference.html", document=kept.document, operations=operations)
    return kept.pages[language]


@pages.route("/docs/errors")
@auth.needs(auth.PUBLIC)
def error_table() -> str:
    """Return a page of all problem codes, with their cures."""
    return render_template("errors.html", sections=problemtypes.SECTIONS)


@dataclass(frozen=True)
class KeptDescription:
    """The description in its forms; *declared* are the declarations of functions in it."""

    declared: Mapping[tuple[str, str], DeclaredFunction]
    document: dict[str, Any]
    text: str
    pages: dict[str, str]


def _kept() -> KeptDescription:
    """
    Return the cached description; it is made again when the declarations of a chaincode have changed.

    Making it takes half a second of processor time, and anybody may ask for it again and again.
    """
    declared = {
        (chaincode.name, name): function
        for chaincode in context.CHAINCODES
        for name, function in sorted(context.services().ledgers.declarations.known(*chaincode.place).items())
    }
    kept: KeptDescription | None = current_app.extensions.get(_KEPT)
    if kept is None or kept.declared != declared:
        document = _document(declared)
        kept = KeptDescription(declared, document, current_app.json.dumps(document), {})
        current_app.extensions[_KEPT] = kept
    return kept


def addresses() -> str:
    """Return the table of ``docs/api.md``: method, path, scope and summary of every address."""
    lines = []
    for tag, entries in _operations(_kept().document).items():
        lines += ["", f"### {tag}", "", "| | address | scope | |", "|---|---|---|---|"]
        lines += [f"| {e['method']} | `{e['path']}` | {e['scope']} | {e['summary']} |" for e in entries]
    return "\n".join(lines[1:]) + "\n"


def _document(declared: Mapping[tuple[str, str], DeclaredFunction]) -> dict[str, Any]:
    """
    Return the description, with examples, and with the declarations of the contract functions behind each address, if
    they have been read.
    """
    served: flask_smorest.Api = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    document: dict[str, Any] = copy.deepcopy(served.spec.to_dict())
    known = {place: _declared(function) for place, function in declared.items()}
    # The generic address shows the trade's functions without their answers, and no other chaincode's.
    of_any = [
        {"function": name, "chaincode": chaincode, **{key: value for key, value in told.items() if key != "answer"}}
        for (chaincode, name), told in known.items()
    ]
    for path, operations in document["paths"].items():
        for operation in [each for method, each in operations.items() if method != "parameters"]:
            if "{chaincode}" in path:
                operation["x-contract-functions"] = of_any
                continue
            for called_by_it in operation["x-contract-functions"]:
                for (chaincode, name), told in known.items():
                    if name == called_by_it["function"] and called_by_it.get("chaincode", chaincode) == chaincode:
                        called_by_it.update(told, chaincode=chaincode)
    documenting.add(document)
    return document


def _declared(function: DeclaredFunction) -> dict[str, Any]:
    """Return the parts that a function declares."""
    told = {
        "endorsed_by": function.endorsed_by,
        "transient": function.transient,
        "called_by": function.called_by or None,
        "read_on": function.read_on or None,
    }
    lists = {name: list(value) for name, value in told.items() if value is not None}
    return {**lists, "answer": function.answer} if function.answer else lists


def _operations(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the operations by tag, each with its path, method and the fields of its body and answer."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        shared = operations.get("parameters", [])
        for method, operation in operations.items():
            if method == "parameters":
                continue
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            answer = operation.get("responses", {}).get("200") or operation.get("responses", {}).get("201") or {}
            answered = answer.get("content", {}).get("application/json", {}).get("schema")
            entry = {
                "path": path,
                "method": method.upper(),
                "summary": operation.get("summary", ""),
                "description": operation.get("description", ""),
                "scope": _narrowest(operation),
                "calls": [] if "{chaincode}" in path else operation["x-contract-functions"],
                "parameters": [_resolved(document, p) for p in [*shared, *operation.get("parameters", [])]],
                "body": _fields(document, body),
                "answer": _fields(document, answered),
            }
            found.setdefault(operation["tags"][0], []).append(entry)
    return found


def _narrowest(operation: dict[str, Any]) -> str:
    """Return the scope of an operation with its resource."""
    scope = operation["x-scope"]
    return auth.PUBLIC if scope == auth.PUBLIC else scopes.needed(scope, operation["tags"][0])


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    target = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return target


def _fields(document: dict[str, Any], schema: dict[str, Any] | None, depth: int = 0) -> list[dict[str, Any]]:
    """Return a schema's fields as a flat list: name with its path, type, required or not, description, example."""
    if schema is None or depth > 4:
        return []
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        return _fields(document, schema.get("items"), depth)
    fields: list[dict[str, Any]] = []
    for name, field in schema.get("properties", {}).items():
        for alternative in field.get("allOf", [])[:1]:
            field = {**field, **alternative}
        resolved = _resolved(document, field)
        fields.append(
            {
                "name": name,
                "depth": depth,
                "type": resolved.get("type", "any") if isinstance(resolved.get("type", "any"), str) else "any",
                "required": name in schema.get("required", []),
                "description": field.get("description", resolved.get("description", "")),
                "example": field.get("example", ""),
            }
        )
        nested = resolved["items"] if resolved.get("type") == "array" and "items" in resolved else resolved
        fields.extend(_fields(document, nested, depth + 1))
    return fields
