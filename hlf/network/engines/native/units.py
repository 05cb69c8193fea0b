"""The systemd unit of a network's own nodes: started with the machine, ended in order."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

from hlf.network import state
from hlf.network.state import Folder, Record

_UNIT = """\
[Unit]
Description=Fabric nodes of {owners} in the network {name}
After=network-online.target
Wants=network-online.target

[Service]
# `up` starts what does not run and returns; `systemctl restart` brings back nodes that have fallen.
Type=oneshot
RemainAfterExit=yes
User={user}
Environment="FABRIC_HOME={release}"
ExecStart="{python}" -m hlf network up --state "{folder}"
ExecStop="{python}" -m hlf network down --state "{folder}"
TimeoutStartSec=600
TimeoutStopSec=120
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ReadWritePaths="{folder}"

[Install]
WantedBy=multi-user.target
"""


def write(folder: Folder, record: Record, release: Path) -> Path:
    """
    Write the unit for systemd into ``native/`` of the state folder, and return its path.

    *release* is the folder of the Fabric release that it runs.

    Raises:
        StateError: it cannot be written.
    """
    name = "-".join(("hlf", record.name, *record.own)).lower()
    text = _UNIT.format(
        owners=", ".join(record.own) or "all organisations",
        name=record.name,
        user=pwd.getpwuid(os.getuid()).pw_name,
        release=_escaped(release),
        python=_escaped(Path(sys.executable)),
        folder=_escaped(folder.root),
    )
    file = folder.data("native") / f"{name}.service"
    state.replace_file(file, text.encode())
    return file


def _escaped(path: Path) -> str:
    """Return an absolute path in the form that a unit has between quotation marks."""
    return str(path.absolute()).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
