"""``selat audit``: export a channel's blocks, and verify exported blocks offline."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from hlf import audit as verifier
from hlf.audit.evidence import documents
from hlf.audit.evidence.disclosures import PrivateWrite, ValueProof
from hlf.audit.records import files, visible
from hlf.audit.replay.report import EXIT_CODES
from hlf.errors import EventsError
from hlf.wire import keys
from selat import checkpointing, evidence, exporting, options, searching

_MOST_SHOWN = 20
_PARTS = {
    "validation_codes": "validation codes",
    "commit_hashes": "commit hashes",
    "last_configurations": "repeated configuration numbers",
}

_trusted = click.option(
    "--trusted",
    type=options.FILE,
    help="A configuration block, genesis or later, that you got from somebody you trust.",
)
_jobs = click.option(
    "--jobs", type=click.IntRange(0), help="Processes that check signatures; default: the number of cores."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")


@click.group()
def audit() -> None:
    """Export a channel's blocks and prove things with them, offline."""


audit.add_command(evidence.receipt)
audit.add_command(evidence.check)
audit.add_command(checkpointing.checkpoint)
audit.add_command(checkpointing.compare)
audit.add_command(searching.find)
audit.add_command(searching.report)


@audit.command()
@click.argument("folder", type=options.FOLDER)
@click.option("--channel", required=True, help="The channel to export.")
@options.of_a_peer
def export(folder: Path, channel: str, organisation: str, user: str, wallet: Path) -> None:
    """Write all blocks of a channel that are missing in FOLDER, one file for each block."""
    with options.explained():
        held = options.opened(wallet)
        with held.connect(organisation, user) as fabric:
            network = fabric.network(channel)
            try:
                missing = exporting.missing(network, folder)
            except EventsError as error:
                known = held.profile(organisation).channels
                if not known or channel in known:
                    raise
                words = f"{organisation} is on no channel {channel!r}; its channels are {', '.join(sorted(known))}"
                raise click.BadParameter(words, param_hint="--channel") from error
            with _progress("exporting", len(missing)) as advance:
                exporting.fetch(network, folder, missing, advance)
    count = len(files.find(folder))
    click.echo(f"{count} blocks of {channel} in {folder}, {len(missing)} of them new")


@audit.command()
@click.argument("blocks", type=options.BLOCKS, nargs=-1, required=True)
@_trusted
@_json
@_jobs
@click.pass_context
def verify(
    context: click.Context, blocks: tuple[Path, ...], trusted: Path | None, as_json: bool, jobs: int | None
) -> None:
    """
    Replay exported BLOCKS (files or folders) under Fabric's rules.

    Exits with 0 if everything holds, with 1 if a block breaks a rule, with 2 if there is no verdict: nothing trusted to
    compare with, unreadable files, or a mistake in the command.
    """
    with options.judging(as_json=as_json):
        found = files.find(*blocks)
        anchor = documents.read(trusted) if trusted is not None else None
        with _progress("verifying", len(found)) as advance:
            report = verifier.verify(files.read(found), trusted=anchor, processes=jobs, on_block=advance)
    if as_json:
        click.echo(json.dumps({**report.document(), "exit": EXIT_CODES[report.verdict]}, indent=2))
    else:
        _tell(report)
    context.exit(EXIT_CODES[report.verdict])


@audit.command()
@click.argument("blocks", type=options.BLOCKS, nargs=-1, required=True)
@click.option("--chaincode", required=True)
@click.option(
    "--collection", required=True, help="The collection; an organisation's implicit one is _implicit_org_<MSP id>."
)
@click.option("--key", required=True, help="The private key; with --composite its parts with slashes between them.")
@click.option("--composite", is_flag=True, help="The key is composite: journey/J1.")
@click.option("--value", type=options.FILE, required=True, help="A file with exactly the disclosed bytes.")
@_trusted
@_json
@_jobs
@click.pass_context
def value(
    context: click.Context,
    blocks: tuple[Path, ...],
    chaincode: str,
    collection: str,
    key: str,
    composite: bool,
    value: Path,
    trusted: Path | None,
    as_json: bool,
    jobs: int | None,
) -> None:
    """
    Prove that exported BLOCKS commit to exactly this private value, and show what happened to it.

    The blocks are verified first. Exits with 0 if a valid transaction wrote the value, with 1 if none did or the
    blocks do not hold, with 2 if there is no verdict: BLOCKS without the genesis block show only what was ordered.
    """
    with options.judging(as_json=as_json):
        name, *parts = key.split("/") if composite else [key]
        wanted = keys.composite_key(name, parts) if composite else key
        told = documents.read(value)
        anchor = documents.read(trusted) if trusted is not None else None
        found = files.find(*blocks)
        with _progress("verifying", len(found)) as advance:
            proof = verifier.prove_value(
                files.read(found), chaincode, collection, wanted, told,
                trusted=anchor, processes=jobs, on_block=advance,
            )  # fmt: skip
    if as_json:
        click.echo(json.dumps({**_value_document(proof), "exit": EXIT_CODES[proof.verdict]}, indent=2))
    else:
        _tell_value(proof)
    context.exit(EXIT_CODES[proof.verdict])


