"""The tables of functions in docs/contracts.md, written from what the contracts declare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chaincode import functions

PAGE = Path(__file__).parents[2] / "docs" / "contracts.md"


def test_the_page_says_what_the_contracts_declare():
    """Write it anew with ``python -m chaincode.functions docs/contracts.md``."""
    assert PAGE.read_text() == functions.written(PAGE.read_text())


@pytest.mark.parametrize("name", functions.CHAINCODES)
def test_each_chaincode_has_its_table_with_every_function(name):
    """A table that lost its place would not be missed otherwise."""
    page = PAGE.read_text()
    assert f"<!-- functions of {name} -->\n" in page
    for where in {f"{each.contract}:{each.name}" for each in functions.CHAINCODES[name].functions.values()}:
        assert where.startswith("org.hyperledger.") or f"| `{where}`" in page


@pytest.mark.parametrize("name", functions.CHAINCODES)
def test_each_function_has_its_arguments_told(name):
    """The table of its contract has a row for it, and the first table of the page links to the contract."""
    own = re.sub(r"<!-- functions of .*?<!-- end of functions -->", "", PAGE.read_text(), flags=re.DOTALL)
    told = set()
    for cell in re.findall(r"^\| (`\w+:\w+`[^|]*) \|", own, re.MULTILINE):
        for contract, function in re.findall(r"`(\w*):(\w+)`", cell):
            told.add(f"{contract or cell[1:].partition(':')[0]}:{function}")
    declared = {f"{each.contract}:{each.name}" for each in functions.CHAINCODES[name].functions.values()}
    declared = {where for where in declared if not where.startswith("org.hyperledger.")}
    assert declared <= told
    links = {contract for contract in (where.partition(":")[0] for where in declared) if f"[{contract}](#" in own}
    assert links == {where.partition(":")[0] for where in declared}


def test_a_page_is_written_by_the_command(tmp_path):
    """It replaces what stood between the marks, and nothing else."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- functions of carriage -->\nan outdated table\n<!-- end of functions -->\nafter\n")
    functions.main([str(page)])
    before, written = page.read_text().split("<!-- functions of carriage -->\n")
    written, after = written.split("<!-- end of functions -->\n")
    assert (before, after) == ("before\n", "after\n")
    assert "| `Agreements:answer` | `agreement`, `salt` | taker |" in written
    assert "outdated" not in written


def test_an_answer_is_told_in_words():
    """The records have their names, which the metadata of the chaincode describe."""
    assert functions.answer(dict[str, str | int]) == "object of text or number"
    assert functions.answer(tuple[bytes, ...]) == "array of bytes as kept"
    assert functions.answer(type(None)) == "null"
