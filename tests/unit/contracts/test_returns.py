"""Returns through the contracts: booked by themselves, held by validation, never on one organisation's word."""

from __future__ import annotations

import pytest

from hlf.shim import testing
from tests.unit.contracts import shipping, trading
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORWARDER,
    LAST_MILE,
    MERCHANT,
    ORIGIN,
    PLATFORM,
)

HASH = "a" * 64
AGREED = (MERCHANT, PLATFORM)


@pytest.fixture
def channel() -> shipping.Channel:
    """Return a channel with one delivered consignment."""
    made = shipping.Channel()
    made.open()
    made.deliver()
    return made


def refused(code: str):
    """Return the block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def act(channel: shipping.Channel, function: str, *args: object, by: str, endorsed_by=(MERCHANT, LAST_MILE)):
    """One step of return R1 by its party."""
    return channel.submit(f"Returns:{function}", "R1", *args, by=by, endorsed_by=endorsed_by)


def test_approval_books_the_way_back_in_the_same_transaction(channel):
    """One call: the decision, the carrier, the reverse journey with its pages and the buyer's goods on it."""
    made = channel.lodge()
    assert (made["state"], made["roles"]["carrier"]) == ("PICKUP_ASSIGNED", LAST_MILE)
    reverse = channel.query("Journeys:read", "R1-reverse")
    assert (reverse["journey"]["kind"], reverse["journey"]["return_id"]) == ("reverse", "R1")
    assert (reverse["journey"]["origin"], reverse["journey"]["destination"]) == ("VNHAN", "CNSZX")
    assert (reverse["custodian"], reverse["custody"]["state"]) == (LAST_MILE, "awaited")
    (parcel,) = reverse["journey"]["parcels"]
    assert parcel["contents"] == [{"line": "1", "quantity": 1, "serials": []}]
    assert reverse["journey"]["epcs"] == [parcel["identifier"]] == ["https://selat.test/voc/return/R1"]
    with refused("INVALID_ARGUMENT"):
        channel.open("J9", epcs=["https://selat.test/voc/return/R2"])
    assert channel.query("Returns:of_journey", "J1") == ["R1"]
    with refused("INVALID_ARGUMENT"):
        channel.lodge("R2", journey_id="R1-reverse")


def test_a_lost_parcel_is_refunded_without_waiting_and_without_a_way_back():
    """The carrier's own report is enough; before it the buyer waits as long as the terms say."""
    channel = shipping.Channel()
    channel.open()
    asked = {"reason": "NOT_RECEIVED", "condition": "sealed"}
    assert channel.lodge("R1", **asked)["decision"]["code"] == "NOT_DELIVERED"
    channel.hand_over(MERCHANT, ORIGIN, 10)
    channel.submit("Journeys:report", "J1", "lost", "S11", shipping.text(10), by=ORIGIN)
    made = channel.lodge("R2", **asked)
    assert (made["state"], made["reverse_journey_id"], made["roles"]["carrier"]) == ("RETURNLESS_APPROVED", "", "")


def test_a_return_goes_back_and_is_refunded(channel):
    """Fetched, carried, received, inspected, refunded, closed; the goods' states come from their own events."""
    channel.lodge()
    channel.hour = 30
    act(channel, "schedule_pickup", shipping.text(40), by=LAST_MILE)
    way = {"journey_id": "R1-reverse"}
    channel.record(LAST_MILE, "S22", "shipping", 40, "VNHAN", **way)
    assert channel.query("Returns:read", "R1")["state"] == "PICKED_UP"
    channel.record(LAST_MILE, "S11", "departing", 41, "VNHAN", **way)
    assert channel.query("Returns:read", "R1")["state"] == "IN_RETURN_TRANSIT"
    channel.hand_over(LAST_MILE, FORWARDER, 44, "VNHPH", **way)
    assert channel.query("Returns:read", "R1")["state"] == "IN_RETURN_TRANSIT"
    channel.hand_over(FORWARDER, MERCHANT, 70, **way)
    assert channel.query("Returns:read", "R1")["state"] == "RECEIVED"
    act(channel, "inspect", "unused", "1", HASH, by=MERCHANT)
    act(channel, "settle", "refund", HASH, by=MERCHANT)
    done = act(channel, "close", by=PLATFORM)
    assert [each["state"] for each in done["acts"]] == [
        "DRAFT", "SUBMITTED", "APPROVED", "PICKUP_ASSIGNED", "PICKUP_SCHEDULED", "PICKED_UP", "IN_RETURN_TRANSIT",
        "RECEIVED", "INSPECTED_PASS", "REFUNDED", "CLOSED",
    ]  # fmt: skip
    assert len(channel.query("Returns:history", "R1")) == 5


