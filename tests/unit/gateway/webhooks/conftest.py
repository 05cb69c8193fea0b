"""A gateway on each kind of database, whose operator allows webhooks on this machine; and a receiver there."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.http import context
from gateway.readmodel.feeding import Feeder
from gateway.store.deliveries import Deliveries
from gateway.store.processes import GatewayProcess
from gateway.webhooks.courier import Courier
from tests.unit.gateway.fakes import FakeLedgers, application
from tests.unit.gateway.readmodel.chain import Wrote, chain
from tests.unit.gateway.webhooks.receiver import Receiver, receiving

ADDRESS = "/v1/webhooks"


class Gateway:
    """Makes webhooks as the platform's user, and gives them turns; its clock stands until it is moved."""

    def __init__(self, client: Any, headers: dict[str, str], services: context.Services, ledgers: FakeLedgers) -> None:
        self.client, self.headers, self.services, self.ledgers = client, headers, services, ledgers
        self.now = time.time()
        self.processes: dict[Courier, GatewayProcess] = {}
        self.couriers = [self.courier()]

    def courier(self) -> Courier:
        """Another process that shares the database."""
        process = GatewayProcess(self.services.store, lambda: self.now)
        # A feeder that has just looked would wait before it looks again.
        own = dataclasses.replace(self.services, process=process, feeder=Feeder(self.services.model, self.ledgers))
        self.processes[found := Courier(own, clock=lambda: self.now)] = process
        return found

    def blocks(self, *names: str) -> None:
        """Set the channel's chain: an empty block, then one block with each of these events."""
        self.ledgers.chains["trade"] = chain([], *([Wrote({}, event=name)] for name in names))

    def post(self, path: str = "", body: Any = None, status: int = 202) -> Any:
        answer = self.client.post(ADDRESS + path, json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json

    def get(self, path: str = "") -> Any:
        answer = self.client.get(ADDRESS + path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json

    def deliver(self, courier: Courier | None = None) -> None:
        """One turn for each webhook that a process may deliver."""
        chosen = courier or self.couriers[0]
        for webhook in Deliveries(self.services.store, lambda: self.now).open(self.processes[chosen].name):
            chosen.turn(webhook)


@pytest.fixture
def app(url: str, tmp_path: Path, ledgers: FakeLedgers) -> Flask:
    return application(tmp_path, ledgers, database=url, webhook_networks="127.0.0.0/8")


@pytest.fixture
def gateway(
    client: FlaskClient, bearer: Callable[..., dict[str, str]], services: context.Services, ledgers: FakeLedgers
) -> Gateway:
    found = Gateway(client, bearer("webhooks"), services, ledgers)
    found.blocks()
    return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def webhook(gateway: Gateway, receiver: Receiver) -> Callable[..., str]:
    """Make a webhook for the receiver; return its id."""

    def make(**filters: Any) -> str:
        body = {"url": receiver.url, "channel": "trade", "start_block": 0, **filters}
        made = gateway.post("", body, 201)
        receiver.secret = made["secret"]
        return str(made["id"])

    return make
