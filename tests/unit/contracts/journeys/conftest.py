"""What tests of journeys share: the requests of a chaincode to its peers."""

from __future__ import annotations

import pytest

from hlf.shim.testing import memory


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the kinds of all requests to peers from now on."""
    sent: list[int] = []
    answer = memory.Simulation.ask

    def ask(self: memory.Simulation, kind: int, payload: bytes) -> bytes:
        sent.append(kind)
        return answer(self, kind, payload)

    monkeypatch.setattr(memory.Simulation, "ask", ask)
    return sent
