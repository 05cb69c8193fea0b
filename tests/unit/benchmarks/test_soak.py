"""How the callers of a soak count, and what they compare with the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from benchmarks.soak import __main__ as soak
from benchmarks.soak import ledger
from benchmarks.soak.callers import PatientCaller, Tally
from benchmarks.soak.recording import Recording
from benchmarks.soak.service import SoakedService
from hlf.network.state import Folder
from selat.demo.calendar import MachineCalendar
from selat.demo.callers import Blocks


def _answer(status: int) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = b"{}"
    return response


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("/v1/checkouts", "OrderPlaced"),
        ("/v1/journeys/J-1/events", "StageRecorded"),
        ("/v1/journeys/J-1/custody/acceptance", "CustodyPassed"),
    ],
)
def test_an_acknowledged_write_counts_as_its_event(path, event):
    """Neither what was refused nor what was only read counts."""
    tally = Tally()
    tally.answered("POST", path, 0.01, _answer(201))
    tally.answered("POST", path, 0.01, _answer(409))
    tally.answered("GET", path, 0.01, _answer(200))
    assert tally.acknowledged == {event: 1}
    assert len(tally.errors) == 1


def test_what_was_lost_and_what_was_doubled_are_told():
    """Both are a difference between what callers were told and what is on the ledger."""
    told = {"OrderPlaced": 5, "StageRecorded": 15, "CustodyPassed": 2}
    written = {"OrderPlaced": 4, "StageRecorded": 16, "CustodyPassed": 2, "OrderMoved": 9}
    assert list(ledger.differences(told, written)) == [
        "OrderPlaced: 5 acknowledged, 4 on the ledger",
        "StageRecorded: 15 acknowledged, 16 on the ledger",
    ]


def test_times_are_taken_once():
    """Each interval has the requests of its own."""
    tally = Tally()
    tally.answered("GET", "/v1/orders/O-1", 0.25, _answer(200))
    assert tally.take_times() == [250.0]
    assert tally.take_times() == []


def test_a_caller_uses_the_token_of_the_moment(monkeypatch):
    """A token that took another's place on the way is used from the next request on, so the former can be revoked."""
    tokens, used = {"merchant": "former"}, []
    with PatientCaller(["http://gateway"], Tally(), ("merchant", "MerchantMSP", "User1"), tokens, Blocks()) as caller:

        def request(*_args, **_options):
            used.append(caller._session.headers["Authorization"])
            return _answer(200)

        monkeypatch.setattr(caller._session, "request", request)
        caller.send("GET", "/v1/stages")
        tokens["merchant"] = "present"
        caller.send("GET", "/v1/stages")
    assert used == ["Bearer former", "Bearer present"]


def _recorded(*growing: str, p95: float) -> Recording:
    """Return what a run left in which the memory of *growing* and the time of requests grew, and nothing else."""
    fabric = frozenset({"peer0.a.test"})
    service = SoakedService(Path(), Folder(Path()), (), {}, MachineCalendar(), "SQLite", fabric)
    found = Recording(service, Tally(), 100)
    moments = [float(each) for each in range(100)]
    for name, kinds in found.of_programs.items():
        for program in ("gateway-1", "chaincode-selat", *fabric):
            grown = name == "memory" and program in growing
            kinds[program] = [(moment, 100.0 + moment * grown) for moment in moments]
    found.orders = [(moment, moment / 10) for moment in moments]
    found.of_requests["p95"] = [(moment, 100.0 + moment * p95) for moment in moments]
    return found


def test_what_fabrics_own_programs_use_is_not_judged():
    """Peers keep what they like in memory; gateways may not grow, nor what orders add to a chaincode's program."""
    assert list(soak.grown(_recorded("peer0.a.test", p95=0), beside_others=False)) == []
    (gateway,) = soak.grown(_recorded("gateway-1", p95=0), beside_others=False)
    assert gateway.startswith("memory of gateway-1")
    (chaincode,) = soak.grown(_recorded("chaincode-selat", p95=0), beside_others=False)
    assert chaincode.startswith("memory of chaincode-selat: 1.02e+04 KiB an order")


def test_p95_is_judged_where_nobody_else_uses_the_machine(capsys):
    """Beside others it is printed all the same."""
    (slower,) = soak.grown(_recorded(p95=1), beside_others=False)
    assert slower.startswith("p95: ")
    capsys.readouterr()
    assert list(soak.grown(_recorded(p95=1), beside_others=True)) == []
    assert slower in capsys.readouterr().out
