"""Records: what is stored reads back equal, and nothing undeclared gets in."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

import pytest

from hlf.codec import records
from hlf.codec.refusals import Refused, invalid


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Leaf:
    name: str
    price: records.Amount


@dataclass(frozen=True)
class Tree:
    height: int
    leaves: tuple[Leaf, ...]
    colour: Colour
    kind: Literal["oak", "elm"] = "oak"
    felled: bool = False
    prices: dict[str, records.Amount] | None = None
    largest: records.Amount | None = None


WHOLE = Tree(3, (Leaf("a", 2**70), Leaf("b", -1)), Colour.BLUE, "elm", True, {"x": 5}, 0)


@pytest.mark.parametrize("tree", [WHOLE, Tree(1, (), Colour.RED)])
def test_what_was_written_reads_back(tree):
    """Bytes to record is the inverse of record to bytes."""
    assert records.loads(Tree, records.dumps(tree)) == tree


def test_amounts_are_written_as_text_wherever_they_stand():
    """An amount beyond 2^53 survives every JSON reader, also inside arrays and objects."""
    assert records.plain(WHOLE)["leaves"][0] == {"name": "a", "price": str(2**70)}
    assert records.plain(WHOLE)["prices"] == {"x": "5"}
    assert records.plain(WHOLE)["largest"] == "0"


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"[]", "tree"),
        (b'{"height":1,"leaves":[],"colour":"red","secret":1}', "tree.secret"),
        (b'{"height":1,"leaves":[]}', "tree.colour"),
        (b'{"height":"1","leaves":[],"colour":"red"}', "tree.height"),
        (b'{"height":true,"leaves":[],"colour":"red"}', "tree.height"),
        (b'{"height":1,"leaves":{},"colour":"red"}', "tree.leaves"),
        (b'{"height":1,"leaves":[],"colour":"green"}', "tree.colour"),
        (b'{"height":1,"leaves":[],"colour":["red"]}', "tree.colour"),
        (b'{"height":1,"leaves":[],"colour":"red","kind":"ash"}', "tree.kind"),
        (b'{"height":1,"leaves":[],"colour":"red","felled":0}', "tree.felled"),
        (b'{"height":1,"leaves":[{"name":"a","price":7}],"colour":"red"}', "tree.leaves[0].price"),
        (b'{"height":1,"leaves":[{"name":"a","price":"07"}],"colour":"red"}', "tree.leaves[0].price"),
        (b'{"height":1,"leaves":[{"name":"a","price":"-0"}],"colour":"red"}', "tree.leaves[0].price"),
        (b'{"height":1,"leaves":[],"colour":"red","prices":[]}', "tree.prices"),
        (b'{"height":1.5}', "tree.height"),
        (b"secret", "tree"),
    ],
)
def test_what_the_class_does_not_declare_is_refused(data, path):
    """The refusal names the field and never quotes what was in it."""
    with pytest.raises(Refused) as refused:
        records.loads(Tree, data, "tree")
    assert refused.value.code == "INVALID_ARGUMENT"
    assert refused.value.text.startswith(f"{path}: ")
    assert "1.5" not in refused.value.text


def test_a_refusal_has_a_code_that_programs_can_compare():
    """A code in other letters would not survive the way through the peer."""
    assert (invalid("a", "b").code, invalid("a", "b").text) == ("INVALID_ARGUMENT", "a: b")
    with pytest.raises(ValueError, match="upper case"):
        Refused("not a code", "")


def test_a_digest_pins_the_record():
    """Equal records have equal digests, and any field changes it."""
    assert records.digest(WHOLE) == records.digest(records.loads(Tree, records.dumps(WHOLE)))
    assert records.digest(WHOLE) != records.digest(Tree(3, (), Colour.BLUE))


def test_a_class_is_looked_at_once_however_often_it_is_read(monkeypatch):
    """Contracts read the same few classes in every call, and their annotations do not change."""

    @dataclass(frozen=True)
    class Box:
        label: str
        sizes: tuple[int, ...] | None

    first = records.loads(Box, b'{"label":"a","sizes":[1]}')
    monkeypatch.setattr(records.typing, "get_args", None)
    assert records.loads(Box, b'{"label":"a","sizes":[1]}') == first


def test_a_record_that_refuses_its_values_is_named():
    """What __post_init__ says arrives with the path; a refusal of the rules passes as it is."""

    @dataclass(frozen=True)
    class Even:
        number: int

        def __post_init__(self) -> None:
            if self.number < 0:
                raise Refused("TOO_SMALL", "number must not be negative")
            if self.number % 2:
                raise ValueError("number must be even")

    with pytest.raises(records.RecordError) as refused:
        records.shaped(Even, {"number": 1}, "even")
    assert (refused.value.path, refused.value.reason) == ("even", "number must be even")
    with pytest.raises(Refused) as small:
        records.shaped(Even, {"number": -2}, "even")
    assert small.value.code == "TOO_SMALL"
