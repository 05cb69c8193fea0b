"""A YAML file read so that every value still knows the line it came from."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import yaml

from hlf import yamltext
from hlf.codec.words import Word
from hlf.errors import ConfigError, YamlError
from hlf.network import errors
from hlf.wire.config import configvalues

Item = TypeVar("Item")

NAME = Word(r"[a-z0-9][a-z0-9-]{0,38}", "a name of small letters, digits and hyphens")
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+")


class Field:
    """One value of the file with its line, and methods that return it as a type or refuse it."""

    def __init__(self, file: Path, node: yaml.Node, path: str) -> None:
        self._file = file
        self._node = node
        self.path = path

    @property
    def line(self) -> int:
        """The line of the file this value starts on, from 1."""
        return self._node.start_mark.line + 1

    def error(self, problem: str, cure: str = "") -> errors.ConsortiumError:
        """Return an error that names this value's line and field, for the caller to raise."""
        return errors.ConsortiumError(self._file, self.line, self.path, problem, cure)

    @property
    def is_mapping(self) -> bool:
        """Whether the value has named fields."""
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return isinstance(self._node, yaml.SequenceNode)

    def text(self, pattern: re.Pattern[str] | None = None, wanted: str = "text", *, maximum: int = 4096) -> str:
        """
        Return the value as it was typed.

        So ``country: NO`` is "NO" and ``version: 1.0`` is "1.0", where YAML itself
        would read false and a float.
        """
        if not isinstance(self._node, yaml.ScalarNode) or self._node.tag == "tag:yaml.org,2002:null":
            raise self.error(f"{wanted} is wanted, not {self._kind()}")
        value: str = self._node.value
        if not value.strip():
            raise self.error(f"{wanted} is wanted, and this is empty")
        if len(value) > maximum:
            raise self.error(f"is {len(value)} characters long; {maximum} is the most")
        if pattern is not None and not pattern.fullmatch(value):
            raise self.error(f"{value!r} is not {wanted}")
        return value

    def word(self, word: Word, *, maximum: int = 4096) -> str:
        """Return the value, which must be such a word."""
        return self.text(word.shape, word.what, maximum=maximum)

    def integer(self, minimum: int, maximum: int) -> int:
        """Return the value as a whole number within the bounds."""
        is_number = isinstance(self._node, yaml.ScalarNode) and self._node.tag == "tag:yaml.org,2002:int"
        if not is_number or not re.fullmatch(r"[0-9]{1,18}", self._node.value):
            raise self.error(f"a whole number from {minimum} to {maximum} is wanted, not {self._kind()}")
        value = int(self._node.value)
        if not minimum <= value <= maximum:
            raise self.error(f"{value} is outside {minimum} to {maximum}")
        return value

    def boolean(self) -> bool:
        """Return the value as ``true`` or ``false``."""
        is_boolean = isinstance(self._node, yaml.ScalarNode) and self._node.tag == "tag:yaml.org,2002:bool"
        if not is_boolean:
            raise self.error(f"true or false is wanted, not {self._kind()}")
        return bool(self._node.value.lower() in ("true", "yes", "on"))

    def duration(self) -> str:
        """Return the value as a Go duration."""
        value = self.text(_DURATION, "a duration with a unit, such as 200ms or 2s")
        try:
            configvalues.nanoseconds(value)
        except ConfigError:
            raise self.error(f"{value!r} is longer than Fabric can count") from None
        return value

    def choice(self, *names: str) -> str:
        """Return the value as one of *names*."""
        value = self.text(wanted=f"one of {', '.join(names)}")
        if value not in names:
            raise self.error(f"{value!r} is none of {', '.join(names)}", _nearest(value, names))
        return value

    def items(self, *, minimum: int = 0, maximum: int = 10_000) -> list[Field]:
        """Return the members of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.error(f"a list is wanted, not {self._kind()}")
        count = len(self._node.value)
        if not minimum <= count <= maximum:
            raise self.error(f"the list has {count} entries; {minimum} to {maximum} are possible")
        return [Field(self._file, node, f"{self.path}[{index}]") for index, node in enumerate(self._node.value)]

    def entries(self) -> Iterator[tuple[str, Field]]:
        """Yield the named fields, whatever their names are."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.error(f"named fields (name: value) are wanted, not {self._kind()}")
        seen: set[str] = set()
        for key, value in self._node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            place = Field(self._file, key, self.path)
            if name is None:
                raise place.error("the name of a field is wanted here, not a list or a mapping")
            if name in seen:
                raise place.error(f"{name!r} stands here twice", "Keep one of the two.")
            seen.add(name)
            yield name, Field(self._file, value, f"{self.path}.{name}" if self.path else name)

    def record(self, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> dict[str, Field]:
        """Return the fields, where only the names given may occur; ``name:`` with nothing after it counts as absent."""
        found: dict[str, Field] = {}
        known = required + optional
        for name, value in self.entries():
            if name not in known:
                raise value.error(f"no such field; known here are {', '.join(known)}", _nearest(name, known))
            if value._node.tag != "tag:yaml.org,2002:null":
                found[name] = value
        for name in required:
            if name not in found:
                raise self.error(f"{name!r} is missing")
        return found

    def each(
        self, build: Callable[[Field], Item], name: Callable[[Item], str], *, minimum: int = 0
    ) -> tuple[Item, ...]:
        """Return every member of a list built, each under a name of its own."""
        found: dict[str, Item] = {}
        for entry in self.items(minimum=minimum):
            item = build(entry)
            if name(item) in found:
                raise entry.error(f"{name(item)} stands in the list twice", "Rename or remove one of the two.")
            found[name(item)] = item
        return tuple(found.values())

    def choices(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return a list of some of *names*, none of them twice."""
        chosen: list[str] = []
        for entry in self.items(minimum=1):
            name = entry.choice(*names)
            if name in chosen:
                raise entry.error(f"{name} stands here twice", "Keep one of the two.")
            chosen.append(name)
        return tuple(chosen)

    def texts(self, *, maximum: int = 4096) -> dict[str, str]:
        """Return the named texts, whatever their names are."""
        return {name: value.text(maximum=maximum) for name, value in self.entries()}

    def _kind(self) -> str:
        if isinstance(self._node, yaml.MappingNode):
            return "a mapping"
        if isinstance(self._node, yaml.SequenceNode):
            return "a list"
        if self._node.tag == "tag:yaml.org,2002:null":
            return "nothing"
        return repr(self._node.value[:40])


def load(path: Path, text: str | None = None) -> Field:
    """
    Return the whole document as one :class:`Field`; *text* is read in the file's place if it is given.

    Nothing is constructed from the file: no tags, no aliases (which a few lines
    can multiply into gigabytes), one document, bounded in size and depth.

    Raises:
        ConsortiumError: unreadable, not YAML, or one of those.
    """
    raw = _read(path) if text is None else text.encode()
    try:
        return Field(path, yamltext.compose(raw), "")
    except YamlError as error:
        raise errors.ConsortiumError(path, error.line, "", error.problem, error.cure) from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(yamltext.MOST_BYTES + 1)
    except OSError as error:
        raise errors.ConsortiumError(
            path, 0, "", f"cannot be read: {error.strerror}", "Name the consortium file with --consortium FILE."
        ) from error


def _nearest(value: str, names: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(value, names, n=1)
    return f"Did you mean {close[0]!r}?" if close else ""
