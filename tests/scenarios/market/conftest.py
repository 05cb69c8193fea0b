"""The marketplace of thirteen organisations, whose programs follow a calendar that the stories put forward."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from network import MARKETPLACE
from selat.demo import environment
from selat.demo.calendar import Calendar
from selat.demo.market import people
from selat.demo.market.trading import Marketplace


@pytest.fixture(scope="package")
def trading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marketplace]:
    """Yield the marketplace with its shops open."""
    folder = tmp_path_factory.mktemp("marketplace")
    calendar = Calendar(folder)
    try:
        stage = environment.start("embedded", folder, MARKETPLACE, people.ACTORS, calendar)
        with stage.callers() as callers:
            yield Marketplace.opened(callers, calendar)
    finally:
        environment.stop(folder)
