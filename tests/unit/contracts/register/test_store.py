"""Records under composite keys."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chaincode.contracts import store
from hlf.shim import api, testing
from hlf.shim.stub import Stub

MEMBER = "Org1MSP"
REGIONS = 7


@dataclass(frozen=True)
class Region:
    """A record."""

    name: str
    parcels: int


class Regions(api.Contract):
    """Counts in a record."""

    @api.transaction
    def count(self, ctx: api.Context, name: str) -> tuple[int, ...]:
        """Add one, again and again; the numbers that were read."""
        seen = []
        for _ in range(REGIONS):
            before = store.find(ctx, Region, "region", name) or Region(name, 0)
            seen.append(before.parcels)
            store.save(ctx, Region(name, before.parcels + 1), "region", name)
        return tuple(seen)


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """Return the keys that were asked of the ledger."""
    asked: list[str] = []
    read = Stub.get_state

    def counted(self: Stub, key: str) -> bytes:
        asked.append(key)
        return read(self, key)

    monkeypatch.setattr(Stub, "get_state", counted)
    return asked


def test_a_record_is_read_once_in_a_transaction(reads):
    """Each transaction sees what was committed before it, not its own writes, and asks the peer once for it."""
    ledger = testing.Ledger(api.Chaincode("regions", [Regions]), [MEMBER])
    own = testing.client(MEMBER)
    assert ledger.invoke("Regions:count", "VN", client=own).json() == [0] * REGIONS
    assert ledger.invoke("Regions:count", "VN", client=own).json() == [1] * REGIONS
    assert len(reads) == 2
