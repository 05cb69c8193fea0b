"""Looking for transactions in blocks, and the tables that are made of them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyarrow import parquet

from hlf import errors
from hlf.audit.records import search, tables, visible
from hlf.audit.records.search import Filter, SearchCursor
from hlf.wire import keys
from tests.support.members import private_put, put
from tests.support.runningchannel import consortium
from tests.unit.hlf import golden
from tests.unit.hlf.chain import Chain

REAL = [golden.read(name) for name in golden.PEER_BLOCKS]
ORDER = keys.composite_key("order", ["J1"])
EVIL = "=cmd|' /C calc'!A0\n\u202e\x1b[2J"


@pytest.fixture(scope="module")
def chain() -> list[bytes]:
    """Two members' transactions: public, private, deleted, with events, one of them invalid."""
    who = consortium()
    made = Chain(who)
    made.add(who.transaction(put(**{ORDER: b'{"state":"placed"}'}), ["AMSP", "BMSP"], event=b"J1"))
    private, _ = private_put("kept", {"p": b"secret"})
    made.add(
        who.transaction(private, ["AMSP"]),
        who.transaction(put(**{ORDER: None}), ["BMSP"], creator=who["BMSP"].client),
        who.transaction(put(**{EVIL: b"\xff\x00"}), ["CMSP"], creator=who["CMSP"].client),
        codes=[0, 11, 0],
    )
    return made.serialized


def places(serialized: list[bytes], after: SearchCursor | None = None, **wanted: object) -> list[str]:
    return [str(found.cursor) for found in search.transactions(serialized, Filter(**wanted), after=after)]


def rows(serialized: list[bytes], kind: str, **wanted: object) -> list[dict]:
    looked_for = Filter(**wanted)
    return [dict(row) for row in tables.TABLES[kind].of(search.transactions(serialized, looked_for), looked_for)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["0:0", "1:0", "2:0", "2:1", "2:2"]),
        ({"organisation": "AMSP"}, ["1:0", "2:0"]),
        ({"organisation": "BMSP"}, ["1:0", "2:1"]),
        ({"organisation": "DMSP"}, []),
        ({"key": ORDER}, ["1:0", "2:1"]),
        ({"key": "order/J1"}, ["1:0", "2:1"]),
        ({"key": "p"}, ["2:0"]),
        ({"key": "order/J2"}, []),
        ({"function": "f"}, ["1:0", "2:0", "2:1", "2:2"]),
        ({"function": "g"}, []),
        ({"chaincode": "cc"}, ["1:0", "2:0", "2:1", "2:2"]),
        ({"code": "VALID"}, ["0:0", "1:0", "2:0", "2:2"]),
        ({"code": "INVALID"}, ["2:1"]),
        ({"code": "MVCC_READ_CONFLICT"}, ["2:1"]),
        ({"code": "VALID", "organisation": "BMSP", "key": "order/J1"}, ["1:0"]),
    ],
)
def test_what_is_looked_for_is_found(chain, wanted, found):
    """Every member of a filter by itself, and together."""
    assert places(chain, **wanted) == found


def test_dates_are_the_clients(chain):
    """From *since* on, up to *until*, which is not meant itself."""
    moment = next(search.transactions(chain, Filter(key="order/J1"))).transaction.timestamp
    assert places(chain, key="order/J1", since=moment, until=moment + timedelta(microseconds=1))[0] == "1:0"
    assert "1:0" not in places(chain, until=moment)
    assert places(chain, since=datetime.now(UTC) + timedelta(days=1)) == []


def test_pages_follow_each_other(chain):
    """A cursor leads on behind the last, whatever the filter."""
    assert places(chain, SearchCursor(2, 0)) == ["2:1", "2:2"]
    assert places(chain, SearchCursor(2, 2)) == []
    assert places(chain, SearchCursor.parse("1:0"), code="VALID") == ["2:0", "2:2"]
    for text in ("", "1", "1:", "-1:0", "1:0:0", "9" * 30 + ":0", "a:b"):
        with pytest.raises(errors.WireError, match="is no cursor"):
            SearchCursor.parse(text)


def test_a_transaction_as_a_row(chain):
    """Who, what, when and what came of it; how many writes there are, and no argument and no result."""
    first = rows(chain, "transactions")[1]
    assert (first["block"], first["index"], first["code"], first["function"]) == (1, 0, "VALID", "f")
    assert (first["submitted_by"], first["endorsed_by"], first["event"]) == ("AMSP", ["AMSP", "BMSP"], "E")
    assert (first["writes"], first["private_writes"]) == (1, 0)
    assert set(first) == set(tables.TABLES["transactions"].columns)


