"""The manifests of an organisation's own nodes: Secret, ConfigMap, Service and StatefulSet for each of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from hlf import yamltext
from hlf.network import errors, state
from hlf.network.engines.docker import images
from hlf.network.engines.engine import UNPRIVILEGED, BuilderConfig
from hlf.network.engines.native import config
from hlf.network.engines.native.config import Placement
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium, Orderer, Peer

_MATERIAL = PurePosixPath("/etc/hyperledger/material")
_CONFIG = PurePosixPath("/etc/hyperledger/fabric")
_DATA = PurePosixPath("/var/hyperledger/production")
# The first request for a volume and for memory; the operator edits them for the load that is to come.
_VOLUME = "20Gi"
_MEMORY = {"orderer": "2Gi", "peer": "4Gi", "server": "1Gi"}


def write(
    folder: Folder, record: Record, consortium: Consortium, builder: BuilderConfig, servers: Sequence[Program]
) -> Path:
    """
    Write ``network.yaml``, and ``secrets.yaml`` with the keys, into ``kubernetes/`` of the folder, and return that.

    Raises:
        ConsortiumError: a server has no image.
    """
    place = folder.data("kubernetes")
    state.private_folder(place)
    secrets: list[dict[str, Any]] = []
    rest: list[dict[str, Any]] = []
    for orderer in consortium.orderers:
        files = _files(folder.orderer(orderer.name))
        secrets.append(_secret(orderer.name, files))
        rest += _orderer(record, orderer, sorted(files))
    for peer in consortium.peers:
        files = _files(folder.peer(peer.msp_id, peer.name))
        secrets.append(_secret(peer.name, files))
        rest += _peer(record, consortium, peer, builder, sorted(files))
    for program in servers:
        rest += _server(folder, consortium, program)
    for name, manifests, mode in (("secrets.yaml", secrets, 0o600), ("network.yaml", rest, 0o644)):
        text = yamltext.dumps(*manifests)
        state.replace_file(place / name, text.encode(), mode)
    return place


def label(name: str) -> str:
    """Return the name of a node or server as a cluster's services can have it."""
    return re.sub("[^a-z0-9-]", "-", name.lower())


def _orderer(record: Record, orderer: Orderer, files: list[str]) -> Iterator[dict[str, Any]]:
    placement = Placement(_MATERIAL, _DATA, host="0.0.0.0")  # noqa: S104 - in a container
    text = config.text(config.orderer(record, orderer, placement)).decode()
    container = {"image": images.ORDERER, "command": ["orderer"], "env": _environment(config.LOGGING)}
    return _node(record, orderer.name, "orderer", ("listen", "admin"), ("orderer.yaml", text), container, files)


def _peer(
    record: Record, consortium: Consortium, peer: Peer, builder: BuilderConfig, files: list[str]
) -> Iterator[dict[str, Any]]:
    organisation = consortium.organisation(peer.msp_id)
    values = config.peer(
        record,
        peer,
        organisation.settings,
        Placement(_MATERIAL, _DATA, host="0.0.0.0"),  # noqa: S104 - in a container
        PurePosixPath(images.BUILDER),
        organisation.peers[0],
    )
    environment = {**config.LOGGING, **config.builder_environment(builder.get(peer.name, {}))}
    container = {"image": images.PEER, "command": ["peer", "node", "start"], "env": _environment(environment)}
    return _node(record, peer.name, "peer", ("listen",), ("core.yaml", config.text(values).decode()), container, files)


