"""Programs of a network, ended as a crash would end them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from hlf import waiting
from hlf.network import admin, processes
from hlf.network.state import Folder


def kill(state: Path, name: str) -> None:
    """End a program of the network as a crash would."""
    (found,) = [each for each in processes.find(Folder(state)) if each.name == name and each.alive]
    os.kill(found.pid, signal.SIGKILL)
    assert waiting.until(lambda: not admin.status(state).programs[name], 60)
