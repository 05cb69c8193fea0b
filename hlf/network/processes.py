"""
Start, find and end programs that go on after the command that started them.

Each has a file ``run/<name>.json`` with its pid and start time. After a crash or
a reboot another process can have the pid, so a signal is sent only if the start
time is equal, too. The file is written before the program starts; if the command
is killed before it has written the pid, the program is found by the mark in its
environment.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hlf import waiting
from hlf.network import errors, ports, state
from hlf.network.state import Folder

_POLL_SECONDS = 0.01
# More than the record of a program has.
_RECORD_BYTES = 4096
_LOG_LINES = 15
_STRANGE = "Remove it, and end the program by hand."
# The variable with the path of a program's file.
_MARK = "HLF_PROGRAM"
# The last lines of a program in Go; the stacks of all its goroutines follow.
_GIVES_UP = re.compile(r"^(?:panic|fatal error): .*?(?=^goroutine \d+ |\Z)", re.MULTILINE | re.DOTALL)
# This process must wait for its own children, or they stay as zombies.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Program:
    """
    A program to run.

    It is ready when each of *addresses* accepts connections and *ready_file*
    exists. *configuration* is everything else that decides its behaviour: a
    program that runs with another one is started again.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    addresses: tuple[str, ...] = ()
    ready_file: Path | None = None
    configuration: bytes = b""

    @property
    def fingerprint(self) -> str:
        """A text that is equal for programs with equal behaviour."""
        parts = [list(self.command), sorted(self.environment.items()), str(self.folder)]
        return hashlib.sha256(json.dumps(parts).encode() + self.configuration).hexdigest()

    def is_ready(self) -> bool:
        """Return whether its ready file exists and each address accepts connections."""
        if self.ready_file is not None and not self.ready_file.exists():
            return False
        return all(listens(address) for address in self.addresses)


@dataclass(frozen=True)
class RunningProgram:
    """A program that was started from a state folder, by its file; *alive* is the system's answer."""

    name: str
    pid: int
    started: str
    log: Path
    log_offset: int
    fingerprint: str
    addresses: tuple[str, ...]
    alive: bool


def start(folder: Folder, program: Program) -> RunningProgram:
    """
    Start a program with its output appended to ``logs/<name>.log``; it is not waited for.

    Raises:
        ProcessError: it cannot be run at all.
    """
    state.private_folder(folder.logs)
    state.private_folder(folder.run)
    log = folder.logs / f"{program.name}.log"
    if program.ready_file is not None:
        program.ready_file.unlink(missing_ok=True)
    file = folder.run / f"{program.name}.json"
    with log.open("ab") as output:
        offset = output.tell()
        values = {
            "pid": 0,
            "started": "",
            "log_offset": offset,
            "fingerprint": program.fingerprint,
            "addresses": program.addresses,
        }
        state.replace_file(file, json.dumps(values).encode(), 0o600)
        try:
            child = subprocess.Popen(  # noqa: S603 - running what the consortium file names is the point
                program.command,
                cwd=program.folder,
                env={**environment(), **program.environment, _MARK: str(file.absolute())},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal of `hlf network up` is not meant for the network.
                start_new_session=True,
            )
        except OSError as error:
            file.unlink(missing_ok=True)
            raise errors.ProcessError(
                program.name, f"cannot run {program.command[0]}: {error.strerror}", "Install it, or fix the command."
            ) from error
    _children[child.pid] = child
    started = _start_time(child.pid) or ""
    state.replace_file(file, json.dumps({**values, "pid": child.pid, "started": started}).encode(), 0o600)
    return RunningProgram(
        program.name, child.pid, started, log, offset, program.fingerprint, tuple(program.addresses), alive=True
    )


