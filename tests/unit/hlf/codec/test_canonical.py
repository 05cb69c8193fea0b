"""Canonical JSON: the same bytes as PyPI's rfc8785, and nothing lenient in reading."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from hlf.codec import canonical

INTEGERS = st.integers(-canonical.LARGEST_INTEGER, canonical.LARGEST_INTEGER)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_bytes_equal_those_of_the_reference(value):
    """RFC 8785 as another author implemented it gives the same bytes, and they read back as the same value."""
    ours = canonical.dumps(value)
    assert ours == rfc8785.dumps(value)
    assert canonical.loads(ours) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_real_is_written_as_the_reference_writes_it(value):
    """The shortest digits that read back as the same number, with ECMAScript's point and exponent."""
    written = canonical.dumps({"a": [canonical.Real(value)]})
    assert written == rfc8785.dumps({"a": [value]})
    assert canonical.loads(written, reals=True) == {"a": [value]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"), (295147905179352830000.0, "295147905179352830000"),
        (1e21, "1e+21"), (9.999999999999997e22, "9.999999999999997e+22"), (1e-6, "0.000001"), (1e-7, "1e-7"),
        (333333333.33333329, "333333333.3333333"), (-1424953923781206.2, "-1424953923781206.2"),
    ],
)  # fmt: skip
def test_reals_of_the_standard(value, text):
    """RFC 8785, appendix B."""
    assert canonical.dumps(canonical.Real(value)).decode() == text


@pytest.mark.parametrize("text", ["1e999", "-1e999", "NaN", "Infinity"])
def test_a_real_is_a_number_that_64_bits_hold(text):
    """Neither read nor written otherwise."""
    with pytest.raises(canonical.CanonicalError):
        canonical.loads(text, reals=True)
    with pytest.raises(canonical.CanonicalError, match="neither infinity nor NaN"):
        canonical.dumps(canonical.Real(text))


@given(VALUES)
def test_reading_accepts_any_order_and_spacing(value):
    """Strict reading is about meaning, not layout."""
    assert canonical.loads(json.dumps(value, indent=2)) == value


def test_names_sort_by_utf16_code_units():
    """The RFC's own example: U+1F600 (a surrogate pair) stands before U+FB33."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = canonical.dumps(dict.fromkeys(names, 0))
    assert list(json.loads(written)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_a_tuple_is_written_as_an_array():
    """Frozen dataclasses hold tuples; JSON has arrays."""
    assert canonical.dumps({"a": (1, 2)}) == b'{"a":[1,2]}'


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (1.0, "$"),
        ({"a": [1, 2**53]}, "$.a[1]"),
        (-(2**53), "$"),
        ("\ud800", "$"),
        ({"\udfff": 1}, "$"),
        ({1: 1}, "$"),
        ([b"bytes"], "$[0]"),
        ({"a": {1, 2}}, "$.a"),
    ],
)
def test_what_has_no_canonical_form_is_refused(value, path):
    """The error names the place."""
    with pytest.raises(canonical.CanonicalError) as refused:
        canonical.dumps(value)
    assert refused.value.path == path


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"1.5",
        b"1e3",
        b"NaN",
        b"-Infinity",
        b'{"a":1,"a":2}',
        b'{"b":{"a":1,"a":1}}',
        b"9007199254740992",
        b"1" + b"0" * 10_000,
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b"[" * 65 + b"]" * 65,
        b"[" * 200_000,
        b"\xef\xbb\xbf1",
        b"1 2",
    ],
)
def test_hostile_bytes_are_refused(data):
    """Anything that two readers could read differently is one typed error."""
    with pytest.raises(canonical.CanonicalError):
        canonical.loads(data)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ('{"a":[0,{"b":1,"b":2}]}', "$.a[1]"),
        ('{"a":{"price":1.5}}', "$.a.price"),
        ('{"a":[NaN]}', "$.a[0]"),
        ('{"a":[1,' + "9" * 5_000 + "]}", "$.a[1]"),
        ('{"a":"\\ud800"}', "$.a"),
    ],
)
def test_what_is_refused_in_reading_is_named_by_its_place(data, path):
    """Whoever sent a long document must find the one name or number that cannot be taken."""
    with pytest.raises(canonical.CanonicalError) as refused:
        canonical.loads(data)
    assert refused.value.path == path


def test_many_names_of_which_the_last_is_given_twice_are_read_in_one_pass():
    """A hostile object of a megabyte costs what its length costs: the name is found without counting each."""
    names = ",".join(f'"{number}":0' for number in range(60_000))
    with pytest.raises(canonical.CanonicalError, match="'59999' is given twice"):
        canonical.loads(f'{{{names},"59999":0}}')


def test_depth_is_bounded_on_the_way_out_too():
    """A value nested as deep as allowed passes; one level more does not."""
    value: object = 0
    for _ in range(canonical.DEEPEST):
        value = [value]
    assert canonical.loads(canonical.dumps(value)) == value
    with pytest.raises(canonical.CanonicalError):
        canonical.dumps([value])


def read(text: str, **options: bool) -> object:
    """Return the value in a text, or where and why it is refused."""
    try:
        return canonical.loads(text, **options)
    except canonical.CanonicalError as error:
        return error.path.replace("$[0]", "$"), error.reason


@pytest.mark.parametrize("reals", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"b":[true,null,-7]}', '{"a":1,"a":2}', "999999999999999", "9007199254740991", "9007199254740992",
        "-9007199254740992", "1.5", "1e3", "-0", "NaN", '"\\ud800"', '"\\u00e9"', "[" * 63 + "]" * 63,
        "[" * 64 + "]" * 64, "[" + "[]," * 80 + "[]]",
    ],
)  # fmt: skip
def test_an_ordinary_text_is_read_as_any_other(text, reals):
    """ASCII alone is read a faster way; beside a letter beyond ASCII the same text has the same value or fault."""
    alone, beside = read(text, reals=reals), read(f'[{text},"é"]', reals=reals)
    if isinstance(beside, list):
        assert alone == beside[0]
        assert type(alone) is type(beside[0])
    elif text.startswith("[" * 64):
        assert isinstance(alone, list)
    else:
        assert alone == beside
