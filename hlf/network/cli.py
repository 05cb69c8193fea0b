"""
``hlf network``: start, stop and look at a consortium's network.

The click object of these commands is the file that they start by default:
``selat network`` sets Selat's own, ``hlf network`` none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hlf import errors as hlf_errors
from hlf.network import admin, engines, errors, options
from hlf.network.commands import acts, exchanging, inspecting, keeping, keys, lifecycle, orderers, peers, planning
from hlf.network.exchange import founding, operating
from hlf.network.state import unusable


class _Commands(click.Group):
    """A group whose commands end with one line of cause and cure for errors of the network."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (errors.NetworkError, hlf_errors.HlfError) as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            # The output is a pipe that was closed; click ends the command.
            raise
        except OSError as error:
            # An error of the system, such as a full disk, needs no stack trace.
            raise click.ClickException(str(unusable(Path(error.filename or "."), error))) from error


@click.group(cls=_Commands)
def network() -> None:
    """Run the consortium's peers, orderers, channels and chaincodes."""


@network.command()
@click.option(
    "--engine", type=click.Choice(engines.NAMES), help="Default: the engine of the last start, at first embedded."
)
@click.option(
    "--consortium",
    type=options.FILE,
    help="The consortium file; default: that of the last start, at first the command's own.",
)
@options.state
@click.pass_obj
def up(default: Path | None, engine: str | None, consortium: Path | None, state: Path) -> None:
    """Start the consortium, with its ledgers if it ran before; print the folder of profiles."""
    if operating.is_own(state):
        click.echo(f"running: {', '.join(operating.up(state, consortium))}")
        return
    started = admin.up(engine, state, consortium, default=default)
    for difference in started.differences:
        click.echo(f"differs from the file: {difference}", err=True)
    click.echo(f"{started.engine} engine, Fabric {started.version}", err=True)
    for packaged in started.served_elsewhere:
        addresses = ", ".join(sorted(set(packaged.addresses.values())))
        click.echo(f"serve chaincode {packaged.chaincode.name} as {packaged.package_id} at {addresses}", err=True)
    click.echo(started.profiles)


@network.command()
@options.state
def down(state: Path) -> None:
    """Stop everything that runs from the state folder; ledgers, keys and certificates stay."""
    stopped = admin.down(state)
    click.echo(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")


@network.command()
@click.argument("nodes", nargs=-1, required=True, metavar="NODE...")
@options.state
def stop(nodes: tuple[str, ...], state: Path) -> None:
    """Stop single peers, orderers or chaincode servers; the others go on."""
    stopped = admin.stop_nodes(nodes, state)
    click.echo(f"stopped {', '.join(stopped)}" if stopped else "none of them was running")


@network.command()
@click.argument("nodes", nargs=-1, required=True, metavar="NODE...")
@options.state
def start(nodes: tuple[str, ...], state: Path) -> None:
    """Start nodes again that `stop` has stopped."""
    admin.start_nodes(nodes, state)
    click.echo(f"running: {', '.join(nodes)}")


@network.command()
@click.option("--consortium", type=options.FILE, help="The consortium file; default: the command's own.")
@click.option("--organisation", "own", multiple=True, metavar="MSP", help="Only what this organisation runs and knows.")
@click.option(
    "--engine",
    type=click.Choice(["native", "docker", "kubernetes"]),
    default="native",
    help="Of an organisation's nodes.",
)
@click.option("--from", "source", type=options.FOLDER, help="A state folder to take the organisation's part from.")
@options.state
@click.pass_obj
def render(
    default: Path | None, consortium: Path | None, own: tuple[str, ...], engine: str, source: Path | None, state: Path
) -> None:
    """
    Write what operators need; start nothing.

    Without --organisation: keys, genesis blocks, configuration and a compose file of the whole consortium, for docker.
    With it: the folder of one organisation, with no private key of another, and its introduction for the others.
    """
    if not own:
        click.echo(admin.render(state, consortium or default))
        return
    made = founding.take_from(source, own, state) if source else founding.found(own, state, consortium, engine)
    for file in made:
        click.echo(file)


@network.command()
@click.argument("name")
@options.state
def snapshot(name: str, state: Path) -> None:
    """Save all ledgers under a name; `restore` goes back to them."""
    click.echo(admin.snapshot(name, state))


@network.command()
@click.argument("name")
@options.state
def restore(name: str, state: Path) -> None:
    """Go back to a snapshot; everything later is lost."""
    admin.restore(name, state)
    click.echo(f"back at {name}")


@network.command("add-organisation")
@click.option("--channel", required=True, help="The channel that it joins.")
@click.option("--msp", required=True, help="Its MSP id, as in the consortium file.")
@click.option("--consortium", type=options.FILE, help="The consortium file with the organisation in it.")
@click.option("--apply/--plan", "doing", default=False, help="Do it, or only show the steps (default).")
@options.state
def add_organisation(channel: str, msp: str, consortium: Path | None, doing: bool, state: Path) -> None:
    """Add an organisation of the consortium file to a running channel."""
    click.echo(admin.plan_addition(channel, msp, state, consortium))
    if doing:
        admin.add_organisation(channel, msp, state, consortium)
        click.echo("done")
    else:
        click.echo("nothing was changed; --apply does it")


@network.command()
@options.state
@click.pass_context
def status(ctx: click.Context, state: Path) -> None:
    """Show what runs and each peer's heights; exit with 1 if something is missing or in trouble."""
    found = admin.status(state, heights=True)
    click.echo(f"engine {found.engine or '(never started)'} {found.version}".rstrip())
    for name, alive in found.programs.items():
        click.echo(f"{'running' if alive else 'FALLEN '}  {name}")
    for name in found.stopped:
        click.echo(f"stopped  {name}")
    for channel, heights in found.heights.items():
        for peer, height in heights.items():
            click.echo(f"height   {channel} {height} at {peer}")
    for trouble in found.troubles:
        click.echo(f"TROUBLE  {trouble}")
    if not found.programs:
        click.echo("nothing is running")
    elif found.stopped:
        click.echo(f"`hlf network start NODE {errors.state_option(state)}` starts a stopped one, `up` all of them")
    elif not all(found.programs.values()):
        click.echo(
            f"`hlf network logs NODE {errors.state_option(state)}` shows the end of its log; `up` starts them again"
        )
    ctx.exit(0 if found.running else 1)


for _command in (
    *inspecting.COMMANDS,
    *planning.COMMANDS,
    *acts.COMMANDS,
    *keys.COMMANDS,
    *orderers.COMMANDS,
    *peers.COMMANDS,
    *keeping.COMMANDS,
    *exchanging.COMMANDS,
    *lifecycle.COMMANDS,
):
    network.add_command(_command)
