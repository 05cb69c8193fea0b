"""Pages about the market: plans as each side may see them, lanes, and where capacity will be short."""

from __future__ import annotations

import json
import re

import pytest

from chaincode.domain.disclosure import disclosures
from hlf import errors
from tests.unit.gateway.console.permitted import permission, written

NOTICE = {
    "platform": "BazaarMSP",
    "matched_at": "2026-11-29T09:00:00Z",
    "answer_by": "2026-11-30T09:00:00Z",
    "legs": ["a"],
}
PUBLIC = {"state": "published", "notice": NOTICE, "answers": [], "end": None}
LEG = {
    "plan_id": "P1",
    "number": 0,
    "carrier": "PlatformMSP",
    "stages": ["S15"],
    "offers": ["G1"],
    "begins_on": "2026-12-02",
    "hours": 40,
    "price": "2480",
    "currency": "USD",
}
CONTENT = {
    "legs": [LEG],
    "demand": {"currency": "USD"},
    "figures": {"price": "2480", "friction": "12", "risk": "4", "hours": 40, "total": "2496"},
}
FRONT = {
    "alternatives": [
        {"chain": ["G1"], "cost": "2492", "hours": 40, "risk": "4"},
        {"chain": ["G2"], "cost": "3100", "hours": 30, "risk": "2"},
    ],
    "complete": True,
}
OFFERED = permission("AuditorMSP", "open", "price.currency", grant_id="G9", claim_id="C9", purpose="matching")
REFUSED = errors.EvaluateError("refused/NOT_A_PARTY: no")


@pytest.fixture
def clerk(client, log_in, bearer, ledgers, services, monkeypatch):
    """Return a browser of an organisation that may read and write."""
    tell(ledgers, Participants__list=[{"msp_id": "PlatformMSP", "name": "Selat Market", "roles": []}])
    tell(ledgers, Matching__questions=[])
    monkeypatch.setattr(type(services.wallet), "channels", lambda _: ["trade"])
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))
    return lambda path: client.get(path).get_data(as_text=True)


def tell(ledgers, **answers: object) -> None:
    """Set answers of contracts; two underscores stand for the colon."""
    ledgers.answers |= {name.replace("__", ":"): json.dumps(answer).encode() for name, answer in answers.items()}


def test_who_matched_sees_prices_and_all_unbeaten_ways(clerk, ledgers):
    """The chosen one is named, and the chart has a mark for each."""
    tell(ledgers, Matching__read=PUBLIC, Matching__plan=CONTENT, Matching__alternatives=FRONT)
    tell(
        ledgers,
        Matching__offers={"offers": [], "bookmark": ""},
        Matching__certificate={"chain": ["G1"]},
        Matching__verify={"verified": True},
    )
    page = clerk("/console/plans/P1")
    assert page.count("</title></circle>") == 2
    assert page.count("Chosen") == 1, "of the table"
    assert "US$31.00" in page
    assert "The certificate holds" in page
    of_tender = ("plan", "alternatives", "offers", "certificate", "verify")
    asked = {call.function: call.texts() for *_, call in ledgers.asked}
    assert {asked[f"Matching:{name}"][-1] for name in of_tender} == {"BazaarMSP"}, (
        "the plan's platform, not the reader's"
    )


def test_a_carrier_sees_its_own_legs_and_why_it_was_not_chosen(clerk, ledgers):
    """Others' prices are refused to it, and the page does not have them. Amounts are in the currency of its offer."""
    tell(ledgers, Matching__read=PUBLIC, Matching__leg=LEG)
    ledgers.answers["Matching:plan"] = REFUSED
    asked = {"plan_id": "P1", "grant_id": "G9", "step": 1, "carrier": "PlatformMSP", "asked_at": "2026-11-29T09:30:00Z"}
    told = {"outcome": "dearer", "reason": "", "needs": "", "difference": "394", "price_less": "395", "hours_less": 7}
    tell(ledgers, Matching__questions=[asked], Matching__why_not_me=told)
    written(ledgers, OFFERED)
    tell(ledgers, Claims__read={"disclosures": [disclosures.disclose(b"s" * 16, "price.currency", "SGD").encoded]})
    page = clerk("/console/plans/P1")
    assert "The best way with you costs $3.94 more." in page
    assert "Or if you were 7 hours faster." in page
    assert "/console/acts/answer-leg?plan_id=P1&amp;number=0" in page
    assert "<circle" not in page


