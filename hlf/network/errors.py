"""
The errors between a consortium file and a running network.

::

    NetworkError                 .cure
     ├ ConsortiumError           the consortium file: .file .line .field
     ├ MaterialError             keys and certificates of a state folder: .path
     ├ StateError                the state folder itself: .path
     ├ ExchangeError             a file of another organisation: .path
     ├ ApprovalLostError         approvals of chaincodes that no ledger has any more: .lost
     ├ EngineError               an engine that cannot run here
     └ ProcessError              a program that did not start, or failed: .program .log
        └ PortTakenError              its port belongs to somebody else: .address

Every message names the cause; ``cure`` says what to do, and a command prints
it too.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path


class NetworkError(Exception):
    """Root of these errors: *problem* is the cause, *cure* says what to do."""

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(f"{problem}. {cure}" if cure else problem)
        self.problem = problem
        self.cure = cure


class ConsortiumError(NetworkError):
    """The consortium file cannot be used; *line* counts from 1, and 0 means no single line."""

    def __init__(self, file: Path | str, line: int, field: str, problem: str, cure: str = "") -> None:
        place = f"{file}:{line}" if line else f"{file}"
        super().__init__(f"{place}: {field}: {problem}" if field else f"{place}: {problem}", cure)
        self.file = Path(file)
        self.line = line
        self.field = field


class MaterialError(NetworkError):
    """A key or certificate of the state folder cannot be used."""

    def __init__(self, path: Path, problem: str, cure: str = "") -> None:
        super().__init__(f"{path}: {problem}", cure)
        self.path = path


class StateError(NetworkError):
    """The state folder is incomplete or damaged, or belongs to another consortium."""

    def __init__(self, path: Path, problem: str, cure: str = "") -> None:
        super().__init__(f"{path}: {problem}", cure)
        self.path = path


class ApprovalLostError(NetworkError):
    """
    Members have lost their approvals of definitions with their ledgers, and Fabric lets nobody repeat them.

    *lost* are the chaincodes by channel and name: the next sequence of each gets new approvals.
    """

    def __init__(self, problem: str, lost: Sequence[tuple[str, str]]) -> None:
        super().__init__(problem, "Let all approve the next sequence: hlf network apply, or chaincode-upgrade.")
        self.lost = tuple(lost)


class ExchangeError(NetworkError):
    """A file that organisations exchange is damaged, does not say what it does, or fits the channel no more."""

    def __init__(self, path: Path, problem: str, cure: str = "") -> None:
        super().__init__(f"{path}: {problem}", cure)
        self.path = path


class EngineError(NetworkError):
    """The engine asked for cannot run this consortium on this machine."""


class ProcessError(NetworkError):
    """A program did not start, or ended by itself; *log* is the file of its output."""

    def __init__(self, program: str, problem: str, cure: str = "", *, log: Path | None = None) -> None:
        super().__init__(f"{program}: {problem}", cure)
        self.program = program
        self.log = log


class PortTakenError(ProcessError):
    """The address a program should listen on is in use."""

    def __init__(self, program: str, address: str, cure: str) -> None:
        super().__init__(program, f"address {address} is already in use by another program", cure)
        self.address = address


def state_option(root: Path) -> str:
    """Return the option by which a command that a cure suggests names a state folder, as a shell reads it."""
    return f"--state {shlex.quote(str(root))}"


def not_running(root: Path) -> StateError:
    """Return the error of a command that needs a network that runs."""
    return StateError(root, "holds no running network", f"Start it: hlf network up {state_option(root)}")
