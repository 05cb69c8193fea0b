"""``selat audit search`` and ``report``: the content of exported blocks, as tables and as a page for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from hlf import audit
from hlf.audit.evidence import documents
from hlf.audit.records import files, search, tables
from hlf.audit.records.search import Filter, FoundTransaction, SearchCursor
from selat import options, reportpage

_PAGE = 50
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _filtered(command: _Command) -> _Command:
    """Add the options of a search; a transaction must match all of them."""
    for option in (
        click.option("--code", default="", help="Validation code, such as VALID; INVALID stands for all others."),
        click.option(
            "--until", type=_MOMENT, help="Only transactions dated before this, in UTC, by the client's clock."
        ),
        click.option(
            "--since", type=_MOMENT, help="Only transactions dated from this on, in UTC, by the client's clock."
        ),
        click.option("--chaincode", default="", help="The called chaincode."),
        click.option("--function", default="", help="The called function, such as Orders:place."),
        click.option("--key", default="", help="A written key, such as order/J1; finds private keys too."),
        click.option("--organisation", default="", help="MSP id of the submitter or an endorser."),
    ):
        command = option(command)
    return command


@click.command("search")
@click.argument("blocks", type=options.BLOCKS, nargs=-1, required=True)
@click.option("--rows", type=click.Choice(list(tables.TABLES)), default="transactions", show_default=True)
@click.option("--format", "kind", type=click.Choice(["lines", "jsonl", "csv", "parquet"]), default="lines")
@click.option("--output", type=options.FILE, help="Write to a file instead of the screen; Parquet needs one.")
@click.option("--limit", type=click.IntRange(1), help=f"Transactions a page; default: {_PAGE} lines, all in a file.")
@click.option("--after", help="Continue after the page that ended with this cursor.")
@_filtered
def find(
    blocks: tuple[Path, ...],
    rows: str,
    kind: str,
    output: Path | None,
    limit: int | None,
    after: str | None,
    **wanted: Any,
) -> None:
    """
    Find transactions in exported BLOCKS, and write them, their writes or their events as a table.

    Codes are those of the exporting peer, times those of the clients. Verify the blocks first: this command only
    reads them.
    """
    if kind == "parquet" and output is None:
        raise click.UsageError("Parquet is no text for a screen: give --output")
    if limit is None and kind == "lines" and output is None:
        limit = _PAGE
    with options.explained():
        looked_for = _filter(wanted)
        found = search.transactions(
            files.read_blocks(*blocks), looked_for, after=SearchCursor.parse(after) if after is not None else None
        )
        page = _Page(found, limit)
        table = tables.TABLES[rows]
        count = _write(table.of(page, looked_for), table, kind, output)
    if output is not None:
        click.echo(f"{count} {rows} in {output}")
    if page.more:
        click.echo(f"there are more: --after {page.last}", err=True)


@click.command()
@click.argument("blocks", type=options.BLOCKS, nargs=-1, required=True)
@click.option("--trusted", type=options.FILE, help="The channel's genesis block, from somebody you trust.")
@click.option("--output", type=options.FILE, default=Path("report.html"), show_default=True)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=500, show_default=True, help="Number of transactions to show."
)
@_filtered
def report(blocks: tuple[Path, ...], trusted: Path | None, output: Path, limit: int, **wanted: Any) -> None:
    """
    Verify exported BLOCKS, and write a page about them for a browser or a printer.

    The page shows what holds, what does not, what nobody signs, and the transactions of the search.
    """
    with options.explained():
        looked_for = _filter(wanted)
        genesis = documents.read(trusted) if trusted is not None else None
        verdict = audit.verify(files.read_blocks(*blocks), trusted=genesis)
        page = _Page(search.transactions(files.read_blocks(*blocks), looked_for), limit)
        text = reportpage.render(
            verdict, list(page), looked_for, more=page.more, trusted=trusted is not None, now=datetime.now(UTC)
        )
        output.write_text(text, encoding="utf-8")
    click.echo(f"{output}: {page.count} transactions of {verdict.channel_id}")


class _Page:
    """At most *limit* transactions, and whether there are more."""

    def __init__(self, found: Iterable[FoundTransaction], limit: int | None) -> None:
        self._found = found
        self._limit = limit
        self.count = 0
        self.last: SearchCursor | None = None
        self.more = False

    def __iter__(self) -> Iterator[FoundTransaction]:
        for each in self._found:
            if self.count == self._limit:
                self.more = True
                return
            self.count += 1
            self.last = each.cursor
            yield each


def _filter(wanted: dict[str, Any]) -> Filter:
    moments = {name: wanted[name].replace(tzinfo=UTC) for name in ("since", "until") if wanted[name] is not None}
    return Filter(**{**wanted, "since": None, "until": None, **moments})


def _write(rows: Iterable[tables.Row], table: tables.Table, kind: str, output: Path | None) -> int:
    if kind == "parquet":
        assert output is not None  # noqa: S101 - refused before.
        return tables.write_parquet(rows, table.columns, output)
    with _opened(output) as file:
        if kind == "csv":
            return tables.write_csv(rows, table.columns, file)
        if kind == "jsonl":
            return tables.write_json_lines(rows, file)
        return _write_lines(rows, table.columns, file)


def _write_lines(rows: Iterable[tables.Row], columns: Mapping[str, str], file: TextIO) -> int:
    """Write rows for people: the values of each, in the order of the columns."""
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last one is the answer.
        place = f"{row['block']}:{row['index']}"
        rest = [tables.cell(row[name], kind) for name, kind in columns.items() if name not in ("block", "index")]
        file.write("  ".join([place, *filter(None, rest)]) + "\n")
    return count


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        yield file
