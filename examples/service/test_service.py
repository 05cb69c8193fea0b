"""The service on a network, called over HTTP in this process."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from service import create


@pytest.fixture
def client(hlf_ledger: Any) -> Any:
    """`hlf_ledger` is the network at its first state; its folder has profiles and users."""
    with TestClient(create(hlf_ledger.root)) as client:
        yield client


def test_an_asset_is_created_and_read(client: TestClient) -> None:
    created = client.post("/assets", json={"asset_id": "a1", "colour": "blue", "size": 5})
    assert (created.status_code, created.json()["owner"]) == (201, "Org1MSP")
    assert client.get("/assets/a1").json() == created.json()


def test_a_refusal_has_its_status(client: TestClient) -> None:
    asset = {"asset_id": "a1", "colour": "blue", "size": 5}
    assert client.get("/assets/a1").status_code == 404
    client.post("/assets", json=asset)
    again = client.post("/assets", json=asset)
    assert (again.status_code, again.json()["code"]) == (409, "EXISTS")
