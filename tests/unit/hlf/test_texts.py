"""JSON and YAML from strangers: plain values, or a refusal that says where and what to do."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hlf import jsontext, yamltext
from hlf.errors import WireError, YamlError

# PyYAML writes U+0085 unquoted as the end of a line, and cannot read that itself.
CHARACTERS = st.characters(exclude_characters="\x85", exclude_categories=["Cs"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(CHARACTERS, max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(CHARACTERS, max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_what_was_written_is_read(value):
    """Whatever values JSON has; a document of YAML has the same ones."""
    assert jsontext.loads(json.dumps(value).encode()) == value
    written = yaml.safe_dump(value, allow_unicode=True).encode()
    assert yamltext.loads(written) == value
    assert yamltext.loads(yamltext.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a":1,"a":2}', "'a' stands twice"),
        (b'{"a":{"b":1,"b":1}}', "'b' stands twice"),
        (b"[" * 3000 + b"]" * 3000, "nested too deeply"),
        (b"[" * 200 + b"]" * 200, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (rb'["\ud800"]', "lone surrogate"),
        (rb'{"\uDFFF":1}', "lone surrogate"),
        (b"9" * 5000, "not JSON"),
        (b"NaN", "NaN is no JSON"),
        (b"[-Infinity]", "-Infinity is no JSON"),
        (b"\xff", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"", "not JSON"),
        (b"[" + b"1," * 2_000_001 + b"1]", "more than 2000000 elements"),
    ],
)
def test_json_that_is_refused(text, why):
    """It says two things, says what no file can hold, or is more than anybody wants."""
    with pytest.raises(WireError, match=why):
        jsontext.loads(text)


@pytest.mark.parametrize(
    ("text", "line", "why", "cure"),
    [
        (b"a: &x [1]\nb: *x\n", 1, "anchors", "Write the value in both places."),
        (b"a: 1\nb: !!python/name:os.system x\n", 2, "the tag", "Leave the tag out."),
        (b"a: 1\nb: 2\na: 3\n", 3, "'a' stands twice", "Leave one of them out."),
        (b"[" * 30 + b"]" * 30, 1, "nested deeper than 24", "Flatten it."),
        (b"a:\n\tb: 1\n", 2, "is not YAML", "Indent with spaces, never with tabs."),
        (b"a: [1\n", 2, "is not YAML", "Fix the YAML at or above this line."),
        (b"--- 1\n--- 2\n", 2, "another document", "Fix the"),
        (b"a: 1\nb: \xe4\n", 2, "is not UTF-8", "Save the file as UTF-8."),
        (b"? [1]\n: 2\n", 1, "a name is a list", "Names are texts."),
        (b"", 0, "is empty", "meant"),
        (b"# nothing\n", 0, "is empty", "meant"),
        (b"a: \x00\n", 0, "is not YAML", "plain text"),
        (b"#" * (2 << 20), 0, "larger than 1 MiB", "small"),
    ],
)
def test_yaml_that_is_refused(text, line, why, cure):
    """A document that multiplies itself, asks for code, or says a thing twice: with its line and the cure."""
    with pytest.raises(YamlError, match=why) as refused:
        yamltext.loads(text)
    assert refused.value.line == line
    assert cure in refused.value.cure


def test_yaml_constructs_nothing_but_plain_values():
    """What other readers make dates, times or huge numbers of stays a text."""
    text = b"a: 2024-01-01\nb: 1:30:00\nc: 0x1f\nd: .inf\ne: yes\nf: ~\ng: 1.5\nh: !!str 5\ni: " + b"9" * 50 + b"\n"
    assert yamltext.loads(text) == {
        "a": "2024-01-01", "b": "1:30:00", "c": "0x1f", "d": ".inf", "e": True, "f": None, "g": 1.5, "h": "5",
        "i": "9" * 50,
    }  # fmt: skip
