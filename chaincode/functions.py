"""
The tables of ``docs/contracts.md``: who calls a function, who endorses it, which fields are transient, what it answers.

    python -m chaincode.functions docs/contracts.md

writes them again from the contracts' declarations; a test fails while the page differs.
"""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chaincode import carriage, commerce, trade
from hlf.shim import api

CHAINCODES = {each.name: each for each in (trade.chaincode, commerce.chaincode, carriage.chaincode)}

_PLACE = re.compile(r"(?<=<!-- functions of )(\w+)( -->\n).*?(?=<!-- end of functions -->)", re.DOTALL)
_HEAD = "| function | transient | called by | endorsed by | answer |\n|---|---|---|---|---|\n"
_WORDS = {
    str: "text",
    bytes: "bytes as kept",
    bool: "true or false",
    int: "number",
    type(None): "null",
    object: "JSON",
}


def table(chaincode: api.Chaincode) -> str:
    """Return the functions of *chaincode*, contract by contract, as Markdown."""
    listed = [
        function
        for contract in chaincode.contracts
        for name, function in chaincode.functions.items()
        if name == f"{contract}:{function.name}"
    ]
    return _HEAD + "".join(_row(function) for function in listed)


def written(page: str) -> str:
    """Return *page* with the table of each chaincode in its place."""
    return _PLACE.sub(lambda place: f"{place[1]}{place[2]}{table(CHAINCODES[place[1]])}", page)


def _row(function: api.Function) -> str:
    declared = function.declared
    if function.tag == "evaluate":
        name, where = f"`{function.where}` *query*", f"read on {_codes(declared.read_on) or 'any peer'}"
    else:
        name, where = f"`{function.where}`", _codes(declared.endorsed_by or ()) or "the policies"
    cells = (name, _codes(declared.transient or ()), ", ".join(declared.called_by), where, answer(function.returns))
    return f"| {' | '.join(cells)} |\n"


def answer(kind: Any) -> str:
    """Return in words what a function of that return type answers: a record, or an array or object of them."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (list, tuple):
        return f"array of {answer(parts[0])}"
    if origin is dict:
        return f"object of {answer(parts[1])}"
    if parts:
        return " or ".join(map(answer, parts))
    return _WORDS.get(kind) or str(kind.__name__)


def _codes(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(argv: Sequence[str]) -> None:
    """Write the tables into the page that *argv* names."""
    page = Path(argv[0])
    page.write_text(written(page.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
