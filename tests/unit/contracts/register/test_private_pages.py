"""Private lists come by pages: whole, without repeats, and never more than a page is read."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import chaincode
from chaincode.contracts import access, private
from chaincode.domain.vocabulary import bounds
from chaincode.functions import CHAINCODES, answer
from hlf.codec import records
from hlf.shim import api, testing
from hlf.shim.iterators import Results

MEMBER, OTHER = "Org1MSP", "Org2MSP"
KEPT = 1_203
FEW = {
    "GapMeter:preposition": "computed from the grants that the caller names",
    "GapMeter:recompute": "the cells of one computation, whose weeks have a bound",
    "Matching:evidence": "computed for a demand: a figure for each offer",
    "Orders:of_checkout": "one order for each seller of a basket",
    "Plans:departures": "those of one plan, which lists them all when it is published",
    "ReturnDues:sums": "those of one return, for its parts",
}
"""Queries that answer with a list of private records at once, and why they are few."""


@dataclass(frozen=True)
class Parcel:
    """A record; every hundredth is fragile."""

    number: int
    fragile: bool


@dataclass(frozen=True)
class ParcelPage:
    """A page of records."""

    parcels: tuple[Parcel, ...]
    bookmark: str


class Parcels(api.Contract):
    """Keeps and lists private records."""

    @api.transaction(endorsed_by=("caller",))
    def keep(self, ctx: api.Context, number: int) -> None:
        """Keep so many, and one of a kind whose name begins the same."""
        own = access.member(ctx)
        for each in range(number):
            key = ctx.stub.create_composite_key("parcel", [f"{each:05}", "x"])
            private.put(ctx, key, records.dumps(Parcel(each, each % 100 == 99)), [own])
        private.put(ctx, ctx.stub.create_composite_key("parcel.lost", ["9"]), b"{}", [own])

    @api.query(read_on=("caller",))
    def list(self, ctx: api.Context, fragile: bool, size: int = 100, bookmark: str = "") -> ParcelPage:
        """List them, or the fragile ones."""
        read = lambda data: records.loads(Parcel, data)  # noqa: E731
        fits = lambda one: one.fragile or not fragile  # noqa: E731
        return ParcelPage(*private.page(ctx, access.member(ctx), read, size, bookmark, "parcel", fits))


@pytest.fixture(scope="module")
def kept() -> testing.Ledger:
    """Return a ledger with many private records of one organisation."""
    ledger = testing.Ledger(api.Chaincode("parcels", [Parcels]), [MEMBER, OTHER], endorsement=f"OR('{MEMBER}.peer')")
    ledger.invoke("Parcels:keep", str(KEPT), client=testing.client(MEMBER))
    return ledger


def ask(ledger: testing.Ledger, *arguments: object, by: str = MEMBER) -> Any:
    """Return a page."""
    return ledger.evaluate(
        "Parcels:list", *map(json.dumps, arguments[:2]), *arguments[2:], client=testing.client(by)
    ).json()


@pytest.mark.parametrize(("fragile", "size"), [(False, 500), (False, 499), (False, 100), (True, 5), (True, 500)])
def test_pages_have_each_record_once(kept, fragile, size):
    """The last page has the empty bookmark; a page of few that fit may be short, and is not the last."""
    seen, bookmark, lengths = [], "", []
    while True:
        page = ask(kept, fragile, size, bookmark)
        seen += [each["number"] for each in page["parcels"]]
        lengths.append(len(page["parcels"]))
        bookmark = page["bookmark"]
        if not bookmark:
            break
    assert seen == [each for each in range(KEPT) if not fragile or each % 100 == 99]
    assert max(lengths) <= size
    if (fragile, size) == (True, 500):
        assert lengths == [5, 5, 2]


def test_a_page_looks_at_no_more_than_it_may(kept, monkeypatch):
    """However few fit, no more records are read than the largest page has, and one that follows."""
    read = []
    following = Results.__next__

    def counted(self: Results[Any]) -> Any:
        found = following(self)
        read.append(found)
        return found

    monkeypatch.setattr(Results, "__next__", counted)
    ask(kept, True, 500)
    assert len(read) == bounds.PAGE.most + 1
    read.clear()
    ask(kept, False, 3)
    assert len(read) == 4


@pytest.mark.parametrize("size", [0, -1, bounds.PAGE.most + 1])
def test_a_page_has_bounds(kept, size):
    with pytest.raises(testing.Refused, match="INVALID_ARGUMENT"):
        ask(kept, False, size)


@pytest.mark.parametrize("bookmark", ["zzz", "00000", "/", "x/y/z/" * 20])
def test_a_bookmark_leads_nowhere_else(kept, bookmark):
    """Whatever a caller makes up, it stays within the list, and within the caller's own collection."""
    page = ask(kept, False, 500, bookmark)
    assert all(set(each) == {"number", "fragile"} for each in page["parcels"])
    assert ask(kept, False, 500, bookmark, by=OTHER) == {"parcels": [], "bookmark": ""}


@pytest.mark.parametrize("bookmark", ["\x00claim\x00", "a\U0010ffff"])
def test_a_bookmark_is_no_key(kept, bookmark):
    with pytest.raises(testing.Refused, match="INVALID_ARGUMENT"):
        ask(kept, False, 500, bookmark)


def test_every_list_of_private_records_comes_by_pages():
    """A query that is read on certain peers answers with a list only where its records are few."""
    listing = {
        function.where
        for one in CHAINCODES.values()
        for function in one.functions.values()
        if function.declared.read_on and answer(function.returns).startswith("array of")
    }
    assert listing == set(FEW)


def test_nothing_else_reads_ranges_of_private_data():
    """Only `private` does, and it lists without pages only under attributes that leave few."""
    ranged = ("get_private_data_by_partial_composite_key", "get_private_data_by_range")
    for path in sorted(Path(chaincode.__file__).parent.rglob("*.py")):
        calls = [each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.Call)]
        named = [(ast.unparse(each.func), each) for each in calls]
        assert path.name == "private.py" or not [name for name, _ in named if name.endswith(ranged)], path
        listed = [each for name, each in named if name == "private.listed"]
        assert all(ast.unparse(each.args[3]) not in ("()", "[]") for each in listed), path
