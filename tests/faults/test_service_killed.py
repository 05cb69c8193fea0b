"""Any part of the whole service killed under load: what callers were told with their keys is what the ledger has."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from tests.faults import delays, service
from tests.faults.test_killed import CONSORTIUM, assert_chain_holds, of_three_orderers
from tests.support.sources import ROOT

# `make kills` kills more often, with more callers, and asks for every answer within half a minute. Continuous
# integration kills as often with little load, which takes a quarter of the processor time.
KILLS = int(os.environ.get("SELAT_KILLS", "0"))
CALLERS, AHEAD = (8, 500) if KILLS else (3, 3)
LIGHT_KILLS = int(os.environ.get("SELAT_LIGHT_KILLS", "0"))
REPORTS = ROOT / "build" / "kills"
ANSWERED_SECONDS = float(os.environ.get("SELAT_ANSWERED_SECONDS", "inf"))
pytestmark = [pytest.mark.timeout(300 + 30 * LIGHT_KILLS)] if LIGHT_KILLS else []


@pytest.mark.parametrize("engine", ["embedded", pytest.param("native", marks=pytest.mark.native)])
def test_the_service_survives_kills(engine: str, tmp_path: Path):
    """
    Every part is killed once, or many times at random, while callers write through two gateways.

    Each request is repeated with its key until it is answered: then its write is on the ledger once, and nothing else
    is. The read model that the gateways kept is the one that is made of the blocks anew.
    """
    consortium = CONSORTIUM if engine == "embedded" else of_three_orderers(tmp_path)
    chance = random.Random(int(os.environ.get("SELAT_SEED", "5")))  # noqa: S311 - moments, not secrets.
    with service.running(engine, tmp_path, consortium, chance) as running:
        parts = sorted(running.kills)
        with service.KeyedLoad(running, CALLERS, AHEAD) as load:
            for part in chance.choices(parts, k=KILLS or LIGHT_KILLS) or chance.sample(parts, len(parts)):
                load.wait_for(chance.randrange(1, 5) if LIGHT_KILLS else chance.randrange(5, 5 * CALLERS))
                running.kill(part)
            load.wait_for(20)
        if KILLS:
            REPORTS.mkdir(parents=True, exist_ok=True)
            (REPORTS / f"{engine}.txt").write_text(delays.report(load.written, running.outages))
        assert load.tally.errors == []
        with running.connect() as connected:
            contract = connected.network(service.CHANNEL).contract(service.CHAINCODE)
            for each in load.written:
                assert len(json.loads(contract.evaluate("history", each.key))) == 1, each.key
            written = json.loads(contract.evaluate("range", "caller-", "caller."))
            assert len(written) == len(load.written)
            assert_chain_holds(connected)
        kept = running.tables()
        assert kept == running.tables_made_anew()
        assert len(kept[-1]) == len(load.written)
        # Last, because a busy machine makes callers wait, and loses nothing.
        late = [each.account(running.outages) for each in load.written if each.seconds > ANSWERED_SECONDS]
        assert late == [], f"{len(late)} of {len(load.written)} keys"
