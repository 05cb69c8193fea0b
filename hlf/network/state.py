"""
The state folder of a network: the places in it, and the choices that were made for it.

Channels' own configurations are the truth, which :mod:`hlf.network.admin.observed` reads; the folder only remembers.
The copy of the consortium file is written last, when it is in force.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hlf import jsontext
from hlf.errors import WireError
from hlf.network import errors, topology
from hlf.network.topology import Consortium

FORMAT = 1
_MOST_BYTES = 1 << 20
_LOCK = ".lock"


@dataclass(frozen=True)
class Folder:
    """The places of a state folder; nothing is created by asking for one."""

    root: Path

    @property
    def consortium_file(self) -> Path:
        """The copy of the consortium file of the last complete start here."""
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

    @property
    def restoring_file(self) -> Path:
        """The name of the snapshot that a restore is going back to; it is there until the restore is done."""
        return self.root / "restoring"

    @property
    def snapshots(self) -> Path:
        """One folder a snapshot."""
        return self.root / "snapshots"

    def profile(self, msp_id: str) -> Path:
        """Return the connection profile of an organisation."""
        return self.profiles / f"{msp_id}.json"

    def genesis(self, channel: str) -> Path:
        """Return the genesis block of a channel."""
        return self.root / "channels" / f"{channel}.block"

    def organisation(self, msp_id: str) -> Path:
        """Return everything of an organisation: msp, ca, tlsca, users, peers."""
        return self.root / "organisations" / msp_id

    def user(self, msp_id: str, name: str) -> Path:
        """Return a user's cert.pem, key.pem, ca.pem, msp and tls."""
        return self.organisation(msp_id) / "users" / name

    def peer(self, msp_id: str, name: str) -> Path:
        """Return a peer's msp and tls."""
        return self.organisation(msp_id) / "peers" / name

    def orderer(self, name: str) -> Path:
        """Return an orderer's msp and tls."""
        return self.root / "orderers" / name

    def data(self, engine: str) -> Path:
        """Return where an engine keeps ledgers and its own configuration."""
        return self.root / engine


@dataclass
class Record:
    """
    What was chosen when the network was first started, kept in ``state.json`` so that it starts again the same.

    *builder* are the addresses that each peer's chaincode builder fills into packages. *own* are the organisations
    whose keys the folder holds; empty for all of the file. *serving* are the running programs of each chaincode
    server, with the versions each serves; *slots* says which of its two addresses a version has. *hosts* is where
    others reach nodes whose organisation names a host. *orderers* are those of an `apply` that has not ended, with
    their organisation: channels may count on them. *started* says whether a start was ever complete.
    """

    name: str
    engine: str = ""
    version: str = ""
    channel_capability: str = ""
    ports: dict[str, dict[str, int]] = field(default_factory=dict)
    packages: dict[str, dict[str, str]] = field(default_factory=dict)
    builder: dict[str, dict[str, str]] = field(default_factory=dict)
    started: bool = False
    own: list[str] = field(default_factory=list)
    serving: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    slots: dict[str, dict[str, int]] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    orderers: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def before_fabric_3(self) -> bool:
        """Whether its nodes are of Fabric 2.5, which knows neither V3_0 nor the settings that came with 3.0."""
        return self.version.startswith("2.")

    @property
    def contained(self) -> bool:
        """Whether each node and each chaincode server is a host of its own, in a container."""
        return self.engine in ("docker", "kubernetes")

    def address(self, node: str, use: str = "listen") -> str:
        """
        Return where a node is reached: at its host if it has one.

        Other uses than ``listen`` are reached on its machine alone; in a cluster it has none.
        """
        if node in self.hosts and (use == "listen" or self.engine == "kubernetes"):
            return f"{self.hosts[node]}:{self.ports[node][use]}"
        return self.local(node, use)

    def local(self, node: str, use: str = "listen") -> str:
        """Return where its own machine reaches a node, for the use named: ``127.0.0.1:port``."""
        return f"127.0.0.1:{self.ports[node][use]}"

    def inside(self, node: str, use: str = "listen") -> str:
        """Return where the network's other nodes reach it: by its name if each is a host of its own (containers)."""
        if self.engine == "docker" and node not in self.hosts:
            return f"{node}:{self.ports[node][use]}"
        return self.address(node, use)


def read_json(file: Path, cure: str) -> Any:
    """
    Return the JSON value in a file of a state folder.

    Raises:
        FileNotFoundError: there is none.
        StateError: it cannot be read, or is not JSON; with that cure.
    """
    try:
        return jsontext.loads(file.read_bytes(), most_bytes=_MOST_BYTES)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unusable(file, error) from error
    except WireError as error:
        raise errors.StateError(file, f"cannot be read ({error})", cure) from error


def read(folder: Folder) -> Record | None:
    """
    Return the record of a folder, None where none was kept yet.

    Raises:
        StateError: the file is not one this version wrote.
    """
    cure = "Remove the folder to start afresh, or name another with --state."
    try:
        values = read_json(folder.record_file, cure)
    except FileNotFoundError:
        return None
    try:
        if values.pop("format") != FORMAT:
            raise errors.StateError(folder.record_file, "was written by another version of hlf", cure)
        # An earlier version kept the channels' members as well, and had no word for a start that did not end.
        values.pop("members", None)
        record = Record(**{"started": True, **values})
        texts = (*record.own, *record.hosts.values())
        if not isinstance(record.own, list) or not all(isinstance(each, str) for each in texts):
            raise TypeError("own or hosts")
        for node, uses in record.ports.items():
            for use, port in uses.items():
                if not isinstance(port, int) or not 0 < port < 65_536:
                    raise ValueError(f"port {use} of {node}")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise errors.StateError(folder.record_file, f"is not a network's record ({error})", cure) from error
    return record


