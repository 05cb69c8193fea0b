"""``selat audit``: export a channel's blocks, and verify exported blocks offline."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.wallet import Wallet, WalletError
from hlf import audit as verifier
from hlf.errors import HlfError
from selat import checkpointing, evidence, searching

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_BLOCKS = click.Path(exists=True, path_type=Path)


@click.group()
def audit() -> None:
    """Blocks taken home, and what they prove there."""


audit.add_command(evidence.receipt)
audit.add_command(evidence.check)
audit.add_command(checkpointing.checkpoint)
audit.add_command(checkpointing.compare)
audit.add_command(searching.find)
audit.add_command(searching.report)


@audit.command()
@click.argument("folder", type=_FOLDER)
@click.option("--channel", required=True, help="The channel to export.")
@click.option("--organisation", default="AuditorMSP", show_default=True, help="Whose peer is asked.")
@click.option("--user", default="User1", show_default=True)
@click.option(
    "--wallet", type=_FOLDER, default=Path("build/network"), show_default=True, help="The network's state folder."
)
def export(folder: Path, channel: str, organisation: str, user: str, wallet: Path) -> None:
    """Write every block of a channel to FOLDER that is not there yet, one file a block."""
    with _explained(), Wallet(wallet).connect(organisation, user) as fabric:
        network = fabric.network(channel)
        height = network.height()
        folder.mkdir(parents=True, exist_ok=True)
        # Block files appear whole and in order, so an interrupted export goes on where it stopped.
        start = sum(1 for _ in folder.glob("*.block"))
        for number in range(start, height):
            # Not from the block events, which a channel with private data keeps closed.
            verifier.write_block(folder, network.block(number))
    click.echo(f"{height} blocks of {channel} in {folder}, {max(0, height - start)} of them new")


@audit.command()
@click.argument("blocks", type=_BLOCKS, nargs=-1, required=True)
@click.option("--trusted", type=_FILE, help="A configuration block, genesis or later, from somebody you trust.")
def verify(blocks: tuple[Path, ...], trusted: Path | None) -> None:
    """Replay exported BLOCKS (files or folders) under Fabric's rules; exit with 1 where bytes and rules disagree."""
    with _explained():
        report = verifier.verify(
            verifier.read_blocks(*blocks), trusted=trusted.read_bytes() if trusted is not None else None
        )
    click.echo(f"channel {report.channel_id}, blocks {report.first_block} to {report.last_block}")
    codes = ", ".join(f"{count} {name}" for name, count in sorted(report.codes.items()))
    click.echo(f"{report.transactions} transactions: {codes}")
    click.echo(f"genesis {report.genesis_hash or 'not among the blocks'}, last {report.last_hash}")
    if not report.complete:
        click.echo("the chain was not replayed from its genesis block: policies and conflicts were not looked at")
    if trusted is None:
        click.echo("compare the genesis hash with one you trust, or give --trusted: a forgery agrees with itself")
    for finding in report.findings:
        click.echo(str(finding), err=True)
    if not report.ok:
        raise click.ClickException(f"{len(report.findings)} findings")
    click.echo(f"everything holds; {report.commit_hashes} of the peer's state hashes were arrived at as well")


@audit.command()
@click.argument("blocks", type=_BLOCKS, nargs=-1, required=True)
@click.option("--chaincode", required=True)
@click.option("--collection", required=True, help="For an organisation's own: _implicit_org_<MSP id>.")
@click.option("--key", required=True)
@click.option("--value", type=_FILE, required=True, help="A file with exactly the bytes that were disclosed.")
def value(blocks: tuple[Path, ...], chaincode: str, collection: str, key: str, value: Path) -> None:
    """Say where in exported BLOCKS exactly this private value was committed; exit with 1 if it never was."""
    with _explained():
        found = verifier.private_writes(verifier.read_blocks(*blocks), chaincode, collection, key, value.read_bytes())
    for write in found:
        outcome = "valid" if write.valid else "invalid"
        click.echo(f"block {write.block_number}, transaction {write.transaction_id}, {outcome}")
    if not any(write.valid for write in found):
        raise click.ClickException("no valid transaction of these blocks wrote that value under that key")


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """End with one line of cause and cure."""
    try:
        yield
    except (HlfError, WalletError, OSError) as error:
        raise click.ClickException(str(error)) from error
