"""Journeys: who may record what and when, and that custody is held by validation."""

from __future__ import annotations

import dataclasses

import pytest
from epcis_event_hash_generator import hash_generator, json_to_py

from chaincode.contracts.journeys import journeystate, partypages
from chaincode.domain.journeys import custody, epcis, pages
from chaincode.domain.register import stages
from hlf.codec import records
from hlf.shim import api, testing
from tests.unit.contracts import shipping, trading
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORWARDER,
    LAST_MILE,
    MERCHANT,
    ORIGIN,
    PAYMENTS,
    PLATFORM,
)  # fmt: skip

PINNED = {"terms_id": "T1", "version": 1, "digest": "0" * 64}
LINE = trading.fact_line()


@pytest.fixture
def channel() -> shipping.Channel:
    """Return a channel with one open journey, the merchant holding the goods."""
    made = shipping.Channel()
    made.open()
    return made


def refused(code: str):
    """Return the block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def test_a_consignment_goes_from_order_to_delivery(channel):
    """Every stage from S01 to S20 is recorded by its organisation, and custody ends with the delivery."""
    channel.deliver()
    state = channel.query("Journeys:read", "J1")
    assert state["recorded"] == [f"S{number:02}" for number in range(1, 21)]
    assert (state["status"], state["custody"]["state"], state["alarms"]) == ("delivered", "delivered", [])
    assert [each["custodian"] for each in state["custody"]["periods"]] == [MERCHANT, ORIGIN, FORWARDER, LAST_MILE]


def test_an_opening_asks_the_peer_no_more_often_for_more_parties_and_parcels(requests):
    """The register's entries of all parties come in one message, as what is known of all parcels does."""

    def asked(**changes) -> int:
        made = shipping.Channel()
        requests.clear()
        made.open(**changes)
        return len(requests)

    few = asked(parties=[MERCHANT, ORIGIN])
    assert few == asked(parties=[MERCHANT, ORIGIN, FORWARDER, LAST_MILE])
    assert few == asked(parties=[MERCHANT, ORIGIN], epcs=[shipping.sscc("J1"), shipping.sscc("J2")])


def test_a_hand_over_asks_the_peer_no_more_often_for_more_parcels(requests):
    """Their custody comes in one message, and so do one party's pages about them."""

    def asked(parcels: int) -> int:
        made = shipping.Channel()
        made.open(epcs=[shipping.sscc(f"J{number}") for number in range(parcels)])
        requests.clear()
        made.hand_over(MERCHANT, ORIGIN, 6)
        return len(requests)

    assert asked(2) == asked(4)


def test_all_pages_of_a_journey_come_in_one_message(requests):
    def asked(parties: list[str]) -> int:
        made = shipping.Channel()
        made.open(parties=parties)
        requests.clear()
        made.query("Journeys:read", "J1")
        return len(requests)

    assert asked([MERCHANT, ORIGIN]) == asked([MERCHANT, ORIGIN, FORWARDER, LAST_MILE])


def test_a_loss_counts_on_the_lane_on_which_it_happened(channel):
    """A carrier of the first leg answers for that leg, and not for the whole way to the buyer."""
    channel.hour = 10
    offered = ("Journeys:offer_custody", "J1", ORIGIN, shipping.text(10), "CNSZX", [])
    with refused("INVALID_ARGUMENT"):
        channel.submit(*offered, "Nanning", by=MERCHANT)
    channel.submit(*offered, "CNNNG", by=MERCHANT)
    channel.submit("Journeys:accept_custody", "J1", shipping.text(10), "CNSZX", by=ORIGIN)
    channel.hour = 11
    channel.submit("Journeys:report", "J1", "lost", "S11", shipping.text(11), by=ORIGIN)
    channel.count("J1")
    (seen,) = channel.query("Performance:carrier", ORIGIN)["lanes"]
    assert (seen["origin"], seen["destination"], seen["loss_ppm"]) == ("CNSZX", "CNNNG", 1_000_000)


def test_a_lost_parcel_counts_against_who_held_it(channel):
    """It will never be handed over; its carrier's figures do not wait for that, and a plan said late is none."""
    channel.hand_over(MERCHANT, ORIGIN, 10)
    channel.hour = 11
    channel.submit("Journeys:state_time", "J1", "S11", shipping.text(30), by=ORIGIN)
    assert channel.count("J1") == ["J1"]
    assert channel.query("Performance:carrier", ORIGIN)["lanes"] == []
    channel.submit("Journeys:report", "J1", "lost", "S11", shipping.text(11), by=ORIGIN)
    assert channel.count("J1") == ["J1"]
    (seen,) = channel.query("Performance:carrier", ORIGIN)["lanes"]
    assert (seen["origin"], seen["destination"], seen["n"]) == ("CNSZX", "VNHAN", 1)
    assert (seen["loss_ppm"], seen["damage_ppm"], seen["on_time_bps"]) == (1_000_000, 0, None)
    assert channel.query("Performance:lane", "CNSZX", "VNHAN") == [seen]


