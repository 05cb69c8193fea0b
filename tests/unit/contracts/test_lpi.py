"""The Logistics Performance Index: installed once, amended by the majority, never without its edition."""

from __future__ import annotations

import pytest

from hlf.shim import testing
from tests.unit.contracts.trading import AUDITOR, CUSTOMS, MEMBERS, MERCHANT, PLATFORM, as_bytes, trade_channel, user

MAJORITY = MEMBERS[:5]
NEW = {
    "name": "2026-lpi2", "scale": "index from 0 to 100", "source": "World Bank, LPI 2.0",
    "figures": [{"country": "VN", "component": "overall", "score_x100": 6_150}],
}  # fmt: skip


def refused(call, *args, **named) -> str:
    with pytest.raises(testing.Refused) as found:
        call(*args, **named)
    return found.value.code


@pytest.fixture
def ledger():
    """Return a channel on which the first editions are installed."""
    found = trade_channel()
    found.invoke("Lpi:install", client=user(PLATFORM, "admin"))
    return found


def vote(ledger, function, *args, by):
    return ledger.invoke(function, *args, client=user(by))


def test_the_editions_of_the_specification(ledger):
    """Ranks of 2018, scores of 2023; each says which."""
    assert ledger.evaluate("Lpi:editions", client=user(CUSTOMS)).json() == ["2018", "2023"]
    found = ledger.evaluate("Lpi:figure", "2018", "VN", "overall", client=user(CUSTOMS)).json()
    assert found == {"edition": "2018", "country": "VN", "component": "overall", "rank": 39, "score_x100": 0}
    found = ledger.evaluate("Lpi:figure", "2023", "SG", "overall", client=user(CUSTOMS)).json()
    assert (found["rank"], found["score_x100"]) == (0, 430)
    assert ledger.evaluate("Lpi:read", "2023", client=user(CUSTOMS)).json()["scale"] == "score from 1 to 5"
    for place in (("2023", "MM", "overall"), ("2023", "SG", "customs"), ("2020", "SG", "overall")):
        assert refused(ledger.evaluate, "Lpi:figure", *place, client=user(CUSTOMS)) == "LPI_UNKNOWN"


def test_they_are_installed_once_by_an_administrator(ledger):
    """What follows is an amendment."""
    assert refused(ledger.invoke, "Lpi:install", client=user(PLATFORM, "admin")) == "ALREADY_EXISTS"
    assert refused(ledger.invoke, "Lpi:install", client=user(PLATFORM)) == "WRONG_ROLE"


def test_a_new_edition_takes_the_majority_and_old_values_stay(ledger):
    """Five of eight; a correction leaves the first version in the history."""
    for number, change in enumerate((NEW, {**NEW, "scale": "index of 100"})):
        amendment = f"a{number}"
        vote(ledger, "Lpi:propose", amendment, as_bytes(change), by=PLATFORM)
        for voter in (MERCHANT, CUSTOMS, AUDITOR):
            assert vote(ledger, "Lpi:approve", amendment, by=voter).json()["state"] == "open"
        assert vote(ledger, "Lpi:approve", amendment, by="PaymentsMSP").json()["state"] == "adopted"
    past = ledger.evaluate("Lpi:history", "2026-lpi2", client=user(AUDITOR)).json()
    assert [entry["value"]["scale"] for entry in past] == ["index of 100", "index from 0 to 100"]
    assert len(ledger.evaluate("Lpi:amendment", "a0", client=user(AUDITOR)).json()["approvals"]) == 5


def test_an_amendment_is_approved_where_it_belongs(ledger):
    """The index's are not the participants', and there is none of another name."""
    vote(ledger, "Lpi:propose", "a1", as_bytes(NEW), by=PLATFORM)
    assert refused(vote, ledger, "Participants:approve", "a1", by=MERCHANT) == "NOT_FOUND"
    assert refused(vote, ledger, "Lpi:approve", "a2", by=MERCHANT) == "NOT_FOUND"
    assert refused(vote, ledger, "Lpi:propose", "a1", as_bytes(NEW), by=MERCHANT) == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "latest"},
        {"scale": ""},
        {"source": ""},
        {"figures": []},
        {"figures": NEW["figures"] * 2},
        {"figures": [{"country": "XX", "component": "overall", "rank": 1}]},
        {"figures": [{"country": "VN", "component": "mood", "rank": 1}]},
        {"figures": [{"country": "VN", "component": "overall"}]},
        {"figures": [{"country": "VN", "component": "overall", "rank": 301}]},
        {"figures": [{"country": "VN", "component": "overall", "score_x100": 10_001}]},
    ],
)
def test_what_is_no_edition_is_refused(ledger, change):
    """Each field."""
    proposing = ("Lpi:propose", "a1", as_bytes({**NEW, **change}))
    assert refused(ledger.invoke, *proposing, client=user(PLATFORM)) == "INVALID_ARGUMENT"
