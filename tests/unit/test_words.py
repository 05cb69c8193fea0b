"""Plain words: a function's first line says what it does or returns, and no text uses a word in a sense of its own."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from tests.support.house import ROOT, modules

ROOMS = ("hlf", "chaincode", "network", "selat", "gateway")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# A first line that begins so names a thing; "Return the ..." says that the caller gets it.
NOUN = re.compile(r"(?:The|A|An|Whether|What|Whose|Whom|Why|How|Where|Nothing|As|Each|Every)\b|\*\w+\*")
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
    r"(?:is|are) no more": "no longer exists",
    r"speaks? of": "name, mention",
    r"shall": "must, will",
    r"tells? \w+ (?:its|their) metrics": "publish metrics for",
    r"(?:there|here|where)(?:by|in|of|upon)|hence": "so, by this, then",
    r"what stands (?:at|in|under)|stands under": "the value at, stored",
}

DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
COMMENT = tokenize.COMMENT


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """Return what docstrings, comments and pages say, by file."""
    shipped = [path for name, path in modules().items() if name.partition(".")[0] in ROOMS]
    return {str(path.relative_to(ROOT)): _said(path) for path in (*shipped, *PAGES)}


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions that are called; a property is read, and described as the thing it is."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not {ast.unparse(each).partition("(")[0].rpartition(".")[2] for each in node.decorator_list} & DESCRIBED
        and node.name != "__init__"
    ]


def test_functions_say_what_they_return_or_do():
    """Return, Raise, Yield or another verb comes first, never the thing alone."""
    found = []
    for name, path in modules().items():
        if name.partition(".")[0] not in ROOMS:
            continue
        for function in _functions(ast.parse(path.read_text())):
            first = (ast.get_docstring(function) or "").partition("\n")[0]
            if NOUN.match(first):
                found.append(f"{path.relative_to(ROOT)}:{function.lineno} {first}")
    assert found == []


def _said(path: Path) -> str:
    """Return docstrings and comments of a module, or the whole of a page, with single spaces."""
    text = path.read_text()
    if path.suffix == ".py":
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, DOCUMENTED)]
        comments = [
            each.string for each in tokenize.generate_tokens(io.StringIO(text).readline) if each.type == COMMENT
        ]
        text = "\n".join([*(ast.get_docstring(node) or "" for node in nodes), *comments])
    return " ".join(text.split())


@pytest.mark.parametrize("words", PRIVATE)
def test_no_text_uses_a_word_in_a_sense_of_its_own(words, said):
    """A stranger, who reads English as a second language, understands each sentence at the first reading."""
    found = {where: re.findall(rf"\b(?:{words})\b", text, re.IGNORECASE) for where, text in said.items()}
    assert {where: hits for where, hits in found.items() if hits} == {}, f"write instead: {PRIVATE[words]}"