def test_a_parcel_is_on_one_journey_at_a_time(channel):
    """However its number is written; once the journey is over (delivered, lost or cancelled), the number is free."""
    link = "https://id.gs1.org/00/106141412345678908"
    with refused("PARCEL_IN_USE"):
        channel.open("J2", epcs=["https://id.gs1.org/01/09506000134352/21/1", link])
    channel.deliver()
    channel.open("J2", epcs=[link])
    with refused("PARCEL_IN_USE"):
        channel.open("J3", epcs=[shipping.SSCC])
    channel.submit("Journeys:report", "J2", "lost", "S02", shipping.text(24), by=MERCHANT)
    channel.open("J3", epcs=[shipping.SSCC])
    channel.submit("Journeys:report", "J3", "cancelled", "S01", shipping.text(24), by=PLATFORM)
    channel.open("J4", epcs=[shipping.SSCC])


@pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")
def test_gs1s_generator_finds_every_event_id_in_what_is_exported(channel):
    """A whole journey with its handovers, byte for byte as the contract answers: each eventID is GS1's own hash."""
    channel.deliver()
    told = channel.query("Journeys:events", "J1")
    found = hash_generator.epcis_hashes_from_events(json_to_py.event_list_from_epcis_document_json(told))
    assert [event["eventID"] for event in told["epcisBody"]["eventList"]] == found
    assert len(found) == 25


def test_a_shopper_follows_a_link_and_sees_no_organisation(channel):
    """The view behind a token's hash has status and places, and no MSP id or identifier of the goods."""
    channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=PLATFORM)
    channel.deliver()
    view = channel.query("Journeys:track", shipping.TOKEN_HASH)
    assert view["status"] == "delivered"
    last = {"at": "2026-01-06T00:00:00.000Z", "place": "VNHAN", "stage": "S20", "step": "accepting"}
    assert view["events"][-1] == last
    assert "MSP" not in str(view)
    assert "urn:epc" not in str(view)
    with refused("LINK_UNKNOWN"):
        channel.query("Journeys:track", "f" * 64)


def test_the_same_observation_again_changes_nothing(channel):
    """A client that did not see its answer may repeat itself."""
    first = channel.record(MERCHANT, "S02", "receiving", 5)
    again = channel.record(MERCHANT, "S02", "receiving", 5)
    assert (first["repeated"], again) == (False, {**first, "repeated": True})
    assert len(channel.query("Journeys:events", "J1")["epcisBody"]["eventList"]) == 1


def test_only_entitled_parties_record(channel):
    """A role that the catalogue does not name, and an organisation that takes no part, are refused."""
    with refused("STAGE_NOT_ENTITLED"):
        channel.record(MERCHANT, "S14", "selat:customs_released", 5)
    channel.open("J2", parties=[PLATFORM, MERCHANT])
    with refused("NOT_A_PARTY"):
        channel.record(CUSTOMS, "S14", "selat:customs_released", 5, journey_id="J2")


def test_only_who_held_the_goods_then_says_what_happened_to_them(channel):
    """Custody counts at the event's own time: late entries of a former custodian stand, others are refused."""
    channel.hand_over(MERCHANT, ORIGIN, 10)
    assert channel.record(MERCHANT, "S08", "packing", 9)["repeated"] is False
    with refused("NOT_CUSTODIAN"):
        channel.record(MERCHANT, "S08", "packing", 11)
    with refused("NOT_CUSTODIAN"):
        channel.record(ORIGIN, "S10", "loading", 9.5)


def test_customs_opens_and_closes_the_border(channel):
    """Freight does not depart before export customs released it, nor while customs holds it."""
    channel.hand_over(MERCHANT, FORWARDER, 10)
    with refused("GATE_CLOSED"):
        channel.record(FORWARDER, "S15", "departing", 11)
    channel.record(CUSTOMS, "S14", "selat:customs_released", 12)
    channel.record(CUSTOMS, "S14", "holding", 13)
    with refused("GATE_CLOSED"):
        channel.record(FORWARDER, "S15", "departing", 14)
    channel.record(CUSTOMS, "S14", "selat:customs_released", 15)
    channel.record(FORWARDER, "S15", "departing", 16)


@pytest.mark.parametrize(
    ("hour", "now", "code"),
    [(6, 5, "EVENT_IN_FUTURE"), (2, 5, "PRE_DATED"), (5, 24 * 40, "TOO_LATE")],
)
def test_times_are_kept_honest(channel, hour, now, code):
    """Nothing is recorded before it happened, before the order, or a month later."""
    observation = {"stage_id": "S02", "step": "receiving", "event_time": shipping.text(hour), "place": "CNSZX"}
    channel.hour = now
    with refused(code):
        channel.submit("Journeys:record", "J1", observation, by=MERCHANT)


