"""
Transactions, writes and events as rows, and files of them: JSON Lines, CSV and Parquet.

JSON Lines and Parquet hold text exactly as the ledger has it. People and spreadsheets read CSV, so it shows
unprintable characters as escapes, and a cell that a spreadsheet would compute begins with an apostrophe. No table
has arguments and results of calls: if a client put private data there by mistake, a table must not spread it.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from hlf import extras
from hlf.audit.records import search, visible
from hlf.audit.records.search import Filter, FoundTransaction
from hlf.codec import moments
from hlf.errors import HlfError

Row = Mapping[str, Any]
_ROW_GROUP = 10_000
# Characters that begin a formula in a spreadsheet.
_COMPUTED = ("=", "+", "-", "@")


class ExtraMissingError(HlfError):
    """A file of this kind needs a package that is not installed; the message names it."""


@dataclass(frozen=True)
class Table:
    """
    A kind of rows.

    Attributes:
        columns: each with the kind of its values: ``text``, ``key`` (a text, too), ``texts``, ``number``, ``flag`` or
            ``moment``.
        rows: returns the rows of one transaction that the filter finds.
    """

    columns: Mapping[str, str]
    rows: Callable[[FoundTransaction, Filter], Iterator[Row]]

    def of(self, found: Iterable[FoundTransaction], wanted: Filter) -> Iterator[Row]:
        """Yield the rows of all these transactions."""
        for each in found:
            yield from self.rows(each, wanted)


def _head(found: FoundTransaction) -> dict[str, Any]:
    transaction = found.transaction
    return {
        "block": found.block,
        "index": transaction.index,
        "transaction_id": transaction.transaction_id,
        "code": transaction.code_name or None,
        "dated": transaction.timestamp,
        "submitted_by": search.organisation(transaction.creator) or None,
    }


def _transactions(found: FoundTransaction, wanted: Filter) -> Iterator[Row]:
    actions = found.transaction.actions
    written = list(search.writes(found.transaction))
    endorsers = {search.organisation(e.endorser) for action in actions for e in action.endorsements}
    yield {
        **_head(found),
        "chaincode": actions[0].chaincode if actions else None,
        "version": actions[0].version if actions else None,
        "function": search.function(actions[0]) if actions else None,
        "endorsed_by": sorted(endorsers - {""}),
        "writes": sum(not each.collection for each in written),
        "private_writes": sum(bool(each.collection) for each in written),
        "event": next((action.event.name for action in actions if action.event is not None), None),
    }


def _writes(found: FoundTransaction, wanted: Filter) -> Iterator[Row]:
    for each in search.writes(found.transaction, wanted.key):
        yield {
            **_head(found),
            "chaincode": each.namespace,
            "collection": each.collection or None,
            "key": each.key,
            "key_hash": each.key_hash,
            "value": each.value,
            "value_hash": each.value_hash or None,
            "deleted": each.deleted,
            "purged": each.purged,
        }


def _events(found: FoundTransaction, wanted: Filter) -> Iterator[Row]:
    for action in found.transaction.actions:
        if action.event is not None:
            yield {
                **_head(found),
                "chaincode": action.event.chaincode,
                "name": action.event.name,
                "payload": search.text(action.event.payload),
            }


_HEAD = {
    "block": "number",
    "index": "number",
    "transaction_id": "text",
    "code": "text",
    "dated": "moment",
    "submitted_by": "text",
    "chaincode": "text",
}
TABLES: Mapping[str, Table] = {
    "transactions": Table(
        {
            **_HEAD,
            "version": "text",
            "function": "text",
            "endorsed_by": "texts",
            "writes": "number",
            "private_writes": "number",
            "event": "text",
        },
        _transactions,
    ),
    "writes": Table(
        {
            **_HEAD,
            "collection": "text",
            "key": "key",
            "key_hash": "text",
            "value": "text",
            "value_hash": "text",
            "deleted": "flag",
            "purged": "flag",
        },
        _writes,
    ),
    "events": Table({**_HEAD, "name": "text", "payload": "text"}, _events),
}


def json_line(row: Row) -> str:
    """Return a row as one line of JSON, in ASCII."""
    return json.dumps({name: _moment(value) for name, value in row.items()}, separators=(",", ":"))


def write_json_lines(rows: Iterable[Row], file: TextIO) -> int:
    """Write rows as JSON Lines; return how many."""
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last one is the answer.
        file.write(json_line(row) + "\n")
    return count


def write_csv(rows: Iterable[Row], columns: Mapping[str, str], file: TextIO) -> int:
    """Write rows as CSV (RFC 4180) with a line of names; return how many. Open the file with ``newline=""``."""
    writer = csv.writer(file)
    writer.writerow(columns)
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last one is the answer.
        writer.writerow([cell(row[name], kind) for name, kind in columns.items()])
    return count


def write_parquet(rows: Iterable[Row], columns: Mapping[str, str], path: Path) -> int:
    """
    Write rows as Parquet, a group at a time; return how many.

    Raises:
        ExtraMissingError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ExtraMissingError(str(extras.missing("pyarrow", "parquet"))) from None
    kinds = {
        "text": pyarrow.string(),
        "key": pyarrow.string(),
        "texts": pyarrow.list_(pyarrow.string()),
        "number": pyarrow.uint64(),
        "flag": pyarrow.bool_(),
        "moment": pyarrow.timestamp("us", tz="UTC"),
    }
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    count, remaining = 0, iter(rows)
    with parquet.ParquetWriter(path, schema) as writer:
        while group := list(itertools.islice(remaining, _ROW_GROUP)):
            writer.write_table(pyarrow.Table.from_pylist(list(map(dict, group)), schema=schema))
            count += len(group)
    return count


def cell(value: Any, kind: str = "text") -> str:
    """Return a value of a column as a cell of a spreadsheet, which computes nothing and shows everything."""
    if value is None:
        return ""
    if kind == "flag":
        return "true" if value else "false"
    if kind == "texts":
        value = " ".join(value)
    shown = visible.key(value) if kind == "key" else visible.text(str(_moment(value)))
    return f"'{shown}" if shown.startswith(_COMPUTED) else shown


def _moment(value: Any) -> Any:
    return moments.exactly(value) if isinstance(value, datetime) else value
