"""
What members see of each other's transactions is of no use to them, and nothing counts twice that is sent at once.

Stories of goods, money and knowledge are played with `trials.Trials`: what a member can send of another's transaction
changes nothing, and of two equal transactions that were endorsed together at most one does.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping

import pytest

from tests.unit.contracts import secrets_scenario, selling, shipping, tender
from tests.unit.contracts.disclosure import test_gapmeter
from tests.unit.contracts.journeys import test_units
from tests.unit.contracts.orders import test_carrier_claims, test_credits
from tests.unit.contracts.orders.test_dues import came_back, settle, sold
from tests.unit.contracts.returns import stories, test_drawbacks
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORECAST,
    FORWARDER,
    LAST_MILE,
    MERCHANT,
    ORIGIN,
    PAYMENTS,
    PLATFORM,
    Claim,
    asked,
    salt,
    terms,
    user,
)
from tests.unit.contracts.trials import Trials

HASH = "a" * 64


@dataclasses.dataclass(frozen=True)
class Story:
    """
    What is played, and what of it may be sent by others or again.

    Attributes:
        parties: who else of the parties may send a transaction of the story, with what it keeps itself.
        again: what may be sent twice, and what it says then; no value is another afterwards.
        own: what others do for themselves by the same words.
    """

    play: Callable[[], object]
    parties: Mapping[str, set[str]]
    again: Mapping[str, str]
    own: Mapping[str, str] = dataclasses.field(default_factory=dict)


def sale() -> None:
    """Play an order, its payment and settlement, a return, its refund, and the debt that is left."""
    market = sold(settle=True)
    came_back(market, "R1", 2, "DEFECTIVE")
    settle(market, "R1", market.refunded("O1", "R1"))


def credit() -> None:
    """Play a return for store credit, an order paid with some of it, and one that gives it back."""
    market = test_credits.sold("O1", selling.Market(reasons={"DEFECTIVE": test_credits.CREDIT}))
    test_credits.credited(market)
    test_credits.settle(market, "O1", "R1")
    test_credits.sold("O2", market, credit="10000")
    came_back(market, "R2", 1, "DEFECTIVE", journey_id="O2")
    market.due("O2", "R2")
    market.issue("O2", "R2")
    market.refund("O2", "R2")
    market.ordered("O3", 1, credit="5000")
    market.sell("Orders:cancel", "O3", "BUYER_REQUEST")
    market.restore("O3")


def claims() -> None:
    """Play a loss that is claimed, offered too little for, contested, awarded and paid; and one that is withdrawn."""
    channel = test_carrier_claims.lost()
    told = functools.partial(channel.ledger.invoke, "CarrierClaims:disclose", "C1", at=shipping.at(channel.hour))
    sums = {"claimed": MERCHANT, "offered": LAST_MILE, "awarded": AUDITOR}

    def disclose(step: str, amount: int = 41_500) -> None:
        for recipient in (MERCHANT, LAST_MILE, AUDITOR):
            transient = {"sum": test_carrier_claims.sum_of(step, amount)}
            told(recipient, client=user(sums[step]), transient=transient)

    act = functools.partial(test_carrier_claims.act, channel)
    test_carrier_claims.file(channel)
    disclose("claimed")
    act("offer", test_carrier_claims.digest(test_carrier_claims.sum_of("offered", 20_000)), by=LAST_MILE)
    disclose("offered", 20_000)
    act("contest", HASH, by=MERCHANT)
    act("arbitrate", HASH, test_carrier_claims.digest(test_carrier_claims.sum_of("awarded", 30_000)), by=AUDITOR)
    disclose("awarded", 30_000)
    act("confirm_payment", HASH, by=MERCHANT)
    channel.open("J2", custodian=LAST_MILE)
    channel.submit("Journeys:report", "J2", "damaged", "S19", shipping.text(channel.hour), HASH, by=LAST_MILE)
    test_carrier_claims.file(channel, claim_id="C2", journey_id="J2", kind="damaged")
    channel.submit("CarrierClaims:withdraw", "C2", by=MERCHANT, endorsed_by=(MERCHANT, AUDITOR))
    test_carrier_claims.file(channel, claim_id="C3", journey_id="J2", kind="damaged")
    channel.submit("CarrierClaims:accept", "C3", by=LAST_MILE, endorsed_by=(MERCHANT, LAST_MILE))


def silence() -> None:
    """Play a claim that is refused and not contested, and one that nobody answers, so that it is owed."""
    for steps in (("refuse", HASH), ()):
        channel = test_carrier_claims.lost()
        test_carrier_claims.file(channel)
        transient, at = {"sum": test_carrier_claims.sum_of("claimed")}, shipping.at(channel.hour)
        channel.ledger.invoke(
            "CarrierClaims:disclose", "C1", LAST_MILE, client=user(MERCHANT), transient=transient, at=at
        )
        if steps:
            test_carrier_claims.act(channel, *steps, by=LAST_MILE)
        channel.hour += 31 * 24
        test_carrier_claims.act(channel, "enforce", by=CUSTOMS)


def drawbacks() -> None:
    """Play duty of returned goods: refused, withdrawn, claimed again, accepted by silence and paid."""
    channel = test_drawbacks.came_back()
    test_drawbacks.file(channel)
    for recipient in (MERCHANT, CUSTOMS):
        test_drawbacks.disclose(channel, recipient)
    test_drawbacks.act(channel, "refuse", "USED_IN_COUNTRY", HASH)
    for drawback_id in ("D2", "D3"):
        test_drawbacks.file(channel, drawback_id=drawback_id)
        if drawback_id == "D2":
            channel.majority("Drawbacks:withdraw", drawback_id, by=MERCHANT)
    test_drawbacks.disclose(channel, CUSTOMS, drawback_id="D3")
    channel.hour += 31 * 24
    channel.majority("Drawbacks:enforce", "D3", by=FORWARDER)
    channel.majority("Drawbacks:confirm_payment", "D3", HASH, by=MERCHANT)
    channel = test_drawbacks.came_back()
    test_drawbacks.file(channel)
    for recipient in (MERCHANT, CUSTOMS):
        test_drawbacks.disclose(channel, recipient)
    test_drawbacks.act(channel, "accept")
    test_drawbacks.act(channel, "confirm_payment", HASH, by=MERCHANT)


def knowledge() -> None:
    """Play claims, requests, grants, deliveries, a revocation, a seal, and a meter that is told and forgotten."""
    meter = test_gapmeter.Meter()
    secrets_scenario.show(meter)
    again = Claim("forecast", MERCHANT, "c3", {**FORECAST, "product.gtin14": "09506000134376"})
    again.commit(meter.ledger)
    meter.request("r2", LAST_MILE, asked(again, "method"))
    meter.grant("g3", again, terms(again, LAST_MILE, "method", request_id="r2"))
    meter.deliver("g3", again, LAST_MILE, "method")
    meter.request("r3", ORIGIN, asked(again, "method"))
    kept = meter.ledger.evaluate("Disclosures:show_request", "r3", client=user(ORIGIN)).payload
    meter.ledger.invoke("Disclosures:withdraw", "r3", client=user(ORIGIN), transient={"request": kept})
    secrets_scenario.count(meter)
    meter.publish()
    meter.revoke(f"g-{PAYMENTS}", PAYMENTS, PLATFORM)
    forgotten = {"transient": {"salt": salt("forget").encode()}, "at": test_gapmeter.LATER}
    meter.ledger.invoke("GapMeter:forget", f"g-{PAYMENTS}", client=user(AUDITOR), **forgotten)


SOLD = {
    "Orders:place": {MERCHANT},
    "Orders:open": {MERCHANT},
    "Journeys:open": {MERCHANT},
    "Settlement:authorise": {MERCHANT, PAYMENTS},
    "Returns:request": {MERCHANT},
    "ReturnDues:state": {PLATFORM},
    "ReturnDues:disclose": {PLATFORM},
}
SAID = {
    "Journeys:offer_custody": "the offer stands, with the same words",
    "Journeys:record": "the receipt of the same event comes again, marked as repeated",
    "ReturnDues:disclose": "the payment firm is told the same again",
}
ANYBODY = {PLATFORM, MERCHANT, PAYMENTS, ORIGIN, FORWARDER, LAST_MILE, CUSTOMS, AUDITOR}
PUBLISHED = {"CarrierClaims:publish_terms": "another carrier publishes the same terms for itself"}
REPORTED = {"Journeys:report": "the same incident stands on the reporter's page"}

STORIES = {
    "sale": Story(sale, SOLD, SAID),
    "credit": Story(
        credit,
        SOLD | {"Credits:issue": {MERCHANT}, "Credits:restore": {MERCHANT}, "Orders:cancel": {MERCHANT}},
        SAID,
    ),
    "claims": Story(
        claims,
        {
            "CarrierClaims:publish_terms": {ORIGIN, FORWARDER},
            "Journeys:open": {MERCHANT},
            "CarrierClaims:file": {PLATFORM},
            "CarrierClaims:disclose": {MERCHANT, LAST_MILE, AUDITOR},
        },
        REPORTED | {"CarrierClaims:disclose": "a party is told the same sum again"},
        PUBLISHED,
    ),
    "silence": Story(
        silence,
        {
            "CarrierClaims:publish_terms": {ORIGIN, FORWARDER},
            "Journeys:open": {MERCHANT},
            "CarrierClaims:file": {PLATFORM},
            "CarrierClaims:disclose": {LAST_MILE, AUDITOR},
            "CarrierClaims:enforce": ANYBODY - {CUSTOMS},
        },
        REPORTED | {"CarrierClaims:disclose": "the carrier is told the same sum again"},
        PUBLISHED,
    ),
    "drawbacks": Story(
        drawbacks,
        {
            "Journeys:open": {MERCHANT},
            "Journeys:record": {MERCHANT, PAYMENTS, ORIGIN, CUSTOMS},
            "Returns:request": {MERCHANT},
            "Drawbacks:file": {PLATFORM},
            "Drawbacks:disclose": {CUSTOMS},
            "Drawbacks:enforce": ANYBODY - {FORWARDER},
        },
        {
            "Journeys:offer_custody": SAID["Journeys:offer_custody"],
            "Drawbacks:disclose": "the same entry is told again",
        },
        {"Journeys:record": "another party that saw it too records it on its own page"},
    ),
    "knowledge": Story(
        knowledge,
        {
            "Disclosures:request": ANYBODY - {MERCHANT},
            "Disclosures:deliver": {MERCHANT, FORWARDER, LAST_MILE},
            "GapMeter:contribute": {AUDITOR},
            "GapMeter:compute": {PLATFORM},
            "GapMeter:publish": {AUDITOR},
            "GapMeter:forget": {PLATFORM},
        },
        {"Claims:show_subject": "the auditor compares the same digests again"},
    ),
    "tender": Story(
        tender.played,
        {
            "Matching:offer": {AUDITOR},
            "Matching:match": {AUDITOR},
            "Matching:publish": {PLATFORM},
            "Matching:deliver": {ORIGIN, FORWARDER, AUDITOR},
            "Matching:explain": {AUDITOR},
            "Matching:deliver_reply": {FORWARDER, LAST_MILE, AUDITOR},
            "Matching:replan": {AUDITOR},
            "Matching:conclude": ANYBODY - {PLATFORM},
        },
        {"Claims:show_subject": "the auditor compares the same digests again"},
    ),
    "units": Story(
        test_units.scenario,
        {"Journeys:open": {MERCHANT}, "Units:open": {FORWARDER, LAST_MILE, CUSTOMS}},
        REPORTED
        | {
            "Journeys:offer_custody": SAID["Journeys:offer_custody"],
            "Journeys:record": SAID["Journeys:record"],
            "Units:offer_custody": SAID["Journeys:offer_custody"],
            "Units:record": SAID["Journeys:record"],
        },
    ),
    "returns": Story(
        stories.returns,
        {
            "Journeys:open": {MERCHANT},
            "Returns:draft": {MERCHANT},
            "Returns:request": {MERCHANT},
            "Returns:enforce": ANYBODY - {CUSTOMS},
        },
        {
            "Journeys:offer_custody": SAID["Journeys:offer_custody"],
            "Journeys:record": SAID["Journeys:record"],
            "Returns:offer_pickups": "the same times are offered",
            "Returns:choose_pickup": "the same time is chosen",
            "Returns:schedule_pickup": "the same time stands",
        },
    ),
    "journeys": Story(
        stories.journeys,
        {
            "Journeys:open": {MERCHANT},
            "Journeys:link": {MERCHANT},
            "Journeys:unlink": {MERCHANT},
            "Journeys:state_time": {ORIGIN},
            "Units:open": {FORWARDER, LAST_MILE, CUSTOMS},
            "Units:report": {FORWARDER, LAST_MILE},
        },
        {
            "Journeys:offer_custody": SAID["Journeys:offer_custody"],
            "Journeys:record_all": SAID["Journeys:record"],
            "Units:offer_custody": SAID["Journeys:offer_custody"],
        },
        {
            "Journeys:state_time": "another carrier of the stage states its own time, on its own page",
            "Units:report": "another party reports what it saw too, on its own page",
        },
    ),
    "customs": Story(
        stories.customs,
        {
            **{function: SOLD[function] for function in ("Orders:place", "Orders:open", "Journeys:open")},
            "Settlement:authorise": SOLD["Settlement:authorise"],
            "Orders:fulfil": {MERCHANT},
            "Orders:close": {MERCHANT},
            "Goods:show": {MERCHANT},
            "Settlement:publish_rates": {PLATFORM, MERCHANT, AUDITOR},
        },
        {
            "Goods:show": "the readers are shown the same again",
            "Settlement:publish_tariff": "the same tariff stands",
        },
        {"Settlement:publish_rates": "another member publishes rates of its own"},
    ),
}
"""Who else may send what, and what may be sent again."""


@functools.cache
def trials(name: str) -> Trials:
    """Play a story to its end, with its trials."""
    made = Trials()
    with pytest.MonkeyPatch.context() as patch:
        # Of a channel that other tests founded, nothing would be tried.
        patch.setattr(shipping, "_FOUNDED", {})
        made.watch(patch)
        STORIES[name].play()
    return made


@pytest.mark.parametrize("name", STORIES)
def test_a_copy_serves_the_other_parties_alone(name):
    """No stranger gains anything by it, and nobody moves what only another may."""
    assert trials(name).tried > 100
    assert trials(name).copied == STORIES[name].parties


@pytest.mark.parametrize("name", STORIES)
def test_a_repetition_changes_nothing(name):
    """It is refused, or says again what was said: every value of the channel stays as it is."""
    story = STORIES[name]
    assert trials(name).repeated == story.again.keys() | story.own.keys()
    assert trials(name).moved == story.own.keys()


@pytest.mark.parametrize("name", STORIES)
def test_of_two_at_once_one_counts(name):
    """Endorsed together, by one sender or by two, and committed one behind the other."""
    assert trials(name).raced == STORIES[name].own.keys()
