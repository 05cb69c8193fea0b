"""The laboratories, started once a session on each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.laboratories import Laboratories


@pytest.fixture(scope="session")
def laboratories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratories]:
    """Every laboratory a question is asked on."""
    opened = Laboratories(tmp_path_factory.mktemp("laboratories"))
    try:
        yield opened
    finally:
        opened.close()