def test_goods_that_fail_the_inspection_go_back_to_the_buyer(channel):
    """Used where unused was promised: the terms fail them, and the seller sends them back."""
    channel.lodge()
    with refused("INVALID_ARGUMENT"):
        act(channel, "schedule_pickup", "tomorrow", by=LAST_MILE)
    channel.record(LAST_MILE, "S22", "shipping", 40, "VNHAN", journey_id="R1-reverse")
    channel.hand_over(LAST_MILE, MERCHANT, 60, journey_id="R1-reverse")
    assert act(channel, "inspect", "used", "1", HASH, by=MERCHANT)["state"] == "INSPECTED_FAIL"
    assert act(channel, "send_back", HASH, by=MERCHANT)["state"] == "SENT_BACK"


def test_an_exchange_opens_a_paired_forward_journey(channel):
    """The new goods leave from the seller on a journey of their own, with the units that came back."""
    channel.lodge(reason="DEFECTIVE", resolution="exchange", condition="damaged", evidence=[HASH])
    channel.record(LAST_MILE, "S22", "shipping", 40, "VNHAN", journey_id="R1-reverse")
    channel.hand_over(LAST_MILE, MERCHANT, 60, journey_id="R1-reverse")
    act(channel, "inspect", "damaged", "1", HASH, by=MERCHANT)
    new = ["urn:epc:id:sscc:0614141.1234567891"]
    act(channel, "settle", "exchange", HASH, new, by=MERCHANT, endorsed_by=shipping.MAJORITY)
    paired = channel.query("Journeys:read", "R1-exchange")
    assert (paired["journey"]["kind"], paired["journey"]["epcs"]) == ("exchange", new)
    assert paired["journey"]["lines"][0]["quantity"] == 1
    channel.record(MERCHANT, "S08", "packing", 61, journey_id="R1-exchange")


def test_a_rejection_is_kept_with_its_reasons(channel):
    """It is a result on the ledger, and frees the units for a better request."""
    channel.hour = 24 * 20
    made = channel.lodge()
    assert (made["state"], made["decision"]["code"]) == ("REJECTED", "OUTSIDE_WINDOW")
    finding = next(each for each in made["decision"]["findings"] if not each["met"])
    assert finding["would_pass_if"] == "it had been asked by 2026-01-13T23:59:59.999+07:00"
    with refused("RETURN_EXISTS"):
        channel.lodge()


def test_a_shopper_sees_its_returns_through_its_link(channel):
    """State, deadline and the way out, without an organisation's name."""
    channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=PLATFORM)
    channel.lodge("R1", condition="used")
    channel.lodge("R2")
    rejected, approved = channel.query("Returns:track", shipping.TOKEN_HASH)
    assert (rejected["state"], rejected["code"]) == ("REJECTED", "CONDITION_NOT_MET")
    assert rejected["would_pass_if"] == "the goods were unused or better"
    assert (approved["state"], approved["code"], approved["due"]) == ("PICKUP_ASSIGNED", "", "2026-01-09T00:00:00.000Z")
    assert "MSP" not in str([rejected, approved])
    with refused("LINK_UNKNOWN"):
        channel.query("Returns:track", "f" * 64)


