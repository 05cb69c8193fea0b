"""Verifying a whole channel from the page: progress, verdict, report, and processes that end meanwhile."""

from __future__ import annotations

import re

import pytest

from gateway.audit import verifying
from gateway.audit.verifying import VerificationRunner
from gateway.pages import forms
from gateway.store import verifications
from gateway.store.processes import GatewayProcess
from gateway.store.verifications import VerificationLimitError, Verifications
from hlf import errors
from tests.unit.gateway.conftest import form_token
from tests.unit.gateway.console.audited import auditor, ledgers, story

__all__ = ["auditor", "ledgers", "story"]
PAGE = "/console/audit/verifications"


def ask(auditor, channel: str = "trade"):
    """Send the form of the page."""
    return auditor.post(PAGE, data={"channel": channel, forms.FIELD: form_token(auditor)})


def test_an_auditor_sees_how_far_it_is_and_then_the_verdict(auditor, services, story, monkeypatch):
    """With and without scripts; the report has the form of `selat audit verify --json`."""
    monkeypatch.setattr(verifying, "_NOTED_SECONDS", 0.0)
    address = ask(auditor).location
    waiting = auditor.get(address).get_data(as_text=True)
    assert "0 of 4 blocks are verified" in waiting
    assert 'data-live="3"' in waiting
    assert "See how far it is now" in waiting
    seen, evaluate = [], services.ledgers.evaluate

    def looked_at(msp_id, user, call):
        if call.chaincode == "qscc":
            seen.append(auditor.get(address).get_data(as_text=True))
        return evaluate(msp_id, user, call)

    monkeypatch.setattr(services.ledgers, "evaluate", looked_at)
    VerificationRunner(services).work()
    assert [re.search(r"(\d) of 4 blocks", page)[1] for page in seen] == ["0", "1", "2", "3"]
    done = auditor.get(address).get_data(as_text=True)
    assert "data-live" not in done
    assert f'href="{address}/report"' in done
    told = auditor.get(f"{address}/report")
    assert told.headers["Content-Disposition"] == 'attachment; filename="trade-4-blocks.json"'
    assert (told.json["blocks"], told.json["anchored"]) == (4, True)
    assert (told.json["kind"], told.json["format"]) == ("report", 1)
    assert told.json["exit"] == {"holds": 0, "does not hold": 1, "cannot tell": 2}[told.json["verdict"]]
    assert address in auditor.get("/console/audit").get_data(as_text=True)


def test_a_channel_that_was_changed_does_not_hold(auditor, services, story, monkeypatch):
    """The page says at which block."""
    forged = bytearray(story.chain.serialized[2])
    forged[-40] ^= 1
    evaluate = services.ledgers.evaluate
    monkeypatch.setattr(
        services.ledgers,
        "evaluate",
        lambda *asked: bytes(forged) if asked[2].arguments[1] == "2" else evaluate(*asked),
    )
    address = ask(auditor).location
    VerificationRunner(services).work()
    page = auditor.get(address).get_data(as_text=True)
    assert "It does not hold" in page
    assert ">Block 2</a>" in page


def test_one_that_runs_is_not_begun_again(auditor):
    """Who presses twice sees the same one."""
    assert ask(auditor).location == ask(auditor).location


def test_nobody_else_sees_it(auditor, client, services, log_in, bearer):
    """Neither another organisation nor who may not audit; and no other site begins one."""
    address = ask(auditor).location
    assert auditor.post(PAGE, data={"channel": "trade", forms.FIELD: "guess"}).status_code == 400
    assert ask(auditor, "elsewhere").status_code == 404
    log_in(bearer("audit", msp_id="ForwarderMSP")["Authorization"].removeprefix("Bearer "))
    assert (client.get(address).status_code, client.get(f"{address}/report").status_code) == (404, 404)
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))
    assert client.get(address).status_code == 403


def test_a_peer_that_never_answers_ends_it(auditor, services, monkeypatch):
    """It is tried some times, each after the time that it was held for, and then the page says so."""
    address = ask(auditor).location
    monkeypatch.setattr(verifying, "_LEASE_SECONDS", -1)
    failed = []

    def evaluate(*_):
        failed.append(1)
        raise errors.EvaluateError("no peer")

    monkeypatch.setattr(services.ledgers, "evaluate", evaluate)
    VerificationRunner(services).work()
    assert len(failed) == verifications.MOST_ATTEMPTS
    assert "could not be read" in auditor.get(address).get_data(as_text=True)
    assert auditor.get(f"{address}/report").status_code == 404


def test_another_process_carries_on_what_one_left(opened):
    """Only when the first is dead or its time is over; it may not write into it then."""
    now, store = [1_000.0], opened()
    first, second, third = (GatewayProcess(store, lambda: now[0]) for _ in range(3))
    kept = Verifications(store, clock=lambda: now[0])
    begun = kept.ask("A", "u", "trade", 5)
    assert kept.take(first, 60).id == begun
    assert kept.take(second, 60) is None
    assert kept.note(begun, first.name, 2, 60)
    for _ in range(29):
        now[0] += 2
        first.report_alive()
        assert kept.take(second, 60) is None
    now[0] += 3
    first.report_alive()
    assert kept.take(second, 60).attempts == 2
    assert not kept.note(begun, first.name, 3, 60)
    kept.finish(begun, first.name, 5, {"verdict": "holds"})
    assert kept.find("A", begun).report is None
    kept.finish(begun, second.name, 5, {"verdict": "cannot tell"})
    assert kept.find("A", begun).report == {"verdict": "cannot tell"}
    assert kept.find("B", begun) is None
    died = kept.ask("A", "u", "trade", 5)
    assert kept.take(second, 60).id == died
    now[0] += 3
    assert kept.take(third, 60).id == died


def test_an_organisation_has_some_at_once_and_old_ones_are_forgotten(opened):
    now = [1_000.0]
    kept = Verifications(opened(), clock=lambda: now[0])
    for number in range(verifications.MOST_OPEN):
        kept.ask("A", "u", f"c{number}", 5)
    with pytest.raises(VerificationLimitError):
        kept.ask("A", "u", "one-more", 5)
    kept.ask("B", "u", "one-more", 5)
    now[0] += verifications.KEPT_SECONDS + 1
    assert kept.ask("A", "u", "one-more", 5)
    assert len(kept.latest("A", 100)) == 1
