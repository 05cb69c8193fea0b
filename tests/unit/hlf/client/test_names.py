"""The two clients have the same names, and their functions the same arguments."""

from __future__ import annotations

import importlib
import inspect

import pytest

CLASSES = {
    "commit": ["Commit", "Status"],
    "connections": ["Connections"],
    "contract": ["Contract", "SubmittedTransaction"],
    "events": ["EventsRequest"],
    "gateway": ["Gateway"],
    "network": ["Network"],
    "proposal": ["Proposal"],
    "streams": ["EventStream"],
    "transaction": ["Transaction"],
}
# A task is cancelled itself, so asyncio needs no object for it.
ONLY_SYNCHRONOUS = {"cancellation"}


def _module(client, name):
    return importlib.import_module(f"hlf.{client}.{name}")


def _arguments(function):
    signature = inspect.signature(function)
    return [
        (argument.name, argument.kind, argument.default)
        for argument in signature.parameters.values()
        if argument.name not in ONLY_SYNCHRONOUS
    ]


def _public(kind):
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize(("module", "name"), [(m, name) for m, names in CLASSES.items() for name in names])
def test_a_class_has_the_same_public_names(module, name):
    """Methods with the same arguments, attributes of the same name, and nothing more on either side."""
    one, other = (getattr(_module(client, module), name) for client in ("client", "aio"))
    assert _public(one) == _public(other)
    for each in sorted(_public(one)):
        mine, theirs = getattr(one, each), getattr(other, each)
        assert callable(mine) == callable(theirs), each
        if callable(mine):
            assert _arguments(mine) == _arguments(theirs), each


def test_both_are_entered_by_the_same_door():
    """``connect`` takes the same, and both doors hand out the same names."""
    door, aio = importlib.import_module("hlf.client.gateway"), importlib.import_module("hlf.aio")
    assert set(door.__all__) - {"Cancellation"} == set(aio.__all__)
    assert _arguments(door.connect) == _arguments(aio.connect)
    for name in ("Retry", "Timeouts"):
        assert getattr(door, name) is getattr(aio, name)
