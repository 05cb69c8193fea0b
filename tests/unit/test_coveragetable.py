"""The floors of `make coverage`."""

from __future__ import annotations

import json

import pytest

from tests.support import coveragetable


def _file(lines: int, run: int, branches: int, taken: int) -> dict[str, object]:
    counts = {"num_statements": lines, "covered_lines": run, "num_branches": branches, "covered_branches": taken}
    return {"summary": counts, "missing_lines": list(range(lines - run))}


@pytest.mark.parametrize(
    ("run", "taken", "part", "ends"),
    [(95, 90, False, 0), (94, 90, False, 1), (95, 89, False, 1), (10, 10, True, 0)],
)
def test_less_than_the_floors_fails(tmp_path, capsys, run, taken, part, ends):
    """Lines and branches are judged each by themselves over all rooms; a part is only shown."""
    files = {"hlf/a.py": _file(60, 60, 50, 50), "hlf/network/b.py": _file(40, run - 60, 50, taken - 50)}
    if part:
        files = {"hlf/a.py": _file(100, run, 100, taken)}
    # A copy of a room, that a test changed and ran elsewhere, counts for nothing.
    copied = {str(tmp_path / "copied/hlf/a.py"): _file(1_000, 1, 0, 0)}
    (tmp_path / "all.json").write_text(json.dumps({"files": files | copied}))
    assert coveragetable.main(tmp_path, part=part) == ends
    shown = capsys.readouterr()
    assert f"| all | 100 | {run}.0 % | 100 | {taken}.0 % |" in shown.out
    assert shown.out == (tmp_path / "summary.md").read_text()
    assert ("are wanted" in shown.err) is bool(ends)


def test_each_room_of_the_map_is_counted():
    """A room of `hlf` or `chaincode` that the tests run less than the others shows in the table."""
    names = (
        "hlf/profile.py",
        "hlf/network/engines/engine.py",
        "chaincode/domain/orders/orders.py",
        "gateway/http/auth.py",
    )
    rooms = coveragetable.rooms({name: _file(10, 9, 2, 1) for name in names})
    assert list(rooms) == ["chaincode/domain", "gateway", "hlf", "hlf/network", "all"]
    assert rooms["all"]["num_statements"] == 40
