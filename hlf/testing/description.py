"""A consortium file with the contracts under test in it, each at an address where the tests serve it."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from hlf import yamltext
from hlf.network.topology import Consortium

_CHAINCODES = "chaincodes"
_SERVED_BY = ("server", "address")


def described(consortium: Consortium, addresses: Mapping[str, str]) -> str:
    """
    Return the text of a consortium file whose chaincodes of these names are served at these addresses.

    One that the file defines keeps all of its definition but its server; another one is added to the first channel.
    """
    root = yamltext.compose(consortium.source.encode())
    entries = _entries(root)
    known = {_value(entry, "name"): entry for entry in entries.value}
    for name, address in addresses.items():
        entry = known.get(name)
        if entry is None:
            entry = _mapping({"name": name, "channel": consortium.channels[0].name})
            entries.value.append(entry)
        entry.value = [(key, value) for key, value in entry.value if key.value not in _SERVED_BY]
        entry.value += _mapping({"address": address}).value
    return str(yaml.serialize(root))


def _entries(root: yaml.Node) -> yaml.Node:
    """Return the list of chaincodes of a file, added where there is none."""
    found: dict[str, yaml.Node] = {key.value: value for key, value in root.value}
    if _CHAINCODES not in found:
        found[_CHAINCODES] = yaml.SequenceNode("tag:yaml.org,2002:seq", [])
        root.value.append((_text(_CHAINCODES), found[_CHAINCODES]))
    return found[_CHAINCODES]


def _value(entry: yaml.Node, name: str) -> str:
    return next((str(value.value) for key, value in entry.value if key.value == name), "")


def _mapping(values: Mapping[str, str]) -> yaml.MappingNode:
    return yaml.MappingNode("tag:yaml.org,2002:map", [(_text(name), _text(value)) for name, value in values.items()])


def _text(value: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", value)
