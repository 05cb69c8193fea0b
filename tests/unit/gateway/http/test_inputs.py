"""
Every operation, sent every kind of input that it does not take.

Each test walks over all operations by itself, on one application: making one takes as long as a hundred requests.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.http import context, idempotency, inputs, openapi
from gateway.store.scopes import SCOPES
from gateway.trade.orders.order_schemas import AMOUNT
from gateway.trade.returns import photos
from tests.unit.gateway.fakes import ORDER, FakeLedgers, application

JSON = {"Content-Type": "application/json"}


class Operation(NamedTuple):
    """One method at one address, as the description has it."""

    method: str
    path: str
    body: bool = False
    writes: bool = False


class Walk:
    """All operations of one application, and how they refuse."""

    def __init__(self, app: Flask, ledgers: FakeLedgers) -> None:
        with app.app_context():
            self.document = openapi._kept().document
        self.operations = list(self._described())
        self._client = app.test_client()
        self._ledgers = ledgers
        token = app.extensions[context.EXTENSION].tokens.create("PlatformMSP", "User1", SCOPES, 600)
        self.headers = {"Authorization": f"Bearer {token}"}

    def _described(self) -> Iterator[Operation]:
        for path, methods in self.document["paths"].items():
            filled = path.replace("{number}", "1").replace("{", "").replace("}", "")
            for method, described in methods.items():
                if method != "parameters":
                    writes = described["x-scope"] == "write"
                    yield Operation(method.upper(), filled, "requestBody" in described, writes)

    @property
    def with_body(self) -> list[Operation]:
        return [each for each in self.operations if each.body]

    def problem(self, operation: Operation, sent: Any = b"", query: str = "", **more: Any) -> dict[str, Any]:
        """Send, and hand back the problem: it is one of the caller's making with a cure, and Fabric was not asked."""
        wsgi = more.pop("environ", {})
        with self._client.open(
            operation.path + query,
            method=operation.method,
            data=sent,
            headers={**self.headers, **more},
            environ_overrides=wsgi,
        ) as answer:
            text = answer.get_data(as_text=True)
            assert 400 <= answer.status_code < 500, (operation, answer.status_code, text)
            assert answer.content_type == "application/problem+json", operation
        problem: dict[str, Any] = json.loads(text)
        assert problem["cure"], operation
        assert problem["detail"], operation
        assert self._ledgers.asked == [], operation
        return problem


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, Walk]:
    ledgers = FakeLedgers()
    app = application(tmp_path_factory.mktemp("inputs"), ledgers)
    return app, Walk(app, ledgers)


@pytest.fixture(scope="module")
def walk(walked: tuple[Flask, Walk]) -> Walk:
    return walked[1]


def test_the_operations_are_all_there(walk):
    """The walks are over what is served, and most writes have a body."""
    assert len(walk.operations) > 120
    assert len(walk.with_body) > 40


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "nonsense"},
        {**JSON, "Content-Encoding": "gzip"},
    ],
    ids=lambda more: "; ".join(f"{name}: {value}" for name, value in more.items()) or "no type",
)
def test_a_body_of_another_kind_is_never_dropped(walk, more):
    """It is 415: an operation that went on without it would act as if nothing had been said."""
    for operation in walk.operations:
        assert walk.problem(operation, b'{"amount":"1"}', **more)["code"] == "MEDIA_TYPE_UNSUPPORTED", operation