def test_a_transaction_cannot_be_pre_dated(channel):
    """A client that sets its transaction's clock back, behind what it recorded itself, is found out."""
    channel.record(MERCHANT, "S02", "receiving", 9)
    channel.hour = 6
    observation = {"stage_id": "S03", "step": "storing", "event_time": shipping.text(6), "place": "CNSZX"}
    with refused("CLOCK_WENT_BACK"):
        channel.submit("Journeys:record", "J1", observation, by=MERCHANT)


def test_a_handover_needs_both_signatures(channel):
    """Neither the taker alone nor the taker with strangers can take what the giver's peer did not endorse."""
    channel.hour = 10
    channel.submit("Journeys:offer_custody", "J1", ORIGIN, shipping.text(10), "CNSZX", by=MERCHANT)
    accepted = ("Journeys:accept_custody", "J1", shipping.text(10), "CNSZX")
    for endorsers in ((ORIGIN,), (ORIGIN, CUSTOMS, PAYMENTS, AUDITOR, FORWARDER), (MERCHANT,)):
        with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
            channel.submit(*accepted, by=ORIGIN, endorsed_by=endorsers)
    assert channel.submit(*accepted, by=ORIGIN, endorsed_by=(MERCHANT, ORIGIN))["number"] == 1


def test_a_handover_needs_both_people(channel):
    """Endorsement is a machine's consent: only the custodian's client offers, only the named taker's accepts."""
    with refused("NOT_CUSTODIAN"):
        channel.hand_over(CUSTOMS, ORIGIN, 10)
    channel.submit("Journeys:offer_custody", "J1", ORIGIN, shipping.text(10), "CNSZX", by=MERCHANT)
    accepted = ("Journeys:accept_custody", "J1", shipping.text(10), "CNSZX")
    for stranger in (MERCHANT, FORWARDER):
        with refused("NOT_THE_TAKER"):
            channel.submit(*accepted, by=stranger, endorsed_by=(MERCHANT, stranger))
    channel.submit("Journeys:withdraw_custody", "J1", by=MERCHANT)
    with refused("NOT_OFFERED"):
        channel.submit(*accepted, by=ORIGIN, endorsed_by=(MERCHANT, ORIGIN))


def test_the_majority_cannot_write_on_a_partys_page(channel):
    """A page takes its party's endorsement and nobody else's, however many they are."""
    observation = {"stage_id": "S02", "step": "receiving", "event_time": shipping.text(5), "place": "CNSZX"}
    channel.hour = 5
    others = (PLATFORM, PAYMENTS, ORIGIN, FORWARDER, LAST_MILE, CUSTOMS, AUDITOR)
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        channel.submit("Journeys:record", "J1", observation, by=MERCHANT, endorsed_by=others)


def test_an_error_is_declared_and_never_hidden(channel):
    """The wrong event stays, its declaration follows with the same eventID, and the right one stands."""
    wrong = channel.record(MERCHANT, "S06", "cycle_counting", 5, disposition="mismatch_quantity")
    right = {"stage_id": "S06", "step": "cycle_counting", "event_time": shipping.text(5.5), "place": "CNSZX",
             "disposition": "completeness_verified"}  # fmt: skip
    channel.hour = 7
    corrected = channel.submit("Journeys:correct", "J1", wrong["event_id"], "incorrect_data", right, by=MERCHANT)
    events = channel.query("Journeys:events", "J1")["epcisBody"]["eventList"]
    first, declaration, last = events
    assert first["eventID"] == declaration["eventID"] == wrong["event_id"]
    assert declaration["errorDeclaration"] == {
        "declarationTime": "2026-01-05T07:00:00.000Z", "reason": "incorrect_data",
        "correctiveEventIDs": [corrected["event_id"]],
    }  # fmt: skip
    assert last["disposition"] == "completeness_verified"
    with refused("ALREADY_CORRECTED"):
        channel.submit("Journeys:correct", "J1", wrong["event_id"], "did_not_occur", by=MERCHANT)
    with refused("EVENT_TAKEN_BACK"):
        channel.record(MERCHANT, "S06", "cycle_counting", 5, disposition="mismatch_quantity")


def test_nobody_takes_anothers_event_back(channel):
    """Not even a handover by one of the two who signed it."""
    said = channel.record(MERCHANT, "S03", "storing", 5)
    with refused("EVENT_UNKNOWN"):
        channel.submit("Journeys:correct", "J1", said["event_id"], "did_not_occur", by=ORIGIN)
    channel.hand_over(MERCHANT, ORIGIN, 6)
    signed = channel.query("Journeys:read", "J1")["custody"]["periods"][-1]["event_id"]
    with refused("HANDOVER_STANDS"):
        channel.submit("Journeys:correct", "J1", signed, "did_not_occur", by=ORIGIN)


