"""``selat audit receipt`` and ``check``: write a proof of one transaction, and check it offline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from chaincode.domain import channels
from gateway.fabric.wallet import Wallet
from hlf.audit.evidence import checkpoints, documents, proofs, receipts
from hlf.audit.evidence.receipts import Receipt
from hlf.audit.records import files, visible
from hlf.codec import names
from hlf.errors import EvaluateError, WireError
from selat import claimreceipts, options

_LONGEST_VALUE = 400


@click.command()
@click.argument("transaction")
@click.argument("blocks", type=options.BLOCKS, nargs=-1)
@click.option("--channel", help="The channel, to ask a peer instead of reading BLOCKS.")
@click.option(
    "--checkpoint",
    "reached",
    type=options.FILE,
    multiple=True,
    help="A checkpoint; the receipt gets the headers up to it.",
)
@click.option("--disclosure", type=options.FILE, help="JSON file with a document and disclosures to prove.")
@click.option(
    "--chaincode",
    default=channels.TRADE.chaincode,
    show_default=True,
    help="MSP id of the owner of the disclosed data.",
)
@click.option("--output", type=options.FILE, help="Default: receipt-<id>.json here.")
@options.of_a_peer
def receipt(
    transaction: str,
    blocks: tuple[Path, ...],
    channel: str | None,
    reached: tuple[Path, ...],
    disclosure: Path | None,
    chaincode: str,
    output: Path | None,
    organisation: str,
    user: str,
    wallet: Path,
) -> None:
    """
    Write one file that proves TRANSACTION offline, from exported BLOCKS or from a peer.

    The file holds the transaction's whole block and the channel's configurations. Give it only to those who may see
    them.
    """
    if not names.TRANSACTION_ID.fits(transaction):
        raise click.BadParameter("a transaction id has 64 hexadecimal digits, in lower case", param_hint="TRANSACTION")
    with options.explained():
        heights = [checkpoints.SignedCheckpoint.from_bytes(documents.read(path)).height for path in reached]
        if blocks:
            made = receipts.from_blocks(files.read_blocks(*blocks), transaction, heights=heights)
        elif channel is not None:
            made = _asked(options.opened(wallet), organisation, user, channel, transaction, heights)
        else:
            raise click.UsageError("give exported BLOCKS, or --channel to ask a peer")
        if disclosure is not None:
            made = made.with_opening(claimreceipts.read(documents.read(disclosure), chaincode))
        proof = proofs.check(made)
        for defect in proof.defects:
            raise WireError(f"these blocks do not prove it: {_words(defect)}")
        place = output or Path(f"receipt-{transaction[:16]}.json")
        place.write_bytes(made.to_bytes())
    click.echo(f"{place}: transaction {transaction} in block {proof.block.number} of {made.channel}")
    others = len(proof.block.transactions) - 1
    click.echo(f"it holds the whole block, {others} other transaction(s) with it: give it to those who may see them")


@click.command()
@click.argument("file", type=options.FILE)
@options.trusted
@click.option("--json", "as_json", is_flag=True, help="Print the proof as JSON.")
@click.pass_context
def check(context: click.Context, file: Path, trusted: tuple[Path, ...], as_json: bool) -> None:
    """
    Show what the receipt in FILE proves, offline.

    Exits with 0 if the transaction is proved and valid, with 1 if a check fails or it is invalid, with 2 if the receipt
    is consistent but you gave nothing trusted to compare it with.
    """
    with options.explained():
        given = Receipt.from_bytes(documents.read(file))
        proof = proofs.check(given, options.read_anchors(trusted))
    outcome = judge(proof)
    if as_json:
        document = {**proof.document(), "disclosed": proof.values, "refusals": outcome.refusals}
        click.echo(json.dumps({**document, "verdict": outcome.words, "exit": outcome.code}, indent=2))
    else:
        for line in [*_told(proof), *outcome.disclosed, *(f"DOES NOT HOLD {each}" for each in outcome.refusals)]:
            click.echo(line)
        click.echo(outcome.words)
    context.exit(outcome.code)


@dataclass(frozen=True)
class ProofOutcome:
    """The result of a proof: an exit code, a text, the faults, and the values that the owner committed to."""

    code: int
    words: str
    refusals: list[str]
    disclosed: list[str]


def judge(proof: proofs.TransactionProof) -> ProofOutcome:
    """Return the result of a proof, with the trade's own rules of disclosure."""
    refusals = [_words(each) for each in proof.checks if not each.passed]
    opening = proof.receipt.opening
    unbound = claimreceipts.refusal(opening) if opening is not None else ""
    if unbound:
        refusals.append(visible.text(f"disclosure: {unbound}"))
    if proof.defects or proof.contradicted or unbound:
        return ProofOutcome(options.DOES_NOT_HOLD, "this receipt proves nothing", refusals, [])
    shown = [f"disclosed     {line}" for line in claimreceipts.shown(opening, proof.values)] if opening else []
    if not proof.anchored:
        words = "it agrees with itself, as a forgery would: give --trusted, from somebody you trust"
        return ProofOutcome(options.CANNOT_TELL, words, refusals, shown)
    if not proof.vouched:
        return ProofOutcome(options.CANNOT_TELL, "it was ordered; whether it was valid, this does not tell", [], shown)
    if not proof.transaction.valid:
        return ProofOutcome(options.DOES_NOT_HOLD, "it was ordered and found INVALID: it wrote nothing", [], shown)
    return ProofOutcome(0, "everything holds", [], shown)


