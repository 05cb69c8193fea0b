"""What functions answer: each declares it, so that metadata, docs and OpenAPI can say what comes back."""

from __future__ import annotations

import typing
from typing import Any

import pytest

from chaincode import functions

CHAINCODES = pytest.mark.parametrize("chaincode", functions.CHAINCODES.values(), ids=lambda one: one.name)


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
