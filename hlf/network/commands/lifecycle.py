"""``hlf network chaincode-package|install|approve|...``: the steps of a chaincode's lifecycle, by one organisation."""

from __future__ import annotations

from pathlib import Path

import click

from hlf.network import options
from hlf.network.exchange import chaincodes


@click.command("chaincode-propose")
@click.argument("channel")
@click.argument("name")
@click.argument("file", type=options.FILE)
@options.consortium
@options.organisation
@options.state
def propose(channel: str, name: str, file: Path, consortium: Path | None, organisation: str, state: Path) -> None:
    """Write the definition that the consortium file gives a chaincode into FILE, for all to approve."""
    _show(chaincodes.propose(channel, name, file, state, consortium, organisation))


@click.command("chaincode-package")
@click.argument("channel")
@click.argument("name")
@click.argument("file", type=options.FILE)
@options.consortium
@options.organisation
@options.state
def package(channel: str, name: str, file: Path, consortium: Path | None, organisation: str, state: Path) -> None:
    """Write the organisation's package of a chaincode into FILE (.tar.gz); print its id."""
    click.echo(chaincodes.package(channel, name, file, state, consortium, organisation))


@click.command("chaincode-install")
@click.argument("file", type=options.FILE)
@options.organisation
@options.state
def install(file: Path, organisation: str, state: Path) -> None:
    """Install a package on the organisation's peers; print its id."""
    click.echo(chaincodes.install(file, state, organisation))


@click.command("chaincode-approve")
@click.argument("file", type=options.FILE)
@click.option("--package", type=options.FILE, help="The package the organisation runs; without one it runs none.")
@click.option("--plan", "only_plan", is_flag=True, help="Only show what the definition says.")
@options.organisation
@options.state
def approve(file: Path, package: Path | None, only_plan: bool, organisation: str, state: Path) -> None:  # noqa: FBT001
    """Show what a proposed definition says, and approve it in the organisation's name."""
    _show(chaincodes.read(file))
    if only_plan:
        return
    found = chaincodes.approve(file, state, organisation, package)
    click.echo(f"approved, with {found}" if found else "approved, and this organisation does not run it")


@click.command("check-readiness")
@click.argument("file", type=options.FILE)
@options.organisation
@options.state
def readiness(file: Path, organisation: str, state: Path) -> None:
    """Show who has approved exactly this definition."""
    for msp_id, approved in sorted(chaincodes.readiness(file, state, organisation).items()):
        click.echo(f"{'approved' if approved else 'MISSING '}  {msp_id}")


@click.command("chaincode-commit")
@click.argument("file", type=options.FILE)
@options.organisation
@options.state
def commit(file: Path, organisation: str, state: Path) -> None:
    """Put a definition in force that enough organisations have approved."""
    chaincodes.commit(file, state, organisation)
    click.echo("in force")


def _show(proposed: chaincodes.ProposedDefinition) -> None:
    click.echo(f"channel {proposed.channel}")
    for line in proposed.words():
        click.echo(f"    {line}")


COMMANDS = (propose, package, install, approve, readiness, commit)
