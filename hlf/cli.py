"""
The ``hlf`` command: ``hlf network ...`` runs networks, ``hlf chaincode serve ...`` serves a contract to peers.

Each command's module is imported when it is used. If a command needs an extra
of the library that is not installed, its error names it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import hlf
from hlf import extras
from hlf.shim import command as serving

_USAGE = """\
usage: hlf COMMAND ...
       hlf COMMAND --help

Hyperledger Fabric for Python.

commands:
  network          run a network of peers and orderers on this machine (extra: pip install 'hlf[network]')
  chaincode serve  serve a contract to the peers that it is installed at

options:
  --help           show this list
  --version        show the version of the library
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code, 2 if there is no such command."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command, rest = (given[0], given[1:]) if given else ("--help", [])
    if command == "network":
        return _network(rest)
    if command == "chaincode" and rest[:1] == ["serve"]:
        return serving.main(rest[1:])
    if command == "--version":
        sys.stdout.write(f"hlf {hlf.__version__}\n")
        return 0
    if command in ("-h", "--help"):
        sys.stdout.write(_USAGE)
        return 0
    if command == "chaincode":
        sys.stderr.write("hlf: chaincode has one command, `hlf chaincode serve`, and `--help` tells its options\n")
    else:
        sys.stderr.write(f"hlf: there is no command {command!r}; `hlf --help` lists them\n")
    return 2


def _network(arguments: list[str]) -> int:
    try:
        from hlf.network.cli import network
    except extras.MissingError as error:
        sys.stderr.write(f"hlf: {error}\n")
        return 1
    # In this mode click prints errors itself, and ends the process.
    network.main(arguments, prog_name="hlf network")
    return 0
