"""The whole service in a test of faults: a network, two gateways, their database, and callers that give nothing up."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from benchmarks.soak.callers import PatientCaller, Tally
from benchmarks.soak.service import RunningGateway, two_gateways
from gateway.fabric.ledger import Ledgers
from gateway.fabric.wallet import Wallet
from gateway.readmodel.feeding import Feeder
from gateway.readmodel.model import Model
from gateway.store.database import Store
from gateway.store.tables import model_events, model_labels, model_positions, model_records
from gateway.store.tokens import Tokens
from hlf import identity
from hlf.client import gateway
from hlf.network import admin, processes
from hlf.network.state import Folder
from hlf.profile import Profile
from selat.demo.callers import Blocks, DemoError
from tests.faults.delays import AnsweredKey, Outage, Try
from tests.faults.killing import kill, leader
from tests.faults.load import CHAINCODE, CHANNEL
from tests.unit.gateway import postgresql

MSP_ID, USER = "Org1MSP", "User1"
SUBMIT = f"/v1/channels/{CHANNEL}/chaincodes/{CHAINCODE}/submit"
_TOKEN_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class Service:
    """What runs; *kills* ends a part by its name as a crash would, and starts it again. *outages* are those so far."""

    network: Path
    gateways: tuple[RunningGateway, ...]
    token: str
    kills: Mapping[str, Callable[[], None]]
    outages: list[Outage] = field(default_factory=list)

    def kill(self, part: str) -> None:
        """End a part and start it again."""
        begun = time.monotonic()
        self.kills[part]()
        self.outages.append(Outage(part, begun, time.monotonic()))

    def connect(self) -> gateway.Gateway:
        """Return a connection to the network, past the two gateways."""
        who = identity.load_user(Folder(self.network).user(MSP_ID, USER), MSP_ID)
        return gateway.connect(Profile.load(Folder(self.network).profile(MSP_ID)), *who)

    @property
    def store(self) -> Store:
        """The database of the gateways."""
        settings = self.gateways[0].settings
        return Store(settings.data, settings.database)

    def tables(self) -> list[list[str]]:
        """Return the read model of the organisation, after it has taken over every block."""
        self._feed(anew=False)
        return self._rows()

    def tables_made_anew(self) -> list[list[str]]:
        """Return what the read model is when it is made again from block 0."""
        self._feed(anew=True)
        return self._rows()

    def _feed(self, *, anew: bool) -> None:
        settings = self.gateways[0].settings
        ledgers, model = Ledgers(Wallet(settings.wallet), settings.submit_seconds), Model(self.store)
        with contextlib.closing(ledgers):
            if anew:
                model.forget(MSP_ID, CHANNEL)
            Feeder(model, ledgers).catch_up(MSP_ID, USER, CHANNEL)

    def _rows(self) -> list[list[str]]:
        with self.store.reading() as database:
            return [
                sorted(map(repr, map(dict, database.execute(table.select()).fetchall())))
                for table in (model_positions, model_records, model_labels, model_events)
            ]


@contextlib.contextmanager
def running(engine: str, folder: Path, consortium: Path, chance: random.Random) -> Iterator[Service]:
    """
    Yield the running service; stop everything afterwards. Without PostgreSQL the gateways share SQLite's file.

    *chance* says which of the two gateways is killed.
    """
    network, home = folder / "network", Folder(folder / "gateway")
    with contextlib.ExitStack() as ending:
        database = ending.enter_context(postgresql.running()) if postgresql.found() else None
        ending.callback(admin.down, network)
        ending.callback(processes.stop, home)
        admin.up(engine, network, consortium)
        gateways = two_gateways(home, network, database.url if database else "")

        def program(name: Callable[[], str]) -> None:
            kill(network, name())
            admin.up(engine, network, consortium)

        def one_gateway() -> None:
            victim = chance.choice(gateways)
            victim.kill()
            victim.start()

        def data() -> None:
            assert database is not None
            database.kill()
            database.start()

        kills = {"gateway": one_gateway, "chaincode": lambda: program(lambda: "chaincode-lab")}
        if database is not None:
            kills["database"] = data
        if engine == "embedded":
            kills["engine"] = lambda: program(lambda: "embedded")
        else:
            kills["peer"] = lambda: program(lambda: "peer0.org1.faults.test")
            kills["leader"] = lambda: program(lambda: leader(network, CHANNEL))
        made = Tokens(Store(gateways[0].settings.data, gateways[0].settings.database))
        yield Service(network, gateways, made.create(MSP_ID, USER, ["read", "write", "events"], _TOKEN_SECONDS), kills)


class _Caller(PatientCaller):
    """A caller to whom it does not matter why the service cannot be had: nothing was done, and its key is free."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.tries: list[Try] = []

    def is_to_be_repeated(self, response: requests.Response) -> bool:
        return response.status_code == 503 or super().is_to_be_repeated(response)

    def note_try(self, begun: float, response: requests.Response | None) -> None:
        super().note_try(begun, response)
        told = "no answer" if response is None else f"{response.status_code} {response.json().get('code', '')}".strip()
        self.tries.append(Try(begun, time.monotonic(), told))


class KeyedLoad:
    """
    Callers in threads of this process who write each a key of its own, from ``with`` to its end.

    They begin at most *ahead* more writes than they are waited for, so that a short test costs little.
    """

    def __init__(self, service: Service, callers: int, ahead: int) -> None:
        self.tally = Tally()
        self.written: list[AnsweredKey] = []
        self._service = service
        self._changed = threading.Condition()
        self._over = False
        self._turns = threading.Semaphore(ahead)
        self._threads = [threading.Thread(target=self._call, args=(index,)) for index in range(callers)]

    def wait_for(self, more: int, patience: float = 240.0) -> None:
        """Return once *more* writes have been acknowledged than now."""
        self._turns.release(more)
        with self._changed:
            wanted = len(self.written) + more
            if not self._changed.wait_for(lambda: len(self.written) >= wanted or self.tally.errors, patience):
                raise TimeoutError(f"no {more} writes were acknowledged in {patience} s")
        assert not self.tally.errors, self.tally.errors[:3]

    def stop(self) -> None:
        """End the callers, each after the answer that it waits for."""
        self._over = True
        self._turns.release(len(self._threads))
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _caller(self) -> _Caller:
        bases = [each.base for each in self._service.gateways]
        return _Caller(bases, self.tally, ("caller", MSP_ID, USER), {"caller": self._service.token}, Blocks())

    def _call(self, index: int) -> None:
        number = 0
        with self._caller() as caller:
            while self._turns.acquire() and not self._over and not self.tally.errors:
                number += 1
                key = f"caller-{index}-{number}"
                begun, caller.tries = time.monotonic(), []
                try:
                    caller.send("POST", SUBMIT, json={"function": "rmwevent", "arguments": [key, "Written"]})
                    answered = AnsweredKey(key, begun, time.monotonic(), tuple(caller.tries))
                    if number % 10 == 0:
                        caller.send("GET", "/v1/model/events", params={"limit": 1})
                except DemoError as error:
                    self.tally.failed(error)
                    continue
                with self._changed:
                    self.written.append(answered)
                    self._changed.notify_all()