def test_a_delivery_in_error_leaves_the_goods_in_hand(channel):
    """Taken back, it can be recorded again at its right time, in the same correction or later."""
    channel.deliver()
    delivered = channel.query("Journeys:events", "J1")["epcisBody"]["eventList"][-1]["eventID"]
    channel.hour = 26
    right = {"stage_id": "S20", "step": "accepting", "event_time": shipping.text(23), "place": "VNHAN"}
    channel.submit("Journeys:correct", "J1", delivered, "incorrect_data", right, by=LAST_MILE)
    state = channel.query("Journeys:read", "J1")
    assert (state["status"], state["custody"]["ended_at"]) == ("delivered", int(shipping.at(23).timestamp() * 1000))
    again = channel.query("Journeys:events", "J1")["epcisBody"]["eventList"][-1]["eventID"]
    channel.submit("Journeys:correct", "J1", again, "did_not_occur", by=LAST_MILE)
    state = channel.query("Journeys:read", "J1")
    assert (state["status"], state["custody"]["state"]) == ("out_for_delivery", "held")
    channel.record(LAST_MILE, "S20", "accepting", 27, "VNHAN")


def test_times_and_incidents_are_said_by_those_concerned(channel):
    """Plan, estimate and exception stand on the party's page; the shopper sees what follows from them."""
    channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=PLATFORM)
    channel.submit("Journeys:state_time", "J1", "S20", shipping.text(20), by=LAST_MILE)
    said = channel.submit("Journeys:state_time", "J1", "S20", shipping.text(30), by=LAST_MILE)
    assert said["estimated_at"] - said["planned_at"] == 10 * 3_600_000
    with refused("STAGE_NOT_ENTITLED"):
        channel.submit("Journeys:state_time", "J1", "S20", shipping.text(20), by=CUSTOMS)
    channel.hour = 8
    delayed = ("Journeys:report", "J1", "delayed", "S19", shipping.text(8))
    channel.submit(*delayed, by=LAST_MILE)
    channel.submit(*delayed, by=LAST_MILE)
    view = channel.query("Journeys:track", shipping.TOKEN_HASH)
    assert (view["status"], view["expected_at"]) == ("delivery_delayed", "2026-01-06T06:00:00.000Z")
    channel.hour = 21
    state = channel.query("Journeys:read", "J1")
    assert len(state["incidents"]) == 1
    assert [alarm["code"] for alarm in state["alarms"]] == ["OVERDUE"]
    with refused("NOT_CANCELLABLE"):
        channel.submit("Journeys:report", "J1", "cancelled", "S19", shipping.text(20), by=LAST_MILE)
    channel.submit("Journeys:report", "J1", "cancelled", "S01", shipping.text(20), by=PLATFORM)
    assert channel.query("Journeys:track", shipping.TOKEN_HASH)["status"] == "cancelled"


def test_what_contradicts_the_order_is_accepted_and_shown(channel):
    """Late news are better than none; what is missing or out of order stands out as an alarm."""
    channel.record(MERCHANT, "S02", "receiving", 8)
    channel.hand_over(MERCHANT, ORIGIN, 10)
    channel.record(ORIGIN, "S10", "loading", 11)
    codes = [alarm["code"] for alarm in channel.query("Journeys:read", "J1")["alarms"]]
    assert codes.count("STAGE_MISSING") == 3
    channel.record(MERCHANT, "S08", "packing", 9)
    channel.record(MERCHANT, "S09", "selat:labelling", 9.5)
    channel.record(PLATFORM, "S01", "selat:order_receiving", 10.5)
    state = channel.query("Journeys:read", "J1")
    assert [alarm["code"] for alarm in state["alarms"]] == ["OUT_OF_ORDER"]
    assert "S02 began before S01" in state["alarms"][0]["text"]


def test_gaps_and_overlaps_in_custody_are_alarms(channel):
    """The giver's time and the taker's time need not agree, but a difference is seen."""
    channel.hour = 12
    channel.submit("Journeys:offer_custody", "J1", ORIGIN, shipping.text(8), "CNSZX", by=MERCHANT)
    both = (MERCHANT, ORIGIN)
    channel.submit("Journeys:accept_custody", "J1", shipping.text(10), "CNSZX", by=ORIGIN, endorsed_by=both)
    channel.submit("Journeys:offer_custody", "J1", FORWARDER, shipping.text(12), "CNSZX", by=ORIGIN)
    accepted = ("Journeys:accept_custody", "J1", shipping.text(11.5), "CNSZX")
    channel.submit(*accepted, by=FORWARDER, endorsed_by=(ORIGIN, FORWARDER))
    alarms = [alarm for alarm in channel.query("Journeys:read", "J1")["alarms"] if alarm["code"].startswith("CUSTODY")]
    assert [(alarm["code"], alarm["parties"]) for alarm in alarms] == [
        ("CUSTODY_GAP", [MERCHANT, ORIGIN]),
        ("CUSTODY_OVERLAP", [ORIGIN, FORWARDER]),
    ]


