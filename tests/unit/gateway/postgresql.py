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

import psycopg
import pytest

from hlf import waiting

MISSING = "PostgreSQL's programs initdb and postgres are not here: apt install postgresql"
_NOBODY = "nobody"  # The server refuses to run as root.


def program(name: str) -> Path | None:
    """Return one of PostgreSQL's programs, from PATH or from where Debian keeps it."""
    found = shutil.which(name)
    places = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return Path(found) if found else Path(places[-1]) if places else None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a new server's database; skip the test where there is no PostgreSQL."""
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        pytest.skip(MISSING)
    # The path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as name:  # noqa: S108
        folder = Path(name)
        who = pwd.getpwnam(_NOBODY) if os.geteuid() == 0 else None
        as_user: dict[str, int] = {} if who is None else {"user": who.pw_uid, "group": who.pw_gid}
        if who is not None:
            os.chown(folder, who.pw_uid, who.pw_gid)
        made = ["-D", str(folder / "data"), "-U", "selat", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
        subprocess.run([initdb, *made], check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]
        settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen(
                [postgres, "-D", str(folder / "data"), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                **as_user,  # type: ignore[call-overload]
            )
        try:
            _wait(folder, running)
            yield f"postgresql://selat@/postgres?host={folder}"
        finally:
            running.send_signal(signal.SIGINT)  # SIGTERM would wait for the tests' open connections.
            running.wait()


def _wait(folder: Path, running: subprocess.Popen[bytes]) -> None:
    """Return when the server answers."""

    def answers() -> bool:
        assert running.poll() is None, (folder / "log").read_text()
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(folder), user="selat", dbname="postgres").close()
            return True
        return False

    assert waiting.until(answers, 60), (folder / "log").read_text()
