"""One's own figures: who sees which of them, and how a forecast turns out."""

from __future__ import annotations

import json
import re
import secrets
from datetime import date

import pytest

from chaincode.domain.disclosure import claims, disclosures
from gateway.console import lists
from gateway.console.figures import outcome
from gateway.fabric.ledgercalls import LedgerCall
from tests.unit.gateway.console.permitted import permission, written
from tests.unit.gateway.readmodel.chain import Wrote, chain

VALUES = {
    "horizon.start": "2026-11-01",
    "horizon.end": "2026-11-30",
    "product.gtin14": "09506000134352",
    "product.hs6": "851830",
    "region.subdivisions": ["VN-HN"],
    "demand.units_p50_h87": 300,
}
COMPANIES = {"ForwarderMSP": "South Sea", "LastMileMSP": "Red River"}


@pytest.fixture
def owner(client, log_in, bearer, ledgers, services, monkeypatch):
    """Return the pages of an organisation that has a forecast."""
    made = disclosures.commit(
        "forecast", "PlatformMSP", "C1", 1, 1_790_000_000, VALUES, claims.FORECAST.slots, secrets.token_bytes
    )
    document, opened = made[0].to_bytes().decode(), [each.encoded for each in made[1]]
    monkeypatch.setattr(type(services.wallet), "channels", lambda _: ["trade"])
    answers = {
        "Participants:list": [{"msp_id": each, "name": name, "roles": []} for each, name in COMPANIES.items()],
        "Claims:list": {"claims": [{"claim_id": "C1", "revision": 1, "kind": "forecast"}], "bookmark": ""},
        "Claims:read": {"document": document, "disclosures": opened},
        "Disclosures:requests": {"requests": [], "bookmark": ""},
    }
    ledgers.answers |= {name: json.dumps(answer).encode() for name, answer in answers.items()}
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))
    return lambda path: client.get(path).get_data(as_text=True)


def test_the_owner_sees_figure_by_figure_who_sees_it(owner, ledgers):
    """A permission that ended shows that the company could look before, unless another is still open."""
    given = [
        permission("ForwarderMSP", "open", "demand.units_p50_h87"),
        permission("LastMileMSP", "revoked", "demand.units_p50_h87", "horizon.start"),
        permission("LastMileMSP", "open", "horizon.start"),
        permission("LastMileMSP", "expired", "horizon.start"),
    ]
    written(ledgers, *given[::-1])
    (matrix,) = re.findall(r'<table class="matrix">.*?</table>', owner("/console/disclosures"), re.DOTALL)
    assert re.findall(r'<th scope="col">(.*?)</th>', matrix) == ["South Sea", "Red River"]
    assert re.findall(r'<th scope="row">(.*?)</th>|aria-label="([^"]*)"', matrix) == [
        ("Pieces, expected", ""),
        ("", "sees it"),
        ("", "could see it before"),
        ("First day", ""),
        ("", "does not see it"),
        ("", "sees it"),
    ]


def test_the_owner_sees_how_many_figures_nobody_sees(owner, ledgers):
    written(ledgers, permission("ForwarderMSP", "open", "horizon.start"))
    assert f"{len(VALUES) - 1} other figures are seen by nobody." in owner("/console/disclosures")