def test_an_empty_body_is_not_an_empty_object(walk):
    """A proxy that lost the body must not make a caller capture everything there is."""
    for operation in walk.with_body:
        assert walk.problem(operation, b"", **JSON)["code"] == "BODY_MISSING", operation
        assert walk.problem(operation, b"")["code"] == "BODY_MISSING", operation


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        pytest.param(b'{"a":', "json", id="no JSON"),
        pytest.param(b'{"a":"\xff"}', "json", id="not UTF-8"),
        pytest.param(b'{"a":[{"amount":"1","amount":"2"}]}', "json.a[0]", id="a name twice"),
        pytest.param(b'{"a":"\\ud800"}', "json.a", id="a lone surrogate"),
        pytest.param(b'{"\\udc00":1}', "json", id="a lone surrogate in a name"),
        pytest.param(b'{"a":' + b"9" * 4_000 + b"}", "json.a", id="an integer of thousands of digits"),
        pytest.param(b'{"a":{"b":0.1}}', "json.a.b", id="a fraction"),
        pytest.param(b'{"a":NaN}', "json.a", id="no number"),
        pytest.param(b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", "json.a[0]", id="deep nesting"),
        pytest.param(b"[" * 4_000, "json", id="nesting deeper than the interpreter reads"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused_with_its_place(walk, sent, place):
    """Two readers of such bytes could understand different things; the place is named, the value is not repeated."""
    for operation in walk.operations:
        problem = walk.problem(operation, sent, **JSON)
        assert problem["code"] == "REQUEST_MALFORMED", operation
        assert problem["detail"].startswith(place), operation
        assert all(field.startswith(place) for field in problem["errors"]), operation


def test_a_field_that_nobody_reads_is_refused(walk):
    """A misspelt field would otherwise count as left out."""
    for operation in walk.operations:
        problem = walk.problem(operation, b'{"amonut":"1"}', **JSON)
        assert problem["code"] == "REQUEST_INVALID", operation
        assert "Unknown field" in problem["errors"]["json"]["amonut"][0], operation


@pytest.mark.parametrize("sent", [b"[]", b"1", b"null", b'"text"', b"[{}]"])
def test_a_body_is_an_object(walk, sent):
    """Another JSON value is refused, where a body belongs and where none does."""
    for operation in walk.operations:
        assert walk.problem(operation, sent, **JSON)["code"] == "REQUEST_INVALID", operation


def test_a_query_parameter_that_nobody_reads_is_refused(walk):
    """`?limt=1` would otherwise be answered in full. Whoever passes a shopper's link on may add some of its own."""
    for operation in walk.operations:
        if not operation.path.startswith("/track/"):
            problem = walk.problem(operation, b"", "?limt=1")
            assert problem["code"] == "REQUEST_INVALID", operation
            assert problem["detail"].startswith("query.limt: Unknown parameter"), operation


STATUS = Operation("GET", f"/v1/channels/trade/transactions/{'0' * 64}/status")


def test_a_query_parameter_given_twice_is_refused(walk):
    """Which of the two counts would be the server's secret."""
    problem = walk.problem(STATUS, b"", "?wait_seconds=1&wait_seconds=60")
    assert problem["detail"] == "query.wait_seconds: Given more than once."


NO_TEXT = ("%ED%A0%80", "a%00b")
NO_NUMBER = (
    "9" * 5_000,
    "-1",
    "%FF",
    "%ED%A0%80",
    "1.5",
    "1%00",
    "",
    "+",
    "%D9%A1",
    "1_0",
    "%201",
    "0x1",
    "1e3",
    "%EF%BC%91",
)


def declared(app: Flask) -> Iterator[tuple[Operation, inputs.AcceptedInput]]:
    """Yield each operation of the API with what its view takes; values in its path are the names of their places."""
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<int:", "<").replace("<number:", "<").replace("<path:", "<")
        filled = path.replace("<number>", "1").replace("<", "").replace(">", "")
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}):
            if rule.rule.startswith("/v1/"):
                yield Operation(method, filled), inputs.of(app.view_functions[rule.endpoint])


@pytest.mark.parametrize("text", NO_TEXT)
def test_what_is_no_text_in_an_address_is_refused(walked, text):
    """Each query parameter and each value in a path: else it is read as something else, or fails at the database."""
    app, walk = walked
    for operation, taken in declared(app):
        for name in taken.query or ():
            assert name in walk.problem(operation, b"", f"?{name}={text}")["errors"]["query"], operation
    places = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/v1/") and "<" in rule.rule]
    assert len(places) > 50
    for rule in places:
        _, place, rest = rule.rule.partition("<")
        method = sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"})[0]
        if not place.startswith("number:"):
            path = rule.rule.partition("<")[0] + text + rest.partition(">")[2].replace("<", "").replace(">", "")
            assert walk.problem(Operation(method, path), b"")["code"] == "NO_SUCH_ADDRESS", rule


def test_every_number_in_a_query_is_a_number(walked):
    """Python would also read digits of other scripts."""
    app, walk = walked
    numbers = [(operation, taken) for operation, taken in declared(app) if taken.numbers]
    assert len(numbers) > 20
    for operation, taken in numbers:
        for name in taken.numbers:
            assert name in walk.problem(operation, b"", f"?{name}=%D9%A1")["errors"]["query"], operation


@pytest.mark.parametrize("text", NO_NUMBER)
def test_a_number_in_a_query_is_a_number(walk, text):
    """More digits than Python reads, blanks and underscores, and bytes that are no characters, are refused by it."""
    assert "wait_seconds" in walk.problem(STATUS, b"", f"?wait_seconds={text}")["errors"]["query"]


def test_a_number_in_a_path_is_short(walk):
    """Python refuses to read an integer of 5,000 digits; there is nothing at such an address."""
    for path in ("/v1/stages/versions/", "/v1/terms/t/versions/"):
        assert walk.problem(Operation("GET", path + "9" * 5_000))["code"] == "NO_SUCH_ADDRESS"