def existing(folder: Folder) -> Record:
    """
    Return the record of a folder that holds a network.

    Raises:
        StateError: it holds none, or the record is unusable.
    """
    record = read(folder)
    if record is None:
        raise errors.StateError(folder.root, "holds no network", "Start one: hlf network up --state FOLDER.")
    return record


def started(folder: Folder) -> Record:
    """
    Return the record of a folder whose network was started at least once.

    Raises:
        StateError: as for :func:`existing`, or its first start never ended.
    """
    record = existing(folder)
    if not record.started:
        raise errors.StateError(
            folder.root, "holds a network whose first start never ended", "Start it: hlf network up --state FOLDER."
        )
    return record


def write(folder: Folder, record: Record) -> None:
    """Keep the record; a reader sees the old one or the new one, never half of it."""
    values = {"format": FORMAT, **vars(record)}
    replace_file(folder.record_file, json.dumps(values, indent=2).encode() + b"\n")


def claim(folder: Folder) -> None:
    """
    Raise StateError unless a folder holds a network or nothing; create it if it does not exist.

    Raises:
        StateError: it holds something else, or cannot be written.
    """
    theirs = folder.record_file.exists() or folder.consortium_file.exists()
    # A start that is killed before there is a record leaves these.
    ours = (_LOCK, _unfinished(folder.record_file.name, ""))
    try:
        found = () if theirs or not folder.root.exists() else folder.root.iterdir()
        if any(not each.name.startswith(ours) for each in found):
            raise errors.StateError(
                folder.root, "is not empty and holds no network", "Name an empty or a new folder with --state."
            )
    except OSError as error:
        raise unusable(folder.root, error) from error
    private_folder(folder.root)


@contextlib.contextmanager
def alone(folder: Folder) -> Iterator[None]:
    """Keep a second command away from the folder while this one changes it."""
    try:
        lock = (folder.root / _LOCK).open("w")
    except OSError as error:
        raise unusable(folder.root, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise errors.StateError(
                folder.root, "is being changed by another `hlf network` command", "Wait until that one has ended."
            ) from error
        yield


def adopt(folder: Folder, consortium: Consortium) -> None:
    """Keep a copy of the consortium file, now that all it says is in force."""
    replace_file(folder.base_file, str(consortium.base).encode())
    replace_file(folder.consortium_file, consortium.source.encode())


def held(folder: Folder) -> Consortium:
    """
    Return the consortium of the last complete start here; its paths begin at the former place of its file.

    Raises:
        ConsortiumError: there is none, or it is unusable now.
    """
    try:
        base = Path(folder.base_file.read_text(encoding="utf-8"))
    except OSError:
        base = None
    return topology.load(folder.consortium_file, base=base)


def wanted(folder: Folder, consortium: Path | None) -> Consortium:
    """
    Return the consortium in a file, or the one that is held here if none is named.

    Raises:
        ConsortiumError: it is unusable, or none is held.
    """
    return topology.load(consortium) if consortium is not None else held(folder)


def operated(folder: Folder) -> Consortium:
    """
    Return the part of the held consortium that runs from here: all of it, or that of the folder's own organisations.

    Raises:
        StateError, ConsortiumError: as for :func:`existing` and :func:`held`.
    """
    own = existing(folder).own
    return held(folder).only(own) if own else held(folder)


def require_all_keys(folder: Folder, record: Record) -> None:
    """
    Raise StateError unless a folder holds the keys of its whole network.

    Raises:
        StateError: it is the folder of some organisations.
    """
    if record.own:
        raise errors.StateError(
            folder.root,
            f"holds the keys of {', '.join(record.own)} alone, and this command acts for all organisations",
            "Do it together with the others: hlf network propose, sign, submit (docs/operations.md).",
        )


def unusable(path: Path, error: OSError) -> errors.StateError:
    """Return what the system said of a file or folder of a network, with the cure."""
    cures = {
        errno.ENOSPC: "Make room on that disk, then run the same command again: it goes on where it stopped.",
        errno.EDQUOT: "Make room within your quota, then run the same command again.",
        errno.EFBIG: "Raise the limit of file sizes (ulimit -f), then run the same command again.",
        errno.EACCES: "Give yourself the right to write there, or name another folder with --state.",
        errno.EROFS: "Name a folder on a disk that can be written with --state.",
        errno.ENOTDIR: "Name a folder with --state.",
    }
    place = Path(error.filename) if error.filename else path
    cure = cures.get(error.errno or 0, "Fix that, then run the same command again.")
    return errors.StateError(place, f"cannot be used: {error.strerror or error}", cure)


def private_folder(path: Path) -> None:
    """
    Make a folder, with its parents, that only its owner may open.

    Raises:
        StateError: it cannot be made.
    """
    if path.is_dir():
        return
    private_folder(path.parent)
    try:
        # Somebody else may make the same folder at the same moment; either way it is there.
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise unusable(path, error) from error


def _unfinished(name: str, process: int | str) -> str:
    """Return the name that a file has while a process writes it."""
    return f".{name}.{process}"


def replace_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """
    Write a file in one step: readers see the old content or the new.

    Raises:
        StateError: it cannot be written; the old one is still there.
    """
    # By names: a path object for each of the thousands of files of a large consortium took most of the time.
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        private_folder(path.parent)
    new = os.path.join(folder, _unfinished(name, os.getpid()))
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(new, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise unusable(path, error) from error
