"""Start and control the embedded engine: one Python process for all peers and orderers."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from hlf import waiting
from hlf.network import errors, ports, processes, state
from hlf.network.engines.embedded.node import requests
from hlf.network.engines.embedded.wire.settings import REQUEST_FILE
from hlf.network.engines.engine import FABRIC, BuilderConfig, replace_tree
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import BFT, Consortium, PeerSettings
from hlf.wire.config import configvalues

_PROGRAM = "embedded"
_START_SECONDS = 60.0
# The lists of nodes in the process's configuration.
_NODES = ("peers", "orderers")
# Requests to a running process and its list of stopped nodes; a copy of the data needs neither.
_NOT_KEPT = shutil.ignore_patterns(REQUEST_FILE, "stopped.json")
_STRANGE = "Remove it, and start the network again."


class EmbeddedEngine:
    """A Fabric-compatible development network in one process; docs/design.md lists its limits."""

    name = "embedded"
    containers = False

    def version(self, consortium: Consortium) -> str:
        """Return the Fabric version that it imitates; refuse BFT, because in one process nobody can be outvoted."""
        if consortium.ordering.consensus == BFT:
            raise errors.EngineError(
                "the embedded engine orders as Raft does, and the consortium wants BFT",
                "Write `orderers: raft`, or use --engine native.",
            )
        return FABRIC

    def start(
        self,
        folder: Folder,
        record: Record,
        consortium: Consortium,
        builder: BuilderConfig,
        servers: Sequence[Program] = (),
        nodes: Collection[str] | None = None,
    ) -> None:
        """Start the process, or let the one that runs take over other nodes and start stopped ones."""
        addresses = {
            **{peer.name: (record.address(peer.name),) for peer in consortium.peers},
            **{
                orderer.name: tuple(record.address(orderer.name, use) for use in ("listen", "admin"))
                for orderer in consortium.orderers
            },
        }
        stopped = [name for name in _left_out(folder) if name in addresses]
        still = [] if nodes is None else [name for name in stopped if name not in nodes]
        for name in stopped:
            if name not in still:
                ports.check_free(name, addresses[name])
        place = folder.root / "embedded.json"
        configuration, held = _configuration(folder, record, consortium, builder), _held(place)
        if nodes is not None:
            # An interrupted command may have started orderers that the channels count on by now.
            for kind, there in held.items():
                configuration[kind] += [each for each in there if each["name"] not in addresses]
        text = json.dumps(configuration, indent=2).encode() + b"\n"
        lasting = {name: value for name, value in configuration.items() if name not in _NODES}
        program = Program(
            _PROGRAM,
            [sys.executable, "-m", "hlf.network.engines.embedded.node.node", str(place.absolute())],
            addresses=tuple(each for name, both in addresses.items() if name not in still for each in both),
            ready_file=Path(configuration["ready_file"]),
            # A process that runs takes over other nodes, but not another place of its data.
            configuration=json.dumps(lasting).encode(),
        )
        alive = [each for each in processes.find(folder) if each.name == _PROGRAM and each.alive]
        runs = any(each.fingerprint == program.fingerprint for each in alive)
        if runs:
            for name in addresses.keys() - {each["name"] for there in held.values() for each in there}:
                ports.check_free(name, addresses[name])
        state.replace_file(_stopped_file(folder), json.dumps(sorted(still)).encode() + b"\n")
        state.replace_file(place, text, 0o600)
        if runs:
            _take_over(folder, hashlib.sha256(text).hexdigest(), still)
        processes.wait_ready(processes.start_missing(folder, [program]), _START_SECONDS)

    def wait_ordering(self, record: Record, consortium: Consortium) -> None:
        """Return at once, because orderers of one process need no election."""

    def agreeing(self, record: Record, consortium: Consortium) -> dict[str, int]:
        """Return an empty mapping, because this engine has no consensus."""
        return {}

    def stop(self, folder: Folder, nodes: Collection[str] | None = None) -> list[str]:
        """End the process, or stop only *nodes* in it."""
        if nodes is None:
            return processes.stop(folder, [_PROGRAM])
        already = _left_out(folder)
        self._leave_out(folder, [*already, *(name for name in nodes if name not in already)])
        return [name for name in nodes if name not in already]

    def running(self, folder: Folder) -> dict[str, bool]:
        """Return the one process."""
        return {each.name: each.alive for each in processes.find(folder) if each.name == _PROGRAM}

    def log(self, folder: Folder, name: str, lines: int) -> tuple[str, ...] | None:
        """Return None: the process writes into the folder's ``logs/``."""
        return None

    def stopped(self, folder: Folder, consortium: Consortium) -> list[str]:
        """Return the stopped nodes."""
        return _left_out(folder)

    def save(self, folder: Folder, place: Path) -> None:
        """Copy the nodes' data; running ones go on meanwhile."""
        if any(self.running(folder).values()):
            _ask(folder, requests.SAVE, _at(place))
        else:
            shutil.copytree(folder.data(self.name), place, ignore=_NOT_KEPT)

    def bring_back(self, folder: Folder, place: Path) -> None:
        """Restore a copy; running nodes load it within their process and keep listening."""
        if any(self.running(folder).values()):
            _ask(folder, requests.BRING_BACK, _at(place))
        else:
            replace_tree(folder.data(self.name), place)

    def unjoin(self, folder: Folder, peers: Collection[str], channel: str) -> None:
        """Take the peers off the channel within the running process; its one ledger stays while anybody is on it."""
        for name in peers:
            _ask(folder, requests.UNJOIN, {"peer": name, "channel": channel})

    def _leave_out(self, folder: Folder, nodes: Collection[str]) -> None:
        """Write the list of nodes to stop, and wait until a running process has applied it."""
        wanted = sorted(nodes)
        state.replace_file(_stopped_file(folder), json.dumps(wanted).encode() + b"\n")
        if processes.notify(folder, _PROGRAM) and not waiting.until(
            lambda: _told(folder, "stopped", None) == wanted, _START_SECONDS
        ):
            raise errors.ProcessError(
                _PROGRAM, "did not stop and start its nodes in time", f"Its log: {folder.logs / _PROGRAM}.log"
            )


