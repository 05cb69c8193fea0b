"""Plain words: a function's first line says what it does or returns, and no text uses a word in a sense of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.sources import ROOT, contents, modules

READ = ("docs", "hlf", "examples", "benchmarks")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *(page for folder in READ for page in (ROOT / folder).rglob("*.md")),
]
# What tests and figures stand on is read as often as what ships.
BESIDE = [path for folder in ("tests/support", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
# A first line without a verb begins with one of these words, or with *name*, ``name`` or capitals.
NO_VERB = re.compile(
    r"(?:The|A|An|Whether|What|Whose|Whom|Why|How|Where|While|Nothing|As|At|Each|Every)\b|(?![A-Z][a-z]+\b(?!'))"
)
# What a contract function says stands in the metadata as its description.
DESCRIBED = {"property", "cached_property", "transaction", "query"}

# Words that only this project used so, and what to write in their place.
PRIVATE = {
    r"(?:is|are|was|were|be|been|being) told": "gets, sees, learns, is reported",
    r"(?:its|\w+'s|the) (?:own )?word(?: of| for it)": "what it says; nobody else vouches for it",
    r"as (?:it stands|they stand)": "unchanged, present, as stored",
    r"without a word": "silently",
    r"(?:is|are|be) let|lets? (?:it|them|him) in": "accepted, admitted",
    r"mend(?:s|ed)?": "fix, correct, cure",
    r"bec[ao]mes? of": "the status of, what happened to",
    r"bear(?:s|ing)? (?:it|them) out|borne out": "confirm",
    r"doctored": "modified, forged",
    r"taken? apart": "parsed, the parts of",
    r"brought to (?:its|their) end": "complete",
    r"gone by": "past; there is a later one",
    r"hand(?:s|ed)? out": "return, give",
    r"br(?:ing|ings|ought) (?:it |that )?about": "make, do, apply",
    r"anew": "again",
    r"what c[ao]mes? of": "the outcome of",
    r"(?:says?|answers?) otherwise than|something else than": "differs from, other than",
    r"(?:is|are) no more": "no longer exists",
    r"speaks? of": "name, mention",
    r"shall": "must, will",
    r"tells? \w+ (?:its|their) metrics": "publish metrics for",
    r"(?:there|here|where)(?:by|in|of|upon)|w?hence": "so, by this, then",
    r"what stands (?:at|in|under)|stands under": "the value at, stored",
}


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """Return what docstrings, comments and pages say, by file."""
    return {str(path.relative_to(ROOT)): _said(path) for path in (*modules().values(), *BESIDE, *PAGES)}


def test_functions_say_what_they_return_or_do():
    """Return, Raise, Yield or another verb comes first, never the thing alone."""
    found = [
        f"{path.relative_to(ROOT)}:{function.line} {function.first_line}"
        for path in (*modules().values(), *BESIDE)
        for function in contents(path).functions
        # A property is read, and described as the thing it is; `__init__` may say what its arguments are.
        if function.first_line and not function.decorators & DESCRIBED and function.name != "__init__"
        if NO_VERB.match(function.first_line)
    ]
    assert found == []


def _said(path: Path) -> str:
    """Return docstrings and comments of a module, or the whole of a page, with single spaces."""
    text = path.read_text()
    if path.suffix == ".py":
        # What follows the sign within a string is held to the rule, too: that is quicker than telling them apart.
        text = "\n".join([*contents(path).docstrings, *re.findall("#.*", text)])
    return " ".join(text.split())


@pytest.mark.parametrize("words", PRIVATE)
def test_no_text_uses_a_word_in_a_sense_of_its_own(words, said):
    """A stranger, who reads English as a second language, understands each sentence at the first reading."""
    found = {where: re.findall(rf"\b(?:{words})\b", text, re.IGNORECASE) for where, text in said.items()}
    assert {where: hits for where, hits in found.items() if hits} == {}, f"write instead: {PRIVATE[words]}"