def test_permissions_come_by_pages(owner, ledgers):
    """The newest stand on the first page, and a link leads to the next of the same list; each is on one page."""
    made = [
        permission("ForwarderMSP", "open", "horizon.start", grant_id=f"G{n:02}", purpose=f"purpose {n:02}")
        for n in range(60)
    ]
    written(ledgers, *made)
    path, seen = "/console/disclosures", []
    while path:
        page = owner(path)
        seen.append(re.findall(r"purpose (\d\d)", page))
        found = re.search(r'href="(/console/disclosures[^"]*cursor=[^"]*)"', page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert [len(each) for each in seen] == [25, 25, 10]
    assert sum(seen, []) == [f"{n:02}" for n in reversed(range(60))]


@pytest.mark.parametrize(
    ("owner_of_it", "answered", "act", "waits"),
    [("PlatformMSP", False, "answer-request", True), ("LastMileMSP", False, "withdraw-request", False),
     ("PlatformMSP", True, "", False)],
)  # fmt: skip
def test_a_request_waits_for_the_owner_of_the_figure(owner, ledgers, owner_of_it, answered, act, waits):
    """Who asked may take it back; the first page tells the owner alone, until the request is answered."""
    requester = "LastMileMSP" if owner_of_it == "PlatformMSP" else "PlatformMSP"
    asked = {"owner": owner_of_it, "attributes": ["horizon.start"], "purpose": "planning", "expires_at": "2027-01-31"}
    one = {"request_id": "Q1", "requester": requester, "asked": asked, "answered": answered}
    shown = [] if answered else [one]
    ledgers.answers["Disclosures:requests"] = json.dumps({"requests": shown, "bookmark": ""}).encode()
    page = owner("/console/disclosures")
    assert [call.texts()[0] for *_, call in ledgers.asked if call.function == "Disclosures:requests"] == ["true"]
    assert re.findall(r'href="/console/acts/([a-z-]+)\?request_id=Q1"', page) == ([act] if act else [])
    assert ("Somebody asks to see your figures" in owner("/console/")) == waits


def order(quantity: int, placed_at: str, destination: str = "VNHAN", gtin: str = "9506000134352") -> dict[str, object]:
    line = {"line": 1, "gtin": gtin, "hs6": "851830", "quantity": quantity}
    other = {"line": 2, "gtin": "06901234567892", "hs6": "610831", "quantity": 50}
    return {"placed_at": placed_at, "destination": destination, "lines": [line, other]}


@pytest.fixture
def ordered(owner, ledgers):
    """Return the pages of the owner of a forecast, who has orders of its product and of others."""
    made = [
        order(7, "2026-11-02T10:00:00Z"),
        order(5, "2026-11-12T10:00:00Z", gtin="09506000134352"),
        order(90, "2026-10-31T10:00:00Z"),
        order(90, "2026-11-12T10:00:00Z", destination="THBKK"),
        order(90, "2026-11-12T10:00:00Z", gtin="00012345678905"),
    ]
    ledgers.chains["trade"] = chain(*[[Wrote({("order.content", f"O{n}"): each})] for n, each in enumerate(made)])
    return owner


def test_a_forecast_stands_beside_what_was_ordered(ordered):
    """Orders of the product count, in the horizon and for the countries of the forecast; the GTIN in any length."""
    page = ordered("/console/figures/C1/1")
    assert re.search(r"<dt>Ordered until now</dt><dd>12</dd>", page)
    assert '<path class="way"' in page


@pytest.mark.parametrize(
    ("today", "expected", "steps"), [("2026-10-01", 0, 0), ("2026-11-15", 150, 3), ("2027-05-01", 300, 5)]
)
def test_as_much_is_expected_as_of_the_time_is_over(today, expected, steps):
    """The middle of the forecast is spread evenly over its days: none before it begins, all once it is over."""
    told = outcome.of(VALUES, [], date.fromisoformat(today))
    assert told.expected == expected
    assert told.chart.actual.count("L") == steps


def test_a_capability_has_no_outcome():
    """Nobody orders it."""
    assert outcome.of({"service_id": "sea"}, [], date(2026, 11, 1)) is None


def test_the_peer_is_asked_where_blocks_come_without_private_data(owner, ledgers, monkeypatch):
    """As in the default consortium: the gateway's copy has no permission, and the contract tells them by pages."""
    at = {"A": "2026-11-01T00:00:00Z", "B": "2026-11-02T00:00:00Z", "C": "2026-11-03T00:00:00Z"}
    grants = [permission("ForwarderMSP", "open", "horizon.start", grant_id=name, granted_at=at[name]) for name in at]
    listed = [{"grant": each, "state": "open", "delivered": True} for each in grants]
    pages = {"": (listed[:2], "next"), "next": (listed[2:], "")}

    def turn(call: LedgerCall) -> None:
        if call.function == "Disclosures:given":
            found, following = pages[call.texts()[-1]]
            ledgers.answers[call.function] = json.dumps({"grants": found, "bookmark": following}).encode()

    ledgers.before_answer = turn
    monkeypatch.setattr(lists, "PAGE", 2)
    first = owner("/console/disclosures")
    assert "First day" in first
    assert re.findall(r"acts/withdraw\?grant_id=(\w+)", first) == ["B", "A"], "the newest of a page first"
    (following,) = re.findall(r'href="(/console/disclosures\?[^"]*cursor=[^"]*)"', first)
    last = owner(following.replace("&amp;", "&"))
    assert re.findall(r"acts/withdraw\?grant_id=(\w+)", last) == ["C"]
    assert "cursor=" not in last