def test_estimates_and_performance_come_from_what_was_signed(channel):
    """Three delivered journeys give the fourth an estimate, and the carriers a record beside their claim."""
    for number in range(2, 5):
        if number > 2:
            channel.hour = 4
        channel.open(f"J{number}")
        channel.deliver(f"J{number}")
    assert channel.query("Performance:uncounted") == {"journey_ids": ["J2", "J3", "J4"], "bookmark": ""}
    assert channel.count("J4", "J2", "J3") == ["J2", "J3", "J4"]
    channel.hour = 12
    channel.record(PLATFORM, "S01", "selat:order_receiving", 5)
    channel.hand_over(MERCHANT, ORIGIN, 11)
    estimate = channel.query("Journeys:estimate", "J1")
    assert (estimate["stage_id"], estimate["n"]) == ("S02", 3)
    lane = channel.query("Performance:carrier", LAST_MILE)["lanes"]
    assert [(each["origin"], each["destination"], each["n"], each["p90_minutes"]) for each in lane] == [
        ("VNHPH", "VNHAN", 3, 180)
    ]
    claimed = {"p50_hours": 2, "p90_hours": 2, "on_time_bps": 9000}
    beside = channel.query("Performance:compare", LAST_MILE, "VNHPH", "VNHAN", claimed)
    assert (beside["p50_bps"], beside["on_time_bps"]) == (15_000, None)
    assert channel.query("Performance:lane", "VNHPH", "VNHAN") == lane
    unseen = ("Performance:compare", CUSTOMS, "VNHPH", "VNHAN", claimed)
    assert channel.ledger.evaluate(*unseen, client=shipping.user(PLATFORM)).payload == b""


@pytest.mark.parametrize(
    ("code", "by", "changes"),
    [
        ("JOURNEY_EXISTS", PLATFORM, {}),
        ("WRONG_ORDER", ORIGIN, {"journey_id": "J2"}),
        ("NOT_A_SELLER", PLATFORM, {"journey_id": "J2", "order": {"merchant": ORIGIN}}),
        ("NOT_A_SELLER", ORIGIN, {"journey_id": "J2", "order": {"platform": ORIGIN}}),
        ("NOT_A_PARTICIPANT", PLATFORM, {"journey_id": "J2", "order": {"merchant": "NobodyMSP"}}),
        ("TERMS_UNKNOWN", PLATFORM, {"journey_id": "J2", "order": {"terms": {**PINNED, "digest": "f" * 64}}}),
        ("ORDER_DIFFERS", PLATFORM, {"journey_id": "J2", "order": {"order_id": "O1", "destination": "VNSGN"}}),
        ("MORE_THAN_ORDERED", PLATFORM, {"journey_id": "J2", "order": {"order_id": "O1"}}),
        ("MORE_THAN_ORDERED", PLATFORM, {"journey_id": "J2", "lines": [{"line": "1", "quantity": 3}]}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "lines": [{"line": "2", "quantity": 1}]}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "lines": [{"line": "1", "quantity": 0}]}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "lines": [{"line": "1", "quantity": 1}] * 2}),
        ("NOT_A_PARTICIPANT", PLATFORM, {"journey_id": "J2", "parties": [MERCHANT, "NobodyMSP"]}),
        ("NOT_A_PARTY", PLATFORM, {"journey_id": "J2", "parties": [PLATFORM]}),
        ("EVENT_IN_FUTURE", PLATFORM, {"journey_id": "J2", "order": {"placed_at": shipping.text(99)}}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "order": {"placed_at": "9999-12-31T23:59:59-05:00"}}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "kind": "reverse"}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "kind": "exchange"}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "order": {"origin": "Shenzhen"}}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "order": {"buyer_hash": "Nguyen Van A"}}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "epcs": []}),
        (
            "INVALID_ARGUMENT",
            PLATFORM,
            {"journey_id": "J2", "order": {"lines": [{**LINE, "goods": LINE["goods"][:1]}]}},
        ),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "order": {"lines": [LINE, LINE]}}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "lines": []}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "epcs": ["a parcel"]}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J2", "epcs": ["https://id.gs1.org/00/106141412345678909"]}),
        ("NOT_A_PARTY", PLATFORM, {"journey_id": "J2", "parties": [PLATFORM, MERCHANT], "custodian": ORIGIN}),
        ("INVALID_ARGUMENT", PLATFORM, {"journey_id": "J/2"}),
    ],
)
def test_an_opening_states_what_it_must(channel, code, by, changes):
    """The sides of an order open, once, under terms on the ledger, no more than was ordered."""
    given = {**changes}
    if "order" in changes:
        given["order"] = channel.order(**{"order_id": "O2", **changes["order"]})
    with refused(code):
        channel.majority("Journeys:open", channel.opening(**given), by=by)


def test_nothing_opens_before_there_is_a_catalogue():
    """A journey pins the version it follows."""
    bare = testing.Ledger(shipping.trade.chaincode, shipping.MEMBERS)
    with refused("NO_CATALOGUE"):
        bare.evaluate("Stages:current", client=shipping.user(PLATFORM))


