"""A consortium for tests: started once, with contracts served from their source, and put back to an earlier state."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import hlf
from hlf import identity
from hlf.client import gateway
from hlf.client.contract import Contract
from hlf.client.gateway import Gateway
from hlf.identity import Identity
from hlf.network import admin, errors, ports, processes, topology
from hlf.network.admin import lifetime
from hlf.network.state import Folder
from hlf.profile import Profile
from hlf.shim import server
from hlf.shim.errors import ContractError
from hlf.shim.serving import loading
from hlf.signers import Signer
from hlf.testing.description import described

_NONE = (
    "no contract is configured. Write `hlf_contract = module:Class` in pytest.ini under [pytest], or in pyproject.toml "
    "under [tool.pytest.ini_options]"
)
_BEGIN, _START = "begin", "start"
# The engine whose snapshots are taken and restored while it runs.
_LIVE = "embedded"


@dataclass(frozen=True)
class WantedNetwork:
    """
    What is to be started: an engine, a consortium file (None: the small one), and chaincodes.

    A chaincode is its name on the network ("" for the one it has itself), and where its code is, as for
    ``hlf chaincode serve``.
    """

    engine: str
    consortium: Path | None
    chaincodes: tuple[tuple[str, str], ...]


class Sandbox:
    """
    A network with contracts under test, which this process serves: breakpoints, prints and coverage work in them.

    Attributes:
        consortium: what runs.
        chaincodes: the names of the contracts under test, in the order they were configured.
    """

    def __init__(self, place: Path, wanted: WantedNetwork) -> None:
        """
        Load the contracts; nothing runs yet. What *place* holds of an earlier run is used again if it fits.

        Raises:
            ContractError: one of them cannot be loaded; says where and why.
            ConsortiumError: the file cannot be used.
        """
        self._place = place
        self._engine = wanted.engine
        self._loaded = {each.name: each for each in (_load(*named) for named in wanted.chaincodes)}
        self.chaincodes = tuple(self._loaded)
        self._given = self.consortium = topology.load(wanted.consortium)
        self._serving = contextlib.ExitStack()
        self._connected = contextlib.ExitStack()
        self._gateways: dict[tuple[str, str], Gateway] = {}
        self._start = _BEGIN
        self._heights: dict[str, int] = {}

    @property
    def root(self) -> Path:
        """The network's state folder, as for ``hlf network --state``."""
        return self._place / "state"

    def profile(self, msp_id: str) -> Profile:
        """Return the connection profile of an organisation."""
        return Profile.load(Folder(self.root).profile(msp_id))

    def user(self, msp_id: str, name: str = "User1") -> tuple[Identity, Signer]:
        """
        Return a user's identity and signer, as :func:`hlf.connect` and :func:`hlf.aio.connect` take them.

        Raises:
            IdentityError: the organisation has no such user; ``users`` of the consortium file adds one.
        """
        return identity.load_user(Folder(self.root).user(msp_id, name), msp_id)

    def gateway(self, msp_id: str | None = None, user: str = "User1") -> Gateway:
        """
        Return a user's gateway, of the first organisation unless told; it is kept open for all tests.

        Raises:
            IdentityError: as for :meth:`user`.
        """
        msp_id = msp_id or self.consortium.organisations[0].msp_id
        if (msp_id, user) not in self._gateways:
            opened = gateway.connect(self.profile(msp_id), *self.user(msp_id, user))
            self._gateways[msp_id, user] = self._connected.enter_context(opened)
        return self._gateways[msp_id, user]

    def contract(self, name: str | None = None, msp_id: str | None = None, user: str = "User1") -> Contract:
        """
        Return a chaincode called by a user: the one of that name, or the first of those under test.

        Raises:
            ContractError: no contract is configured, or there is none of that name.
        """
        if not self.chaincodes and name is None:
            raise ContractError(_NONE)
        name = name or self.chaincodes[0]
        channels = {each.name: each.channel for each in reversed(self.consortium.chaincodes)}
        if name not in channels:
            raise ContractError(f"there is no chaincode {name!r} in the consortium, which has: {', '.join(channels)}")
        return self.gateway(msp_id, user).network(channels[name]).contract(name)

    def keep(self) -> None:
        """Take the present state for the one that each test begins with, if it is another than at the beginning."""
        if self._moved():
            self._snapshot(_START)
            self._start = _START

    def reset(self) -> None:
        """Go back to the state that each test begins with."""
        if self._engine == _LIVE:
            admin.restore(self._start, self.root)
        elif self._moved():
            # Real nodes take some seconds to stop and start, so tests that wrote nothing are spared that.
            self._stopped(lambda: admin.restore(self._start, self.root))

    # Start and end -----------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self._bring_up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything; what the next run can use again stays on disk."""
        self._disconnect()
        self._serving.close()
        processes.stop(Folder(self.root))

    def _bring_up(self) -> None:
        # All that decides what a kept network is, but for the ports that were chosen for it.
        text = described(self._given, dict.fromkeys(self._loaded, "127.0.0.1:0"))
        key = f"{hlf.__version__} {self._engine} {self._given.base}\n{text}"
        if _read(self._place / "key") == key:
            try:
                self._again()
                return
            except (errors.NetworkError, server.ServerError):
                # Its ports may be taken by now, or its folder damaged: it is only a cache.
                self.close()
        self._afresh(key)

    def _again(self) -> None:
        addresses = json.loads(_read(self._place / "addresses.json"))
        if any(processes.find(Folder(self.root))) and self._engine != _LIVE:
            admin.down(self.root)
        admin.restore(_BEGIN, self.root)
        self._serve(addresses)

    def _afresh(self, key: str) -> None:
        if self._place.exists():
            processes.stop(Folder(self.root))
            shutil.rmtree(self._place)
        self._place.mkdir(parents=True)
        chosen = ports.choose(len(self._loaded))
        addresses = {name: f"127.0.0.1:{port}" for name, port in zip(self._loaded, chosen, strict=True)}
        (self._place / "addresses.json").write_text(json.dumps(addresses))
        self._serve(addresses)
        self._snapshot(_BEGIN)
        # Last: what is not complete is not used again.
        (self._place / "key").write_text(key)

    def _serve(self, addresses: Mapping[str, str]) -> None:
        """Start the network, and the contracts in it."""
        file = self._place / "consortium.yaml"
        file.write_text(described(self._given, addresses))
        up = lifetime.start(self._engine, self.root, topology.load(file, base=self._given.base))
        self.consortium = up.consortium
        names = {each.chaincode.name: each.package_id for each in up.packaged}
        served = [server.ServedChaincode(loaded, names[name], addresses[name]) for name, loaded in self._loaded.items()]
        self._serving.enter_context(server.background(served))
        self._heights = self._present()

    def _snapshot(self, name: str) -> None:
        shutil.rmtree(Folder(self.root).snapshots / name, ignore_errors=True)
        if self._engine == _LIVE:
            admin.snapshot(name, self.root)
        else:
            self._stopped(lambda: admin.snapshot(name, self.root))
        self._heights = self._present()

    def _stopped(self, act: Callable[[], object]) -> None:
        """Do something while the nodes do not run; connections to them end."""
        self._disconnect()
        admin.down(self.root)
        act()
        admin.up(root=self.root)

    def _disconnect(self) -> None:
        self._connected.close()
        self._gateways.clear()

    def _moved(self) -> bool:
        return self._present() != self._heights

    def _present(self) -> dict[str, int]:
        return {
            each.name: self.gateway(each.members[0]).network(each.name).height() for each in self.consortium.channels
        }


def _load(name: str, text: str) -> Any:
    """Return a chaincode whose errors a test sees in their own words."""
    chaincode = loading.load(text)
    chaincode.name, chaincode.expose_errors = name or chaincode.name, True
    return chaincode


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""
