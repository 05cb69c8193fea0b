"""Clients that two public generators make of the running gateway's description, used on that gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.http.settings import Settings
from gateway.store.database import Store
from gateway.store.tokens import Tokens
from hlf.network import processes
from hlf.network.state import Folder
from tests.interop import runtimes
from tests.interop.conftest import Place

# The first run installs both generators.
pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class RunningGateway:
    """A gateway's address, a token that may make others, and its description."""

    base: str
    token: str
    description: dict[str, Any]


@pytest.fixture(scope="module")
def served(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """Yield a gateway before the network."""
    home = Folder(tmp_path_factory.mktemp("gateway"))
    ready = home.run / "gateway.ready"
    settings = Settings(place.state.absolute(), home.root / "data", listen="127.0.0.1:0", ready_file=str(ready))
    program = processes.Program(
        "gateway", [runtimes.PYTHON, "-m", "gateway"], environment=settings.to_environment(), ready_file=ready
    )
    try:
        processes.wait_ready([(program, processes.start(home, program))], 60)
        base = f"http://{json.loads(ready.read_text())['address']}"
        token = Tokens(Store(settings.data, "")).create("Org1MSP", "User1", ["read", "write", "tokens"], 3600)
        found = requests.get(f"{base}/openapi.json", timeout=30).json()
        yield RunningGateway(base, token, lasting(found))
    finally:
        processes.stop(home)


def lasting(node: Any) -> Any:
    """Return the part of a description that is the same at each reading."""
    if isinstance(node, dict):
        return {k: lasting(v) for k, v in node.items() if k not in {"example", "examples", "x-examples"}}
    return [lasting(each) for each in node] if isinstance(node, list) else node


def seen(program: list[str], served: RunningGateway, environment: dict[str, str]) -> Any:
    return json.loads(runtimes.run([*program, served.base, served.token], environment).splitlines()[-1])


def check(found: dict[str, Any], language: str) -> None:
    """Tokens, writes once by a key, reads, a status, and problems with their codes."""
    assert found == {
        "read": f"by {language}",
        "valid": True,
        "replayed": True,
        "problem": [422, "CONTRACT_FAILED", False],
        "refused": [403, "SCOPE_MISSING"],
        "revoked": True,
    }


def test_openapi_python_client(served):
    """It reads the whole description without a warning, and its client does everyday work."""
    python, made = runtimes.generated_python(served.description)
    assert "warning" not in (made / "said").read_text().lower()
    found = seen([python, str(Path(__file__).parent / "generated" / "client.py")], served, {"PYTHONPATH": str(made)})
    check(found, "Python")


def test_openapi_typescript(served):
    """Its types hold under `strict`, and openapi-fetch does everyday work with them."""
    node, program = runtimes.generated_typescript(served.description)
    check(seen([node, str(program)], served, {}), "TypeScript")
