"""Options that the commands of a network share."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)

state = click.option(
    "--state", type=FOLDER, default=Path("build/network"), show_default=True, help="The network's state folder."
)

consortium = click.option(
    "--consortium", type=FILE, help="The consortium file; default: the copy that the state folder keeps."
)

organisation = click.option(
    "--organisation", help="The MSP id to act for; default: the one whose keys the folder holds."
)