def test_units_are_returned_once(channel):
    """Two of two units return; a third request finds none left, and a cancelled one gives its unit back."""
    assert channel.lodge("R1")["state"] == "PICKUP_ASSIGNED"
    assert channel.lodge("R2", quantity=2)["decision"]["code"] == "QTY_EXCEEDS"
    assert channel.lodge("R3")["state"] == "PICKUP_ASSIGNED"
    assert channel.lodge("R4")["decision"]["code"] == "ALREADY_RETURNED"
    channel.submit("Returns:cancel", "R3", by=PLATFORM, endorsed_by=AGREED)
    assert channel.lodge("R5")["state"] == "PICKUP_ASSIGNED"


def test_two_requests_for_the_last_unit_cannot_both_commit(channel):
    """Endorsed at the same time, the second fails at commit: the range of the order's returns has changed."""
    first, second = (
        channel.ledger.endorse(
            "Returns:request", channel.request(name, quantity=2), client=shipping.user(PLATFORM),
            endorsed_by=shipping.MAJORITY, at=shipping.at(30),
        )
        for name in ("R1", "R2")
    )  # fmt: skip
    channel.ledger.commit(first)
    with pytest.raises(testing.TransactionInvalid, match="PHANTOM_READ_CONFLICT"):
        channel.ledger.commit(second)


def test_later_terms_apply_only_where_they_are_better():
    """A version published after the order helps the buyer if it is worse in no point, and otherwise does not count."""
    channel = shipping.Channel()
    channel.open()
    channel.deliver()
    mixed = shipping.terms(2, effective=30, window_days=60, max_returns_per_90d=1)
    channel.majority("Terms:publish", mixed, by=MERCHANT)
    channel.hour = 24 * 20
    assert channel.lodge("R1")["decision"]["code"] == "OUTSIDE_WINDOW"
    channel.majority("Terms:publish", shipping.terms(3, effective=24 * 21, window_days=60), by=MERCHANT)
    channel.hour = 24 * 22
    better = channel.lodge("R2")
    assert (better["state"], better["decision"]["terms_version"]) == ("PICKUP_ASSIGNED", 3)


def test_no_return_moves_on_one_organisations_word(channel):
    """The seller alone, others without it, and strangers are all too few; the seller with one other is enough."""
    channel.lodge(reason="WRONG_ITEM")
    answer = ("answer", "false", HASH)
    for endorsers in ((MERCHANT,), (PLATFORM, AUDITOR), (MERCHANT, CUSTOMS), (CUSTOMS, FORWARDER)):
        with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
            act(channel, *answer, by=MERCHANT, endorsed_by=endorsers)
    assert act(channel, *answer, by=MERCHANT, endorsed_by=(MERCHANT, PLATFORM))["state"] == "REJECTED"


def test_nobody_approves_its_own_return(channel):
    """Neither carrier nor platform answers for the seller, nor does a seller answer what it lodged itself."""
    channel.lodge(reason="WRONG_ITEM")
    for stranger in (LAST_MILE, PLATFORM, CUSTOMS):
        with refused("NOT_THE_SELLER"):
            act(channel, "answer", "true", HASH, by=stranger)
    channel.majority("Returns:request", channel.request("R2", reason="WRONG_ITEM"), by=MERCHANT)
    with refused("OWN_RETURN"):
        channel.submit("Returns:answer", "R2", "true", HASH, by=MERCHANT, endorsed_by=AGREED)
    with refused("NOT_AN_AGENT"):
        channel.majority("Returns:request", channel.request("R3"), by=LAST_MILE)
    with refused("INVALID_ARGUMENT"):
        channel.lodge("R" * 49)


def test_a_silent_seller_has_approved(channel):
    """After its time anybody may write that down, without the seller's endorsement, and the way back is booked."""
    channel.lodge(reason="WRONG_ITEM")
    others = (PLATFORM, AUDITOR, CUSTOMS, FORWARDER, LAST_MILE)
    with refused("NOT_DUE"):
        channel.submit("Returns:enforce", "R1", by=PLATFORM, endorsed_by=others)
    channel.hour += 73
    with refused("DEADLINE_PASSED"):
        act(channel, "answer", "false", HASH, by=MERCHANT)
    done = channel.submit("Returns:enforce", "R1", by=PLATFORM, endorsed_by=others)
    assert (done["state"], done["acts"][-2]["notes"]) == ("PICKUP_ASSIGNED", {"deadline": "seller silent"})
    assert channel.query("Journeys:read", "R1-reverse")["custodian"] == LAST_MILE


