"""``selat wallet``: hand over what one organisation's gateway needs from a network's state folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import click

from hlf.network import errors, options, state
from hlf.network.state import Folder
from hlf.network.topology import Organisation
from selat import sealing


@click.group()
def wallet() -> None:
    """Hand over identities and profiles, and seal their keys."""


wallet.add_command(sealing.seal)
wallet.add_command(sealing.unseal)


@wallet.command("export")
@click.argument("place", type=options.FOLDER, metavar="FOLDER")
@click.option("--organisation", "msp_id", required=True, help="Its MSP id.")
@options.state
def export(place: Path, msp_id: str, state: Path) -> None:
    """Write profile, users and genesis blocks of one organisation to a new FOLDER; no admin's or authority's key."""
    try:
        click.echo(export_wallet(place, msp_id, state))
    except errors.NetworkError as refused:
        raise click.ClickException(str(refused)) from refused


def export_wallet(place: Path, msp_id: str, root: Path) -> Path:
    """
    Write the folder that the gateway of one organisation needs, complete or not at all; return it.

    Raises:
        StateError: the state folder has no such organisation, or *place* exists already.
    """
    folder = Folder(root)
    state.started(folder)
    consortium = state.held(folder)
    known = [each.msp_id for each in consortium.organisations]
    if msp_id not in known:
        raise errors.StateError(root, f"has no organisation {msp_id}", f"It has {', '.join(known)}.")
    if place.exists():
        raise errors.StateError(place, "exists already", "Name a new folder: nothing in it is overwritten.")
    draft = Folder(place.with_name(f".{place.name}.part"))
    shutil.rmtree(draft.root, ignore_errors=True)
    try:
        state.private_folder(draft.root)
        _write(folder, draft, consortium.organisation(msp_id))
        for channel in consortium.channels_of(msp_id):
            state.replace_file(draft.genesis(channel.name), folder.genesis(channel.name).read_bytes())
        draft.root.rename(place)
    except OSError as error:
        raise state.unusable(place, error) from error
    finally:
        shutil.rmtree(draft.root, ignore_errors=True)
    return place


def _write(folder: Folder, draft: Folder, organisation: Organisation) -> None:
    msp_id = organisation.msp_id
    profile = _portable(json.loads(folder.profile(msp_id).read_bytes()))
    state.replace_file(draft.profile(msp_id), json.dumps(profile, indent=2, ensure_ascii=False).encode() + b"\n")
    for user in organisation.users:
        if user.role != "admin":
            there = draft.user(msp_id, user.name)
            state.private_folder(there.parent)
            shutil.copytree(folder.user(msp_id, user.name), there)


def _portable(profile: dict[str, Any]) -> dict[str, Any]:
    """Return a profile without the paths of the machine it was made on; its certificates stand in it as text, too."""
    profile["client"].pop("credentialStore", None)
    for organisation in profile["organizations"].values():
        organisation["users"] = {}
    for node in (*profile["peers"].values(), *profile["orderers"].values()):
        node["tlsCACerts"].pop("path", None)
    return profile
