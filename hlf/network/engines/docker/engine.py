"""The docker engine: run `docker compose` up and down, and wait for the health check of every node."""

from __future__ import annotations

import functools
import json
import shutil
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Collection, Sequence
from pathlib import Path

from hlf import waiting
from hlf.network import errors
from hlf.network.engines.docker import compose
from hlf.network.engines.engine import FABRIC, BuilderConfig
from hlf.network.engines.native import leaders
from hlf.network.engines.native.binaries import has_left, unjoin_command
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium

_START_SECONDS = 180.0
_LOG_LINES = "15"
_NO_COPIES = "there are no snapshots of containers: their files belong to the users that run in them"


class DockerEngine:
    """Peers, orderers and chaincode servers as containers on a network of their own."""

    name = "docker"
    containers = True

    def version(self, consortium: Consortium) -> str:
        """Return the Fabric version of the images; raise EngineError unless a docker daemon answers."""
        check_daemon()
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
        """Render the compose file, start the nodes that do not run yet, and wait for every node's health check."""
        file = compose.write(folder, record, consortium, builder, servers)
        services = () if nodes is None else tuple(nodes)
        _compose(file, "up", "--detach", "--build", "--remove-orphans", *services, timeout=_START_SECONDS * 5)
        for name in services or consortium.nodes:
            if not waiting.until(functools.partial(_ready, record, name), _START_SECONDS, every=0.1):
                said = _compose(file, "logs", "--no-color", "--tail", _LOG_LINES, name)
                raise errors.ProcessError(
                    name, f"was not healthy within {_START_SECONDS:g} s; the end of its log:\n{said}"
                )

    def wait_ordering(self, record: Record, consortium: Consortium) -> None:
        """Wait for what the orderers' metrics say."""
        leaders.wait(record, consortium)

    def agreeing(self, record: Record, consortium: Consortium) -> dict[str, int]:
        """Return what the orderers' metrics say."""
        return leaders.agreeing(record, consortium)

    def stop(self, folder: Folder, nodes: Collection[str] | None = None) -> list[str]:
        """Remove all containers, or stop those of *nodes*; ledgers are kept."""
        running = [name for name, alive in self.running(folder).items() if alive and (nodes is None or name in nodes)]
        if (file := _file(folder)).exists():
            _compose(file, *(("down", "--remove-orphans") if nodes is None else ("stop", *nodes)))
        return running

    def running(self, folder: Folder) -> dict[str, bool]:
        """
        Return every container of the network by its service, without those that were stopped.

        Docker restarts a container that ended by itself, so one that has exited was stopped on purpose.
        """
        if not (file := _file(folder)).exists():
            return {}
        listed = _rows(_compose(file, "ps", "--all", "--format", "json"))
        return {each["Service"]: each["State"] == "running" for each in listed if each["State"] != "exited"}

    def save(self, folder: Folder, place: Path) -> None:
        """Raise EngineError: the data of containers cannot be copied."""
        raise errors.EngineError(_NO_COPIES, "Use --engine embedded, or native with the network stopped.")

    def bring_back(self, folder: Folder, place: Path) -> None:
        """Raise EngineError, as :meth:`save` does."""
        self.save(folder, place)

    def unjoin(self, folder: Folder, peers: Collection[str], channel: str) -> None:
        """Run `peer node unjoin` in a container of each peer."""
        for name in peers:
            try:
                _compose(_file(folder), "run", "--rm", "--no-deps", name, *unjoin_command("peer", channel))
            except errors.EngineError as refused:
                if not has_left(str(refused)):
                    raise

    def stopped(self, folder: Folder, consortium: Consortium) -> list[str]:
        """Return the services of the compose file that have no container or were stopped, where others run."""
        listed = self.running(folder)
        return [name for name in compose.services(_file(folder)) if name not in listed] if listed else []

    def log(self, folder: Folder, name: str, lines: int) -> tuple[str, ...] | None:
        """Return the last lines that a container wrote."""
        if not (file := _file(folder)).exists():
            return None
        if name not in (known := compose.services(file)):
            raise errors.StateError(file, f"has no service {name!r}", f"It has {', '.join(known)}.")
        said = _compose(file, "logs", "--no-color", "--no-log-prefix", "--tail", str(lines), name)
        return tuple(said.splitlines())


def check_daemon() -> None:
    """
    Raise EngineError unless docker with its compose plugin is installed and its daemon answers.

    Raises:
        EngineError: says which of the three is missing.
    """
    if shutil.which("docker") is None:
        raise errors.EngineError("there is no `docker` on PATH", "Install Docker, or use --engine embedded.")
    cure = "Use --engine native or embedded where there is none."
    for words, problem in (
        (("compose", "version"), "docker has no compose plugin"),
        (("info", "--format", "{{.ServerVersion}}"), "no docker daemon answers"),
    ):
        try:
            answer = _run(["docker", *words], timeout=20)
        except subprocess.TimeoutExpired as error:
            raise errors.EngineError(f"{problem}: no answer within 20 s", cure) from error
        if answer.returncode != 0:
            said = (answer.stderr or answer.stdout).strip().splitlines()
            raise errors.EngineError(f"{problem}: {said[-1] if said else 'no reason given'}", cure)


def _file(folder: Folder) -> Path:
    return folder.data("docker") / "compose.yaml"


def _compose(file: Path, *words: str, timeout: float = 300) -> str:
    try:
        answer = _run(["docker", "compose", "--file", str(file), *words], timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise errors.EngineError(
            f"docker compose {words[0]} failed: {error}", f"Try it by hand with {file}."
        ) from error
    if answer.returncode != 0:
        said = "\n".join(answer.stderr.strip().splitlines()[-int(_LOG_LINES) :])
        raise errors.EngineError(f"docker compose {words[0]} failed:\n{said}\n", f"Its file is {file}.")
    return answer.stdout


def _run(command: list[str], *, timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)  # noqa: S603 - ours


def _ready(record: Record, name: str) -> bool:
    """Return whether a node is healthy and listens; it reports that it is healthy before it listens."""
    uses = [use for use in ("listen", "admin") if use in record.ports[name]]
    return _healthy(record.local(name, "operations")) and all(_speaks_tls(record, name, use) for use in uses)


def _speaks_tls(record: Record, name: str, use: str) -> bool:
    """Return whether a listener answers in TLS; docker itself accepts connections before the node listens."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # This only tests that something answers. Clients of the node verify its certificate.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, _, port = record.local(name, use).rpartition(":")
    try:
        with socket.create_connection((host, int(port)), 2) as connection:
            context.wrap_socket(connection).close()
    except OSError:
        return False
    return True


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/healthz", timeout=2) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _rows(listed: str) -> list[dict[str, str]]:
    """Return what `ps --format json` printed: one object a line, in older versions one list."""
    text = listed.strip()
    if text.startswith("["):
        rows: list[dict[str, str]] = json.loads(text)
        return rows
    return [json.loads(line) for line in text.splitlines() if line]
