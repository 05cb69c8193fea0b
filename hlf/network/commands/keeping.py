"""``hlf network backup|unpack``: a whole network in one file, and back."""

from __future__ import annotations

from pathlib import Path

import click

from hlf.network import errors, options
from hlf.network.commands import backups


@click.command()
@click.argument("file", type=options.FILE)
@options.state
def backup(file: Path, state: Path) -> None:
    """Write the state folder of a stopped network into FILE (.tar.gz); it holds every key, so protect it."""
    click.echo(backups.backup(file, state))


@click.command()
@click.argument("file", type=options.FILE)
@options.state
def unpack(file: Path, state: Path) -> None:
    """Make a new state folder of a backup; `up --state` then starts the network."""
    backups.unpack(file, state)
    click.echo(f"start it: hlf network up {errors.state_option(state)}")


COMMANDS = (backup, unpack)