def _node(
    record: Record,
    name: str,
    kind: str,
    offered: tuple[str, ...],
    configuration: tuple[str, str],
    container: dict[str, Any],
    files: list[str],
) -> Iterator[dict[str, Any]]:
    own = label(name)
    ports = record.ports[name]
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(own), "data": dict([configuration])}
    # Others reach it at the host of the consortium file: point that name at the address the cluster gives this service.
    yield _service(own, {use: ports[use] for use in offered}, "LoadBalancer")
    probe = {"httpGet": {"path": "/healthz", "port": ports["operations"]}, "periodSeconds": 10, "timeoutSeconds": 5}
    container = {
        "name": kind,
        **container,
        **_confined(kind),
        "ports": [{"name": use, "containerPort": ports[use]} for use in (*offered, "operations")],
        "startupProbe": {**probe, "failureThreshold": 30},
        "livenessProbe": {**probe, "failureThreshold": 6},
        "readinessProbe": probe,
        "volumeMounts": [
            {"name": "material", "mountPath": str(_MATERIAL), "readOnly": True},
            {"name": "configuration", "mountPath": str(_CONFIG), "readOnly": True},
            {"name": "data", "mountPath": str(_DATA)},
            {"name": "temporary", "mountPath": "/tmp"},  # noqa: S108 - of the container alone
        ],
    }
    pod = _pod(own, container)
    pod["spec"]["terminationGracePeriodSeconds"] = 60
    items = [{"key": _key(path), "path": path} for path in files]
    pod["spec"]["volumes"] = [
        {"name": "material", "secret": {"secretName": own, "defaultMode": 0o440, "items": items}},
        {"name": "configuration", "configMap": {"name": own}},
        {"name": "temporary", "emptyDir": {}},
    ]
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": _VOLUME}}}
    yield {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": _metadata(own),
        "spec": {
            "serviceName": own,
            "replicas": 1,
            "selector": {"matchLabels": {"app": own}},
            "template": pod,
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
        },
    }


def _server(folder: Folder, consortium: Consortium, program: Program) -> Iterator[dict[str, Any]]:
    (server,) = (each for each in consortium.servers if program.name.startswith(f"chaincode-{each.name}"))
    if server.image is None or server.folder is not None:
        raise errors.ConsortiumError(
            folder.consortium_file,
            0,
            f"server {server.name}",
            "has no image with all its files, and a cluster runs it from one",
            "Add `image: NAME:TAG` of an image that the cluster can fetch, and leave `folder` out.",
        )
    own = label(program.name)
    ports = {f"port{number}": int(each.rpartition(":")[2]) for number, each in enumerate(program.addresses)}
    yield _service(own, ports, "ClusterIP")
    container = {
        "name": "server",
        "image": server.image,
        "command": list(program.command),
        "env": _environment(program.environment),
        **_confined("server"),
        "ports": [{"name": name, "containerPort": port} for name, port in ports.items()],
        "readinessProbe": {"tcpSocket": {"port": next(iter(ports.values()))}, "periodSeconds": 5},
        "volumeMounts": [{"name": "temporary", "mountPath": "/tmp"}],  # noqa: S108 - of the container alone
    }
    pod = _pod(own, container)
    pod["spec"]["volumes"] = [{"name": "temporary", "emptyDir": {}}]
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(own),
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": own}}, "template": pod},
    }


def _pod(own: str, container: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"labels": {"app": own}},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": UNPRIVILEGED,
                "runAsGroup": UNPRIVILEGED,
                "fsGroup": UNPRIVILEGED,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
        },
    }


def _confined(kind: str) -> dict[str, Any]:
    return {
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": _MEMORY[kind]}},
    }


def _service(own: str, ports: dict[str, int], kind: str) -> dict[str, Any]:
    listed = [{"name": name, "port": port, "targetPort": port} for name, port in ports.items()]
    spec = {"type": kind, "selector": {"app": own}, "ports": listed}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(own), "spec": spec}


def _files(material: Path) -> dict[str, bytes]:
    """Return the files of a node by their paths in its folder."""
    return {str(each.relative_to(material)): each.read_bytes() for each in material.rglob("*") if each.is_file()}


def _secret(name: str, files: dict[str, bytes]) -> dict[str, Any]:
    data = {_key(path): base64.b64encode(content).decode() for path, content in files.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(label(name)), "type": "Opaque", "data": data}


def _key(path: str) -> str:
    """Return a file's name in a Secret, where none has a slash."""
    return path.replace("/", ".")


def _metadata(name: str) -> dict[str, Any]:
    return {"name": name, "labels": {"app": name}}


def _environment(values: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]
