"""A gateway over a ledger that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.http import context
from tests.unit.gateway.fakes import FakeLedgers, application


@pytest.fixture
def ledgers() -> FakeLedgers:
    return FakeLedgers()


@pytest.fixture
def app(tmp_path: Path, ledgers: FakeLedgers) -> Flask:
    """An application whose wallet has two organisations with a user each (files that nobody reads here)."""
    return application(tmp_path, ledgers)


@pytest.fixture
def services(app: Flask) -> context.Services:
    return app.extensions[context.EXTENSION]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller without a token."""
    return app.test_client()


@pytest.fixture
def bearer(services: context.Services) -> Callable[..., dict[str, str]]:
    """The headers of a caller with a fresh token of these scopes."""

    def headers(*scopes: str, msp_id: str = "PlatformMSP") -> dict[str, str]:
        token = services.tokens.create(msp_id, "User1", scopes or ("read", "write", "audit", "events"), 60)
        return {"Authorization": f"Bearer {token}"}

    return headers