def _asked(
    wallet: Wallet, organisation: str, user: str, channel: str, transaction: str, heights: Sequence[int]
) -> Receipt:
    with wallet.connect(organisation, user) as fabric:
        network = fabric.network(channel)
        try:
            block = network.contract("qscc").evaluate("GetBlockByTxID", channel, transaction)
        except EvaluateError as error:
            if "no such transaction ID" in str(error):
                raise WireError(f"the peer of {organisation} has no transaction {transaction} on {channel}") from None
            raise
        return receipts.from_ledger(block, transaction, network.block, heights=heights)


def _told(proof: proofs.TransactionProof) -> Iterator[str]:
    """Yield the lines of the receipt for people."""
    transaction, block = proof.transaction, proof.block
    yield f"transaction   {transaction.transaction_id}"
    yield f"stands in     block {block.number} of channel {proof.receipt.channel}, at place {transaction.index}"
    yield f"block         {block.hash.hex()}"
    yield f"submitted by  {_person(proof.creator)}"
    if transaction.timestamp is not None:
        yield f"dated         {transaction.timestamp:%Y-%m-%d %H:%M:%S} UTC, by whoever submitted it"
    for action in proof.document()["actions"]:
        yield f"calls         {visible.text(action['chaincode'])} {visible.text(action['function'])}"
        for who in action["endorsed_by"]:
            yield f"endorsed by   {_person(who)}"
        for write in action["writes"]:
            value = "deleted" if write["deleted"] else f"= {visible.text(write['value'], _LONGEST_VALUE)}"
            yield f"writes        {visible.text(write['namespace'])} {visible.key(write['key'])} {value}"
        for private in action["private_writes"]:
            yield f"writes        {len(private['hashes'])} hash(es) to {visible.text(private['collection'])}"
    yield f"validity      {_validity(proof)}"


def _validity(proof: proofs.TransactionProof) -> str:
    code = proof.transaction.code_name
    if proof.vouched == proofs.CHECKPOINT:
        return f"{code}, as the trusted checkpoint's state hash proves"
    if proof.vouched == proofs.PEER:
        return f"{code}, by the word of whoever gave the block: peers do not sign it, a checkpoint behind it would"
    return "unknown: the block is an orderer's copy, and orderers do not validate"


def _words(failed: proofs.Check) -> str:
    return visible.text(f"{failed.name}: {failed.detail}")


def _person(who: dict[str, Any]) -> str:
    return visible.text(f"{who['msp_id']}  {who['subject']}  (certificate {who['serial_number']})")
