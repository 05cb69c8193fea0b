"""What the engine's process is told by its JSON file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class SettingsError(Exception):
    """The file cannot be used; the text names the field."""


@dataclasses.dataclass(frozen=True)
class NodeSettings:
    """Identity, address and key material of one peer or of the orderer."""

    msp_id: str
    name: str
    address: str
    msp_dir: Path
    tls_cert: Path
    tls_key: Path
    client_ca: Path | None = None
    chaincode_config: Mapping[str, str] = dataclasses.field(default_factory=dict)
    admin_address: str = ""
    admin_client_ca: Path | None = None


@dataclasses.dataclass(frozen=True)
class Settings:
    """Everything the process is told; limits and times are Fabric's own where nothing is said."""

    data: Path
    peers: tuple[NodeSettings, ...]
    orderer: NodeSettings
    ready_file: Path
    execute_seconds: float = 30.0
    endorsement_seconds: float = 30.0
    gateway_calls: int = 500
    endorser_calls: int = 2500
    deliver_streams: int = 2500


def read(document: Any) -> Settings:
    """
    The settings that a parsed JSON document states.

    Raises:
        SettingsError: a field is missing or of the wrong kind.
    """
    top = _Fields(document, "the document")
    orderer = _Fields(top.get("orderer", dict), "orderer")
    limits = _Fields(top.get("limits", dict, {}), "limits")
    return Settings(
        data=Path(top.get("data", str)),
        peers=tuple(
            _node(_Fields(peer, f"peers[{index}]")) for index, peer in enumerate(top.get("peers", list))
        ),
        orderer=dataclasses.replace(
            _node(orderer),
            admin_address=orderer.get("admin_address", str),
            admin_client_ca=Path(orderer.get("admin_client_ca", str)),
        ),
        ready_file=Path(top.get("ready_file", str)),
        execute_seconds=float(top.get("execute_timeout_seconds", (int, float), 30.0)),
        endorsement_seconds=float(top.get("endorsement_timeout_seconds", (int, float), 30.0)),
        gateway_calls=limits.get("gateway", int, 500),
        endorser_calls=limits.get("endorser", int, 2500),
        deliver_streams=limits.get("deliver", int, 2500),
    )


class _Fields:
    def __init__(self, content: Any, place: str) -> None:
        if not isinstance(content, dict):
            raise SettingsError(f"{place} is not an object")
        self._content = content
        self._place = place

    def get(self, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        value = self._content.get(name, default)
        if value is None:
            raise SettingsError(f"{self._place} has no '{name}'")
        if not isinstance(value, kind):
            raise SettingsError(f"'{name}' of {self._place} is {type(value).__name__}, which it must not be")
        return value


def _node(fields: _Fields) -> NodeSettings:
    client_ca = fields.get("client_ca", str, "")
    values = fields.get("chaincode_config", dict, {})
    return NodeSettings(
        msp_id=fields.get("msp_id", str),
        name=fields.get("name", str),
        address=fields.get("address", str),
        msp_dir=Path(fields.get("msp_dir", str)),
        tls_cert=Path(fields.get("tls_cert", str)),
        tls_key=Path(fields.get("tls_key", str)),
        # Where it is named, every client of the node must show a certificate of this authority.
        client_ca=Path(client_ca) if client_ca else None,
        chaincode_config={name: str(value) for name, value in values.items()},
    )
