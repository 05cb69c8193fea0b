"""Common parts of the commands of ``selat audit``: the options for a peer, and exit codes of errors."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.fabric.wallet import Wallet, WalletError
from hlf.audit.evidence import anchors, documents
from hlf.audit.records import visible
from hlf.audit.replay import report
from hlf.audit.replay.report import EXIT_CODES
from hlf.errors import HlfError, WireError

FOLDER = click.Path(file_okay=False, path_type=Path)
# Opening a file checks that it exists; it also refuses a path that is not a regular file.
FILE = click.Path(path_type=Path)
BLOCKS = click.Path(exists=True, path_type=Path)
# Exit codes besides 0, which means that everything holds. Click exits with 2 for a wrongly typed command, which
# gives no verdict either.
DOES_NOT_HOLD, CANNOT_TELL = EXIT_CODES[report.DOES_NOT_HOLD], EXIT_CODES[report.CANNOT_TELL]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def of_a_peer(command: _Command) -> _Command:
    """Add the options for the peer to ask and the user to act as."""
    for option in (
        click.option("--wallet", type=FOLDER, default=Path("build/network"), show_default=True),
        click.option("--user", default="User1", show_default=True, help="Who asks."),
        click.option("--organisation", default="AuditorMSP", show_default=True, help="Whose peer is asked."),
    ):
        command = option(command)
    return command


trusted = click.option(
    "--trusted",
    "trusted",
    type=FILE,
    multiple=True,
    help="A genesis block or checkpoint from somebody you trust; several may be given.",
)


class NoVerdictError(click.ClickException):
    """There is no verdict; the text is cause and cure."""

    exit_code = CANNOT_TELL


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """End with one line of cause and cure."""
    try:
        yield
    except BrokenPipeError:
        raise  # The reader of a pipe has stopped, as `head` does; click ends quietly.
    except (HlfError, WalletError, OSError) as error:
        raise click.ClickException(visible.text(str(error))) from error


def opened(wallet: Path) -> Wallet:
    """Return the wallet in a folder; its sealed keys are opened with the file that SELAT_PASSPHRASE_FILE names."""
    return Wallet(wallet, os.environ.get("SELAT_PASSPHRASE_FILE", ""))


@contextlib.contextmanager
def judging(*, as_json: bool) -> Iterator[None]:
    """
    Explain errors as ``explained`` does, for commands with a verdict: with the exit code for none, and with
    *as_json* as JSON.
    """
    try:
        yield
    except BrokenPipeError:
        raise  # The reader of a pipe has stopped, as `head` does; click ends quietly.
    except (HlfError, WalletError, OSError) as error:
        words = visible.text(str(error))
        if as_json:
            click.echo(json.dumps({"verdict": "cannot tell", "error": words, "exit": CANNOT_TELL}, indent=2))
        raise NoVerdictError(words) from error


def read_anchors(paths: tuple[Path, ...]) -> list[anchors.Anchor]:
    """
    Return the blocks and checkpoints in the files of ``--trusted``.

    Raises:
        WireError: a file is neither a checkpoint nor a block; the error names it.
    """
    found = []
    for path in paths:
        try:
            found.append(anchors.read(documents.read(path)))
        except WireError as refused:
            raise WireError(f"{path}: {refused}") from None
    return found
