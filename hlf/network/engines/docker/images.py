"""Which images run, and the build context of the one that this package must build itself."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from hlf.network import errors, state

FABRIC = "3.1.5"
PEER = f"hyperledger/fabric-peer:{FABRIC}"
ORDERER = f"hyperledger/fabric-orderer:{FABRIC}"
# Where the official peer image keeps the builder for chaincode as a service.
BUILDER = "/opt/hyperledger/ccaas_builder"

_PACKAGES = ("hlf", "chaincode")
_REQUIREMENTS = ("hyperledger-fabric-protos", "grpcio", "protobuf", "cryptography")
_DOCKERFILE = """\
FROM python:3.12-slim
COPY requirements.txt /app/
RUN pip install --no-cache-dir --requirement /app/requirements.txt
COPY packages/ /app/
WORKDIR /app
USER 65534:65534
"""


def write_chaincode_context(place: Path) -> None:
    """
    Write what the image of Python chaincode is built from: this installation's own packages, its exact versions.

    Raises:
        EngineError: they are not installed as plain files.
    """
    if place.exists():
        shutil.rmtree(place)
    for name in _PACKAGES:
        found = importlib.util.find_spec(name)
        if found is None or not found.submodule_search_locations:
            raise errors.EngineError(
                f"the package {name} is not here, so no image of Python chaincode can be built",
                "Give the server an `image` in the consortium file.",
            )
        source = Path(found.submodule_search_locations[0])
        shutil.copytree(source, place / "packages" / name, ignore=shutil.ignore_patterns("__pycache__"))
    pinned = [f"{name}=={importlib.metadata.version(name)}" for name in _REQUIREMENTS]
    state.replace_file(place / "requirements.txt", ("\n".join(pinned) + "\n").encode())
    state.replace_file(place / "Dockerfile", _DOCKERFILE.encode())
