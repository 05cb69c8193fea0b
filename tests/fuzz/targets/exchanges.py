"""The files that organisations send each other: introductions, invitations, proposals and definitions."""

from __future__ import annotations

import base64
import functools
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hlf.network import errors, topology
from hlf.network.exchange import chaincodes, introductions, inviting, proposals
from hlf.network.state import Folder, Record
from tests.fuzz.target import Target, file_of
from tests.hostile import mutations
from tests.hostile.mutations import Bent

# The file on whose organisations the files of the corpus agree.
_CONSORTIUM = """\
name: exchanged
organisations: [{msp_id: AMSP, domain: a.test}, {msp_id: BMSP, domain: b.test}]
channels: [{name: c, members: [AMSP, BMSP]}]
"""


def bend_field(chance: random.Random, content: bytes) -> Bent:
    """Change one field of a JSON object: what its base64 holds, its text, or its kind of value."""
    try:
        values = json.loads(content)
    except ValueError:
        return mutations.bend(chance, content)
    if not isinstance(values, dict) or not values:
        return mutations.bend(chance, content)
    place: Any = values
    name: Any = chance.choice(sorted(values))
    while isinstance(place[name], dict | list) and place[name] and chance.random() < 0.8:
        place = place[name]
        name = chance.choice(sorted(place)) if isinstance(place, dict) else chance.randrange(len(place))
    value = place[name]
    if not isinstance(value, str) or chance.random() < 0.2:
        place[name] = chance.choice([None, 0, -1, 1 << 70, 0.5, "", "\u0000", [], [value], {}, {"x": value}])
        return Bent(json.dumps(values).encode(), f"{name} of another kind")
    try:
        inside = mutations.bend_message(chance, base64.b64decode(value, validate=True)).content
        place[name] = base64.b64encode(inside).decode()
    except ValueError:
        place[name] = mutations.bend(chance, value.encode("utf-8", "surrogatepass")).content.decode("latin-1")
    return Bent(json.dumps(values).encode(), f"inside {name}")


def _reading(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def run(data: bytes) -> object:
        file = file_of(name, "received")
        file.write_bytes(data)
        return repr(read(file))

    return run


_consortium = functools.cache(lambda: topology.load(text=_CONSORTIUM))


def _taken(file: Path) -> object:
    """Take an introduction into a folder that knows nobody yet."""
    state, record = file.with_name("state"), Record("exchanged", own=["AMSP"])
    shutil.rmtree(state, ignore_errors=True)
    return introductions.take(Folder(state), record, _consortium(), file), record


def _proposal(file: Path) -> object:
    found = proposals.read(file)
    return found.channel, found.words(), found.needed, found.missing()


def _definition(file: Path) -> object:
    found = chaincodes.read(file)
    return found, found.words(), found.definition.fields()


FIELDS = (bend_field, bend_field, mutations.bend)
"""How a JSON document is changed: most often in one of its fields."""
TARGETS = tuple(
    Target(name, f"hlf.network.exchange.{function}", (errors.ExchangeError,), _reading(name, read), FIELDS)
    for name, function, read in (
        ("introduction", "introductions.take", _taken),
        ("invitation", "inviting.read", inviting.read),
        ("proposed-update", "proposals.read", _proposal),
        ("definition", "chaincodes.read", _definition),
    )
)
