"""``selat audit checkpoint`` and ``compare``: sign a channel's state, and compare copies."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from hlf import audit
from hlf.audit.evidence import anchors, checkpoints, comparison, documents
from hlf.audit.evidence.checkpoints import SignedCheckpoint
from hlf.audit.records import files, visible
from hlf.errors import WireError
from hlf.wire.config.channelconfig import Bundle
from selat import options
from selat.peers import LedgerCopy


@click.group()
def checkpoint() -> None:
    """Sign a channel's state, and check copies against it later."""


@checkpoint.command()
@click.argument("blocks", type=options.BLOCKS, nargs=-1, required=True)
@click.option("--height", type=click.IntRange(1), help="Number of blocks; default: all.")
@click.option("--trusted", type=options.FILE, help="The channel's genesis block, from somebody you trust.")
@click.option("--output", type=options.FILE, help="Default: checkpoint-<channel>-<height>.json here.")
@options.of_a_peer
def make(
    blocks: tuple[Path, ...],
    height: int | None,
    trusted: Path | None,
    output: Path | None,
    organisation: str,
    user: str,
    wallet: Path,
) -> None:
    """
    Verify exported BLOCKS from genesis on; sign height, last hash and state hash as a user of the wallet.

    If a check fails, nothing is signed. No peer is asked.
    """
    with options.explained():
        who, signer = options.opened(wallet).user(organisation, user)
        genesis = documents.read(trusted) if trusted is not None else None
        report = audit.verify(itertools.islice(files.read_blocks(*blocks), height), trusted=genesis)
        _must_hold(report, height)
        made = checkpoints.sign(
            channel=report.channel_id,
            genesis_hash=bytes.fromhex(report.genesis_hash),
            height=report.blocks,
            last_hash=bytes.fromhex(report.last_hash),
            state_hash=bytes.fromhex(report.state_hash) if report.blocks > 1 else b"",
            who=who,
            signer=signer,
        )
        place = output or Path(f"checkpoint-{made.channel}-{made.height}.json")
        place.write_bytes(made.to_bytes())
    click.echo(f"{place}: {made.height} blocks of {made.channel}, signed by {visible.text(made.signer)}")
    if trusted is None:
        click.echo(f"compare its genesis hash with one you trust, or give --trusted: {report.genesis_hash}")


@checkpoint.command("check")
@click.argument("file", type=options.FILE)
@click.argument("blocks", type=options.BLOCKS, nargs=-1)
@click.option("--peer", "peers", multiple=True, help="MSP id of an organisation; its peer's ledger is compared.")
@click.option("--trusted", type=options.FILE, help="The channel's genesis block, from somebody you trust.")
@click.option("--json", "as_json", is_flag=True, help="The outcome for machines.")
@options.of_a_peer
@click.pass_context
def check_checkpoint(
    context: click.Context,
    file: Path,
    blocks: tuple[Path, ...],
    peers: tuple[str, ...],
    trusted: Path | None,
    as_json: bool,
    organisation: str,
    user: str,
    wallet: Path,
) -> None:
    """
    Check the checkpoint in FILE: its signature, and exported BLOCKS and peers' ledgers against it.

    Exported blocks are replayed up to its height, so any rewritten block is found. Of a peer's ledger only the
    needed blocks are asked for. Exits with 0 if all agree, with 1 if not.
    """
    with options.explained():
        read = SignedCheckpoint.from_bytes(documents.read(file))
        read.check_signature()
        found: dict[str, list[str]] = {}
        notes = []
        if trusted is not None:
            genesis = documents.read(trusted)
            found["genesis"] = _of_genesis(read, genesis)
            notes = [] if found["genesis"] else [_membership(read, genesis)]
        if blocks:
            found["blocks"] = _of_blocks(read, files.read_blocks(*blocks))
        if peers:
            with options.opened(wallet).connect(organisation, user) as fabric:
                for msp_id in peers:
                    found[msp_id] = _of_peer(read, LedgerCopy(fabric.network(read.channel), msp_id))
    if as_json:
        document = {"channel": read.channel, "height": read.height, "signer": read.signer, "made_at": read.made_at}
        click.echo(json.dumps({**document, "compared": found, "notes": notes}, indent=2))
    else:
        click.echo(f"{read.height} blocks of {read.channel}, signed by {visible.text(read.signer)}, {read.made_at}")
        for note in notes:
            click.echo(visible.text(note))
        for name, refusals in found.items():
            for words in refusals or ["agrees"]:
                click.echo(visible.text(f"{name}: {words}"))
        if not found:
            click.echo("its signature holds; give BLOCKS or --peer to compare with it")
    context.exit(options.DOES_NOT_HOLD if any(found.values()) else 0)


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--channel", help="The channel; needed to compare peers.")
@click.option("--json", "as_json", is_flag=True, help="The outcome for machines.")
@options.of_a_peer
@click.pass_context
def compare(
    context: click.Context,
    first: str,
    second: str,
    channel: str | None,
    as_json: bool,
    organisation: str,
    user: str,
    wallet: Path,
) -> None:
    """
    Find the first difference of FIRST and SECOND: an export (folder or file), or an organisation's MSP id.

    Exits with 0 if they are the same, with 1 if they contradict each other, with 2 if one is only shorter: it may be
    older, or truncated.
    """
    with options.explained(), contextlib.ExitStack() as stack:
        network = None
        if any(not Path(name).exists() for name in (first, second)):
            if channel is None:
                missing = first if not Path(first).exists() else second
                raise click.UsageError(f"{missing} is no export here; to ask that organisation's peer give --channel")
            network = stack.enter_context(options.opened(wallet).connect(organisation, user)).network(channel)
        names = (visible.text(first), visible.text(second))
        outcome = comparison.compare(_copy(first, network), _copy(second, network), names)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(outcome), indent=2))
    else:
        for line in _compared(outcome):
            click.echo(visible.text(line))
    if outcome.contradict:
        context.exit(options.DOES_NOT_HOLD)
    context.exit(options.CANNOT_TELL if outcome.difference or outcome.first_block is None else 0)


