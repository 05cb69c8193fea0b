"""
Engines: what runs the peers and orderers of a consortium.

An engine starts nodes that speak Fabric's protocol, and stops them. Joining
channels and deploying chaincodes is the same for all of them and happens in
:mod:`network.admin`, through that protocol.
"""

from __future__ import annotations

from network import errors
from network.engines.engine import Engine

__all__ = ["NAMES", "Engine", "by_name"]

NAMES = ("embedded", "native", "docker")


def by_name(name: str) -> Engine:
    """
    Return the engine of that name; only the one asked for is imported.

    Raises:
        EngineError: there is none.
    """
    if name == "embedded":
        from network.engines.embedded.node.process import Embedded

        return Embedded()
    if name == "native":
        from network.engines.native.engine import Native

        return Native()
    if name == "docker":
        from network.engines.docker.engine import Docker

        return Docker()
    raise errors.EngineError(f"there is no engine {name!r}", f"Choose one of {', '.join(NAMES)}.")
