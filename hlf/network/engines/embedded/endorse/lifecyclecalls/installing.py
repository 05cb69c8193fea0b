"""The functions of ``_lifecycle`` that need no channel: packages are installed, listed and returned."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from fabric_protos.peer.lifecycle import lifecycle_pb2
from google.protobuf import message

from hlf.network.engines.embedded.endorse import packages
from hlf.network.engines.embedded.state import lifecycle

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState

log = logging.getLogger(__name__)

Function = tuple[type[message.Message], Callable[..., message.Message]]


class LifecycleCallError(Exception):
    """A function refuses; the text is Fabric's, ``status`` the response's."""

    def __init__(self, reason: str, status: int = 500) -> None:
        super().__init__(reason)
        self.status = status


class InstallationCalls:
    """
    The functions that need no channel.

    Attributes:
        functions: by name, the request of each and its method.
    """

    def __init__(self, peer: PeerState) -> None:
        self._peer = peer
        self.functions: dict[str, Function] = {
            "InstallChaincode": (lifecycle_pb2.InstallChaincodeArgs, self._install),
            "QueryInstalledChaincode": (lifecycle_pb2.QueryInstalledChaincodeArgs, self._installed),
            "QueryInstalledChaincodes": (lifecycle_pb2.QueryInstalledChaincodesArgs, self._all_installed),
            "GetInstalledChaincodePackage": (lifecycle_pb2.GetInstalledChaincodePackageArgs, self._package),
        }

    def _install(self, given: lifecycle_pb2.InstallChaincodeArgs) -> message.Message:
        try:
            installed = self._peer.packages.install(given.chaincode_install_package)
        except packages.PackageError as error:
            if error.cause:
                log.warning("peer %s does not install a package: %s", self._peer.name, error.cause)
            raise LifecycleCallError(str(error)) from None
        log.info("peer %s installed %s", self._peer.name, installed.package_id)
        return lifecycle_pb2.InstallChaincodeResult(label=installed.label, package_id=installed.package_id)

    def _installed(self, given: lifecycle_pb2.QueryInstalledChaincodeArgs) -> message.Message:
        package = self._peer.packages.get(given.package_id)
        if package is None:
            raise LifecycleCallError(f"could not find chaincode with package id '{given.package_id}'")
        result = lifecycle_pb2.QueryInstalledChaincodeResult(label=package.label, package_id=package.package_id)
        for channel_id, used in self._uses(package.package_id).items():
            for name, version in used:
                result.references[channel_id].chaincodes.add(name=name, version=version)
        return result

    def _all_installed(self, _: lifecycle_pb2.QueryInstalledChaincodesArgs) -> message.Message:
        result = lifecycle_pb2.QueryInstalledChaincodesResult()
        for package in self._peer.packages:
            entry = result.installed_chaincodes.add(label=package.label, package_id=package.package_id)
            for channel_id, used in self._uses(package.package_id).items():
                for name, version in used:
                    entry.references[channel_id].chaincodes.add(name=name, version=version)
        return result

    def _package(self, given: lifecycle_pb2.GetInstalledChaincodePackageArgs) -> message.Message:
        package = self._peer.packages.load(given.package_id)
        if package is None:
            raise LifecycleCallError(
                f"could not load cc install package: chaincode install package '{given.package_id}' not found"
            )
        return lifecycle_pb2.GetInstalledChaincodePackageResult(chaincode_install_package=package)

    def _uses(self, package_id: str) -> dict[str, list[tuple[str, str]]]:
        """Return the committed chaincodes that run from a package, by channel."""
        found: dict[str, list[tuple[str, str]]] = {}
        for channel_id in self._peer.channels.joined(self._peer.name):
            channel = self._peer.channels.get(channel_id)
            if channel is None:
                continue
            with channel.ledger.snapshot() as snapshot:
                for name, definition in lifecycle.definitions(snapshot).items():
                    runnable = self._peer.runnable(channel, snapshot, name, definition)
                    if runnable is not None and runnable.package_id == package_id:
                        found.setdefault(channel_id, []).append((name, definition.version))
        return found
