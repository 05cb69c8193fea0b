"""The demo's output: chapters, with their results in tables."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hlf.network.admin.lifetime import RunningNetwork
from selat.demo.environment import RunningDemo

# The width for output to a file or a pipe, where there is no terminal.
_FILE_WIDTH = 120


class Screen:
    """Tables on a terminal; elsewhere plain text."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        if not self._console.is_terminal:
            self._console.width = _FILE_WIDTH
        self._chapter = 0

    def waiting(self, what: str) -> AbstractContextManager[Any]:
        """Return a spinner while something is started."""
        return self._console.status(what)

    def chapter(self, title: str) -> None:
        """Print the heading of the next part."""
        self._chapter += 1
        self._console.print()
        self._console.rule(f"[bold]{self._chapter}. {title}[/]", align="left", style="cyan")

    def say(self, text: str) -> None:
        """Print one sentence."""
        self._console.print(text, highlight=False)

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[object]], title: str | None = None) -> None:
        """Print rows under headings."""
        table = Table(
            box=box.SIMPLE_HEAD,
            title=title,
            title_justify="left",
            title_style="italic",
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(cell if isinstance(cell, _MarkedText) else escape(str(cell)) for cell in row))
        self._console.print(table)

    def started(self, network: RunningNetwork, base: str, seconds: float) -> None:
        """Print what was started."""
        members = network.consortium
        self.say(
            f"{len(members.organisations)} organisations, {len(members.channels)} channels, "
            f"{len(members.chaincodes)} chaincodes on Fabric {network.version} ({network.engine}) "
            f"and a gateway at {base}, ready in {seconds:.1f} s"
        )

    def ended(self, seconds: float) -> None:
        """Print the last line of a good end."""
        self._console.print()
        self.say(f"[bold green]Played to the end in {seconds:.1f} s.[/]")

    def kept(self, stage: RunningDemo, folder: Path) -> None:
        """Print how to continue by hand."""
        self.say(f"Left running: gateway {stage.base} (documentation at {stage.base}/docs), the rest under {folder}")
        for name, token in stage.tokens.items():
            # Not in a table, because a wrapped token cannot be copied.
            self._console.print(f"{name:10} {'/'.join(stage.actors[name]):24} {token}", highlight=False, soft_wrap=True)
        self._console.print(
            f'Try: curl -H "Authorization: Bearer {stage.tokens["platform"]}" {stage.base}/v1/participants',
            highlight=False,
            soft_wrap=True,
        )
        self.say("Stop it: selat demo --stop")


class _MarkedText(str):
    """Text with rich's markup."""


def short(msp_id: str) -> str:
    """Return an organisation's name without the common suffix."""
    return msp_id.removesuffix("MSP")


def good(text: str) -> str:
    """Return a good result in green."""
    return _MarkedText(f"[green]{escape(text)}[/]")


def bad(text: str) -> str:
    """Return a refusal."""
    return _MarkedText(f"[red]{escape(text)}[/]")
