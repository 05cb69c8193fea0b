"""Which images run, and the build context of the one that this package must build itself."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from hlf.network import errors, state
from hlf.network.engines.engine import FABRIC
from hlf.network.topology import ServerProgram

PEER = f"hyperledger/fabric-peer:{FABRIC}"
ORDERER = f"hyperledger/fabric-orderer:{FABRIC}"
# Where the official peer image keeps the builder for chaincode as a service.
BUILDER = "/opt/hyperledger/ccaas_builder"

_REQUIREMENTS = ("hyperledger-fabric-protos", "grpcio", "protobuf", "cryptography")
_DOCKERFILE = """\
FROM python:3.12-slim
COPY requirements.txt /app/
RUN pip install --no-cache-dir --requirement /app/requirements.txt
COPY packages/ /app/
ENV PYTHONPATH=/app
WORKDIR /app
USER 65534:65534
"""


def write_chaincode_context(place: Path, server: ServerProgram) -> None:
    """
    Write the files for the image of a Python server: the packages installed here, in their exact versions.

    These are ``hlf`` and, where the command is ``-m PACKAGE.MODULE``, that package, unless the server's own folder,
    which is mounted, has it.

    Raises:
        EngineError: they are not installed as plain files.
    """
    if place.exists():
        shutil.rmtree(place)
    for name in _packages(server):
        found = importlib.util.find_spec(name)
        if found is None or not found.submodule_search_locations:
            raise errors.EngineError(
                f"the package {name} is not here, so no image of server {server.name} can be built",
                "Give the server an `image` in the consortium file, or its package's `folder`.",
            )
        source = Path(found.submodule_search_locations[0])
        shutil.copytree(
            source, place / "packages" / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
        )
    pinned = [f"{name}=={importlib.metadata.version(name)}" for name in _REQUIREMENTS]
    state.replace_file(place / "requirements.txt", ("\n".join(pinned) + "\n").encode())
    state.replace_file(place / "Dockerfile", _DOCKERFILE.encode())


def _packages(server: ServerProgram) -> tuple[str, ...]:
    if server.command[1:2] != ("-m",) or len(server.command) == 2:
        return ("hlf",)
    package = server.command[2].partition(".")[0]
    local = server.folder is not None and any((server.folder / each).exists() for each in (package, f"{package}.py"))
    return ("hlf",) if local or package == "hlf" else ("hlf", package)
