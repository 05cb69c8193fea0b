"""What a fuzz target is: a boundary's function, the error it may raise, and what is done with the value it returns."""

from __future__ import annotations

import atexit
import functools
import pkgutil
import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.hostile import mutations
from tests.hostile.mutations import Bent

CORPUS = Path(__file__).with_name("corpus")
_MOST_CHANGES = 3

Bend = Callable[[random.Random, bytes], Bent]


@dataclass(frozen=True)
class Target:
    """
    One boundary.

    Attributes:
        function: the dotted name of what turns bytes into a value there.
        errors: what it may raise, and nothing else.
        run: calls it, and looks at all that the value shows.
        bends: how its corpus is changed at random.
    """

    name: str
    function: str
    errors: tuple[type[Exception], ...]
    run: Callable[[bytes], object]
    bends: tuple[Bend, ...] = field(default=(mutations.bend,))

    def meet(self, data: bytes) -> bool:
        """Give the boundary these bytes; whether it took them. Any other error than its own goes through."""
        try:
            self.run(data)
        except self.errors:
            return False
        return True

    @property
    def corpus(self) -> list[bytes]:
        """What there is to begin with."""
        return _corpus(self.name)

    def changed(self, chance: random.Random) -> bytes:
        """Return an input of the corpus with a change or some."""
        data = chance.choice(self.corpus)
        for _ in range(chance.randint(1, _MOST_CHANGES)):
            data = chance.choice(self.bends)(chance, data).content
        return data


@functools.cache
def _corpus(name: str) -> list[bytes]:
    return [file.read_bytes() for file in sorted((CORPUS / name).iterdir())]


def reads(name: str, function: str, *errors: type[Exception], bends: tuple[Bend, ...] = (mutations.bend,)) -> Target:
    """Return a target whose function takes the bytes alone; everything that its value shows is looked at."""
    call = pkgutil.resolve_name(function)
    return Target(name, function, errors, lambda data: repr(call(data)), bends)


def text_of(data: bytes) -> str:
    """Bytes as the text that a caller may have given instead: lone surrogates too, which UTF-8 does not have."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("latin-1")


@functools.cache
def file_of(target: str, name: str) -> Path:
    """
    Return where a target keeps its input as the file *name*, in a folder that ends with this process.

    Each input takes the place of the one before: a new folder for each takes several times as long as to read it.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"selat-fuzz-{target}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder / name
