"""Examples in the OpenAPI document: each step of the story in ``gateway/examples``, at the operation that it calls."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from flask import current_app
from werkzeug.routing import MapAdapter, Rule

from gateway.examples import steps
from gateway.examples.steps import ExampleStep

Node = dict[str, Any]
_JSON = "application/json"


def add(document: Node, now: datetime | None = None) -> None:
    """Add every example to *document*; moments in them count from *now*, so that they work when they are sent."""
    moment, addresses = now or datetime.now(UTC), current_app.url_map.bind("")
    kept: dict[str, str] = {}
    for number, step in enumerate(steps.story(), start=1):
        shown = step.filled(steps.samples(), moment)
        rule, values = _sent_to(addresses, shown)
        address = template(rule.rule)
        path = document["paths"][address]
        operation = path[step.method.lower()]
        takes = {name: kept[name] for name in sorted(steps.references([step.address, step.body]))}
        kept |= {name: f"`{place}` of {step.method} {address}" for name, place in step.keep.items()}
        kept |= {name: f"a signature of `{place}` of {step.method} {address}" for name, place in step.sign.items()}
        told = {"number": number, "by": step.by, "request": f"{step.method} {shown.address}"}
        told |= {"takes": takes} if takes else {}
        told |= {"refused": step.refused, "because": step.because} if step.refused else {}
        operation.setdefault("x-examples", []).append(told)
        _show_parameters(path.get("parameters", []), values)
        _show_parameters(operation.get("parameters", []), dict(parse_qsl(urlsplit(shown.address).query)))
        if step.body is not None:
            content = operation["requestBody"]["content"][_JSON]
            content.setdefault("examples", {})[f"example-{number}"] = _body(shown, takes)


def template(rule: str) -> str:
    """Return ``/a/<path:b>`` of Flask as ``/a/{b}`` of OpenAPI."""
    pieces = rule.replace(">", "<").split("<")
    return "".join(piece if index % 2 == 0 else "{" + piece.split(":")[-1] + "}" for index, piece in enumerate(pieces))


def _sent_to(addresses: MapAdapter, step: ExampleStep) -> tuple[Rule, dict[str, Any]]:
    """Return the route that *step* is sent to, and the values in its path."""
    rule, values = addresses.match(unquote(urlsplit(step.address).path), method=step.method, return_rule=True)
    return rule, dict(values)


def _show_parameters(parameters: list[Node], values: dict[str, Any]) -> None:
    for parameter in parameters:
        if (value := values.get(parameter.get("name", ""))) is not None:
            whole = parameter["schema"].get("type") == "integer"
            parameter.setdefault("example", int(value) if whole else value)


def _body(step: ExampleStep, takes: dict[str, str]) -> Node:
    words = [f"Take {name} from {place}." for name, place in takes.items()]
    words += [f"Refused with {step.refused}: {step.because}."] if step.refused else []
    told: Node = {"summary": f"As {step.by}" if step.by else "Without a token", "value": copy.deepcopy(step.body)}
    return told | ({"description": " ".join(words)} if words else {})
