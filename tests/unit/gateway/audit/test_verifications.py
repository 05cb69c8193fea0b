"""Verifying a whole channel by API: the same verifications as on the pages, for their own organisation alone."""

from __future__ import annotations

import pytest

from gateway.audit.verifying import VerificationRunner
from gateway.store import verifications
from gateway.store.verifications import Verifications
from hlf import errors
from tests.unit.gateway.console.audited import auditor, ledgers, story

__all__ = ["auditor", "ledgers", "story"]
PATH = "/v1/audit/verifications"


@pytest.fixture
def ask(auditor, client, bearer):
    """Return a caller that asks for verifications, or for what is told of them."""
    headers = bearer("audit")

    def sent(path: str = "", status: int = 200, **body):
        answer = client.post(PATH, json=body, headers=headers) if body else client.get(PATH + path, headers=headers)
        assert answer.status_code == status, answer.text
        return answer

    return sent


def test_a_program_sees_how_far_it_is_and_then_the_verdict(ask, auditor, services):
    """`Location` leads to it, the report is that of the page, and the page lists it."""
    begun = ask(channel="trade", status=202)
    path = begun.headers["Location"].removeprefix(PATH)
    waits = {"channel": "trade", "height": 4, "verified": 0, "state": "running", "verdict": None, "report": None}
    assert begun.json.items() >= waits.items()
    assert ask(path).json == begun.json
    assert ask(f"{path}/report", 202).json == begun.json
    VerificationRunner(services).work()
    done = ask(path).json
    assert (done["verified"], done["state"], done["finished_at"] >= done["created_at"]) == (4, "finished", True)
    report = ask(done["report"].removeprefix(PATH))
    assert (report.json["verdict"], report.json["blocks"]) == (done["verdict"], 4)
    page = f"/console/audit/verifications/{done['id']}"
    assert report.data == auditor.get(f"{page}/report").data
    assert page in auditor.get("/console/audit").get_data(as_text=True)


def test_one_that_runs_is_not_begun_again(ask, services):
    """Nor is one by a request that is repeated under its key after it has ended."""
    begun = ask(channel="trade", status=202).json
    assert ask(channel="trade", status=202).json == begun
    assert [each["id"] for each in ask().json["verifications"]] == [begun["id"]]


def test_a_repeated_request_begins_nothing(auditor, client, bearer, services):
    """Under one key it has one answer, also when what it began has ended."""
    headers = {**bearer("audit"), "Idempotency-Key": "k"}
    first, second = (client.post(PATH, json={"channel": "trade"}, headers=headers) for _ in range(2))
    VerificationRunner(services).work()
    third = client.post(PATH, json={"channel": "trade"}, headers=headers)
    assert first.json == second.json == third.json
    assert len(Verifications(services.store).latest("PlatformMSP", 10)) == 1


def test_nobody_else_sees_it(ask, client, bearer):
    """Neither another organisation, by any address, nor who may not audit."""
    begun = ask(channel="trade", status=202).json["id"]
    others = bearer("audit", msp_id="ForwarderMSP")
    for path in (f"{PATH}/{begun}", f"{PATH}/{begun}/report", f"{PATH}?before={begun}"):
        answer = client.get(path, headers=others)
        assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")
    assert client.get(PATH, headers=others).json == {"verifications": [], "next": None}
    for path in ("", f"/{begun}", f"/{begun}/report"):
        assert client.get(PATH + path, headers=bearer("read", "write")).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"channel": "elsewhere"}, 404),
        ({"channel": "../trade"}, 404),
        ({"channel": ""}, 404),
        ({"channel": "c" * 300}, 422),
        ({"channel": ["trade"]}, 422),
        ({"channel": "trade", "height": 1}, 422),
    ],
)
def test_only_a_channel_of_ones_own_is_verified(ask, body, status):
    """Whatever its name is; and how far is not for the caller to say."""
    ask(status=status, **body)
    assert ask().json["verifications"] == []


def test_an_organisation_has_some_at_once(ask, services, monkeypatch):
    """As on the page; then it waits until one has ended."""
    monkeypatch.setattr(services.ledgers, "height", lambda *_: 1)
    for number in range(verifications.MOST_OPEN + 1):
        (services.settings.wallet / "channels" / f"c{number}.block").write_bytes(b"")
    for number in range(verifications.MOST_OPEN):
        ask(channel=f"c{number}", status=202)
    refused = ask(channel=f"c{verifications.MOST_OPEN}", status=429)
    assert (refused.json["code"], "Retry-After" in refused.headers) == ("JOBS_EXHAUSTED", True)


def test_what_cannot_be_read_has_no_report(ask, services, monkeypatch):
    """It says so, and that there never will be one."""
    path = ask(channel="trade", status=202).headers["Location"].removeprefix(PATH)
    monkeypatch.setattr(verifications, "MOST_ATTEMPTS", 1)
    monkeypatch.setattr("gateway.audit.verifying.MOST_ATTEMPTS", 1)

    def evaluate(*_):
        raise errors.EvaluateError("no peer")

    monkeypatch.setattr(services.ledgers, "evaluate", evaluate)
    VerificationRunner(services).work()
    told = ask(path).json
    assert (told["state"], told["verdict"], told["report"]) == ("unreadable", None, None)
    ask(f"{path}/report", 404)


def test_pages_follow_each_other(ask, services):
    """From the newest to the oldest, each once, also those of one second."""
    moments = [1000, 2000, 2000, 2000, 3000]
    for number, at in enumerate(moments):
        Verifications(services.store, clock=lambda at=at: at).ask("PlatformMSP", "User1", f"c{number}", 1)
    seen, path = [], "?limit=2"
    while path:
        page = ask(path).json
        seen += [each["channel"] for each in page["verifications"]]
        path = f"?limit=2&before={page['next']}" if page["next"] else ""
    assert (seen[0], sorted(seen[1:4]), seen[4:]) == ("c4", ["c1", "c2", "c3"], ["c0"])
    ask("?before=verification-of-nobody", 404)
    ask("?limit=0", 422)
