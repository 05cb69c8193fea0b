"""A short chain of blocks that the auditor's pages are tried on, with one transaction that came too late."""

from __future__ import annotations

from typing import Any

import pytest
from fabric_protos.peer import transaction_pb2
from flask.testing import FlaskClient

from gateway.http.context import Services
from hlf.wire import keys, rwsets
from tests.support.members import put
from tests.support.runningchannel import consortium
from tests.unit.gateway.chained import ChainedLedgers
from tests.unit.hlf.chain import Chain, ordered

J1 = keys.composite_key("order", ["J1"])


class Story:
    """One order that was placed, confirmed, and then touched by a transaction that came too late."""

    def __init__(self) -> None:
        who = consortium()
        self.chain = Chain(who)
        self.placed = who.transaction(
            _wrote(b'{"merchant":"A","state":"placed"}', None), ["AMSP"], chaincode="commerce"
        )
        confirmed = b'{"merchant":"A","note":"<strong>x</strong>","state":"confirmed"}'
        self.confirmed = who.transaction(_wrote(confirmed, (1, 0)), ["AMSP", "BMSP"], chaincode="commerce")
        self.late = who.transaction(_wrote(b'{"state":"cancelled"}', (1, 0)), ["AMSP"], chaincode="commerce")
        self.blind = who.transaction(put("commerce", K1=b"1"), ["AMSP"], chaincode="commerce")
        self.chain.add(self.placed)
        self.chain.add(self.confirmed, self.late, ordered(b"garbage"), codes=[0, transaction_pb2.MVCC_READ_CONFLICT, 2])
        self.chain.add(self.blind)


def _wrote(value: bytes, read: tuple[int, int] | None) -> rwsets.TxRwset:
    reads = (rwsets.Read(J1, rwsets.Version(*read) if read else None),)
    return rwsets.TxRwset((rwsets.NamespaceRwset("commerce", reads=reads, writes=(rwsets.Write(J1, value),)),))


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture
def ledgers(story: Story) -> ChainedLedgers:
    return ChainedLedgers(story.chain)


@pytest.fixture
def auditor(client: FlaskClient, services: Services, log_in: Any, bearer: Any, story: Story) -> FlaskClient:
    """Return a browser of an auditor whose wallet knows the channel."""
    folder = services.settings.wallet / "channels"
    folder.mkdir()
    (folder / "trade.block").write_bytes(story.chain.serialized[0])
    log_in(bearer("read", "audit")["Authorization"].removeprefix("Bearer "))
    return client
