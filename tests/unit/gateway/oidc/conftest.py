"""An issuer without a network, and a gateway that trusts it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.oidc import trust
from gateway.oidc.bearers import Issuers
from gateway.oidc.issuer import DevelopmentIssuer

URL = "https://id.example/trade"
TRUST = f"""
[[issuer]]
url = "{URL}"
audience = "selat"
organisation_claim = "org"
scope_claim = "roles"

[issuer.organisations]
market = "PlatformMSP"
sea = "ForwarderMSP"

[issuer.users]
chief = "Admin"

[issuer.scopes]
trader = ["read", "write"]
auditor = ["read", "audit"]
"""


class CountingIssuer:
    """Answers for the issuer, and counts what it was asked."""

    def __init__(self, issuer: DevelopmentIssuer) -> None:
        self.issuer = issuer
        self.urls: list[str] = []
        self.away = False

    def __call__(self, url: str) -> bytes:
        self.urls.append(url)
        if self.away:
            raise OSError("away")
        answer: Any = self.issuer.keys() if url.endswith("/keys") else self.issuer.discovery()
        return json.dumps(answer).encode()


@pytest.fixture
def issuer() -> DevelopmentIssuer:
    made = DevelopmentIssuer()
    made.url = URL
    return made


@pytest.fixture
def asked(issuer: DevelopmentIssuer) -> CountingIssuer:
    return CountingIssuer(issuer)


@pytest.fixture
def issuers(asked: CountingIssuer, tmp_path: Path) -> Issuers:
    """Trusts the issuer for two organisations."""
    (tmp_path / "oidc.toml").write_text(TRUST)
    return Issuers(trust.read(str(tmp_path / "oidc.toml")), asked)
