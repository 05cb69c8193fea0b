"""Find a Fabric release on this machine, and its version."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hlf.network import errors
from hlf.network.engines.engine import FABRIC

_SUPPORTED = "2.5 and 3.x"
_NO_LEDGER = re.compile(r"cannot update ledger status, ledger \[[^]]*\] does not exist")
_VERSION = re.compile(r"^\s*Version:\s*v?(\d+)\.(\d+)(?:\.(\d+))?", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """The programs of a Fabric release that the engine runs."""

    peer: Path
    orderer: Path
    builder: Path
    version: tuple[int, int, int]

    @property
    def home(self) -> Path:
        """What `FABRIC_HOME` is to be for this release."""
        return self.builder.parent.parent

    @property
    def version_text(self) -> str:
        """The version as Fabric writes it, such as ``3.1.5``."""
        return _text(self.version)


def find() -> Release:
    """
    Return the release in ``FABRIC_HOME``, or the one whose programs are on ``PATH``.

    Raises:
        EngineError: none, an incomplete or an unsupported one; says how to get an official one.
    """
    home = os.environ.get("FABRIC_HOME")
    peer = _program("peer", home)
    orderer = _program("orderer", home)
    root = Path(home).absolute() if home else peer.parent.parent
    release = Release(peer, orderer, root / "builders" / "ccaas", _version(peer))
    if not (release.version[:2] == (2, 5) or release.version[0] == 3):
        raise errors.EngineError(
            f"{peer} is Fabric {release.version_text}, and the native engine runs {_SUPPORTED}", _how_to_get()
        )
    of_orderer = _text(_version(orderer))
    if of_orderer != release.version_text:
        raise errors.EngineError(
            f"{peer} is Fabric {release.version_text}, and {orderer} is {of_orderer}", _how_to_get(release.version_text)
        )
    for step in ("detect", "build", "release"):
        if not os.access(release.builder / "bin" / step, os.X_OK):
            raise errors.EngineError(
                f"the builder for chaincode as a service is missing: no program {release.builder / 'bin' / step}",
                f"It is part of a release archive. {_how_to_get(release.version_text)}",
            )
    return release


def unjoin_command(peer: str, channel: str) -> list[str]:
    """Return the command that takes a channel off a stopped peer."""
    return [peer, "node", "unjoin", "--channelID", channel]


def has_left(said: str) -> bool:
    """Return whether that command found nothing to do, by what it said."""
    return _NO_LEDGER.search(said) is not None


def _program(name: str, home: str | None) -> Path:
    if home:
        path = Path(home) / "bin" / name
        if not os.access(path, os.X_OK):
            raise errors.EngineError(f"FABRIC_HOME is {home}, but there is no program {path}", _how_to_get())
        return path.absolute()
    found = shutil.which(name)
    if found is None:
        raise errors.EngineError(
            f"the native engine needs Fabric's `{name}`; FABRIC_HOME is not set and there is none on PATH",
            _how_to_get(),
        )
    return Path(found).absolute()


def _version(program: Path) -> tuple[int, int, int]:
    try:
        said = subprocess.run(  # noqa: S603 - the release the user named
            [program, "version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise errors.EngineError(f"{program} does not run here: {error}", _how_to_get()) from error
    found = _VERSION.search(said)
    if found is None:
        raise errors.EngineError(f"{program} is no program of Fabric: it does not print its version", _how_to_get())
    return int(found[1]), int(found[2]), int(found[3] or 0)


def _text(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


def _how_to_get(version: str = FABRIC) -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    archive = f"hyperledger-fabric-{platform.system().lower()}-{machine}-{version}.tar.gz"
    return (
        f"Unpack {archive} from https://github.com/hyperledger/fabric/releases/tag/v{version} in a folder "
        "and set FABRIC_HOME to that folder (it then holds bin/ and builders/), or use --engine embedded."
    )