def test_links_are_given_out_by_sellers_once(channel):
    """Not by a carrier, not twice for one token, not for a journey that is none."""
    with refused("NOT_A_SELLER"):
        channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=ORIGIN)
    channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=MERCHANT)
    with refused("LINK_EXISTS"):
        channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=MERCHANT)
    with refused("JOURNEY_UNKNOWN"):
        channel.majority("Journeys:link", "J9", "e" * 64, by=MERCHANT)
    with refused("NOT_A_SELLER"):
        channel.majority("Journeys:unlink", shipping.TOKEN_HASH, by=ORIGIN)
    channel.majority("Journeys:unlink", shipping.TOKEN_HASH, by=PLATFORM)
    with refused("LINK_UNKNOWN"):
        channel.query("Journeys:track", shipping.TOKEN_HASH)


class Doctored(api.Contract):
    """What a hostile organisation runs on its own peer in place of the agreed chaincode."""

    name = "Journeys"

    @api.transaction
    def dump(self, ctx: api.Context, journey_id: str, victim: str) -> None:
        """Name *victim* as custodian without asking it."""
        held = journeystate.find_custody(ctx, journey_id)
        event_id = "ni:///sha-256;" + "0" * 64 + "?ver=CBV2.0"
        forged = custody.Period(victim, held.since + 1, "CNSZX", held.custodian, held.since, event_id)
        journeystate.save_custody(ctx, dataclasses.replace(held, number=1, periods=(*held.periods, forged)))

    @api.transaction
    def forge(self, ctx: api.Context, journey_id: str, victim: str) -> None:
        """Empty the page of *victim*."""
        ctx.stub.put_state(
            ctx.stub.create_composite_key(partypages.PAGE, [journey_id, victim]),
            records.dumps(pages.Page(journey_id, victim)),
        )

    @api.transaction
    def scribble(self, ctx: api.Context, kind: str, names: list[str]) -> None:
        """Leave rubbish on a key."""
        ctx.stub.put_state(ctx.stub.create_composite_key(kind, names), b"rubbish")

    @api.transaction
    def plant(self, ctx: api.Context, kind: str, names: list[str], value: dict[str, object]) -> None:
        """Leave a record of one's own making on a key."""
        ctx.stub.put_state(ctx.stub.create_composite_key(kind, names), records.dumps(value))

    @api.transaction
    def claim(self, ctx: api.Context, journey_id: str, observation: epcis.Observation) -> None:
        """Record a stage of somebody else on one's own page."""
        journey = journeystate.load(ctx, journey_id)
        mine = partypages.page(ctx, journey_id, ctx.client.msp_id)
        stage = stages.STANDARD.stage(observation.stage_id)
        entry = pages.entry_of(journey, ctx.client.msp_id, stage, observation, observation.moment.at)
        partypages.save_page(ctx, mine.with_entry(entry))

    @api.transaction
    def rewrite(self, ctx: api.Context, journey_id: str) -> None:
        """Leave out who held the goods before."""
        held = journeystate.find_custody(ctx, journey_id)
        journeystate.save_custody(ctx, dataclasses.replace(held, number=0, periods=(held.periods[0], held.periods[-1])))


def doctored(channel: shipping.Channel) -> testing.Ledger:
    """Return the same channel, as it looks to peers that run the doctored contract."""
    ledger = testing.Ledger(api.Chaincode("trade", [Doctored]), channel.ledger.members)
    ledger.world = channel.ledger.world
    return ledger


def test_a_forged_handover_counts_for_nothing(channel):
    """A doctored peer can write its own key; the victim is not taken for the holder, and puts it right."""
    doctored(channel).invoke("Journeys:dump", "J1", ORIGIN, client=shipping.user(MERCHANT), at=shipping.at(5))
    assert channel.query("Journeys:read", "J1")["alarms"][0]["code"] == "CUSTODY_CONTESTED"
    channel.hour = 6
    for function, *args in (
        ("record", {"stage_id": "S03", "step": "storing", "event_time": shipping.text(6), "place": "CNSZX"}),
        ("offer_custody", FORWARDER, shipping.text(6), "CNSZX"),
    ):
        with refused("CUSTODY_CONTESTED"):
            channel.submit(f"Journeys:{function}", "J1", *args, by=ORIGIN)
    with refused("NOT_CUSTODIAN"):
        channel.submit("Journeys:repudiate_custody", "J1", by=FORWARDER)
    restored = channel.submit("Journeys:repudiate_custody", "J1", by=ORIGIN)
    assert [period["custodian"] for period in restored["periods"]] == [MERCHANT]
    channel.record(MERCHANT, "S03", "storing", 6)
    channel.hand_over(MERCHANT, ORIGIN, 7)
    with refused("CUSTODY_ACCEPTED"):
        channel.submit("Journeys:repudiate_custody", "J1", by=ORIGIN)


def test_a_doctored_peer_cannot_touch_what_is_not_its_own(channel):
    """Neither another's page nor a custody that has passed on: every honest peer finds the transaction invalid."""
    channel.record(ORIGIN, "S04", "selat:classifying", 5)
    channel.hand_over(MERCHANT, ORIGIN, 6)
    hostile = doctored(channel)
    for function, victim in (("forge", ORIGIN), ("dump", CUSTOMS)):
        with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
            hostile.invoke(f"Journeys:{function}", "J1", victim, client=shipping.user(MERCHANT), at=shipping.at(7))