def test_a_dispute_goes_to_the_arbiter_who_may_have_the_goods_fetched(channel):
    """Rejected, disputed, judged: the award books what the rejection had not."""
    channel.hour = 24 * 20
    channel.lodge()
    judged = (MERCHANT, AUDITOR)
    act(channel, "dispute", HASH, by=PLATFORM, endorsed_by=judged)
    with refused("NOT_THE_ARBITER"):
        act(channel, "arbitrate", "refund", HASH, by=PLATFORM)
    done = act(channel, "arbitrate", "fetch", HASH, by=AUDITOR, endorsed_by=shipping.MAJORITY)
    assert (done["state"], done["reverse_journey_id"]) == ("PICKUP_ASSIGNED", "R1-reverse")


def test_a_draft_waits_until_it_is_sent(channel):
    """It counts for nothing until then, and is judged by the time it is sent, not by the time it was written."""
    channel.majority("Returns:draft", channel.request(), by=PLATFORM)
    channel.hour = 24 * 20
    sent = channel.submit("Returns:submit", "R1", by=PLATFORM, endorsed_by=shipping.MAJORITY)
    assert sent["decision"]["code"] == "OUTSIDE_WINDOW"


def test_a_preview_and_the_request_agree(channel):
    """What the preview says is what the request decides."""
    assert channel.query("Returns:preview", channel.request())["outcome"] == "APPROVED"
    assert channel.lodge()["decision"]["outcome"] == "APPROVED"


def test_terms_can_be_tried_before_anything_is_bought(channel):
    """A simulation needs terms and imagination, and answers as a review does."""
    scenario = {
        "hs6": "851712", "ordered": 1, "ordered_at": shipping.text(50), "delivered_at": shipping.text(100, 7),
        "destination": "VNHAN", "asked_at": shipping.text(200), "reason": "CHANGE_OF_MIND", "resolution": "refund",
    }  # fmt: skip
    assert channel.query("Returns:simulate", "T1", 0, scenario)["outcome"] == "APPROVED"
    late = channel.query("Returns:simulate", "T1", 1, {**scenario, "asked_at": shipping.text(2000)})
    assert late["code"] == "OUTSIDE_WINDOW"
    for wrong in ({"ordered": 0}, {"asked_at": "some day"}):
        with refused("INVALID_ARGUMENT"):
            channel.query("Returns:simulate", "T1", 0, {**scenario, **wrong})
    priced = {**scenario, "ordered": 3, "unit_price": "1000", "carriage": "100", "reason": "DEFECTIVE", "evidence": 1}
    sums = {"price": "1000", "restocking": "0", "carriage": "34", "tax": "0", "amount": "1034"}
    assert channel.query("Returns:simulate", "T1", 0, priced)["comes_to"] == sums
    assert channel.query("Returns:simulate", "T1", 0, {**priced, "evidence": 0})["comes_to"] is None
    assert channel.query("Returns:simulate", "T1", 0, scenario)["comes_to"] is None
    abroad = channel.query("Returns:simulate", "T1", 1, {**scenario, "destination": "THBKK"})
    assert abroad["code"] == "NO_REVERSE_COVERAGE"


def test_only_the_assigned_carrier_fetches(channel):
    """The reverse journey is awaited by its carrier; no other organisation can pick the goods up."""
    channel.lodge()
    with refused("NOT_CUSTODIAN"):
        channel.record(FORWARDER, "S22", "shipping", 40, "VNHAN", journey_id="R1-reverse")
    with refused("NOT_IN_HAND"):
        channel.hand_over(LAST_MILE, FORWARDER, 40, "VNHAN", journey_id="R1-reverse")
    fetched = channel.record(LAST_MILE, "S22", "shipping", 40, "VNHAN", journey_id="R1-reverse")
    with refused("PICKUP_STANDS"):
        channel.submit("Journeys:correct", "R1-reverse", fetched["event_id"], "did_not_occur", by=LAST_MILE)
    with refused("ALREADY_IN_HAND"):
        channel.record(LAST_MILE, "S22", "shipping", 41, "VNHAN", journey_id="R1-reverse")


