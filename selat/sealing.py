"""``selat wallet seal`` and ``unseal``: the keys in a wallet encrypted with a passphrase, and plain again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from gateway.fabric import userkeys
from hlf.errors import IdentityError
from hlf.network import errors, options
from hlf.network.state import Folder

_PASSPHRASE = click.option(
    "--passphrase-file",
    "passphrase_file",
    required=True,
    type=click.Path(dir_okay=False),
    help="Its first line is the passphrase; make it with openssl rand -hex 32.",
)


@click.command()
@click.argument("place", type=options.FOLDER, metavar="FOLDER")
@_PASSPHRASE
def seal(place: Path, passphrase_file: str) -> None:
    """Encrypt all keys of the wallet in FOLDER. The gateway opens them with SELAT_PASSPHRASE_FILE."""
    changed = _done(place, passphrase_file, seal_wallet)
    click.echo(f"{changed} keys sealed; backups and the disk may still hold them plain")


@click.command()
@click.argument("place", type=options.FOLDER, metavar="FOLDER")
@_PASSPHRASE
def unseal(place: Path, passphrase_file: str) -> None:
    """Write all keys of the wallet in FOLDER plain again."""
    click.echo(f"{_done(place, passphrase_file, unseal_wallet)} keys unsealed")


def seal_wallet(place: Path, passphrase: bytes) -> int:
    """
    Encrypt the keys of a wallet that are plain; return how many were. Nothing is written unless all can be.

    Raises:
        hlf.errors.IdentityError: a key cannot be read, or is sealed with another passphrase.
        StateError: it is no wallet, or a network's own state folder, whose commands need the keys.
    """
    if Folder(place).record_file.exists():
        cure = "Hand a wallet over by selat wallet export, and seal that."
        raise errors.StateError(place, "is a network's state folder, whose own commands need plain keys", cure)
    keys = _keys(place)
    for path, pem in keys.items():
        if userkeys.is_sealed(pem):
            userkeys.opened(pem, passphrase, str(path))
    plain = {path: pem for path, pem in keys.items() if not userkeys.is_sealed(pem)}
    return _replace({path: userkeys.sealed(pem, passphrase, str(path)) for path, pem in plain.items()})


def unseal_wallet(place: Path, passphrase: bytes) -> int:
    """
    Write the keys of a wallet that are sealed plain again; return how many were. Nothing is written unless all can be.

    Raises:
        hlf.errors.IdentityError: a key is sealed with another passphrase.
        StateError: it is no wallet.
    """
    sealed = {path: pem for path, pem in _keys(place).items() if userkeys.is_sealed(pem)}
    return _replace({path: userkeys.opened(pem, passphrase, str(path)) for path, pem in sealed.items()})


def _done(place: Path, passphrase_file: str, act: Callable[[Path, bytes], int]) -> int:
    try:
        return act(place, userkeys.passphrase(passphrase_file))
    except (IdentityError, errors.NetworkError) as refused:
        raise click.ClickException(str(refused)) from refused


def _keys(place: Path) -> dict[Path, bytes]:
    """Return the keys in a wallet by their files."""
    users = sorted(place.glob("organisations/*/users/*"))
    if not users:
        raise errors.StateError(place, "has no users", "Name a wallet: a folder with organisations and profiles.")
    paths = [user / name for user in users for name in (userkeys.KEY, userkeys.TLS_KEY)]
    return {path: path.read_bytes() for path in paths if path.is_file()}


def _replace(files: dict[Path, bytes]) -> int:
    """Write the files, each in one step, and on the disk before its old one is gone: no crash may lose a key."""
    for path, content in files.items():
        new = path.with_name(f".{path.name}.new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    return len(files)
