"""
A consortium file edited in single places: comments, order and layout of the rest stay as they are.

A place is a path such as ``("channels", Item("c"), "batch", "timeout")``. The result is read again and compared with
the intended value; if they differ, the file stays unchanged and the error names the place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from hlf import yamltext
from hlf.errors import YamlError
from hlf.network import errors


@dataclass(frozen=True)
class Item:
    """The item of a list whose fields have these values."""

    fields: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "[" + ", ".join(f"{name} {value}" for name, value in self.fields) + "]"


Place = Sequence[str | Item]


def item(**fields: str) -> Item:
    """Return the item of a list with those fields: ``item(name="c")``."""
    return Item(tuple(fields.items()))


def put(text: str, place: Place, value: Any) -> str:
    """
    Return the text with *value* at a place; fields on the way that are missing are made.

    Raises:
        NetworkError: an item on the way does not exist, or the file is laid out in a way that cannot be edited here.
    """

    def changed(document: Any) -> None:
        *way, last = place
        for step in way:
            if isinstance(step, str) and isinstance(document, dict) and document.get(step) is None:
                document[step] = {}
            document = _found(document, [step])
        if not isinstance(document, dict):
            raise _cannot(place)
        document[last] = value

    return _checked(text, place, lambda: _put(text, _compose(text), list(place), value), changed)


def add(text: str, place: Place, value: Any) -> str:
    """Return the text with *value* at the end of the list at a place, made where there is none; as :func:`put`."""
    held = _found(yamltext.loads(text.encode()), place)
    if not held:
        return put(text, place, [value])

    def changed(document: Any) -> None:
        _found(document, place).append(value)

    def edited() -> str:
        node = _node(_compose(text), place)
        end = _end(node.value[-1])
        if node.flow_style:
            return f"{text[:end]}, {_flow(value)}{text[end:]}"
        line_end = _line_end(text, end)
        return f"{text[:line_end]}\n{' ' * node.start_mark.column}- {_flow(value)}{text[line_end:]}"

    return _checked(text, place, edited, changed)


def remove(text: str, place: Place) -> str:
    """Return the text without the value at a place; without the field around it where nothing else is in it."""
    *way, last = place
    parent = _found(yamltext.loads(text.encode()), way)
    if parent is None or _found(parent, [last]) is None:
        raise _cannot(place)
    if len(parent) == 1 and way:
        return remove(text, way)

    def changed(document: Any) -> None:
        held = _found(document, way)
        if isinstance(last, str) and isinstance(held, dict):
            del held[last]
        else:
            held.remove(_found(held, [last]))

    return _checked(text, place, lambda: _without(text, _node(_compose(text), way), last), changed)


def read(text: str, place: Place) -> Any:
    """Return the value at a place; None if there is none."""
    return _found(yamltext.loads(text.encode()), place)


def _put(text: str, node: Any, place: list[Any], value: Any) -> str:
    for index, step in enumerate(place):
        below = _below(node, step)
        if below is None:
            rest = place[index + 1 :]
            for name in reversed(rest):
                value = {name: value}
            return _with_field(text, node, step, value)
        node = below
    start, end = node.start_mark.index, _end(node)
    return f"{text[:start]}{' ' if start == end else ''}{_flow(value)}{text[end:]}"


def _with_field(text: str, node: Any, name: str, value: Any) -> str:
    """Return the text with a further field in a mapping, written as its neighbours are."""
    if isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index:
        end = node.end_mark.index
        return f"{text[:end]} {_flow({name: value})}{text[end:]}"
    if not node.value:
        at = node.start_mark.index + 1
        return f"{text[:at]}{_flow({name: value})[1:-1]}{text[at:]}"
    end = _end(node.value[-1][1])
    if node.flow_style:
        return f"{text[:end]}, {_flow({name: value})[1:-1]}{text[end:]}"
    line_end = _line_end(text, end)
    indent = " " * node.value[0][0].start_mark.column
    return f"{text[:line_end]}\n{indent}{_flow({name: value})[1:-1]}{text[line_end:]}"


def _without(text: str, node: Any, last: str | Item) -> str:
    if isinstance(node, yaml.MappingNode):
        spans = [(key.start_mark.index, _end(value)) for key, value in node.value]
        names: list[Any] = [key.value for key, _ in node.value]
        index = names.index(last)
    else:
        spans = [(each.start_mark.index, _end(each)) for each in node.value]
        index = next(number for number, each in enumerate(node.value) if _fits(_value(each), last))
    start, end = spans[index]
    if index + 1 < len(spans):
        return text[:start] + text[spans[index + 1][0] :]
    before = spans[index - 1][1]
    if node.flow_style:
        return text[:before] + text[end:]
    return text[: _line_end(text, before)] + text[_line_end(text, end) :]


def _checked(text: str, place: Place, edit: Callable[[], str], changed: Callable[[Any], None]) -> str:
    """Return the edited text; raise unless, read again, it differs from the old one in exactly the intended change."""
    meant = yamltext.loads(text.encode())
    changed(meant)
    try:
        edited = edit()
        if yamltext.loads(edited.encode()) == meant:
            return edited
    except YamlError:
        pass
    raise _cannot(place)


def _cannot(place: Place) -> errors.NetworkError:
    where = "".join(f".{step}" if isinstance(step, str) else str(step) for step in place).lstrip(".")
    return errors.NetworkError(f"the consortium file cannot be edited at {where}", "Edit it by hand, then run `apply`.")


def _compose(text: str) -> yaml.Node:
    return yamltext.compose(text.encode())


def _found(value: Any, place: Place) -> Any:
    for step in place:
        if isinstance(step, Item) or isinstance(value, list):
            value = _chosen(value, step)
        else:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            return None
    return value


def _chosen(values: Any, step: str | Item) -> Any:
    return next((each for each in values or () if _fits(each, step)), None)


def _fits(value: Any, step: str | Item) -> bool:
    if isinstance(step, str):
        return bool(value == step)
    return isinstance(value, dict) and all(value.get(name) == wanted for name, wanted in step.fields)


def _node(node: Any, place: Place) -> Any:
    for step in place:
        node = _below(node, step)
    return node


def _below(node: Any, step: str | Item) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return next((each for each in node.value if _fits(_value(each), step)), None)
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    return None


def _value(node: Any) -> Any:
    """Return a node's value, as far as it can select an item: a text, or a mapping of texts."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: value.value for key, value in node.value if isinstance(value, yaml.ScalarNode)}
    return node.value


def _end(node: Any) -> int:
    """Return where a node's own text ends; YAML's mark of a block's end comes later, after all comments."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(node, yaml.MappingNode) else last)


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found


def _flow(value: Any) -> str:
    """Return a value as it may stand in any place, on one line."""
    written: str = yaml.safe_dump([value], default_flow_style=True, width=1 << 20, sort_keys=False, allow_unicode=True)
    return written.strip()[1:-1]
