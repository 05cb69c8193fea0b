"""``hlf network user-revoke|renew``: revoke certificates, or renew them."""

from __future__ import annotations

from pathlib import Path

import click

from hlf.network import options, topology
from hlf.network.admin import renewing, revoking
from hlf.network.commands import editing
from hlf.network.commands.editing import item
from hlf.network.state import Folder, replace_file


@click.command("user-revoke")
@click.argument("msp")
@click.argument("name")
@click.option("--consortium", type=options.FILE, help="Take the user out of this file, too.")
@options.state
def user_revoke(msp: str, name: str, consortium: Path | None, state: Path) -> None:
    """Revoke a user's certificate on all channels, and take the user out of the file; `apply` makes User1 again."""
    done = revoking.revoke(msp, name, state)
    click.echo(f"revoked {name} of {msp} on {', '.join(done) or 'no further channel'}")
    for file in (Folder(state).consortium_file, consortium):
        if file is not None:
            _take_out(file, msp, name)


def _take_out(file: Path, msp_id: str, name: str) -> None:
    text = topology.load(file, base=file.parent).source
    place: editing.Place = ["organisations", item(msp_id=msp_id), "users", item(name=name)]
    if editing.read(text, place) is not None:
        replace_file(file, editing.remove(text, place).encode())


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NODE|MSP/USER...")
@options.state
def renew(names: tuple[str, ...], state: Path) -> None:
    """Renew the certificates of nodes and users, keys kept; a node that runs is started again."""
    for file in renewing.renew(names, state):
        click.echo(f"renewed {file.relative_to(state)}")


COMMANDS = (user_revoke, renew)
