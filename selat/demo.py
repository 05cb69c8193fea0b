"""``selat demo``: one consignment from Shenzhen to Hanoi, played through HTTP on a network of its own."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click

from gateway.settings import Settings
from gateway.store import Store
from gateway.tokens import SCOPES, Tokens
from hlf.errors import HlfError
from network import engines, processes
from network.admin import lifetime
from network.errors import NetworkError
from network.state import Folder
from selat.demo_callers import Caller, Cast, DemoError
from selat.demo_screen import Screen
from selat.demo_story import play

KEPT = Path("build/demo")
_GATEWAY = "gateway"
_GATEWAY_SECONDS = 30.0
_TOKEN_SECONDS = 24 * 3600
_ACTORS = {
    "admin": ("PlatformMSP", "Admin"),
    "platform": ("PlatformMSP", "User1"),
    "merchant": ("MerchantMSP", "User1"),
    "payments": ("PaymentsMSP", "User1"),
    "origin": ("OriginCarrierMSP", "User1"),
    "forwarder": ("ForwarderMSP", "User1"),
    "last_mile": ("LastMileMSP", "User1"),
    "customs": ("CustomsMSP", "User1"),
    "auditor": ("AuditorMSP", "User1"),
}


@click.command()
@click.option("--engine", type=click.Choice(engines.NAMES), default="embedded", show_default=True)
@click.option("--keep", is_flag=True, help=f"Leave everything running, under {KEPT}, and print addresses and tokens.")
@click.option(
    "--consortium",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another consortium file with the same organisations, for example one with BFT orderers.",
)
def demo(engine: str, keep: bool, consortium: Path | None) -> None:
    """Play one consignment from Shenzhen to Hanoi, from forecast to returned goods."""
    screen = Screen()
    try:
        with _interruptible(), _folder(keep) as folder:
            run(engine, folder, screen, keep, consortium)
    except (NetworkError, HlfError, DemoError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise click.ClickException("interrupted; everything that was started has been stopped") from None


def run(engine: str, folder: Path, screen: Screen, keep: bool = False, consortium: Path | None = None) -> None:
    """
    Start network and gateway in *folder*, play, and stop both; with *keep* they are left running after a good end.

    Raises:
        NetworkError, HlfError: the network could not be started.
        DemoError: the gateway could not, or answered other than the story wants.
    """
    began = time.monotonic()
    played = False
    network, home = folder / "network", Folder(folder / "gateway")
    try:
        with screen.waiting(f"Starting the consortium on the engine {engine} and its gateway"):
            up = lifetime.up(engine, network, consortium)
            base = _start_gateway(home, network)
            tokens = _tokens(home)
        screen.started(up, base, time.monotonic() - began)
        with contextlib.ExitStack() as stack:
            callers = {
                name: stack.enter_context(Caller(base, name, *_ACTORS[name], token=tokens[name])) for name in tokens
            }
            play(Cast(**callers), base, screen)
        played = True
    finally:
        if not (keep and played):
            _stop(home, network)
    screen.ended(time.monotonic() - began)
    if keep:
        screen.kept(base, folder, {name: (*_ACTORS[name], token) for name, token in tokens.items()})


def _start_gateway(home: Folder, network: Path) -> str:
    """Start the gateway as a process of its own; its address."""
    ready = home.run / "gateway.ready"
    settings = Settings(
        wallet=network.absolute(),
        data=(home.root / "data").absolute(),
        listen="127.0.0.1:0",
        tracking="PlatformMSP/User1",
        ready_file=str(ready.absolute()),
    )
    program = processes.Program(
        _GATEWAY, [sys.executable, "-m", "gateway"], environment=settings.to_environment(), ready_file=ready
    )
    processes.wait_ready([(program, processes.start(home, program))], _GATEWAY_SECONDS)
    return f"http://{json.loads(ready.read_text())['address']}"


def _tokens(home: Folder) -> dict[str, str]:
    """A token for each actor, as ``selat gateway token create`` makes them."""
    made = Tokens(Store(home.root / "data"))
    return {name: made.create(msp_id, user, SCOPES, _TOKEN_SECONDS) for name, (msp_id, user) in _ACTORS.items()}


def _stop(home: Folder, network: Path) -> None:
    """Stop whatever was started, however far that came."""
    processes.stop(home)
    processes.stop(Folder(network))


@contextlib.contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    """A folder for everything: temporary, or a fresh one that stays."""
    if not keep:
        temporary = Path(tempfile.mkdtemp(prefix="selat-demo-"))
        try:
            yield temporary
        except (NetworkError, HlfError, DemoError):
            raise  # The folder stays: the logs that the error names are in it.
        except BaseException:
            shutil.rmtree(temporary)
            raise
        shutil.rmtree(temporary)
        return
    if KEPT.exists() and any(
        each.alive for part in ("network", "gateway") for each in processes.find(Folder(KEPT / part))
    ):
        raise DemoError(f"a demo is running in {KEPT}. Stop it first: selat demo-stop")
    KEPT.mkdir(parents=True, exist_ok=True)
    yield KEPT


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does: by way of every ``finally``."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