def test_the_buyer_chooses_one_of_the_times_that_the_carrier_offers(channel):
    """The carrier alone offers, the buyer's agent alone chooses; the link shows both, and the newest offer counts."""
    channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=PLATFORM)
    channel.lodge()
    times = [shipping.text(40), shipping.text(44)]
    for by, offer, code in (
        (MERCHANT, times, "NOT_THE_CARRIER"),
        (LAST_MILE, [], "INVALID_ARGUMENT"),
        (LAST_MILE, times * 5, "INVALID_ARGUMENT"),
        (LAST_MILE, [shipping.text(0)], "INVALID_ARGUMENT"),
    ):
        with refused(code):
            act(channel, "offer_pickups", offer, by=by)
    act(channel, "offer_pickups", [shipping.text(42)], by=LAST_MILE)
    act(channel, "offer_pickups", times, by=LAST_MILE)
    (seen,) = channel.query("Returns:track", shipping.TOKEN_HASH)
    offered = seen["pickups"]
    assert (seen["state"], len(offered), seen["pickup_at"]) == ("PICKUP_ASSIGNED", 2, "")
    for by, at, code in (
        (LAST_MILE, times[1], "NOT_THE_AGENT"),
        (PLATFORM, shipping.text(42), "INVALID_ARGUMENT"),
        (PLATFORM, "soon", "INVALID_ARGUMENT"),
    ):
        with refused(code):
            act(channel, "choose_pickup", at, by=by, endorsed_by=AGREED)
    for at, shown in zip(times, offered, strict=True):
        act(channel, "choose_pickup", at, by=PLATFORM, endorsed_by=AGREED)
        (seen,) = channel.query("Returns:track", shipping.TOKEN_HASH)
        assert (seen["state"], seen["pickup_at"]) == ("PICKUP_SCHEDULED", shown)
    act(channel, "schedule_pickup", shipping.text(43), by=LAST_MILE)
    (seen,) = channel.query("Returns:track", shipping.TOKEN_HASH)
    assert seen["pickups"] == []
    with refused("INVALID_ARGUMENT"):
        act(channel, "choose_pickup", times[0], by=PLATFORM, endorsed_by=AGREED)


def test_a_failed_pickup_waits_for_the_buyer_and_then_expires(channel):
    """Scheduled, failed, never handed over: the deadlines end it, and the units are free again."""
    with refused("RETURN_UNKNOWN"):
        channel.query("Returns:read", "R1")
    channel.lodge()
    act(channel, "schedule_pickup", shipping.text(40), by=LAST_MILE)
    assert act(channel, "fail_pickup", "nobody_home", by=LAST_MILE)["state"] == "PICKUP_FAILED"
    channel.hour += 24 * 14 + 1
    assert channel.submit("Returns:enforce", "R1", by=CUSTOMS, endorsed_by=shipping.MAJORITY)["state"] == "EXPIRED"
    channel.open("J2", parties=[PLATFORM, MERCHANT], order=channel.order("O2", placed_at=shipping.text(channel.hour)))
    channel.lodge("R2", journey_id="J2")
    with refused("NOT_A_PARTY"):
        channel.submit("Returns:enforce", "R2", by=CUSTOMS, endorsed_by=shipping.MAJORITY)


def test_what_is_not_worth_fetching_is_refunded_at_once():
    """A line below the terms' limit opens no journey; one bit on the ledger says so, and no price."""
    channel = shipping.Channel()
    channel.open(order=channel.order(lines=[trading.fact_line(returnless=True)]))
    channel.deliver()
    made = channel.lodge()
    assert (made["state"], made["reverse_journey_id"]) == ("RETURNLESS_APPROVED", "")
    settled = act(channel, "settle", "refund", HASH, by=MERCHANT, endorsed_by=AGREED)
    assert settled["state"] == "REFUNDED"