def test_writes_as_rows(chain):
    """Public ones with their values, private ones as hashes, deletions as such."""
    written = rows(chain, "writes")
    assert all(set(row) == set(tables.TABLES["writes"].columns) for row in written)
    order, private, deleted, odd = written
    assert (order["key"], order["value"], order["collection"]) == (ORDER, '{"state":"placed"}', None)
    assert (private["key"], private["value"], private["collection"]) == (None, None, "kept")
    assert private["key_hash"] == keys.hash_key(b"p").hex()
    assert private["value_hash"] == keys.hash_key(b"secret").hex()
    assert (deleted["deleted"], deleted["value"], deleted["code"]) == (True, None, "MVCC_READ_CONFLICT")
    assert odd["value"] == "0xff00"
    assert [row["block"] for row in rows(chain, "writes", key="p")] == [2]


def test_events_as_rows(chain):
    """Name and payload of each."""
    (event,) = rows(chain, "events")
    assert (event["name"], event["payload"], event["chaincode"]) == ("E", "J1", "cc")
    assert set(event) == set(tables.TABLES["events"].columns)


@pytest.mark.parametrize("kind", tables.TABLES)
def test_blocks_of_real_fabric_as_files(kind, tmp_path: Path):
    """The three kinds of files say the same, row by row."""
    table, found = tables.TABLES[kind], rows(REAL, kind)
    assert found
    lines = io.StringIO()
    assert tables.write_json_lines(found, lines) == len(found)
    read = [json.loads(line) for line in lines.getvalue().splitlines()]
    cells = io.StringIO(newline="")
    assert tables.write_csv(found, table.columns, cells) == len(found)
    spread = list(csv.DictReader(io.StringIO(cells.getvalue(), newline="")))
    assert tables.write_parquet(found, table.columns, tmp_path / "table.parquet") == len(found)
    stored = parquet.read_table(tmp_path / "table.parquet").to_pylist()
    assert stored == found
    assert [row["transaction_id"] for row in read] == [row["transaction_id"] for row in spread]
    for row, line in zip(found, read, strict=True):
        assert {name: value for name, value in line.items() if name != "dated"} == {
            name: value for name, value in row.items() if name != "dated"
        }
        assert datetime.fromisoformat(line["dated"]) == row["dated"]


def test_parquet_is_written_in_groups(tmp_path: Path, monkeypatch):
    """Whatever the number of rows, a group is all that is held."""
    monkeypatch.setattr(tables, "_ROW_GROUP", 3)
    table = tables.TABLES["transactions"]
    found = rows(REAL, "transactions")
    tables.write_parquet(iter(found), table.columns, tmp_path / "table.parquet")
    assert parquet.ParquetFile(tmp_path / "table.parquet").num_row_groups == -(-len(found) // 3)


def test_a_spreadsheet_computes_nothing_and_hides_nothing(chain):
    """A cell that would be a formula, a line break, an escape sequence or a turned text is shown as what it is."""
    cells = io.StringIO(newline="")
    tables.write_csv(rows(chain, "writes"), tables.TABLES["writes"].columns, cells)
    text = cells.getvalue()
    assert "\x1b" not in text
    assert "\u202e" not in text
    shown = [row["key"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert shown == ["order/J1", "", "order/J1", r"'=cmd|' /C calc'!A0\n\u202e\x1b[2J"]
    for begin in "=+-@":
        assert tables.cell(f"{begin}1").startswith(f"'{begin}")


def test_json_lines_hold_the_text_itself(chain):
    """In ASCII, so that a terminal shows it as it is."""
    line = tables.json_line(rows(chain, "writes")[-1])
    assert line.isascii()
    assert json.loads(line)["key"] == EVIL


def test_text_is_made_visible():
    """What can be printed stays; all else is an escape, also beyond the basic plane."""
    assert visible.text("Đà Nẵng 深圳") == "Đà Nẵng 深圳"
    assert visible.text("a\x00\u2028\U000e0001b") == r"a\x00\u2028\U000e0001b"
    assert visible.text("abcdef", 3) == "abc..."
    assert visible.octets(b"\xff\x00") == "0xff00"
    assert visible.key(keys.composite_key("page", ["J1", "AMSP"])) == "page/J1/AMSP"


def test_parquet_without_its_package(monkeypatch, tmp_path: Path):
    """Says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(tables.ExtraMissingError, match=r"hlf\[parquet\]"):
        tables.write_parquet([], {}, tmp_path / "none.parquet")
