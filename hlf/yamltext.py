"""
Read YAML from any source: one small document of plain values.

It refuses anchors and aliases, by which a few lines can become gigabytes, tags, by which a document chooses classes,
and a name twice in one mapping. Values are texts, numbers, booleans, lists and mappings only.
"""

from __future__ import annotations

import math
import re
from typing import Any

from hlf import extras
from hlf.errors import YamlError

try:
    import yaml
except ModuleNotFoundError as absent:
    raise extras.missing("PyYAML", "network") from absent

MOST_BYTES = 1 << 20
DEEPEST = 24

# The C parser and emitter, if PyYAML was built with them, are ten times faster and have the same events and marks.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_TAG = "tag:yaml.org,2002:"
_TEXT = f"{_TAG}str"
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


def loads(data: bytes) -> Any:
    """
    Return the document in *data* as JSON has values: None, bool, int, float, str, list, dict with texts for names.

    Values that only YAML has (dates, binary, numbers to the base of sixty) stay the text in the document.

    Raises:
        YamlError: it is malformed, empty, too large, too deep, or more than a plain document.
    """
    return _value(compose(data))


def dumps(*documents: Any) -> str:
    """Return documents of JSON's values as YAML, their names in the order they have."""
    written: str = yaml.dump_all(documents, Dumper=_DUMPER, sort_keys=False, default_flow_style=False)
    return written


def compose(data: bytes) -> yaml.Node:
    """
    Return the document in *data* as nodes with their positions; a name may be there twice.

    Raises:
        YamlError: as ``loads``, but for that.
    """
    if len(data) > MOST_BYTES:
        raise YamlError(f"is larger than {MOST_BYTES >> 20} MiB", "Files of this kind are small.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise YamlError("is not UTF-8 text", "Save the file as UTF-8.", line) from None
    try:
        _refuse_hostile(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise _malformed(error, text) from None
    except yaml.YAMLError as error:
        raise YamlError(f"is not YAML: {str(error)[:200]}", "Save the file as plain text.") from None
    if node is None:
        raise YamlError("is empty", "Is this the file that was meant?")
    return node


def _malformed(error: yaml.MarkedYAMLError, text: str) -> YamlError:
    mark = error.problem_mark or error.context_mark
    problem = " ".join(part for part in (error.context, error.problem) if part)
    line = mark.line + 1 if mark else 0
    tabbed = line and "\t" in [*text.splitlines(), ""][line - 1]
    cure = "Indent with spaces, never with tabs." if tabbed else "Fix the YAML at or above this line."
    return YamlError(f"is not YAML: {problem}", cure, line)


def _refuse_hostile(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError("anchors (&) and aliases (*) are not read here", "Write the value in both places.", line)
        tag = getattr(event, "tag", None)
        if tag and not tag.startswith(_TEXT):
            raise YamlError(f"the tag {tag[:40]} is not read here", "Leave the tag out.", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise YamlError(f"is nested deeper than {DEEPEST}", "Flatten it.", line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(each) for each in node.value]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node)
    text: str = node.value
    kind = node.tag.removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in ("true", "yes", "on")
    if kind == "int" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "float":
        return _number(text)
    return text


def _mapping(node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError("a name is a list or a mapping", "Names are texts.", line)
        if key.value in found:
            raise YamlError(f"{key.value[:40]!r} stands twice in one mapping", "Leave one of them out.", line)
        found[key.value] = _value(value)
    return found


def _number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
