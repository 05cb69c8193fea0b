"""The settings of the engine's process, from its JSON file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hlf.network.consortiummodel import PeerSettings

REQUEST_FILE = "request.json"


class SettingsFileError(Exception):
    """The file cannot be used; the text names the field."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeSettings:
    """Identity, address and key material of a node; *tls_ca* is the authority of its own organisation."""

    msp_id: str
    name: str
    address: str
    msp_dir: Path
    tls_cert: Path
    tls_key: Path
    tls_ca: Path


@dataclasses.dataclass(frozen=True, kw_only=True)
class PeerNodeSettings(NodeSettings):
    """A peer; limits and times are Fabric's by default."""

    chaincode_config: Mapping[str, str] = dataclasses.field(default_factory=dict)
    client_auth_required: bool = False
    gateway_enabled: bool = True
    endorsement_seconds: float = 30.0
    execute_seconds: float = 30.0
    endorser_calls: int = PeerSettings.endorser_concurrency
    deliver_streams: int = PeerSettings.deliver_concurrency
    gateway_calls: int = PeerSettings.gateway_concurrency


@dataclasses.dataclass(frozen=True, kw_only=True)
class OrdererSettings(NodeSettings):
    """An orderer, with the listener of its administrators."""

    admin_address: str


@dataclasses.dataclass(frozen=True)
class ProcessSettings:
    """
    All settings of the process.

    *stopped_file* lists the stopped nodes; it is read at the start and on each
    SIGHUP, and *ready_file* has the result. *digest* is the hash of the file
    that these settings are from.
    """

    data: Path
    peers: tuple[PeerNodeSettings, ...]
    orderers: tuple[OrdererSettings, ...]
    ready_file: Path
    stopped_file: Path
    digest: str = ""

    @property
    def request_file(self) -> Path:
        """The file of requests, read on each SIGHUP; *ready_file* has the answer."""
        return self.data / REQUEST_FILE

    @property
    def names(self) -> tuple[str, ...]:
        """The name of every node."""
        return tuple(node.name for node in (*self.peers, *self.orderers))

    def stopped(self) -> frozenset[str]:
        """
        Return the present names in *stopped_file*; none if there is no such file.

        Raises:
            SettingsFileError: it is not a list of this process's nodes.
        """
        try:
            names = json.loads(self.stopped_file.read_bytes())
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError) as error:
            raise SettingsFileError(f"{self.stopped_file} cannot be read: {error}") from None
        if not isinstance(names, list) or not all(name in self.names for name in names):
            raise SettingsFileError(f"{self.stopped_file} is not a list of nodes, which are {', '.join(self.names)}")
        return frozenset(names)


def read(document: Any, digest: str = "") -> ProcessSettings:
    """
    Return the settings in a parsed JSON document; *digest* is the hash of its file.

    Raises:
        SettingsFileError: a field is missing or of the wrong kind.
    """
    top = _Fields(document, "the document")
    return ProcessSettings(
        data=Path(top.get("data", str)),
        peers=tuple(map(_peer, top.each("peers"))),
        orderers=tuple(map(_orderer, top.each("orderers"))),
        ready_file=Path(top.get("ready_file", str)),
        stopped_file=Path(top.get("stopped_file", str)),
        digest=digest,
    )


class _Fields:
    def __init__(self, content: Any, place: str) -> None:
        if not isinstance(content, dict):
            raise SettingsFileError(f"{place} is not an object")
        self._content = content
        self._place = place

    def get(self, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        value = self._content.get(name, default)
        if value is None:
            raise SettingsFileError(f"{self._place} has no '{name}'")
        if not isinstance(value, kind):
            raise SettingsFileError(f"'{name}' of {self._place} is {type(value).__name__}, which it must not be")
        return value

    def each(self, name: str) -> list[_Fields]:
        return [_Fields(one, f"{name}[{index}]") for index, one in enumerate(self.get(name, list))]


def _node(fields: _Fields) -> dict[str, Any]:
    texts = {name: fields.get(name, str) for name in ("msp_id", "name", "address")}
    return texts | {name: Path(fields.get(name, str)) for name in ("msp_dir", "tls_cert", "tls_key", "tls_ca")}


def _peer(fields: _Fields) -> PeerNodeSettings:
    config = fields.get("chaincode_config", dict, {})
    return PeerNodeSettings(
        **_node(fields),
        chaincode_config={name: str(value) for name, value in config.items()},
        client_auth_required=fields.get("client_auth_required", bool, PeerNodeSettings.client_auth_required),
        gateway_enabled=fields.get("gateway_enabled", bool, PeerNodeSettings.gateway_enabled),
        endorsement_seconds=float(
            fields.get("endorsement_seconds", (int, float), PeerNodeSettings.endorsement_seconds)
        ),
        execute_seconds=float(fields.get("execute_seconds", (int, float), PeerNodeSettings.execute_seconds)),
        endorser_calls=fields.get("endorser_calls", int, PeerNodeSettings.endorser_calls),
        deliver_streams=fields.get("deliver_streams", int, PeerNodeSettings.deliver_streams),
        gateway_calls=fields.get("gateway_calls", int, PeerNodeSettings.gateway_calls),
    )


def _orderer(fields: _Fields) -> OrdererSettings:
    return OrdererSettings(**_node(fields), admin_address=fields.get("admin_address", str))
