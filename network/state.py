"""The state folder of a network: where everything lies in it, and what is running from it."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from network import errors, topology
from network.topology import Consortium

FORMAT = 1


@dataclass(frozen=True)
class Folder:
    """The places of a state folder; nothing is created by asking for one."""

    root: Path

    @property
    def consortium_file(self) -> Path:
        """The copy of the consortium file this folder was made from."""
        return self.root / "consortium.yaml"

    @property
    def base_file(self) -> Path:
        """The folder that file lay in, from which its relative paths are meant."""
        return self.root / "consortium.base"

    @property
    def record_file(self) -> Path:
        """What :class:`Record` keeps."""
        return self.root / "state.json"

    @property
    def profiles(self) -> Path:
        """Connection profiles, one file an organisation."""
        return self.root / "profiles"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """One file a running process, with its pid and start time."""
        return self.root / "run"

    @property
    def packages(self) -> Path:
        """The chaincode packages that were installed."""
        return self.root / "packages"

    def profile(self, msp_id: str) -> Path:
        """The connection profile of an organisation."""
        return self.profiles / f"{msp_id}.json"

    def genesis(self, channel: str) -> Path:
        """The genesis block of a channel."""
        return self.root / "channels" / f"{channel}.block"

    def organisation(self, msp_id: str) -> Path:
        """Everything of an organisation: msp, ca, tlsca, users, peers."""
        return self.root / "organisations" / msp_id

    def user(self, msp_id: str, name: str) -> Path:
        """A user's cert.pem, key.pem, ca.pem, msp and tls."""
        return self.organisation(msp_id) / "users" / name

    def peer(self, msp_id: str, name: str) -> Path:
        """A peer's msp and tls."""
        return self.organisation(msp_id) / "peers" / name

    def orderer(self, name: str) -> Path:
        """An orderer's msp and tls."""
        return self.root / "orderers" / name

    def data(self, engine: str) -> Path:
        """Where an engine keeps ledgers and its own configuration."""
        return self.root / engine


@dataclass
class Record:
    """
    What was chosen when the network was first started, kept in ``state.json`` so that it starts again the same.

    *members* are the organisations that each channel's own configuration has.
    """

    name: str
    engine: str = ""
    version: str = ""
    channel_capability: str = ""
    ports: dict[str, dict[str, int]] = field(default_factory=dict)
    packages: dict[str, dict[str, str]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)

    @property
    def before_fabric_3(self) -> bool:
        """Whether its nodes are of Fabric 2.5, which knows neither V3_0 nor the settings that came with 3.0."""
        return self.version.startswith("2.")

    def address(self, node: str, use: str = "listen") -> str:
        """Where this machine reaches a node, for the use named: ``127.0.0.1:port``."""
        return f"127.0.0.1:{self.ports[node][use]}"

    def inside(self, node: str, use: str = "listen") -> str:
        """Where the network's other nodes reach it: by its name if each is a host of its own (containers)."""
        return f"{node}:{self.ports[node][use]}" if self.engine == "docker" else self.address(node, use)


def read(folder: Folder) -> Record | None:
    """
    The record of a folder, None where none was kept yet.

    Raises:
        StateError: the file is not one this version wrote.
    """
    cure = "Remove the folder to start afresh, or name another with --state."
    try:
        values: Any = json.loads(folder.record_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise errors.StateError(folder.record_file, f"cannot be read ({error})", cure) from error
    try:
        if values.pop("format") != FORMAT:
            raise errors.StateError(folder.record_file, "was written by another version of Selat", cure)
        record = Record(**values)
        for node, uses in record.ports.items():
            for use, port in uses.items():
                if not isinstance(port, int) or not 0 < port < 65_536:
                    raise ValueError(f"port {use} of {node}")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise errors.StateError(folder.record_file, f"is not a network's record ({error})", cure) from error
    return record


def write(folder: Folder, record: Record) -> None:
    """Keep the record; a reader sees the old one or the new one, never half of it."""
    values = {"format": FORMAT, **vars(record)}
    replace_file(folder.record_file, json.dumps(values, indent=2).encode() + b"\n")


def adopt(folder: Folder, consortium: Consortium) -> None:
    """
    Bind a folder to a consortium, or refuse one that holds another.

    A consortium may grow (organisations, users, channels, chaincodes) and its
    chaincodes may change; what ledgers and certificates were made from may not.

    Raises:
        StateError: names the first difference.
    """
    if folder.consortium_file.exists():
        check_same(folder, consortium)
    elif folder.root.exists() and any(folder.root.iterdir()):
        raise errors.StateError(
            folder.root,
            "is not empty and holds no network",
            "Name an empty or a new folder with --state.",
        )
    private_folder(folder.root)
    replace_file(folder.base_file, str(consortium.base).encode())
    replace_file(folder.consortium_file, consortium.source.encode())


def held(folder: Folder) -> Consortium:
    """
    The consortium a folder was made from, paths meant from where its file lay.

    Raises:
        ConsortiumError: the copy is unusable now.
    """
    try:
        base = Path(folder.base_file.read_text(encoding="utf-8"))
    except OSError:
        base = None
    return topology.load(folder.consortium_file, base=base)


def check_same(folder: Folder, consortium: Consortium) -> None:
    """
    Return if a folder holds this consortium, perhaps before it grew.

    Raises:
        StateError: it is another one; names the first difference.
    """
    difference = _difference(held(folder), consortium)
    if difference:
        raise errors.StateError(
            folder.root,
            f"holds the network of another consortium: {difference}",
            "Name another folder with --state, or stop that network and remove the folder.",
        )


def _difference(present: Consortium, wanted: Consortium) -> str:
    if present.name != wanted.name:
        return f"its name is {present.name!r}, not {wanted.name!r}"
    if present.ordering != wanted.ordering:
        return "its orderers differ"
    for organisation in present.organisations:
        same = {each.msp_id: each for each in wanted.organisations}.get(organisation.msp_id)
        if same is None:
            return f"it has an organisation {organisation.msp_id}, this one has none"
        if same.domain != organisation.domain:
            return f"{organisation.msp_id} has the domain {organisation.domain}, not {same.domain}"
        if not set(organisation.peers) <= set(same.peers):
            return f"{organisation.msp_id} has other peers"
    for channel in present.channels:
        now = {each.name: each for each in wanted.channels}.get(channel.name)
        if (
            now is None
            or dataclasses.replace(now, members=channel.members) != channel
            or not set(channel.members) <= set(now.members)
        ):
            return f"its channel {channel.name} is not the same (a running channel is changed by configuration updates)"
    return ""


def private_folder(path: Path) -> None:
    """Make a folder, with its parents, that only its owner may open."""
    if path.is_dir():
        return
    private_folder(path.parent)
    # Somebody else may make the same folder at the same moment; either way it is there.
    path.mkdir(mode=0o700, exist_ok=True)


def replace_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file in one step: readers see the old content or the new."""
    private_folder(path.parent)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    new.replace(path)
