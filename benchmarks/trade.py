"""The trade's own work through `hlf`: events recorded on journeys, as carriers and customs do it all day."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Line, percentile
from chaincode.domain import stages
from hlf import identity, profile
from hlf.client import gateway
from hlf.client.contract import Contract
from hlf.client.gateway import Gateway
from network import admin
from tests.unit.contracts import shipping, trading

CALLERS = 32
SECONDS = 5.0


def stage_events(engine: str) -> Iterator[Line]:
    """Events a second that one organisation records, each caller on a journey of its own, until each is valid."""
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder, ExitStack() as stack:
        state = Path(folder) / "network"
        admin.up(engine, state)
        stack.callback(admin.down, state)
        opened_at = _open_journeys(state, stack)
        customs = _connected(state, stack, trading.CUSTOMS).network("trade").contract("trade", "Journeys")
        times: list[float] = []
        threads = [
            threading.Thread(target=_record, args=(customs, f"J{number}", opened_at, times))
            for number in range(CALLERS)
        ]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - began
    yield Figure(f"stage events {engine} {CALLERS} callers", len(times) / took, "/s")
    yield Figure(f"stage events {engine} {CALLERS} callers p50", percentile(times, 0.5) * 1000, "ms")
    yield Figure(f"stage events {engine} {CALLERS} callers p95", percentile(times, 0.95) * 1000, "ms")


def _record(journeys: Contract, journey_id: str, at: datetime, times: list[float]) -> None:
    ends = time.perf_counter() + SECONDS
    number = 0
    while time.perf_counter() < ends:
        number += 1
        observation = {"stage_id": "S12", "step": "inspecting", "event_time": _text(at), "place": "VNHPH",
                       "details": {"number": str(number)}}  # fmt: skip
        began = time.perf_counter()
        journeys.submit("record", journey_id, json.dumps(observation))
        times.append(time.perf_counter() - began)


def _open_journeys(state: Path, stack: ExitStack) -> datetime:
    """Participants, catalogue, terms, and one journey for each caller; when they opened."""
    every = [stage.stage_id for stage in stages.STANDARD.stages]
    founders = [{**each, "stages": every} for each in trading.PARTICIPANTS]
    administrator = _connected(state, stack, trading.PLATFORM, "Admin").network("trade")
    administrator.contract("trade", "Participants").submit("found", json.dumps(founders))
    administrator.contract("trade", "Stages").submit("install")
    effective = datetime.now(UTC) + timedelta(seconds=2)
    merchant = _connected(state, stack, trading.MERCHANT).network("trade").contract("trade", "Terms")
    terms = shipping.terms() | {"effective_from": _text(effective)}
    published: dict[str, Any] = json.loads(merchant.submit("publish", json.dumps(terms)))
    journeys = _connected(state, stack, trading.PLATFORM).network("trade").contract("trade", "Journeys")
    for number in range(CALLERS):
        opening = {
            "journey_id": f"J{number}", "order_id": f"O{number}", "order_hash": "0" * 64,
            "ordered_at": _text(effective), "terms_id": "T1", "terms_hash": published["digest"],
            "buyer_hash": shipping.BUYER, "origin": "CNSZX", "destination": "VNHAN", "epcs": [shipping.SSCC],
            "lines": [{"line": "1", "hs6": "851712", "quantity": 1}], "parties": list(trading.MEMBERS),
            "custodian": trading.MERCHANT,
        }  # fmt: skip
        journeys.submit("open", json.dumps(opening))
    return effective


def _connected(state: Path, stack: ExitStack, msp_id: str, user: str = "User1") -> Gateway:
    who, signer = identity.load_user(state / "organisations" / msp_id / "users" / user, msp_id)
    connection = profile.Profile.load(state / "profiles" / f"{msp_id}.json")
    return stack.enter_context(gateway.connect(connection, who, signer))


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
