"""A gateway over a ledger that answers as it is told; databases of each kind, shared as by two gateways."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.http import context
from gateway.pages import forms
from gateway.readmodel import feeding
from gateway.store.database import Store
from tests.unit.gateway import postgresql
from tests.unit.gateway.fakes import FakeLedgers, application

_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no block that the fake peers do not have."""
    monkeypatch.setattr(feeding, "_NEEDED_SECONDS", 0.0)


@pytest.fixture
def ledgers() -> FakeLedgers:
    return FakeLedgers()


@pytest.fixture
def app(tmp_path: Path, ledgers: FakeLedgers) -> Flask:
    """Return an application whose wallet has two organisations with a user each (files that nobody reads here)."""
    return application(tmp_path, ledgers)


@pytest.fixture
def services(app: Flask) -> context.Services:
    found: context.Services = app.extensions[context.EXTENSION]
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a caller without a token."""
    return app.test_client()


@pytest.fixture
def bearer(services: context.Services) -> Callable[..., dict[str, str]]:
    """Return the headers of a caller with a fresh token of these scopes."""

    def headers(*scopes: str, msp_id: str = "PlatformMSP") -> dict[str, str]:
        token = services.tokens.create(msp_id, "User1", scopes or ("read", "write", "audit", "events"), 60)
        return {"Authorization": f"Bearer {token}"}

    return headers


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    with postgresql.server() as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: str) -> str:
    """Return the URL of a database without tables: a schema of its own on one server."""
    name = f"t{next(_NUMBERS)}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{postgresql_server}&options=-csearch_path%3D{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of each kind of database; SQLite's is empty."""
    return "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")


@pytest.fixture
def opened(url: str, tmp_path: Path) -> Callable[[], Store]:
    """Open the database, each time as another gateway would."""
    return lambda: Store(tmp_path / "data", url)


@pytest.fixture
def log_in(client: FlaskClient) -> Callable[[str], TestResponse]:
    """Open the console with a token, as a browser does: it loads the page, and sends its form."""

    return lambda token: enter_console(client, token)


def enter_console(client: FlaskClient, token: str) -> TestResponse:
    """Return the answer to a log-in by the form of the page."""
    client.get("/console/login")
    return client.post("/console/login", data={"token": token, forms.FIELD: form_token(client)})


def form_token(client: FlaskClient) -> str:
    """Return the text that the forms of this browser carry."""
    cookie = client.get_cookie(forms.COOKIE)
    return cookie.value if cookie else ""