def test_a_release_that_customs_did_not_give_opens_no_border(channel):
    """A forwarder may write on its own page, and honest peers read past what it may not say there."""
    channel.hand_over(MERCHANT, FORWARDER, 5)
    forged = {"stage_id": "S14", "step": "selat:customs_released", "event_time": shipping.text(6), "place": "CNSZX"}
    doctored(channel).invoke("Journeys:claim", "J1", forged, client=shipping.user(FORWARDER), at=shipping.at(6))
    with refused("GATE_CLOSED"):
        channel.record(FORWARDER, "S15", "departing", 7)
    state = channel.query("Journeys:read", "J1")
    assert "S14" not in state["recorded"]
    assert [alarm["parties"] for alarm in state["alarms"] if alarm["code"] == "PAGE_DOUBTED"] == [[FORWARDER]]


def test_rubbish_on_ones_own_keys_holds_nobody_else_up(channel):
    """Neither a page nor a custody that is none keeps others from recording, reading and returning."""
    channel.deliver()
    hostile, at = doctored(channel), shipping.at(25)
    hostile.invoke("Journeys:scribble", "page", ["J1", FORWARDER], client=shipping.user(FORWARDER), at=at)
    channel.record(CUSTOMS, "S12", "inspecting", 25)
    assert channel.lodge()["state"] == "PICKUP_ASSIGNED"
    assert channel.query("Journeys:read", "J1")["status"] == "delivered"
    hostile.invoke("Journeys:scribble", "custody", ["J1"], client=shipping.user(LAST_MILE), at=at)
    codes = {alarm["code"] for alarm in channel.query("Journeys:read", "J1")["alarms"]}
    assert {"PAGE_DOUBTED", "CUSTODY_UNREADABLE"} <= codes
    channel.count("J1")
    assert channel.query("Performance:carrier", LAST_MILE)["lanes"] == []


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00Z", "๒๐๒๗-๐๑-๐๑T๐๐:๐๐:๐๐Z"])
def test_an_estimate_that_cannot_be_printed_is_refused(channel, at):
    """It would break the page that every later reader reads."""
    channel.hour = 6
    for function, said in (
        ("Journeys:state_time", ("S20", at)), ("Journeys:report", ("delayed", "S20", at)),
        ("Journeys:record", ({"stage_id": "S20", "step": "accepting", "event_time": at, "place": "VNHAN"},)),
    ):  # fmt: skip
        with refused("INVALID_ARGUMENT"):
            channel.submit(function, "J1", *said, by=LAST_MILE)


def test_a_time_beyond_print_on_a_doctored_page_holds_nobody_up(channel):
    """A number no calendar has makes the page unreadable, and the page of its writer alone."""
    channel.deliver()
    key = ["J1", LAST_MILE]
    forged = {"journey_id": "J1", "msp_id": LAST_MILE, "entries": [], "incidents": [],
              "times": [{"stage_id": "S20", "planned_at": 10**15, "estimated_at": 10**15, "stated_at": 0,
                         "first_stated_at": 0}]}  # fmt: skip
    doctored(channel).invoke("Journeys:plant", "page", key, forged, client=shipping.user(LAST_MILE), at=shipping.at(25))
    channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=PLATFORM)
    assert channel.query("Journeys:track", shipping.TOKEN_HASH)["status"] != "delivered"
    alarms = channel.query("Journeys:read", "J1")["alarms"]
    assert [LAST_MILE] in [alarm["parties"] for alarm in alarms if alarm["code"] == "PAGE_DOUBTED"]


def test_a_loss_on_a_doctored_page_of_who_never_had_the_goods_is_none(channel):
    """The contract would not have taken it; honest peers leave it out, and the parcel is on its way."""
    channel.hand_over(MERCHANT, ORIGIN, 5)
    channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=PLATFORM)
    lost = {
        "kind": "lost",
        "stage_id": "S15",
        "at": at_ms(5.5),
        "recorded_at": at_ms(6),
        "note_hash": "",
        "parcels": [],
    }
    forged = {"journey_id": "J1", "msp_id": FORWARDER, "entries": [], "incidents": [lost], "times": []}
    by = {"client": shipping.user(FORWARDER), "at": shipping.at(6)}
    doctored(channel).invoke("Journeys:plant", "page", ["J1", FORWARDER], forged, **by)
    assert channel.query("Journeys:track", shipping.TOKEN_HASH)["status"] == "picked_up"
    channel.hour = 6
    channel.submit("Journeys:report", "J1", "lost", "S11", shipping.text(6), by=ORIGIN)
    assert channel.query("Journeys:track", shipping.TOKEN_HASH)["status"] == "unknown"


def at_ms(hour: float) -> int:
    """Return an hour of the scenario in milliseconds."""
    return int(shipping.at(hour).timestamp() * 1000)


