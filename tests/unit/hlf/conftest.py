"""A user, and a peer to talk to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hlf import aio
from hlf.client import gateway
from hlf.identity import Identity
from hlf.signers import Signer, ecdsa
from tests.unit.hlf import blocking
from tests.unit.hlf.certificates import issue
from tests.unit.hlf.fake_peer import FakePeer

_USER = issue("user", issue("ca"))


@pytest.fixture(scope="session")
def user() -> tuple[Identity, Signer]:
    assert isinstance(_USER.key, ec.EllipticCurvePrivateKey)
    return Identity("CarrierMSP", _USER.pem), ecdsa(_USER.key)


@pytest.fixture
def peer() -> Iterator[FakePeer]:
    started = FakePeer()
    started.start()
    yield started
    started.stop()


@pytest.fixture(params=["client", "aio"])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Yield the client's functions by name: first those of the synchronous client, then those of the asyncio one."""
    if request.param == "client":
        yield gateway
        return
    loop = blocking.Loop()
    yield blocking.Module(loop, aio)
    loop.stop()


@pytest.fixture
def connect(client: Any) -> Any:
    """How a gateway is made."""
    return client.connect


@pytest.fixture
def fabric(connect: Any, peer: FakePeer, user: tuple[Identity, Signer]) -> Iterator[Any]:
    with connect(peer.profile, *user) as connected:
        yield connected


@pytest.fixture
def channel(fabric: Any) -> Any:
    return fabric.network("trade")


@pytest.fixture
def contract(channel: Any) -> Any:
    return channel.contract("lab")