def _copy(name: str, network: Any) -> Iterable[bytes]:
    return files.read_blocks(Path(name)) if Path(name).exists() else LedgerCopy(network, name).blocks()


def _compared(outcome: comparison.Comparison) -> Iterator[str]:
    if outcome.first_block is None:
        yield "no block is the same in both"
    else:
        yield f"blocks {outcome.first_block} to {outcome.last_block} are the same"
    if outcome.one_sided:
        yield f"in {outcome.one_sided} of them only one has validation codes or state hashes to compare"
    yield str(outcome.difference) if outcome.difference else "there is no difference"


def _must_hold(report: audit.Report, height: int | None) -> None:
    """Raise an error unless the verified export may be signed."""
    for finding in report.findings:
        raise WireError(f"the blocks do not hold, so nothing is signed: {finding}")
    if height is not None and report.blocks < height:
        raise WireError(f"there are {report.blocks} blocks, {height} were asked for")
    if not report.complete or (report.blocks > 1 and not report.state_hash):
        raise WireError(
            "the state could not be replayed: give all blocks from the genesis block on, as a peer has them"
        )


def _of_genesis(read: SignedCheckpoint, genesis: bytes) -> list[str]:
    anchor = anchors.of_block(genesis)
    if anchor.hashes.get(0) != read.genesis_hash:
        return ["CHANNEL: the trusted block is not the genesis block that the checkpoint names"]
    return []


def _membership(read: SignedCheckpoint, genesis: bytes) -> str:
    refused = read.membership_refusal(Bundle.from_config_block(genesis))
    if refused is None:
        return "its signer is a member of the channel by its genesis block"
    return f"its signer is no member by the genesis block, so it joined later or never: {refused}"


def _of_blocks(read: SignedCheckpoint, serialized: Iterable[bytes]) -> list[str]:
    """
    Return the differences between an export and a checkpoint. The export is replayed up to the height, and checked
    by its hashes after it.
    """
    rest = iter(serialized)
    report = audit.verify(itertools.islice(rest, read.height))
    refusals = [f"the blocks do not hold: {finding}" for finding in report.findings]
    if report.genesis_hash and report.genesis_hash != read.genesis_hash.hex():
        return ["CHANNEL: another genesis block: it is another channel"]
    last = read.height - 1
    if report.blocks < read.height:
        words = f"TAIL: they end with block {report.last_block}, and the checkpoint has seen block {last}"
        return [*refusals, words]
    if report.last_hash != read.hash.hex():
        words = f"PAST: block {last} is another than the checkpoint has seen: a fork, or a past that was rewritten"
        return [*refusals, f"{words}; selat audit compare with an earlier export says where"]
    if report.state_hash != read.state_hash.hex():
        refusals.append(f"STATE: the blocks up to {last} are the same and give another state")
    difference = comparison.sequel(last, read.hash, rest)
    return [*refusals, str(difference)] if difference is not None else refusals


def _of_peer(read: SignedCheckpoint, ledger: LedgerCopy) -> list[str]:
    difference = comparison.against(read, ledger.block, ledger.height())
    return [str(difference)] if difference is not None else []
