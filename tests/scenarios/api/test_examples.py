"""The examples of the description, sent one after the other as their text says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from gateway.examples import steps
from gateway.store.database import Store
from gateway.store.scopes import SCOPES
from gateway.store.tokens import Tokens
from hlf import identity
from selat.demo import environment
from selat.demo.callers import Blocks
from selat.demo.environment import RunningDemo

_ATTEMPTS = 20


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[RunningDemo]:
    """Yield a gateway before the default consortium, on which nothing happened yet."""
    try:
        yield environment.start("embedded", tmp_path)
    finally:
        environment.stop(tmp_path)


def test_every_example_works_when_it_is_sent(fresh, tmp_path):
    """In their order, by those whom they name: none is refused but those that say so."""
    tokens, blocks, known = Tokens(Store(tmp_path / "gateway" / "data", "")), Blocks(), {}
    made: dict[str, str] = {}
    with requests.Session() as session:
        for each in steps.story():
            step = each.filled(known, datetime.now(UTC))
            headers = {"Accept": "application/json", "Selat-After": str(blocks)}
            if step.by:
                msp_id, _, user = step.by.partition("/")
                if step.by not in made:
                    made[step.by] = tokens.create(msp_id, user or "User1", SCOPES, 3600)
                headers["Authorization"] = f"Bearer {made[step.by]}"
            for _ in range(_ATTEMPTS):
                answer = session.request(
                    step.method, fresh.base + step.address, headers=headers, json=step.body, timeout=60
                )
                if answer.status_code != requests.codes.precondition_failed:  # A peer on a busy machine is behind.
                    break
            blocks.note(answer.headers.get("Selat-Block", ""))
            told = answer.json() if answer.headers["Content-Type"].endswith("json") else {}
            code = told.get("code", "") if answer.status_code >= 400 else ""
            assert code == step.refused, f"{step.by} {step.method} {step.address}: {told}"
            known |= step.kept(told) if not step.refused else {}
            if step.sign:
                folder = fresh.network.folder.root / "organisations" / step.by / "users" / "User1"
                known |= step.signed(told, identity.load_user(folder, step.by)[1].sign)
