"""Machines of their own for organisations: network namespaces on one wire, which can be cut and mended."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[5]


class NamespaceError(Exception):
    """This machine makes no network namespaces: they need root and iproute2."""


@dataclass
class Hosts:
    """A host for each name, with an address on a wire that nobody else is on."""

    addresses: dict[str, str]
    _made: list[str] = field(default_factory=list)

    @classmethod
    def make(cls, names: list[str]) -> Hosts:
        """
        Return hosts of these names that reach each other.

        Raises:
            NamespaceError: they cannot be made here.
        """
        if shutil.which("ip") is None or os.geteuid():
            raise NamespaceError("network namespaces need root and `ip`")
        made = cls({name: f"10.99.0.{number}" for number, name in enumerate(names, 10)})
        try:
            # The bridge is in a namespace, too: on this machine a firewall may filter what crosses a bridge.
            made._add("")
            made._inside("", "ip link add wire type bridge")
            made._inside("", "ip link set wire up")
            for number, name in enumerate(names):
                made._add(name)
                here, hub = made._namespace(name), made._namespace("")
                _run(f"ip link add port{number} netns {hub} type veth peer name eth0 netns {here}")
                made._inside("", f"ip link set port{number} master wire up")
                made._inside(name, f"ip addr add {made.addresses[name]}/24 dev eth0")
                made._inside(name, "ip link set eth0 up")
                made._inside(name, "ip link set lo up")
        except subprocess.CalledProcessError as error:
            made.remove()
            raise NamespaceError(f"network namespaces cannot be made here: {error.stderr.strip()}") from error
        return made

    def remove(self) -> None:
        """Remove the namespaces, with the wire."""
        for namespace in self._made:
            _run(f"ip netns delete {namespace}")

    def runs(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python with these words on a host, and return what it said."""
        command = ["ip", "netns", "exec", self._namespace(name), sys.executable, *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)

    def cut(self, name: str) -> None:
        """Take a host off the wire; what it sends and is sent is lost."""
        self._port(name, "down")

    def mend(self, name: str) -> None:
        """Put a host back on the wire."""
        self._port(name, "up")

    def _port(self, name: str, state: str) -> None:
        self._inside("", f"ip link set port{list(self.addresses).index(name)} {state}")

    def _add(self, name: str) -> None:
        _run(f"ip netns add {self._namespace(name)}")
        self._made.append(self._namespace(name))

    def _inside(self, name: str, command: str) -> None:
        _run(f"ip netns exec {self._namespace(name)} {command}")

    def _namespace(self, name: str) -> str:
        return f"hlf{os.getpid()}{name and '-'}{name.lower()}"


def _run(command: str) -> None:
    subprocess.run(command.split(), capture_output=True, text=True, check=True)
