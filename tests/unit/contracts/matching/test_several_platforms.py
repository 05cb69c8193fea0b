"""Several platforms: each has a tender and agreements of its own, and none reaches into another's."""

from __future__ import annotations

import dataclasses
import json

import pytest

from hlf.shim import testing
from tests.unit.contracts import shipping, tender, trading
from tests.unit.contracts.tender import CARRIERS, STAGES
from tests.unit.contracts.test_orders import BOTH, PINNED, Shop
from tests.unit.contracts.trading import AUDITOR, FORWARDER, MERCHANT, ORIGIN, PARTICIPANTS, PLATFORM, salt, user

BAZAAR = "Bazaar.1MSP"
"""The second platform; Fabric allows no dot in the name of a collection."""
MEMBERS = (*trading.MEMBERS, BAZAAR)
SECOND = dataclasses.replace(
    trading.TENDER,
    name="tender-Bazaar_1MSP",
    members=(BAZAAR, AUDITOR),
    endorsement=f"AND('{BAZAAR}.peer', 'AuditorMSP.peer')",
)
NEW = {"msp_id": BAZAAR, "name": "Bazaar", "species": "core", "roles": ["platform"], "countries": ["MY"],
       "stages": ["S01"]}  # fmt: skip


def refused(code: str):
    """Return the block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def founded() -> testing.Ledger:
    """Return a channel whose members have admitted the second platform by a majority."""
    ledger = testing.Ledger(
        tender.CHAINCODE, MEMBERS, collections=[trading.TENDER, SECOND], endorsement=trading.majority(MEMBERS)
    )
    entitled = [{**one, "stages": STAGES} if one["msp_id"] in CARRIERS else one for one in PARTICIPANTS]
    ledger.invoke("Participants:found", json.dumps(entitled), client=user(PLATFORM, "admin"))
    ledger.invoke("Participants:propose", "a1", json.dumps(NEW), client=user(PLATFORM))
    for voter in trading.MEMBERS[1:5]:
        ledger.invoke("Participants:approve", "a1", client=user(voter))
    return ledger


class Tender(tender.Tender):
    """The tender of one platform."""

    def __init__(self, platform: str, ledger: testing.Ledger) -> None:
        super().__init__(ledger=ledger)
        self.platform = platform

    def bid(self, carrier: str, recipient: str = "") -> testing.Result:
        """Return a carrier consents to the use of a claim for this platform, which takes the offer."""
        values = {**tender.SERVICE, "price.base_minor": tender.PRICES[carrier], "service_id": f"s-{self.platform}"}
        claim = trading.Claim("capability", carrier, f"c-{carrier}-{self.platform}", values)
        claim.commit(self.ledger)
        shown = trading.terms(claim, recipient or self.platform, *sorted(values), purpose="matching")
        name = f"g-{carrier}-{self.platform}"
        self.grant(name, claim, shown)
        sent = {"grant": self.show(name, carrier), "salt": salt("offer", name).encode()}
        return self.write("Matching:offer", name, by=self.platform, **sent, **claim.transient())

    def plan_for(self, plan_id: str, journey_id: str) -> testing.Result:
        """Match and book for a journey."""
        sent = {"demand": trading.as_bytes(tender.DEMAND), "salt": salt(self.platform, plan_id).encode()}
        return self.write("Matching:match", plan_id, journey_id, by=self.platform, **sent)

    def told(self, plan_id: str) -> testing.Result:
        """Publish a plan."""
        notice = self.ask("Matching:notice", plan_id, by=self.platform).text
        return self.say("Matching:publish", notice, by=self.platform)

    def agree(self, plan_id: str) -> testing.Result:
        """Let every carrier accept, and conclude."""
        for leg in self.ask("Matching:plan", plan_id, by=self.platform).json()["legs"]:
            data = json.dumps(leg, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            self.write("Matching:deliver", plan_id, leg["number"], leg["carrier"], by=self.platform, leg=data)
            self.answer(leg["carrier"], leg["number"], plan_id=plan_id)
        return self.say("Matching:conclude", plan_id, by=self.platform)


@pytest.fixture
def market() -> tuple[Tender, Tender]:
    """Two platforms, and one carrier that has offered to each, under different claims."""
    first = Tender(PLATFORM, founded())
    first.bid(FORWARDER)
    second = Tender(BAZAAR, first.ledger)
    second.bid(FORWARDER)
    return first, second


def test_a_second_platform_runs_its_own_tender(market):
    """From the offer to the agreement, with the auditor alone; nothing of it is anywhere but at these two."""
    _, second = market
    matched = second.plan_for("b1", "j-of-bazaar")
    assert {collection for collection, _ in matched.private_writes} == {SECOND.name}
    second.told("b1")
    agreed = second.agree("b1").json()
    assert (agreed["platform"], agreed["carriers"]) == (BAZAAR, [FORWARDER])
    assert second.ask("Matching:verify", "b1", by=BAZAAR).json()["verified"]
    assert second.ask("Matching:agreed", "j-of-bazaar", "forward", by=BAZAAR).json() == agreed


def test_neither_sees_or_moves_what_is_the_others(market):
    """At whichever peer it asks. The auditor sees both."""
    first, second = market
    second.plan_for("b1", "j-of-bazaar")
    second.told("b1")
    for function, arguments in [("offers", [10, ""]), ("plan", ["b1"]), ("verify", ["b1"]), ("notice", ["b1"])]:
        for peer in ("", BAZAAR, AUDITOR):
            with refused("NOT_TENDER"):
                first.ask(f"Matching:{function}", *arguments, BAZAAR, by=PLATFORM, peer=peer)
        assert first.ask(f"Matching:{function}", *arguments, BAZAAR, by=AUDITOR, peer=AUDITOR).payload
    for platform in (PLATFORM, BAZAAR):
        (offer,) = first.ask("Matching:offers", by=platform).json()["offers"]
        assert offer["offer_id"] == f"g-{FORWARDER}-{platform}"
    with refused("NOT_TENDER"):
        first.say("Matching:cancel", "b1", by=PLATFORM)
    with refused("PLAN_UNKNOWN"):
        first.ask("Matching:plan", "b1", by=PLATFORM)
    with refused("NOT_TENDER"):
        first.write("Matching:match", "p1", "j1", PLATFORM, by=BAZAAR, demand=b"{}", salt=b"x")
    with refused("NOT_TENDER"):
        first.ask("Matching:offers", 10, "", FORWARDER, by=FORWARDER)


@pytest.mark.parametrize(("recipient", "platform"), [(PLATFORM, BAZAAR), (AUDITOR, BAZAAR), (BAZAAR, PLATFORM)])
def test_an_offer_is_for_the_platform_that_it_was_shown_to(recipient, platform):
    """A price shown to the auditor alone is for the acting platform; the other has nobody's consent."""
    other = Tender(platform, founded())
    with refused("WRONG_PURPOSE"):
        other.bid(FORWARDER, recipient)


