"""A user, and a peer to talk to."""

from __future__ import annotations

import pytest

from hlf.client import gateway
from hlf.identity import Identity
from hlf.signers import ecdsa
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


@pytest.fixture
def fabric(peer, user):
    with gateway.connect(peer.profile, *user) as connected:
        yield connected


@pytest.fixture
def channel(fabric):
    return fabric.network("trade")


@pytest.fixture
def contract(channel):
    return channel.contract("lab")
