"""``selat demo``: a story, played through HTTP on a network of its own."""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click

from hlf.errors import HlfError
from hlf.network import engines
from hlf.network.errors import NetworkError
from selat.demo import environment
from selat.demo.callers import DemoError
from selat.demo.screen import Screen
from selat.demo.stories import STORIES

KEPT = Path("build/demo")


@click.command()
@click.option("--engine", type=click.Choice(engines.NAMES), default="embedded", show_default=True)
@click.option(
    "--story",
    type=click.Choice(list(STORIES)),
    default="consignment",
    show_default=True,
    help="One consignment from Shenzhen to Hanoi, a month of a marketplace, or the peak before Tet.",
)
@click.option(
    "--orders",
    type=click.IntRange(min=14),
    default=20,
    show_default=True,
    help="How many orders the marketplace has.",
)
@click.option("--keep", is_flag=True, help=f"Leave everything running, under {KEPT}, and print addresses and tokens.")
@click.option("--stop", is_flag=True, help="Stop a demo that was left running; play nothing.")
@click.option(
    "--consortium",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another consortium file with the same organisations, for example one with BFT orderers.",
)
def demo(engine: str, story: str, orders: int, keep: bool, stop: bool, consortium: Path | None) -> None:
    """Play a story, from forecasts to returned goods; by default one consignment from Shenzhen to Hanoi."""
    screen = Screen()
    if stop:
        screen.say(
            ", ".join(environment.stop(KEPT)) + " stopped" if environment.running(KEPT) else "Nothing is running"
        )
        return
    try:
        with _interruptible(), _folder(keep) as folder:
            run(engine, folder, screen, keep, consortium, story, orders)
    except (NetworkError, HlfError, DemoError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise click.ClickException("interrupted; everything that was started has been stopped") from None


def run(
    engine: str,
    folder: Path,
    screen: Screen,
    keep: bool = False,
    consortium: Path | None = None,
    story: str = "consignment",
    orders: int = 20,
) -> None:
    """
    Start network and gateway in *folder*, play, and stop both; with *keep* they stay up after a good end.

    Raises:
        NetworkError, HlfError: the network cannot be started.
        DemoError: the gateway gave another answer than the story expects.
    """
    began = time.monotonic()
    played = False
    try:
        with screen.waiting(f"Starting the consortium on the engine {engine} and its gateway"):
            chosen = STORIES[story]
            calendar = chosen.calendar(folder)
            stage = chosen.start(engine, folder, consortium, calendar)
        screen.started(stage.network, stage.base, time.monotonic() - began)
        chosen.play(stage, screen, calendar, orders)
        played = True
    finally:
        if not (keep and played):
            environment.stop(folder)
    screen.ended(time.monotonic() - began)
    if keep:
        screen.kept(stage, folder)


@contextlib.contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    """Yield a folder for everything: KEPT, or a temporary one, which stays after a failure because of its logs."""
    if keep:
        if environment.running(KEPT):
            raise DemoError(f"a demo is running in {KEPT}. Stop it first: selat demo --stop")
        shutil.rmtree(KEPT, ignore_errors=True)  # The story begins with an empty ledger.
        KEPT.mkdir(parents=True)
        yield KEPT
        return
    temporary = Path(tempfile.mkdtemp(prefix="selat-demo-"))
    try:
        yield temporary
    except (NetworkError, HlfError, DemoError):
        raise
    except BaseException:
        shutil.rmtree(temporary)
        raise
    shutil.rmtree(temporary)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does, so that every ``finally`` runs."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
