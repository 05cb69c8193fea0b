"""A PostgreSQL of the tests' own: made in a folder, reached by a socket there, stopped by its process id."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from hlf import waiting

PROGRAMS = ("initdb", "postgres")
MISSING = "PostgreSQL's programs initdb and postgres are not here: apt install postgresql"
_NOBODY = "nobody"  # The server refuses to run as root.


def program(name: str) -> Path | None:
    """Return one of PostgreSQL's programs, from PATH or from where Debian keeps it."""
    found = shutil.which(name)
    places = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return Path(found) if found else Path(places[-1]) if places else None


class Server:
    """One server; it may be killed, and goes on with the same data when it is started again."""

    def __init__(self, folder: Path) -> None:
        """Make its data in *folder*, whose path is short, because it is the path of a socket."""
        self.url = f"postgresql://selat@/postgres?host={folder}"
        self._folder = folder
        who = pwd.getpwnam(_NOBODY) if os.geteuid() == 0 else None
        self._as_user: dict[str, Any] = {} if who is None else {"user": who.pw_uid, "group": who.pw_gid}
        if who is not None:
            os.chown(folder, who.pw_uid, who.pw_gid)
        made = ["-D", str(folder / "data"), "-U", "selat", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
        subprocess.run([_needed("initdb"), *made], check=True, capture_output=True, cwd=folder, **self._as_user)

    def start(self) -> None:
        """Start it and return when it answers, which may be some seconds after a crash."""
        settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self._folder}"]
        with (self._folder / "log").open("ab") as log:
            self._running = subprocess.Popen(
                [_needed("postgres"), "-D", str(self._folder / "data"), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                **self._as_user,
            )
        assert waiting.until(self._answers, 60), self._log()

    def kill(self) -> None:
        """End it and all its processes as a crash would."""
        # A stopped one begins no further process, which would hold its memory and keep the next server from it.
        self._running.send_signal(signal.SIGSTOP)
        serving = psutil.Process(self._running.pid).children()
        self._running.kill()
        self._running.wait()
        for each in serving:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(serving, 60)

    def stop(self) -> None:
        self._running.send_signal(signal.SIGINT)  # SIGTERM would wait for the tests' open connections.
        self._running.wait()

    def _answers(self) -> bool:
        assert self._running.poll() is None, self._log()
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(self._folder), user="selat", dbname="postgres").close()
            return True
        return False

    def _log(self) -> str:
        return (self._folder / "log").read_text()


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Yield a new server; skip the test where there is no PostgreSQL."""
    for name in PROGRAMS:
        _needed(name)
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as name:  # noqa: S108
        made = Server(Path(name))
        made.start()
        try:
            yield made
        finally:
            made.stop()


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a new server's database; skip the test where there is no PostgreSQL."""
    with running() as made:
        yield made.url


def found() -> bool:
    """Return whether PostgreSQL's programs are here."""
    return all(program(name) for name in PROGRAMS)


def _needed(name: str) -> Path:
    path = program(name)
    if path is None:
        pytest.skip(MISSING)
    return path
