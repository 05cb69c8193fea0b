"""The networks under attack, started once for all that is sent to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile.campaign import Network

EMBEDDED, BOTH = ("embedded",), ("embedded", "native")


@pytest.fixture(scope="session", params=[EMBEDDED, pytest.param(BOTH, marks=pytest.mark.native)], ids=" and ".join)
def networks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Network]]:
    """Yield the same members on every engine, ours first."""
    folder = tmp_path_factory.mktemp("hostile")
    started: list[Network] = []
    try:
        for engine in request.param:
            started.append(Network(engine, folder / engine, *started[:1]))
        yield started
    finally:
        for network in started:
            network.close()
