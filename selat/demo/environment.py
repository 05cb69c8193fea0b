"""Start and stop what a demo runs on: a consortium and a gateway in one folder."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.http.settings import Settings
from gateway.store.database import Store
from gateway.store.scopes import SCOPES
from gateway.store.tokens import Tokens
from hlf.network import engines, processes, state
from hlf.network.admin import lifetime
from hlf.network.admin.lifetime import RunningNetwork
from hlf.network.engines import Engine
from hlf.network.state import Folder
from network import CONSORTIUM
from selat.demo.calendar import Calendar
from selat.demo.callers import Blocks, Cast, DemoCaller

ACTORS = {
    "admin": ("PlatformMSP", "Admin"),
    "carrier_admin": ("ForwarderMSP", "Admin"),
    "platform": ("PlatformMSP", "User1"),
    "merchant": ("MerchantMSP", "User1"),
    "payments": ("PaymentsMSP", "User1"),
    "origin": ("OriginCarrierMSP", "User1"),
    "forwarder": ("ForwarderMSP", "User1"),
    "last_mile": ("LastMileMSP", "User1"),
    "customs": ("CustomsMSP", "User1"),
    "auditor": ("AuditorMSP", "User1"),
}
_GATEWAY = "gateway"
_GATEWAY_SECONDS = 60.0
_TOKEN_DAYS = 90
"""How long tokens are valid; a story may take a month of its own calendar."""


@dataclass(frozen=True)
class RunningDemo:
    """A running demo: the network, the gateway's address, and a token for each actor."""

    network: RunningNetwork
    base: str
    tokens: dict[str, str]
    actors: Mapping[str, tuple[str, str]]

    @contextlib.contextmanager
    def callers(self) -> Iterator[dict[str, DemoCaller]]:
        """Yield the actors by name, each with its own connections."""
        blocks = Blocks()
        with contextlib.ExitStack() as stack:
            yield {
                name: stack.enter_context(DemoCaller(self.base, name, *self.actors[name], token=token, blocks=blocks))
                for name, token in self.tokens.items()
            }

    @contextlib.contextmanager
    def cast(self) -> Iterator[Cast]:
        """Yield the actors of the consignment from Shenzhen to Hanoi."""
        with self.callers() as callers:
            yield Cast(**callers)


def start(
    engine: str,
    folder: Path,
    consortium: Path | None = None,
    actors: Mapping[str, tuple[str, str]] = ACTORS,
    calendar: Calendar | None = None,
) -> RunningDemo:
    """
    Start network and gateway in *folder*, with tokens for *actors*: by name, the organisation and its user.

    With a *calendar*, all programs follow it. After a failure, ``stop`` stops what was started.

    Raises:
        NetworkError, hlf.errors.HlfError: the error names cause and cure.
    """
    with calendar.followed(engine) if calendar else contextlib.nullcontext():
        return _started(engine, folder, consortium, actors)


def _started(engine: str, folder: Path, consortium: Path | None, actors: Mapping[str, tuple[str, str]]) -> RunningDemo:
    network = lifetime.up(engine, folder / "network", consortium, default=CONSORTIUM)
    home = _home(folder)
    ready = home.run / "gateway.ready"
    settings = Settings(
        wallet=network.folder.root.absolute(),
        data=(home.root / "data").absolute(),
        listen="127.0.0.1:0",
        tracking="PlatformMSP/User1",
        ready_file=str(ready.absolute()),
    )
    address = start_gateway(home, _GATEWAY, settings)
    made = Tokens(Store(settings.data, settings.database))
    return RunningDemo(
        network,
        f"http://{address}",
        {name: made.create(msp_id, user, SCOPES, _TOKEN_DAYS * 24 * 3600) for name, (msp_id, user) in actors.items()},
        actors,
    )


def start_gateway(home: Folder, name: str, settings: Settings) -> str:
    """Start a gateway as the program *name* of *home*, and return the address at which it listens."""
    ready = Path(settings.ready_file)
    program = processes.Program(
        name, [sys.executable, "-m", "gateway"], environment=settings.to_environment(), ready_file=ready
    )
    processes.wait_ready([(program, processes.start(home, program))], _GATEWAY_SECONDS)
    return str(json.loads(ready.read_text())["address"])


def stop(folder: Path) -> list[str]:
    """Stop everything that runs from *folder*, even after an incomplete start; return the names of what ran."""
    network = Folder(folder / "network")
    ended = processes.stop(_home(folder))
    engine = _engine(network)
    if engine is not None:
        ended += engine.stop(network)
    return ended + processes.stop(network)


def running(folder: Path) -> bool:
    """Return whether anything that was started from *folder* still runs."""
    network = Folder(folder / "network")
    if any(found.alive for each in (_home(folder), network) for found in processes.find(each)):
        return True
    engine = _engine(network)
    return engine is not None and any(engine.running(network).values())


def _engine(network: Folder) -> Engine | None:
    """Return the engine of the folder's network; its nodes may be containers, and not processes here."""
    record = state.read(network)
    return engines.by_name(record.engine) if record is not None and record.engine else None


def _home(folder: Path) -> Folder:
    return Folder(folder / "gateway")
