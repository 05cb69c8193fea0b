"""``selat audit search`` and ``report``: what stands in exported blocks, as tables and as a page for people."""

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
from hlf.audit.records.search import Cursor, Filter, Found
from selat import options, reportpage

_PAGE = 50
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _filtered(command: _Command) -> _Command:
    """Add the options that say what is looked for; all that are given must fit."""
    for option in (
        click.option("--code", default="", help="Validation code, as VALID; INVALID for any other."),
        click.option("--until", type=_MOMENT, help="Dated before this, in UTC, by its client."),
        click.option("--since", type=_MOMENT, help="Dated from this on, in UTC, by its client."),
        click.option("--chaincode", default="", help="The chaincode that was called."),
        click.option("--function", default="", help="What was called, as Orders:place."),
        click.option("--key", default="", help="What it writes, as order/J1; private keys are found by it as well."),
        click.option("--organisation", default="", help="MSP id of who submitted or endorsed it."),
    ):
        command = option(command)
    return command


@click.command("search")
@click.argument("blocks", type=options.BLOCKS, nargs=-1, required=True)
@click.option("--rows", type=click.Choice(list(tables.TABLES)), default="transactions", show_default=True)
@click.option("--format", "kind", type=click.Choice(["lines", "jsonl", "csv", "parquet"]), default="lines")
@click.option("--output", type=options.FILE, help="A file instead of the screen; Parquet needs one.")
@click.option("--limit", type=click.IntRange(1), help=f"Transactions a page; default: {_PAGE} lines, all in a file.")
@click.option("--after", help="Go on behind the page that ended with this cursor.")
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

    Codes are the exporting peer's, times the clients'. Verify the blocks first: this only reads them.
    """
    if kind == "parquet" and output is None:
        raise click.UsageError("Parquet is no text for a screen: give --output")
    if limit is None and kind == "lines" and output is None:
        limit = _PAGE
    with options.explained():
        looked_for = _filter(wanted)
        found = search.transactions(
            files.read_blocks(*blocks), looked_for, after=Cursor.parse(after) if after is not None else None
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
@click.option("--limit", type=click.IntRange(1, 10_000), default=500, show_default=True, help="Transactions shown.")
@_filtered
def report(blocks: tuple[Path, ...], trusted: Path | None, output: Path, limit: int, **wanted: Any) -> None:
    """
    Verify exported BLOCKS, and write a page about them that needs nothing but a browser or a printer.

    The page says what holds, what does not, and what nobody signs; then the transactions that are looked for.
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

    def __init__(self, found: Iterable[Found], limit: int | None) -> None:
        self._found = found
        self._limit = limit
        self.count = 0
        self.last: Cursor | None = None
        self.more = False

    def __iter__(self) -> Iterator[Found]:
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
    """Write rows for people: what there is of each, in the order of its columns."""
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