def test_who_is_no_party_learns_that_there_is_a_plan(clerk, ledgers):
    tell(ledgers, Matching__read=PUBLIC)
    ledgers.answers |= {"Matching:plan": REFUSED, "Matching:leg": REFUSED}
    page = clerk("/console/plans/P1")
    assert "You are no party of this plan" in page
    assert "24.80" not in page


def test_observed_stands_beside_declared(clerk, ledgers):
    """Declared is what the carrier shows to the reader; what is not known is a dash."""
    observed = {"carrier": "ForwarderMSP", "n": 12, "p50_minutes": 1500, "p90_minutes": 2880, "on_time_bps": None}
    tell(ledgers, Performance__lane=[observed | {"loss_ppm": 0, "damage_ppm": 900}])
    written(ledgers, permission("PlatformMSP", "open", "time.transit_p90_hur", owner="ForwarderMSP"))
    tell(ledgers, Disclosures__read={"values": {"time.transit_p90_hur": 40}})
    page = clerk("/console/lanes?origin=cnszx&destination=CNYTN")
    assert re.search(r"badge bad.*declared 40 h", page), "48 hours were observed"
    assert "25 h" in page
    assert "48 h" in page
    assert "declared 40 h" in page
    assert "Shenzhen to Yantian" in page


@pytest.mark.parametrize(
    ("figure", "declared", "member", "observed", "tone"),
    [
        ("quality.on_time_bps", 9000, "on_time_bps", 9000, "good"),
        ("quality.on_time_bps", 9000, "on_time_bps", 8999, "bad"),
        ("quality.loss_ppm", 5, "loss_ppm", 5, "good"),
        ("quality.damage_ppm", 5, "damage_ppm", 6, "bad"),
        ("time.transit_p50_hur", 10, "p50_minutes", None, "plain"),
    ],
)
def test_a_carrier_reads_whether_it_kept_its_own_word(clerk, ledgers, figure, declared, member, observed, tone):
    """Of its newest capability; at least as good is kept, and without an observation there is no verdict."""
    seen = {"carrier": "PlatformMSP", "n": 3, "since": "2026-11-01T00:00:00Z", "until": "2026-11-20T00:00:00Z"}
    listed = [{"claim_id": "C1", "revision": n, "kind": "capability", "issued_at": f"2026-11-0{n}"} for n in (1, 2)]
    tell(ledgers, Performance__lane=[seen | {member: observed}], Claims__list={"claims": listed, "bookmark": ""})
    tell(ledgers, Claims__read={"disclosures": [disclosures.disclose(b"s" * 16, figure, declared).encoded]})
    page = clerk("/console/lanes?origin=CNSZX&destination=CNYTN")
    assert re.findall(r'badge (\w+)"', page) == [tone]
    assert "observed from 1 Nov 2026 to 20 Nov 2026" in page
    assert [call.texts() for *_, call in ledgers.asked if call.function == "Claims:read"] == [["C1", "2"]]


def test_a_lane_is_named_by_two_places(clerk, ledgers):
    """Nothing is asked of the ledger for another text."""
    assert "Write both places as UN/LOCODEs" in clerk("/console/lanes?origin=Shenzhen&destination=CNYTN")
    assert "Performance:lane" not in [call.function for *_, call in ledgers.asked]


@pytest.mark.parametrize(("gap", "tone"), [(-5, "good"), (0, "good"), (5, "wait"), (50, "bad")])
def test_a_week_is_coloured_by_its_gap(clerk, ledgers, gap, tone):
    """A tenth of the capacity is tight, more is short; a colour never stands alone."""
    cell = {"week": "2026-W50", "gap": gap, "capacity": 100, "demand_parties": 3, "capacity_parties": 3}
    tell(ledgers, GapMeter__published=[cell], Claims__list={"claims": [], "bookmark": ""})
    page = clerk("/console/gaps?regions=vn-hn&week=2026-W49")
    assert f'<td class="{tone}">{gap}</td>' in page
    assert page.count('<th scope="row">') == 1
