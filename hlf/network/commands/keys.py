"""``hlf network user-revoke|renew|ca-roll``: revoke certificates, renew them, or their root."""

from __future__ import annotations

from pathlib import Path

import click

from hlf.network import options, topology
from hlf.network.admin.keys import renewing, revoking, rolling
from hlf.network.commands import editing
from hlf.network.commands.editing import item
from hlf.network.exchange import operating
from hlf.network.exchange import revoking as own
from hlf.network.state import Folder, replace_file

_AFTER_ROLL = {
    None: "done: the old roots count nowhere any more",
    rolling.TRUSTED: "all trust both roots: give clients the new files of `profiles/`, then go on",
    rolling.RENEWED: "all have certificates of the new roots: give users theirs, then go on",
}


@click.command("user-revoke")
@click.argument("msp")
@click.argument("name")
@click.option("--consortium", type=options.FILE, help="Take the user out of this file, too.")
@options.state
def user_revoke(msp: str, name: str, consortium: Path | None, state: Path) -> None:
    """Revoke a user's certificate on all channels, and take the user out of the file; `apply` makes User1 again."""
    # A file that cannot be edited is refused before anything is done.
    edited = {} if consortium is None else {consortium: _without(consortium, msp, name)}
    done = own.revoke(msp, name, state) if operating.is_own(state) else revoking.revoke(msp, name, state)
    click.echo(f"revoked {name} of {msp} on {', '.join(done) or 'no further channel'}")
    held = Folder(state).consortium_file
    for file, text in {held: _without(held, msp, name), **edited}.items():
        if text is not None:
            replace_file(file, text.encode())


def _without(file: Path, msp_id: str, name: str) -> str | None:
    """Return a consortium file without a user; None if it does not list that one."""
    text = topology.load(file, base=file.parent).source
    place: editing.Place = ["organisations", item(msp_id=msp_id), "users", item(name=name)]
    return None if editing.read(text, place) is None else editing.remove(text, place)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NODE|MSP/USER...")
@options.state
def renew(names: tuple[str, ...], state: Path) -> None:
    """Renew the certificates of nodes and users, keys kept; a node that runs is started again."""
    for file in renewing.renew(names, state):
        click.echo(f"renewed {file.relative_to(state)}")


@click.command("ca-roll")
@click.argument("msp")
@click.option("--yes", is_flag=True, help="Do it; without, only show the steps.")
@click.option(
    "--until",
    type=click.Choice([rolling.TRUSTED, rolling.RENEWED]),
    help="Rest there, so that clients get what they need meanwhile; the same command without it goes on.",
)
@options.state
def ca_roll(msp: str, yes: bool, until: str | None, state: Path) -> None:  # noqa: FBT001
    """Give an organisation new roots of trust, and its nodes and users certificates of them; keys stay."""
    click.echo(rolling.plan(msp, state))
    if not yes:
        click.echo("nothing was changed; --yes does it")
        return
    rolling.roll(msp, state, until)
    click.echo(_AFTER_ROLL[until])


COMMANDS = (user_revoke, renew, ca_roll)
