"""A user, and a peer to talk to."""

from __future__ import annotations

import pytest

from hlf import aio
from hlf.client import gateway
from hlf.identity import Identity
from hlf.signers import ecdsa
from tests.unit.hlf import blocking
from tests.unit.hlf.certificates import issue
from tests.unit.hlf.fake_peer import FakePeer

_USER = issue("user", issue("ca"))


@pytest.fixture(scope="session")
def user():
    return Identity("CarrierMSP", _USER.pem), ecdsa(_USER.key)


@pytest.fixture
def peer():
    started = FakePeer()
    started.start()
    yield started
    started.stop()


@pytest.fixture(params=["client", "aio"])
def client(request):
    """The client's functions by name: those of the synchronous client, and in a second run those of the asyncio one."""
    if request.param == "client":
        yield gateway
        return
    loop = blocking.Loop()
    yield blocking.Module(loop, aio)
    loop.stop()


@pytest.fixture
def connect(client):
    """How a gateway is made."""
    return client.connect


@pytest.fixture
def fabric(connect, peer, user):
    with connect(peer.profile, *user) as connected:
        yield connected


@pytest.fixture
def channel(fabric):
    return fabric.network("trade")


@pytest.fixture
def contract(channel):
    return channel.contract("lab")
