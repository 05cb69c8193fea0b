"""A gateway over a ledger that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway import current
from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.fakes import FakeLedgers


@pytest.fixture
def ledgers() -> FakeLedgers:
    return FakeLedgers()


@pytest.fixture
def app(tmp_path: Path, ledgers: FakeLedgers) -> Flask:
    """An application whose wallet has two organisations with a user each (files that nobody reads here)."""
    wallet = tmp_path / "wallet"
    for msp_id in ("PlatformMSP", "ForwarderMSP"):
        user = wallet / "organisations" / msp_id / "users" / "User1"
        user.mkdir(parents=True)
        (user / "cert.pem").write_text("")
        (wallet / "profiles").mkdir(exist_ok=True)
        (wallet / "profiles" / f"{msp_id}.json").write_text("{}")
    settings = Settings(wallet=wallet, data=tmp_path / "data", tracking="PlatformMSP/User1", max_body_bytes=4096)
    return create_app(settings, ledgers)


@pytest.fixture
def services(app: Flask) -> current.Services:
    return app.extensions[current.EXTENSION]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller without a token."""
    return app.test_client()


@pytest.fixture
def bearer(services: current.Services) -> Callable[..., dict[str, str]]:
    """The headers of a caller with a fresh token of these scopes."""

    def headers(*scopes: str, msp_id: str = "PlatformMSP") -> dict[str, str]:
        token = services.tokens.create(msp_id, "User1", scopes or ("read", "write", "audit", "events"), 60)
        return {"Authorization": f"Bearer {token}"}

    return headers
