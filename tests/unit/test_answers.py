"""What functions answer: each declares it, so that metadata, docs and OpenAPI can say what comes back."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from chaincode import functions

CHAINCODES = pytest.mark.parametrize("chaincode", functions.CHAINCODES.values(), ids=lambda one: one.name)


def records(kind: Any) -> Iterator[Any]:
    """Yield the records that a type is made of, those of their fields included."""
    parts = typing.get_args(kind)
    if dataclasses.is_dataclass(kind) or typing.is_typeddict(kind):
        yield kind
        parts = tuple(typing.get_type_hints(kind).values())
    for part in parts:
        yield from records(part)


def says_something(kind: Any) -> bool:
    """Return whether a return type tells a stranger what comes back; the values of an object may be any JSON."""
    parts = typing.get_args(kind)
    if typing.get_origin(kind) is dict:
        return parts[1] is not Any
    return kind not in (Any, object, dict, list, tuple) and all(
        says_something(part) for part in parts if part is not ...
    )


@CHAINCODES
def test_every_function_declares_what_it_answers(chaincode):
    """A record, a text, or an array or object of them; Any says nothing."""
    own = [each for each in chaincode.functions.values() if each.contract in chaincode.contracts]
    silent = {each.where: each.returns for each in own if not says_something(each.returns)}
    assert silent == {}


@CHAINCODES
def test_records_of_one_chaincode_have_names_of_their_own(chaincode):
    """The metadata describe each under its name, where another of that name would hide it."""
    named: dict[str, set[Any]] = {}
    for each in chaincode.functions.values():
        for kind in (each.returns, *(parameter.annotation for parameter in each.parameters)):
            for record in records(kind):
                named.setdefault(record.__name__, set()).add(record)
    assert {name: kinds for name, kinds in named.items() if len(kinds) > 1} == {}