def start_missing(folder: Folder, programs: Iterable[Program]) -> list[tuple[Program, RunningProgram]]:
    """
    Start those programs that do not run yet, or run with other settings; return them, to be waited for.

    Those that another command started a moment ago, and that are not ready yet, are among them.

    Raises:
        PortTakenError: somebody else listens where one of them should; none is started then.
        ProcessError: one cannot be run at all.
    """
    running = {each.name: each for each in find(folder)}
    missing: list[Program] = []
    starting: list[tuple[Program, RunningProgram]] = []
    for program in programs:
        present = running.get(program.name)
        if present is None or not present.alive or present.fingerprint != program.fingerprint:
            missing.append(program)
        elif not program.is_ready():
            starting.append((program, present))
    if missing and running:
        _check_room(folder)
    stop(folder, [program.name for program in missing])
    for program in missing:
        ports.check_free(program.name, program.addresses)
    return starting + [(program, start(folder, program)) for program in missing]


def _check_room(folder: Folder) -> None:
    """
    Raise StateError unless records can be written; otherwise a program could be stopped and not started again.

    Raises:
        StateError: the disk is full, say.
    """
    place = folder.run / ".room"
    state.replace_file(place, b" " * _RECORD_BYTES)
    place.unlink()


def wait_ready(started: Iterable[tuple[Program, RunningProgram]], timeout: float) -> None:
    """
    Return when every program is ready.

    Raises:
        ProcessError: one ended, or was not ready in time; with the last lines of its log.
    """
    deadline = time.monotonic() + timeout
    for program, running in started:
        while not program.is_ready():
            if not _alive(running.pid, running.started):
                raise _fallen(running, f"ended by itself{_exit(running.pid)}")
            if time.monotonic() > deadline:
                raise _fallen(running, f"was not ready within {timeout:g} s")
            time.sleep(_POLL_SECONDS)


def find(folder: Folder) -> list[RunningProgram]:
    """Return every program that was started from this folder and not stopped, alive or not."""
    for child in _children.values():
        # Another command may have ended it and taken its record away.
        child.poll()
    found = []
    for file in sorted(folder.run.glob("*.json")) if folder.run.is_dir() else ():
        try:
            values = state.read_json(file, _STRANGE)
            pid, started, offset = int(values["pid"]), str(values["started"]), int(values["log_offset"])
            fingerprint = str(values["fingerprint"])
            addresses = tuple(map(str, values.get("addresses", ())))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise errors.StateError(file, f"is not a record of a running program ({error})", _STRANGE) from error
        if not pid:
            # The command that started it was killed before it knew the pid, or before there was one.
            pid = _marked(file)
            started = _start_time(pid) or ""
        if not pid:
            continue
        log = folder.logs / f"{file.stem}.log"
        found.append(RunningProgram(file.stem, pid, started, log, offset, fingerprint, addresses, _alive(pid, started)))
    return found


def stop(folder: Folder, names: Iterable[str] | None = None, *, timeout: float = 15.0) -> list[str]:
    """
    End programs of this folder (all by default) and return the names of those that were alive.

    Each is asked (SIGTERM), and killed if it has not ended within *timeout*. A program may have started others that
    serve in its place (npm starts Node): all that are left of its session are ended too, and it counts as ended when
    nobody listens at its addresses any more.

    Raises:
        ProcessError: somebody still listens there *timeout* later.
    """
    wanted = None if names is None else set(names)
    chosen = [running for running in find(folder) if wanted is None or running.name in wanted]
    alive = [running for running in chosen if running.alive]
    for running in alive:
        _signal(running, signal.SIGTERM)
    for running in chosen:
        _wait_ended(running, timeout)
        (folder.run / f"{running.name}.json").unlink(missing_ok=True)
    return [running.name for running in alive]


def notify(folder: Folder, name: str) -> bool:
    """Tell a program to read its settings again (SIGHUP); return whether it is alive."""
    for running in find(folder):
        if running.name == name and running.alive:
            _signal(running, signal.SIGHUP)
            return True
    return False


