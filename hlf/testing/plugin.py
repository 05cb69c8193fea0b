"""The pytest plugin: its settings in ``pytest.ini`` or ``pyproject.toml``, and its fixtures; see :mod:`hlf.testing`."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hlf.client.contract import Contract
    from hlf.client.gateway import Gateway
    from hlf.testing.sandbox import Sandbox

_ENGINES = ("embedded", "native")
# What pytest-xdist says of the process: its name, as gw3, and under _COUNT of how many it is one.
_WORKER = "PYTEST_XDIST_WORKER"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings, and the choice of an engine."""
    parser.addini("hlf_contract", "the contract under test: module, module:Class or contract.py", default="")
    parser.addini(
        "hlf_chaincodes", "several chaincodes under test, a line each: name=module:Class", type="linelist", default=[]
    )
    parser.addini("hlf_consortium", "the consortium file; by default two organisations and a channel", default="")
    group = parser.getgroup("hlf", "contracts of Hyperledger Fabric")
    group.addoption(
        "--hlf-engine",
        choices=_ENGINES,
        default="embedded",
        help="what the tests run on: one process that answers as Fabric does, or real peers and orderers",
    )


def take_own_ports() -> None:
    """
    Let this process of pytest-xdist and those that it starts choose ports that no other process of the session does.

    Raises:
        EngineError: the variable ``HLF_PORTS`` is no range.
    """
    from hlf.network import ports

    if _WORKER in os.environ:
        number, of = int(os.environ[_WORKER].removeprefix("gw")), int(os.environ[f"{_WORKER}_COUNT"])
        os.environ[ports.CHOSEN] = ports.share(number, of)


@pytest.fixture(scope="session")
def hlf_network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Yield the consortium of the session, started once; it keeps what tests do to it."""
    # Imported where it is used: a session without contracts loads neither gRPC nor an engine.
    try:
        from hlf import errors
        from hlf.network.errors import NetworkError
        from hlf.shim.errors import ShimError
        from hlf.testing.sandbox import Sandbox
    except ModuleNotFoundError as absent:
        pytest.fail(f"{absent}; the fixtures of hlf come with pip install 'hlf[testing]'", pytrace=False)
    config = request.config
    root = str(config.rootpath)
    if root not in sys.path:
        sys.path.insert(0, root)
    with _Place(config, tmp_path_factory) as place:
        try:
            take_own_ports()
            sandbox = Sandbox(place, _wanted(config)).__enter__()
        except (errors.HlfError, NetworkError, ShimError, OSError) as error:
            pytest.fail(str(error), pytrace=False)
        try:
            yield sandbox
        finally:
            sandbox.close()


@pytest.fixture(scope="session")
def hlf_seed() -> None:
    """Override this to write, once a session, what every test begins with; use `hlf_network` in it."""


@pytest.fixture(scope="session")
def _hlf_begin(hlf_network: Sandbox, hlf_seed: None) -> Sandbox:
    hlf_network.keep()
    return hlf_network


@pytest.fixture
def hlf_ledger(_hlf_begin: Sandbox) -> Sandbox:
    """Return the network, at the state that each test begins with."""
    _hlf_begin.reset()
    return _hlf_begin


@pytest.fixture
def hlf_gateway(hlf_ledger: Sandbox) -> Callable[..., Gateway]:
    """Return a function of MSP id and user that gives their gateway; `User1` of the first organisation by default."""
    return hlf_ledger.gateway


@pytest.fixture
def fabric(hlf_ledger: Sandbox) -> Gateway:
    """Return the gateway of `User1` of the first organisation."""
    return hlf_ledger.gateway()


@pytest.fixture
def contract(hlf_ledger: Sandbox) -> Contract:
    """Return the contract that is configured first, called by `User1` of the first organisation."""
    return hlf_ledger.contract()


def _wanted(config: pytest.Config) -> Any:
    from hlf.testing.sandbox import WantedNetwork

    single = str(config.getini("hlf_contract")).strip()
    chaincodes = [("", single)] if single else []
    for line in config.getini("hlf_chaincodes"):
        name, equals, text = (part.strip() for part in line.partition("="))
        if not (name and equals and text):
            pytest.fail(f"hlf_chaincodes has {line!r}, which is not of the form name=module:Class", pytrace=False)
        chaincodes.append((name, text))
    file = str(config.getini("hlf_consortium")).strip()
    beside = config.inipath.parent if config.inipath else config.rootpath
    return WantedNetwork(config.getoption("--hlf-engine"), beside / file if file else None, tuple(chaincodes))


class _Place:
    """
    The folder of this session's network: kept from run to run, of this process of pytest-xdist alone.

    Where another session uses it at the moment, or pytest keeps no cache, it is a temporary one.
    """

    def __init__(self, config: pytest.Config, temporary: pytest.TempPathFactory) -> None:
        self._config = config
        self._temporary = temporary
        self._lock: IO[str] | None = None

    def __enter__(self) -> Path:
        cache = getattr(self._config, "cache", None)
        if cache is not None:
            worker = os.environ.get(_WORKER, "main")
            place = Path(cache.mkdir("hlf")) / f"{worker}-{self._config.getoption('--hlf-engine')}"
            self._lock = place.with_suffix(".lock").open("w")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._lock.close()
            else:
                return place
        return self._temporary.mktemp("hlf") / "network"

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()
