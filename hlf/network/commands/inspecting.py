"""``hlf network channels|channel-info|peers|logs|certificates|chaincode-status|metrics``: inspect a running network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from hlf.admin.lifecycle import CommittedChaincodeDefinition
from hlf.network import options
from hlf.network.admin import inspection


@click.command()
@options.state
def channels(state: Path) -> None:
    """List the channels with their heights and members."""
    for each in inspection.channels(state):
        height = max(each.heights.values(), default=0)
        click.echo(f"{each.name}  height {height}  members {', '.join(each.members)}")


@click.command("channel-info")
@click.argument("name")
@options.state
def channel_info(name: str, state: Path) -> None:
    """Show one channel: members, peers, settings, policies, chaincodes."""
    found = inspection.channel(name, state)
    for msp_id in found.members:
        click.echo(f"member     {msp_id}  anchor peers {', '.join(found.anchors.get(msp_id, ())) or 'none'}")
    for peer, height in found.heights.items():
        click.echo(f"peer       {peer}  height {height}")
    for what, value in sorted(found.settings.items()):
        click.echo(f"setting    {what} = {value}")
    for chaincode in found.chaincodes:
        click.echo(f"chaincode  {_definition(chaincode)}")


@click.command()
@click.pass_context
@options.state
def peers(ctx: click.Context, state: Path) -> None:
    """List the peers with their heights and packages; exit with 1 if one does not answer."""
    found = inspection.peers(state)
    for peer in found:
        click.echo(f"{peer.name}  {peer.msp_id}  {peer.address}")
        for channel, height in peer.heights.items():
            click.echo(f"  channel {channel}  height {height}")
        for package in peer.installed:
            uses = [f"{name} {version} on {on}" for on, used in package.references.items() for name, version in used]
            click.echo(f"  package {package.package_id}  {', '.join(uses) or 'not in use'}")
        if peer.silent:
            click.echo(f"  does not answer: {peer.silent}")
    ctx.exit(1 if any(peer.silent for peer in found) else 0)


@click.command()
@click.argument("node")
@click.option("--lines", type=click.IntRange(1), default=100, show_default=True, help="How many, from the end.")
@options.state
def logs(node: str, lines: int, state: Path) -> None:
    """Show the last lines that a program wrote, whether it runs or not."""
    for line in inspection.log(node, state, lines):
        click.echo(line)


@click.command()
@click.option(
    "--within", type=click.IntRange(0), default=30, show_default=True, metavar="DAYS", help="Alarm from then."
)
@click.pass_context
@options.state
def certificates(ctx: click.Context, within: int, state: Path) -> None:
    """List the certificates of the state folder by expiry date; exit with 1 if one has expired or expires soon."""
    soon = 0
    for each in inspection.certificates_of(state, datetime.now(UTC)):
        alarm = each.left < timedelta(days=within)
        soon += alarm
        word = "ENDED" if each.left < timedelta(0) else "ENDS SOON" if alarm else "valid"
        days = each.left.days
        click.echo(f"{word:<9}  {days:>6} days  {each.ends:%Y-%m-%d}  {each.subject}  {each.path.relative_to(state)}")
    if soon:
        click.echo(f"{soon} to renew within {within} days", err=True)
    ctx.exit(1 if soon else 0)


@click.command("chaincode-status")
@click.argument("channel")
@options.state
def chaincode_status(channel: str, state: Path) -> None:
    """Show the definitions in force on a channel, and which package each member has approved."""
    for name, words, approvals in inspection.definitions(channel, state):
        click.echo(f"{name} {words['version']}, sequence {words['sequence']}, endorsed by {words['endorsement']}")
        for what, value in sorted(words.items()):
            if what.startswith("collections."):
                click.echo(f"  {what} = {value}")
        for msp_id, package in sorted(approvals.items()):
            click.echo(f"  {msp_id}  {package or 'agrees and runs no package'}")


@click.command()
@options.state
def metrics(state: Path) -> None:
    """List where nodes publish metrics for Prometheus, one target a line."""
    for name, address in inspection.metrics(state).items():
        click.echo(f"http://{address}/metrics  {name}")


def _definition(chaincode: CommittedChaincodeDefinition) -> str:
    init = ", init required" if chaincode.init_required else ""
    return f"{chaincode.name} {chaincode.version}, sequence {chaincode.sequence}{init}"


COMMANDS = (channels, channel_info, peers, logs, certificates, chaincode_status, metrics)