def last_lines(running: RunningProgram, count: int = _LOG_LINES) -> str:
    """Return the end of a program's output since its last start, without the stack traces of a program in Go."""
    try:
        with running.log.open("rb") as file:
            file.seek(running.log_offset)
            text = file.read()[-64_000:].decode("utf-8", "replace")
    except OSError:
        return ""
    given_up = _GIVES_UP.search(text)
    said = text[: given_up.end()].rstrip() if given_up else text
    return "\n".join(said.splitlines()[-count:])


def listens(address: str, timeout: float = 1) -> bool:
    """Return whether ``host:port`` accepts a connection within *timeout* seconds."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout):
            return True
    except OSError:
        return False


def _wait_ended(running: RunningProgram, timeout: float) -> None:
    """Return when a program that was asked to end has, with all it started; kill what has not."""

    def ended() -> bool:
        return not _alive(running.pid, running.started)

    def silent() -> bool:
        return not any(listens(address) for address in running.addresses)

    if not waiting.until(ended, timeout):
        _signal_session(running, signal.SIGKILL)
        waiting.until(ended, timeout)
    if silent():
        if running.alive:
            # A peer's builder, say, would go on writing where the next command clears away.
            _signal_session(running, signal.SIGKILL)
        return
    # What it started outlives it, in the session that it was started in.
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal_session(running, number)
        if waiting.until(silent, timeout / 3):
            return
    if not running.alive:
        # It ended before it was asked to; by now the port may be anybody's.
        return
    raise errors.ProcessError(
        running.name,
        f"has ended, and somebody still listens at {', '.join(running.addresses)}",
        "Find out who: ss -ltnp",
        log=running.log,
    )


def _signal_session(running: RunningProgram, number: signal.Signals) -> None:
    """Signal the process group that a program was started as the leader of, unless its number is another's by now."""
    if _start_time(running.pid) not in (None, running.started):
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, number)


def _fallen(running: RunningProgram, what: str) -> errors.ProcessError:
    lines = last_lines(running)
    said = f"; the end of its log:\n{lines}\n" if lines else "; it said nothing"
    return errors.ProcessError(running.name, f"{what}{said}", f"The whole log: {running.log}", log=running.log)


def environment() -> dict[str, str]:
    """Return the environment without variables that would silently change a Fabric program's configuration."""
    refused = ("CORE_", "ORDERER_", "FABRIC_CFG_PATH", "CHAINCODE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(refused)}
    # Every log line is on disk at once, where a crash report looks for it.
    return {**kept, "PYTHONUNBUFFERED": "1"}


def _signal(running: RunningProgram, number: signal.Signals) -> None:
    if _alive(running.pid, running.started):
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, number)


def _exit(pid: int) -> str:
    child = _children.get(pid)
    code = child.poll() if child is not None else None
    if code is None:
        return ""
    return f" (killed by {signal.Signals(-code).name})" if code < 0 else f" (exit code {code})"


def _alive(pid: int, started: str) -> bool:
    alive = bool(started) and _start_time(pid) == started
    child = _children.get(pid)
    if child is not None and not alive:
        # It has ended, or is a zombie of this process, which this call removes.
        child.wait()
    return alive


def _marked(file: Path) -> int:
    """Return the pid of the program that was started under this file, 0 if none is there, or it cannot be known."""
    mark = f"{_MARK}={file.absolute()}".encode()
    for place in Path("/proc").glob("[0-9]*"):
        # What it has started itself has the same environment, and is in the session of which it is the leader.
        with contextlib.suppress(OSError):
            if mark in (place / "environ").read_bytes().split(b"\0") and os.getsid(int(place.name)) == int(place.name):
                return int(place.name)
    return 0


def _start_time(pid: int) -> str | None:
    """Return when a process was started, in whatever unit the system has; None if there is none, or only a zombie."""
    if sys.platform == "linux":
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        # The second field is the command in brackets and may hold anything; what follows the last bracket is regular.
        fields = text.rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return None if fields[0] == "Z" else f"{boot}/{fields[19]}"
    answer = subprocess.run(  # noqa: S603 - fixed words and a number
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607 - the system's own
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return None if not answer or answer.startswith("Z") else answer.split(None, 1)[1]