def _take_over(folder: Folder, configuration: str, stopped: Collection[str]) -> None:
    """
    Let the running process take over its configuration, by the hash of the file, and the list of stopped nodes.

    Raises:
        ProcessError: it cannot, or does not answer.
    """
    wanted = {"configuration": configuration, "stopped": sorted(stopped), "trouble": ""}

    def told() -> dict[str, Any]:
        return {name: _told(folder, name, None) for name in (*wanted, "heard")}

    def starting() -> bool:
        runs = any(each.name == _PROGRAM and each.alive for each in processes.find(folder))
        return runs and not _ready_file(folder).exists()

    waiting.until(lambda: not starting(), _START_SECONDS)
    if not _ready_file(folder).exists():
        # The caller waits for the process next, and reports why it is not ready.
        return
    before = told()
    if all(before[name] == value for name, value in wanted.items()):
        return

    def taken() -> bool:
        now = told()
        if now["configuration"] != configuration or now["heard"] == before["heard"]:
            return False
        return bool(now["trouble"]) or now["stopped"] == wanted["stopped"]

    log = f"Its log: {folder.logs / _PROGRAM}.log"
    if not processes.notify(folder, _PROGRAM) or not waiting.until(taken, _START_SECONDS):
        raise errors.ProcessError(_PROGRAM, "did not take over other nodes in time", log)
    if trouble := told()["trouble"]:
        raise errors.ProcessError(_PROGRAM, trouble, log)


def _held(configuration: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of nodes in the configuration that a process runs by, or ran by."""
    try:
        held = state.read_json(configuration, _STRANGE)
    except FileNotFoundError:
        return {}
    return {kind: held.get(kind, []) for kind in _NODES}


def _at(place: Path) -> dict[str, str]:
    return {"folder": str(place.absolute())}


def _ask(folder: Folder, act: str, given: Mapping[str, str]) -> None:
    """Have the process carry out a request, and return when it has."""
    asked = {"id": secrets.token_hex(8), "act": act, **given}
    state.replace_file(folder.data("embedded") / REQUEST_FILE, json.dumps(asked).encode() + b"\n")

    def answered() -> bool:
        return bool(_told(folder, "answer", {}).get("id") == asked["id"])

    log = f"Its log: {folder.logs / _PROGRAM}.log"
    if not processes.notify(folder, _PROGRAM) or not waiting.until(answered, _START_SECONDS):
        raise errors.ProcessError(_PROGRAM, f"did not answer when it was asked to {act}", log)
    error = _told(folder, "answer", {})["error"]
    if error:
        raise errors.ProcessError(_PROGRAM, f"could not {act}: {error}", log)


def _stopped_file(folder: Folder) -> Path:
    return folder.data("embedded") / "stopped.json"


def _ready_file(folder: Folder) -> Path:
    return (folder.run / "embedded.ready").absolute()


def _left_out(folder: Folder) -> list[str]:
    try:
        return list(state.read_json(_stopped_file(folder), _STRANGE))
    except FileNotFoundError:
        return []


def _told(folder: Folder, name: str, default: Any) -> Any:
    """Return the value called *name* in the ready file of a running process; *default* while it is not ready."""
    try:
        return state.read_json(_ready_file(folder), _STRANGE)[name]
    except FileNotFoundError:
        return default


def _configuration(folder: Folder, record: Record, consortium: Consortium, builder: BuilderConfig) -> dict[str, Any]:
    peers = []
    for organisation in consortium.organisations:
        for peer in organisation.peers:
            node = _node(peer.name, peer.msp_id, record.address(peer.name), folder.peer(peer.msp_id, peer.name))
            own = {"chaincode_config": dict(builder.get(peer.name, {}))}
            peers.append(node | own | _settings(organisation.settings))
    return {
        "data": str(folder.data("embedded").absolute()),
        "peers": peers,
        "orderers": [
            {
                **_node(each.name, each.msp_id, record.address(each.name), folder.orderer(each.name)),
                "admin_address": record.address(each.name, "admin"),
            }
            for each in consortium.orderers
        ],
        "ready_file": str(_ready_file(folder)),
        "stopped_file": str(_stopped_file(folder).absolute()),
    }


def _settings(settings: PeerSettings) -> dict[str, Any]:
    return {
        "client_auth_required": settings.client_auth_required,
        "gateway_enabled": settings.gateway_enabled,
        "endorsement_seconds": configvalues.duration(settings.endorsement_timeout),
        "execute_seconds": configvalues.duration(settings.execute_timeout),
        "endorser_calls": settings.endorser_concurrency,
        "deliver_streams": settings.deliver_concurrency,
        "gateway_calls": settings.gateway_concurrency,
    }


def _node(name: str, msp_id: str, address: str, place: Path) -> dict[str, Any]:
    tls = (place / "tls").absolute()
    return {
        "msp_id": msp_id,
        "name": name,
        "address": address,
        "msp_dir": str((place / "msp").absolute()),
        "tls_cert": str(tls / "server.crt"),
        "tls_key": str(tls / "server.key"),
        "tls_ca": str(tls / "ca.crt"),
    }
