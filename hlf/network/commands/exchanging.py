"""
``hlf network invite|join|propose|sign|submit``: organisations that run a channel together, each with its own keys.

Every command works in one organisation's folder (`render --organisation`), and on files that they send each other.
"""

from __future__ import annotations

from pathlib import Path

import click

from hlf.network import options
from hlf.network.exchange import inviting, proposals, updating
from hlf.wire.config.channelproposal import ChannelProposal


@click.command()
@click.argument("channel")
@click.argument("file", type=options.FILE)
@click.option("--with", "introduced", type=options.FILE, multiple=True, help="The introduction of an organisation.")
@options.consortium
@options.state
def invite(channel: str, file: Path, introduced: tuple[Path, ...], consortium: Path | None, state: Path) -> None:
    """Write what others must know to join a channel into FILE; a channel that is new is drafted with it."""
    _show(inviting.invite(channel, file, state, introduced, consortium))
    click.echo(f"send {file} to the members")


@click.command()
@click.argument("file", type=options.FILE)
@click.option("--plan", "only_plan", is_flag=True, help="Only show what the invitation says.")
@options.consortium
@options.state
def join(file: Path, only_plan: bool, consortium: Path | None, state: Path) -> None:  # noqa: FBT001
    """Join the channel of an invitation with the own nodes, which are started."""
    _show(inviting.read(file))
    if not only_plan:
        click.echo(f"running: {', '.join(inviting.join(file, state, consortium))}")


@click.command()
@click.argument("channel")
@click.argument("file", type=options.FILE)
@click.option("--with", "introduced", type=options.FILE, multiple=True, help="The introduction of an organisation.")
@options.consortium
@options.organisation
@options.state
def propose(
    channel: str, file: Path, introduced: tuple[Path, ...], consortium: Path | None, organisation: str, state: Path
) -> None:
    """Write into FILE the update that makes CHANNEL match the consortium file, for others to sign."""
    _show_proposal(updating.propose(channel, file, state, consortium, organisation, introduced))
    click.echo(f"send {file} to those who sign")


@click.command()
@click.argument("file", type=options.FILE)
@click.option("--plan", "only_plan", is_flag=True, help="Only show what the update does and who has signed it.")
@click.option("--offline", is_flag=True, help="Ask no node whether the channel has changed since.")
@options.organisation
@options.state
def sign(file: Path, only_plan: bool, offline: bool, organisation: str, state: Path) -> None:  # noqa: FBT001
    """Show what a proposed update does, compare what it starts from with the channel, and add the own signature."""
    _show_proposal(proposals.read(file) if only_plan else updating.sign(file, state, organisation, offline=offline))


@click.command()
@click.argument("file", type=options.FILE)
@options.organisation
@options.state
def submit(file: Path, organisation: str, state: Path) -> None:
    """Put an update with enough signatures in force."""
    found = updating.submit(file, state, organisation)
    click.echo(f"in force on {found.channel}: {'; '.join(found.words())}")


def _show(found: inviting.Invitation) -> None:
    click.echo(f"channel {found.channel}, members {', '.join(found.members)}, orderers of {', '.join(found.orderers)}")
    for line in found.words:
        click.echo(f"    {line}")
    click.echo(f"its first block has SHA-256 {found.digest}: compare it with the others' before you trust it")


def _show_proposal(found: ChannelProposal) -> None:
    click.echo(f"channel {found.channel}, configuration {found.original.sequence}")
    for line in found.words():
        click.echo(f"    {line}")
    click.echo(f"signed by {', '.join(sorted(found.signatures)) or 'nobody'}")
    for line in found.missing():
        click.echo(f"not enough for {line}")


COMMANDS = (invite, join, propose, sign, submit)
