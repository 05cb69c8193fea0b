"""
Engines run the peers and orderers of a consortium.

An engine starts and stops nodes that speak Fabric's protocol. Joining channels
and deploying chaincodes use only that protocol; :mod:`hlf.network.admin` does
them for all engines.
"""

from __future__ import annotations

from hlf.network import errors
from hlf.network.engines.engine import Engine

__all__ = ["NAMES", "Engine", "by_name"]

NAMES = ("embedded", "native", "docker")


def by_name(name: str) -> Engine:
    """
    Return the engine of that name; the others are not imported.

    Raises:
        EngineError: there is none.
    """
    if name == "embedded":
        from hlf.network.engines.embedded.node.process import EmbeddedEngine

        return EmbeddedEngine()
    if name == "native":
        from hlf.network.engines.native.engine import NativeEngine

        return NativeEngine()
    if name == "docker":
        from hlf.network.engines.docker.engine import DockerEngine

        return DockerEngine()
    if name == "kubernetes":
        from hlf.network.engines.kubernetes.engine import KubernetesEngine

        return KubernetesEngine()
    raise errors.EngineError(f"there is no engine {name!r}", f"Choose one of {', '.join(NAMES)}.")