@pytest.mark.parametrize(
    "length", [{"CONTENT_LENGTH": ""}, {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}]
)
def test_a_body_over_the_limit_is_refused_whether_its_length_was_told_or_not(walk, length):
    """A chunked body has no length beforehand; it is counted while it is read."""
    for operation in walk.operations:
        # With a request for a return go its photos.
        photographed = operation.method == "POST" and operation.path.endswith(("/returns", "/returns/drafts"))
        size = photos.MOST_ENCODED + 1 if photographed else 5_000
        wsgi = {"wsgi.input": io.BytesIO(b" " * size), "CONTENT_TYPE": "application/json", **length}
        wsgi |= {"CONTENT_LENGTH": str(size)} if "CONTENT_LENGTH" in length else {}
        assert walk.problem(operation, None, environ=wsgi)["code"] == "BODY_TOO_LARGE", operation


def test_a_refused_request_frees_its_key(walk):
    """A repetition is refused as the first was, and not told that the gateway failed: nothing was written."""
    for operation in walk.with_body:
        if operation.writes:
            for sent in (b'{"amonut":1}', b'{"amonut":2}', b"{"):
                code = walk.problem(operation, sent, **JSON, **{idempotency.HEADER: "k"})["code"]
                assert code == ("REQUEST_MALFORMED" if sent == b"{" else "REQUEST_INVALID"), operation


@pytest.mark.parametrize("act", ["capture", "refund"])
def test_an_amount_is_never_guessed(walk, act):
    """Money moves by what was said, not by what was left out."""
    operation = Operation("POST", f"/v1/payments/p/{act}")
    problem = walk.problem(operation, b"{}", **JSON)
    assert problem["errors"] == {"json": {"amount": ["Missing data for required field."]}}
    assert walk.problem(operation, b'{"amount":null}', **JSON)["errors"]["json"]["amount"]


def test_no_amount_in_any_body_has_a_default(walk):
    """In the whole description: amounts are required; a limit, imagined ones, and duty where none is paid are not."""
    found = {
        f"{name}.{field}": field in schema.get("required", []) and "default" not in described
        for name, schema in walk.document["components"]["schemas"].items()
        for field, described in schema.get("properties", {}).items()
        if name in _bodies(walk.document) and described.get("pattern") == f"^(?:{AMOUNT.regex.pattern})$"
    }
    assert len(found) > 10
    left_out = [name for name, required in found.items() if not required]
    imagined = ["Scenario.carriage", "Scenario.tax", "Scenario.unit_price"]
    assert sorted(left_out) == ["OrderLine.tax", *imagined, "Terms.returnless_below"]


def _bodies(document: dict[str, Any]) -> set[str]:
    """Names of the schemas that stand in a body, with those inside them."""
    found: set[str] = set()

    def follow(node: Any) -> None:
        inner = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
        name = node.get("$ref", "").rpartition("/")[2] if isinstance(node, dict) else ""
        if name and name not in found:
            found.add(name)
            inner.append(document["components"]["schemas"].get(name))
        for each in inner:
            follow(each)

    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                follow(operation.get("requestBody"))
    return found


def test_a_page_that_reads_a_form_or_a_query_says_so(walked):
    """Pages stand in no description; what they do not name is refused as everywhere."""
    app, walk = walked
    pages = {
        rule.endpoint: inputs.of(app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] in {"console", "pages", "language", "assets"}
    }
    assert {name for name, taken in pages.items() if taken != inputs.AcceptedInput()} == {
        "console.enter",
        "console.signed_in",
        "console.logout",
        "language.choose",
        "assets.static",
        "console.audit_forms",
        "console.history",
        "console.show",
        "console.find_journey",
        "console.orders",
        "console.returns",
        "console.carrier_claims",
        "console.drawbacks",
        "console.return_photo",
        "console.told_changes",
        "console.told_report",
        "console.verify",
        "console.plans",
        "console.disclosures",
        "console.figures",
        "console.gaps",
        "console.lanes",
        "console.search",
        "console.search_ledger",
        "console.act",
        "console.do",
    }
    assert walk.problem(Operation("GET", "/docs"), b"", "?limt=1")["code"] == "REQUEST_INVALID"


def test_a_corrected_request_may_use_the_same_key(client: FlaskClient, bearer, ledgers):
    """The key of a refused one is free, so the corrected request acts."""
    headers = bearer("write") | {idempotency.HEADER: "k"}
    ledgers.answers |= {"Terms:read": b'{"terms":{}}', "Orders:place": b'{"order_hash":"h"}', "Orders:open": b"{}"}
    assert client.post("/v1/orders", json={**ORDER, "freight": -1}, headers=headers).status_code == 422
    assert client.post("/v1/orders", json=ORDER, headers=headers).status_code == 201


def test_what_says_nothing_may_come_where_no_body_belongs(client, bearer, ledgers):
    """Some clients send {} with every POST."""
    ledgers.answers["Orders:confirm"] = b"{}"
    assert client.post("/v1/orders/o/confirmation", json={}, headers=bearer("write")).status_code == 200
    assert client.post("/v1/orders/o/confirmation", headers=bearer("write")).status_code == 200
