"""What a soak runs against: the network of the marketplace, and two gateways on one database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Programs
from gateway.http.settings import Settings
from gateway.store.database import Store
from gateway.store.scopes import SCOPES
from gateway.store.tokens import Tokens
from hlf.network import admin, processes, topology
from hlf.network.admin.keys import renewing
from hlf.network.state import Folder
from network import MARKETPLACE
from selat.demo import environment
from selat.demo.calendar import Calendar, MachineCalendar
from selat.demo.market.people import ACTORS
from tests.unit.gateway import postgresql

_TOKEN_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class RunningGateway:
    """One of the two gateways, with the address that it keeps when it is started again."""

    home: Folder
    settings: Settings
    name: str

    @property
    def base(self) -> str:
        """Its address as a URL."""
        return f"http://{self.settings.listen}"

    def kill(self) -> None:
        """End all its processes as a crash would, in the middle of what they do."""
        for each in Programs.of(self.home.root).by_name[self.name]:
            with contextlib.suppress(ProcessLookupError):
                each.kill()
        processes.stop(self.home, [self.name])

    def stop(self) -> None:
        """Ask it to end, as a service manager does, and return when it has answered what it had begun."""
        processes.stop(self.home, [self.name], timeout=self.settings.submit_seconds + 30)

    def start(self) -> RunningGateway:
        """Start it and wait until it listens; return it with its address."""
        address = environment.start_gateway(self.home, self.name, self.settings)
        settings = Settings.from_environment({**self.settings.to_environment(), "SELAT_LISTEN": address})
        return RunningGateway(self.home, settings, self.name)


@dataclass(frozen=True)
class SoakedService:
    """
    Network and gateways; *tokens* has the present one of each actor.

    *fabric* has the names of Fabric's own programs: what they use is recorded, and is theirs to bound.
    """

    network: Path
    home: Folder
    gateways: tuple[RunningGateway, ...]
    tokens: dict[str, str]
    calendar: Calendar
    database: str
    fabric: frozenset[str]

    def rotate(self) -> Callable[[], None]:
        """
        Renew every actor's certificate, and give each a new token; return what revokes the former tokens.

        A gateway reads certificates when it starts.
        """
        renewing.renew([f"{msp_id}/{user}" for msp_id, user in sorted(set(ACTORS.values()))], self.network)
        made = Tokens(Store(self.gateways[0].settings.data, self.gateways[0].settings.database))
        former = [each.id for each in made.all()]
        self.tokens.update(_tokens(made))

        def revoke() -> None:
            for identifier in former:
                made.revoke(identifier)

        return revoke

    @property
    def folders(self) -> tuple[Path, Path]:
        """The folders that programs were started from."""
        return self.network, self.home.root


@contextlib.contextmanager
def running(engine: str, folder: Path) -> Iterator[SoakedService]:
    """
    Yield the running service; stop everything afterwards.

    The database is PostgreSQL where its programs are found, and SQLite elsewhere. On the embedded engine the story goes
    a day ahead once, so that the terms of its shops apply; on real programs it waits for that.

    Raises:
        NetworkError, hlf.errors.HlfError: the error names cause and cure.
    """
    network, home = folder / "network", Folder(folder / "gateway")
    calendar = Calendar(folder) if engine == "embedded" else MachineCalendar()
    with contextlib.ExitStack() as ending:
        ending.enter_context(calendar.followed(engine))
        shared = postgresql.found()
        url = ending.enter_context(postgresql.server()) if shared else ""
        ending.callback(admin.down, network)
        ending.callback(processes.stop, home)
        admin.up(engine, network, MARKETPLACE)
        gateways = two_gateways(home, network, url)
        made = Tokens(Store(gateways[0].settings.data, url))
        fabric = frozenset() if engine == "embedded" else frozenset(topology.load(MARKETPLACE).nodes)
        database = "PostgreSQL" if shared else "SQLite"
        yield SoakedService(network, home, gateways, _tokens(made), calendar, database, fabric)


def _tokens(made: Tokens) -> dict[str, str]:
    """Return a new token for each actor."""
    return {name: made.create(*who, SCOPES, _TOKEN_SECONDS) for name, who in ACTORS.items()}


def two_gateways(home: Folder, network: Path, url: str) -> tuple[RunningGateway, ...]:
    """Start two gateways before *network*, with one folder of data and one database; return them."""
    return tuple(
        RunningGateway(
            home,
            Settings(
                wallet=network.absolute(),
                data=(home.root / "data").absolute(),
                database=url,
                listen="127.0.0.1:0",
                ready_file=str((home.run / f"{name}.ready").absolute()),
            ),
            name,
        ).start()
        for name in ("gateway-1", "gateway-2")
    )