def _tell(report: verifier.Report) -> None:
    """Print a report: counts, unsigned parts, invalid transactions, findings, verdict."""
    click.echo(f"channel {report.channel_id or 'unknown'}, blocks {report.first_block} to {report.last_block}")
    codes = ", ".join(f"{count} {name}" for name, count in sorted(report.codes.items()))
    click.echo(f"{report.transactions} transactions{f': {codes}' if codes else ''}")
    click.echo(f"genesis {report.genesis_hash or 'not among the blocks'}, last {report.last_hash or 'none'}")
    if report.state_hash:
        click.echo(f"state {report.state_hash}")
    if report.blocks and not report.complete:
        click.echo("the chain was not replayed from its genesis block: policies and conflicts were not looked at")
    if report.blocks and not report.anchored:
        click.echo("compare the genesis hash with one you trust, or give --trusted: a forgery agrees with itself")
    shares = ", ".join(f"{_PARTS[part]} in {share} blocks" for part, share in report.unsigned.items())
    if shares:
        click.echo(f"signed by nobody: {shares}")
    _list("invalid", report.invalid, report.document()["more_invalid"])
    _list("unsigned", report.remarks, report.more_remarks)
    for finding in report.findings:
        click.echo(str(finding), err=True)
        for consequence in finding.consequences:
            click.echo(f"  so {consequence}", err=True)
    if report.more_findings:
        click.echo(f"and {report.more_findings} findings more", err=True)
    click.echo(_verdict(report))


def _verdict(report: verifier.Report) -> str:
    if report.verdict == verifier.DOES_NOT_HOLD:
        return f"it does not hold: {len(report.findings) + report.more_findings} findings"
    if report.verdict == verifier.CANNOT_TELL:
        return "no verdict: there is nothing to judge the blocks by"
    if not report.whole:
        lacking = ", ".join(
            f"{share.of - share.have} lack {_PARTS[part]}"
            for part, share in report.unsigned.items()
            if share.have < share.of
        )
        return f"what is signed holds; of the blocks, {lacking}: an orderer's copies, or somebody took them out"
    return f"everything holds; {report.commit_hashes} of the peer's state hashes were arrived at as well"


def _tell_value(proof: ValueProof) -> None:
    """Print what a chain proves about a private value."""
    report = proof.report
    for finding in report.findings:
        click.echo(str(finding), err=True)
    for write in proof.writes:
        outcome = "valid" if write.valid else "INVALID: it wrote nothing"
        endorsers = visible.text(", ".join(write.endorsers))
        click.echo(f"block {write.block_number} ({write.block_hash}), endorsed by {endorsers}, {outcome}")
        click.echo(f"  transaction {visible.text(write.transaction_id)}")
    valid = [write for write in proof.writes if write.valid]
    if valid:
        for change in proof.since:
            where = "" if change.block_number is None else f" in block {change.block_number}, {change.transaction_id}"
            click.echo(f"since then {change.kind}{visible.text(where)}")
        if not proof.since and report.complete:
            click.echo("it stands: nothing has changed it since")
    click.echo(_value_verdict(proof, valid))


def _value_verdict(proof: ValueProof, valid: list[PrivateWrite]) -> str:
    report = proof.report
    if report.verdict == verifier.DOES_NOT_HOLD:
        return "it proves nothing: the blocks do not hold"
    if report.verdict == verifier.CANNOT_TELL:
        return "no verdict: there is nothing to judge the blocks by"
    if proof.verdict == verifier.CANNOT_TELL:
        words = "whether it was valid is not known" if proof.writes else "these blocks do not have it"
        return f"no verdict: {words}; give all blocks from the genesis block on"
    if not valid:
        return "refused: no valid transaction of these blocks wrote that value under that key"
    last = valid[-1].transaction_id
    anchored = "" if report.anchored else "; compare the genesis hash with one you trust, or give --trusted"
    return f"proved{anchored}. For one file that proves it: selat audit receipt {visible.text(last)} BLOCKS"


def _value_document(proof: ValueProof) -> dict[str, Any]:
    return {
        "verdict": proof.verdict,
        "writes": [
            {
                "block": write.block_number,
                "block_hash": write.block_hash,
                "transaction_id": write.transaction_id,
                "endorsers": list(write.endorsers),
                "valid": write.valid,
            }
            for write in proof.writes
        ],
        "since": [
            {"change": change.kind, "block": change.block_number, "transaction_id": change.transaction_id or None}
            for change in proof.since
        ],
        "chain": proof.report.document(),
    }


def _list(name: str, found: tuple[object, ...], more: int) -> None:
    for each in found[:_MOST_SHOWN]:
        click.echo(f"{name}: {each}")
    left = len(found[_MOST_SHOWN:]) + more
    if left:
        click.echo(f"{name}: and {left} more; --json lists up to {len(found)}")


@contextlib.contextmanager
def _progress(label: str, length: int) -> Iterator[Callable[[int], object]]:
    """Yield a function that moves a bar on the terminal, if there is a terminal."""
    # To stderr, so that the output can be piped.
    terminal = sys.stderr
    if not terminal.isatty():
        yield lambda number: None
        return
    with click.progressbar(length=length, label=label, file=terminal) as bar:
        yield lambda number: bar.update(1)