def test_who_held_the_goods_before_is_not_written_away(channel):
    """A custodian that rewrites the chain contradicts the pages of those it leaves out or moves."""
    channel.hand_over(MERCHANT, ORIGIN, 5)
    channel.hand_over(ORIGIN, FORWARDER, 6)
    doctored(channel).invoke("Journeys:rewrite", "J1", client=shipping.user(FORWARDER), at=shipping.at(7))
    state = channel.query("Journeys:read", "J1")
    assert [alarm["parties"] for alarm in state["alarms"] if alarm["code"] == "CUSTODY_CONTESTED"] == [[ORIGIN]]


def test_a_replayed_handover_is_refused(channel):
    """An acceptance is used up with its offer: the same call again finds none."""
    channel.hand_over(MERCHANT, ORIGIN, 10)
    with refused("NOT_OFFERED"):
        channel.submit(
            "Journeys:accept_custody", "J1", shipping.text(10), "CNSZX", by=ORIGIN, endorsed_by=(MERCHANT, ORIGIN)
        )


def test_two_handovers_in_one_block_do_not_both_pass(channel):
    """Two acceptances endorsed at once touch the same keys; the second is invalid."""
    channel.hour = 10
    channel.submit("Journeys:offer_custody", "J1", ORIGIN, shipping.text(10), "CNSZX", by=MERCHANT)
    first, second = (
        channel.ledger.endorse(
            "Journeys:accept_custody", "J1", shipping.text(hour), "CNSZX", client=shipping.user(ORIGIN),
            endorsed_by=(MERCHANT, ORIGIN), at=shipping.at(10),
        )
        for hour in (10, 10.1)
    )  # fmt: skip
    channel.ledger.commit(first)
    with pytest.raises(testing.TransactionInvalid, match="MVCC_READ_CONFLICT"):
        channel.ledger.commit(second)


def test_everything_that_was_is_in_the_history(channel):
    """Opening, custody and each party's page, every value; and each stage with who did it when."""
    channel.hand_over(MERCHANT, ORIGIN, 10)
    history = channel.query("Journeys:history", "J1")
    names = ("journey", "custody", f"page of {ORIGIN}", f"page of {CUSTOMS}")
    assert [len(history[name]) for name in names] == [1, 3, 2, 1]
    assert history["custody"][0]["value"]["periods"][-1]["custodian"] == ORIGIN
    assert channel.query("Journeys:of_order", "O1") == ["J1"]
    received = channel.query("Journeys:progress", "J1")[1]
    assert (received["stage_id"], received["recorders"], received["missing"]) == ("S02", [ORIGIN], ["S01"])
    with refused("INVALID_ARGUMENT"):
        channel.submit("Journeys:offer_custody", "J1", FORWARDER, "noon", "CNSZX", by=ORIGIN)
    with refused("INVALID_ARGUMENT"):
        channel.submit("Journeys:state_time", "J1", "S11", "noon", by=ORIGIN)


def test_parties_do_not_get_in_each_others_way(channel):
    """Customs records in the same block as a handover, and both are valid."""
    channel.hour = 10
    channel.submit("Journeys:offer_custody", "J1", ORIGIN, shipping.text(10), "CNSZX", by=MERCHANT)
    accepted = channel.ledger.endorse(
        "Journeys:accept_custody", "J1", shipping.text(10), "CNSZX", client=shipping.user(ORIGIN),
        endorsed_by=(MERCHANT, ORIGIN), at=shipping.at(10),
    )  # fmt: skip
    observation = {"stage_id": "S12", "step": "inspecting", "event_time": shipping.text(10), "place": "CNSZX"}
    inspected = channel.ledger.endorse(
        "Journeys:record", "J1", observation, client=shipping.user(CUSTOMS), at=shipping.at(10)
    )
    channel.ledger.commit(accepted)
    channel.ledger.commit(inspected)


def scenario() -> testing.Ledger:
    """Return a whole journey and a return, for two interpreters to play."""
    channel = shipping.Channel()
    channel.open()
    channel.deliver()
    channel.lodge()
    channel.lodge("R2", quantity=2)
    wrong = channel.record(CUSTOMS, "S12", "inspecting", 25, details={"b": "2", "a": "1"})
    channel.submit("Journeys:correct", "J1", wrong["event_id"], "did_not_occur", by=CUSTOMS)
    channel.submit("Journeys:report", "J1", "damaged", "S20", shipping.text(25), by=LAST_MILE)
    stage = records.plain(stages.STANDARD.stage("S12")) | {"name": "inspection"}
    channel.majority("Stages:propose", "A1", [stage], by=PLATFORM)
    channel.majority("Terms:propose_floor", "F1", {"jurisdiction": "VN", "window_days": 7, "reasons": {}}, by=PLATFORM)
    return channel.ledger


def test_two_hash_seeds_give_the_same_bytes():
    """Every endorser writes and answers the same, whatever its interpreter's hash seed is."""
    first, second = testing.transcripts("tests.unit.contracts.journeys.test_journeys:scenario")
    assert first == second
