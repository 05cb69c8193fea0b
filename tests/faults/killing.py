"""Programs of a network, ended as a crash would end them."""

from __future__ import annotations

import os
import signal
import urllib.request
from pathlib import Path

from hlf import waiting
from hlf.network import admin, processes, state, topology
from hlf.network.engines.native import leaders
from hlf.network.state import Folder


def kill(network: Path, name: str) -> None:
    """End a program of the network as a crash would."""
    (found,) = [each for each in processes.find(Folder(network)) if each.name == name and each.alive]
    os.kill(found.pid, signal.SIGKILL)
    assert waiting.until(lambda: not admin.status(network).programs[name], 60)


def leader(network: Path, channel: str) -> str:
    """Return the name of the orderer of real Fabric that leads the channel."""
    folder = Folder(network)
    record = state.read(folder)
    assert record is not None
    for orderer in topology.load(folder.consortium_file).orderers:
        address = record.address(orderer.name, "operations")
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
            if channel in leaders.led(answer.read().decode()):
                return orderer.name
    raise AssertionError(f"no orderer leads {channel}")