def test_a_price_shown_to_the_auditor_is_for_the_acting_platform():
    assert Tender(PLATFORM, founded()).bid(FORWARDER, AUDITOR)


def test_another_platform_cannot_end_a_plan_under_its_id(market):
    """It learns ids from events, and can make plans under them in its own tender: they never touch the published."""
    first, second = market
    second.bid(ORIGIN)
    second.plan_for("p1", "j-of-bazaar")
    second.write("Matching:replan", "p1", "p2", [0], 0, by=BAZAAR, salt=salt("again").encode())
    first.plan_for("p1", "j1")
    first.told("p1")
    with refused("PLAN_UNKNOWN"):
        second.told("p2")
    with refused("PLAN_UNKNOWN"):
        second.write("Matching:replan", "p1", "p3", [0], 0, by=BAZAAR, salt=salt("third").encode())
    with refused("ALREADY_PUBLISHED"):
        second.told("p1")
    assert first.agree("p1").json()["plan_id"] == "p1"


def test_a_plan_whose_id_another_took_first_gives_its_capacity_back(market):
    """Who is overtaken matches again under a new id, and nothing stays booked."""
    first, second = market
    first.plan_for("p1", "j1")
    second.plan_for("p1", "j1")
    second.told("p1")
    with refused("ALREADY_PUBLISHED"):
        first.told("p1")
    first.write("Matching:release", "p1", by=PLATFORM, salt=salt("free").encode())
    with refused("ALREADY_RELEASED"):
        first.write("Matching:release", "p1", by=PLATFORM, salt=salt("free").encode())
    with refused("PLAN_STANDS"):
        second.write("Matching:release", "p1", by=BAZAAR, salt=salt("free").encode())


def test_nobody_agrees_on_anothers_journey(market):
    """Each platform's agreement for a journey id has a place of its own; the other's is in nobody's way."""
    first, second = market
    second.plan_for("b1", "j1")
    second.told("b1")
    second.agree("b1")
    first.plan_for("p1", "j1")
    first.told("p1")
    assert first.agree("p1").json()["platform"] == PLATFORM
    for platform, plan in ((PLATFORM, "p1"), (BAZAAR, "b1"), ("", "p1")):
        named = [platform] if platform else []
        assert first.ask("Matching:agreed", "j1", "forward", *named, by=FORWARDER).json()["plan_id"] == plan


def test_a_journey_knows_its_platform():
    """It is the order's, so a way back that was agreed for it by another platform does not count."""
    channel = shipping.Channel()
    assert channel.open("J1")["platform"] == PLATFORM


def test_who_is_no_platform_opens_no_journey():
    """An organisation cannot name itself, or another member, as the platform of an order."""
    channel = shipping.Channel()
    with refused("NOT_A_SELLER"):
        channel.open("J1", order=channel.order("O1", platform=FORWARDER, merchant=PLATFORM))


def test_orders_of_two_platforms_stand_side_by_side():
    """Each is between its platform and its merchant; the other platform has nothing of it."""
    shop = Shop()
    members = (*BOTH, trading.PAYMENTS, AUDITOR, BAZAAR)
    shop.ledger = testing.Ledger(
        trading.commerce.chaincode, members, endorsement=trading.majority(members), channel="ecommerce"
    )
    shop.place("o1")
    shop.open("o1")
    placed = shop.place("o2", by=BAZAAR, platform=BAZAAR)
    assert {collection for collection, _ in placed.private_writes} == {
        f"_implicit_org_{BAZAAR}", f"_implicit_org_{MERCHANT}"
    }  # fmt: skip
    opened = shop.open("o2", by=BAZAAR, platform=BAZAAR, terms=PINNED).json()
    assert opened["platform"] == BAZAAR
    assert shop.ask("Orders:content", "o2", by=BAZAAR).json()["platform"] == BAZAAR
    with refused("NOT_FOUND"):
        shop.ask("Orders:content", "o2", by=PLATFORM)
    with refused("NOT_A_PARTY"):
        shop.submit("Orders:cancel", "o2", "BUYER_REQUEST", by=PLATFORM)
