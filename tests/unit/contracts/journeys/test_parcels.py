"""Journeys of several parcels: custody, hold, delivery and loss belong to a parcel, and the journey follows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chaincode.domain.journeys import digitallink, epcis
from hlf.shim import testing
from tests.unit.contracts import shipping, trading
from tests.unit.contracts.trading import AUDITOR, CUSTOMS, FORWARDER, LAST_MILE, MERCHANT, ORIGIN, PLATFORM, user

IDS = [f"https://selat.test/voc/parcel/{ORIGIN}/box-{number}" for number in (1, 2, 3)]
SERIALS = [f"https://id.gs1.org/01/09506000134352/21/{number}" for number in (1, 2)]
LINES = [trading.fact_line("1", 2), trading.fact_line("2", 5)]


def packed() -> list[dict[str, Any]]:
    """Two telephones by serial in the first parcel, five bags in the other two."""
    return [
        {"identifier": IDS[0], "contents": [{"line": "1", "quantity": 2, "serials": SERIALS}], "weight_grams": 900},
        {"identifier": IDS[1], "contents": [{"line": "2", "quantity": 2}], "sides_mm": [400, 300, 200]},
        {"identifier": IDS[2], "contents": [{"line": "2", "quantity": 3}]},
    ]


def opened(**changes: Any) -> shipping.Channel:
    """Return a channel with one journey of three parcels, at the merchant."""
    channel = shipping.Channel()
    whole: dict[str, Any] = {"order": channel.order(lines=LINES), "epcs": IDS[:1], "parcels": packed()}
    channel.open(**whole | changes)
    return channel


@pytest.fixture
def channel() -> shipping.Channel:
    """Return the journey of three parcels."""
    return opened()


def refused(code: str) -> Any:
    """Return the call must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def pass_on(channel: shipping.Channel, giver: str, taker: str, hour: float, *parcels: str) -> Any:
    """Hand over these parcels, or all."""
    channel.hour = max(channel.hour, hour)
    channel.submit("Journeys:offer_custody", "J1", taker, shipping.text(hour), "VNHPH", list(parcels), by=giver)
    return channel.submit("Journeys:accept_custody", "J1", shipping.text(hour), "VNHPH", list(parcels), by=taker)


def return_asked(channel: shipping.Channel, *serials: str, **changes: Any) -> str:
    """Return the code or else the state of a return of units of the first line, named by their serials."""
    known = len(channel.query("Returns:of_journey", "J1"))
    asked = {"quantity": len(serials) or 1, "serials": list(serials)} | changes
    made = channel.lodge(f"R{known}", **asked)
    return str(made["decision"]["code"] or made["state"])


def standing(channel: shipping.Channel, name: str) -> list[Any]:
    """One attribute of each parcel's state."""
    return [each[name] for each in channel.query("Journeys:read", "J1")["parcels"]]


def account(channel: shipping.Channel, name: str) -> list[int]:
    """One figure of each line of the order."""
    return [each[name] for each in channel.query("Accounts:read", "O1")]


def test_one_parcel_of_three_delivered_delivers_one(channel: shipping.Channel) -> None:
    """The journey is as far as its least advanced parcel; quantities follow from the contents."""
    pass_on(channel, MERCHANT, LAST_MILE, 6)
    channel.record(LAST_MILE, "S20", "accepting", 8, "VNHAN", epcs=[IDS[1]])
    state = channel.query("Journeys:read", "J1")
    assert (state["status"], state["delivered"], state["custody"]["state"]) == ("picked_up", 1, "held")
    assert standing(channel, "outcome") == ["moving", "delivered", "moving"]
    assert (account(channel, "delivered"), account(channel, "lost")) == ([0, 2], [0, 0])
    channel.submit("Journeys:report", "J1", "lost", "S20", shipping.text(8), "", [IDS[2]], by=LAST_MILE)
    channel.record(LAST_MILE, "S20", "accepting", 9, "VNHAN", epcs=[SERIALS[0]])
    state = channel.query("Journeys:read", "J1")
    assert (state["status"], state["delivered"]) == ("unknown", 2)
    assert (account(channel, "delivered"), account(channel, "lost")) == ([2, 2], [0, 3])
    with refused("NOT_CUSTODIAN"):
        channel.record(LAST_MILE, "S20", "accepting", 10, "VNHAN", epcs=[IDS[1]])


def test_an_event_means_all_parcels_unless_it_names_some(channel: shipping.Channel) -> None:
    """By a parcel's identifier in any spelling, or by a serial inside; and never by a stranger's parcel."""
    pass_on(channel, MERCHANT, LAST_MILE, 6)
    channel.record(LAST_MILE, "S20", "accepting", 8, "VNHAN")
    assert standing(channel, "outcome") == ["delivered"] * 3
    assert channel.query("Journeys:read", "J1")["status"] == "delivered"
    with refused("PARCEL_UNKNOWN"):
        channel.record(LAST_MILE, "S19", "arriving", 9, "VNHAN", epcs=[shipping.SSCC])
    with refused("PARCEL_UNKNOWN"):
        channel.submit("Journeys:report", "J1", "damaged", "S20", shipping.text(9), "", [shipping.SSCC], by=LAST_MILE)


def test_custody_passes_parcel_by_parcel(channel: shipping.Channel) -> None:
    """Who has one parcel says nothing about the others, and both sides sign for exactly what changes hands."""
    pass_on(channel, MERCHANT, ORIGIN, 6, IDS[0])
    pass_on(channel, MERCHANT, FORWARDER, 6, IDS[1], IDS[2])
    assert standing(channel, "custodian") == [ORIGIN, FORWARDER, FORWARDER]
    with refused("NOT_CUSTODIAN"):
        pass_on(channel, ORIGIN, LAST_MILE, 7)
    with refused("NOT_CUSTODIAN"):
        channel.record(ORIGIN, "S10", "loading", 7, epcs=[IDS[1]])
    channel.record(ORIGIN, "S10", "loading", 7, epcs=[IDS[0]])
    channel.submit("Journeys:offer_custody", "J1", LAST_MILE, shipping.text(7), "VNHPH", [IDS[0]], by=ORIGIN)
    channel.submit("Journeys:offer_custody", "J1", LAST_MILE, shipping.text(7), "VNHPH", [IDS[2]], by=FORWARDER)
    assert channel.ledger.evaluate("Journeys:givers", "J1", client=user(LAST_MILE)).json() == [
        FORWARDER, ORIGIN,
    ]  # fmt: skip
    both = ("Journeys:accept_custody", "J1", shipping.text(7), "VNHPH")
    with refused("INVALID_ARGUMENT"):
        channel.submit(*both, by=LAST_MILE)
    one = channel.ledger.evaluate("Journeys:givers", "J1", [IDS[2]], client=user(LAST_MILE))
    assert one.json() == [FORWARDER]
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        channel.submit(*both, [IDS[0]], by=LAST_MILE, endorsed_by=(FORWARDER, LAST_MILE))
    channel.submit(*both, [IDS[0]], by=LAST_MILE)
    channel.submit("Journeys:withdraw_custody", "J1", [IDS[2]], by=FORWARDER)
    assert standing(channel, "custodian") == [LAST_MILE, FORWARDER, FORWARDER]
    assert {alarm["code"] for alarm in channel.query("Journeys:read", "J1")["alarms"]} <= {"STAGE_MISSING"}
    history = channel.query("Journeys:history", "J1")
    assert len(history[f"custody of {IDS[0]}"]) == 5
    assert len(history[f"page of {LAST_MILE} about {IDS[0]}"]) == 2


def test_nothing_on_hold_is_handed_over_or_delivered(channel: shipping.Channel) -> None:
    """Customs holds one parcel: that one waits until its own stage releases it, and the others go on."""
    pass_on(channel, MERCHANT, FORWARDER, 6)
    channel.record(CUSTOMS, "S17", "holding", 7, "VNHPH", epcs=[IDS[2]])
    with refused("ON_HOLD"):
        pass_on(channel, FORWARDER, LAST_MILE, 8)
    with refused("ON_HOLD"):
        pass_on(channel, FORWARDER, LAST_MILE, 6.5, IDS[2])
    pass_on(channel, FORWARDER, LAST_MILE, 8, IDS[0], IDS[1])
    channel.record(CUSTOMS, "S17", "selat:customs_declaring", 9, "VNHPH", epcs=[IDS[2]])
    channel.record(CUSTOMS, "S12", "inspecting", 9, "VNHPH", epcs=[IDS[2]], disposition="conformant")
    assert standing(channel, "held_at") == [[], [], ["S17"]]
    assert channel.query("Journeys:read", "J1")["status"] == "on_hold"
    with refused("ON_HOLD"):
        pass_on(channel, FORWARDER, LAST_MILE, 10, IDS[2])
    channel.record(CUSTOMS, "S17", "selat:customs_released", 11, "VNHPH", epcs=[IDS[2]])
    with refused("ON_HOLD"):
        pass_on(channel, FORWARDER, LAST_MILE, 10.5, IDS[2])
    pass_on(channel, FORWARDER, LAST_MILE, 12, IDS[2])
    channel.record(CUSTOMS, "S12", "holding", 13, "VNHPH", epcs=[IDS[0]])
    with refused("ON_HOLD"):
        channel.record(LAST_MILE, "S20", "accepting", 14, "VNHAN", epcs=[IDS[0]])
    channel.record(LAST_MILE, "S20", "accepting", 14, "VNHAN", epcs=[IDS[1]])
    assert standing(channel, "status") == ["on_hold", "delivered", "in_transit"]


def test_a_hand_over_of_one_parcel_does_not_meet_a_hold_of_it(channel: shipping.Channel) -> None:
    """A hold recorded in the same block makes the hand-over invalid: whichever is first in the block counts."""
    pass_on(channel, MERCHANT, FORWARDER, 6)
    channel.hour = 8
    channel.submit("Journeys:offer_custody", "J1", LAST_MILE, shipping.text(8), "VNHPH", [IDS[0]], by=FORWARDER)

    def endorsed(function: str, *args: Any, by: str) -> Any:
        return channel.ledger.endorse(function, "J1", *args, client=user(by), at=shipping.at(8))

    accepted = endorsed("Journeys:accept_custody", shipping.text(8), "VNHPH", [IDS[0]], by=LAST_MILE)
    hold = {"stage_id": "S17", "step": "holding", "event_time": shipping.text(8), "place": "VNHPH", "epcs": IDS[:1]}
    channel.ledger.commit(endorsed("Journeys:record", hold, by=CUSTOMS))
    with pytest.raises(testing.TransactionInvalid, match="MVCC_READ_CONFLICT"):
        channel.ledger.commit(accepted)


def test_records_of_different_parcels_do_not_conflict(channel: shipping.Channel) -> None:
    """One party records two parcels at once, and two parcels change hands at once."""
    pass_on(channel, MERCHANT, FORWARDER, 6)
    channel.hour = 8

    def endorsed(function: str, *args: Any, by: str) -> Any:
        return channel.ledger.endorse(function, "J1", *args, client=user(by), at=shipping.at(8))

    def seen(parcel: str) -> Any:
        told = {"stage_id": "S16", "step": "unloading", "event_time": shipping.text(8), "place": "VNHPH"}
        return endorsed("Journeys:record", told | {"epcs": [parcel]}, by=FORWARDER)

    for each in [seen(parcel) for parcel in IDS]:
        channel.ledger.commit(each)
    for parcel in IDS[:2]:
        channel.submit("Journeys:offer_custody", "J1", LAST_MILE, shipping.text(8), "VNHPH", [parcel], by=FORWARDER)
    accepted = [
        endorsed("Journeys:accept_custody", shipping.text(8), "VNHPH", [parcel], by=LAST_MILE) for parcel in IDS[:2]
    ]
    for each in accepted:
        channel.ledger.commit(each)
    assert standing(channel, "custodian") == [LAST_MILE, LAST_MILE, FORWARDER]


def test_a_delivery_in_error_is_taken_back_for_its_parcel(channel: shipping.Channel) -> None:
    """Only that parcel is in hand again, and may be delivered at the right time in the same correction."""
    pass_on(channel, MERCHANT, LAST_MILE, 6)
    said = [channel.record(LAST_MILE, "S20", "accepting", 8, "VNHAN", epcs=[parcel]) for parcel in IDS[:2]]
    right = {"stage_id": "S20", "step": "accepting", "event_time": shipping.text(7), "place": "VNHAN", "epcs": IDS[2:]}
    channel.submit("Journeys:correct", "J1", said[1]["event_id"], "incorrect_data", right, by=LAST_MILE)
    assert standing(channel, "outcome") == ["delivered", "moving", "delivered"]
    again = channel.query("Journeys:events", "J1")["epcisBody"]["eventList"]
    assert len({event["eventID"] for event in again}) == len(again) - 1
    channel.submit("Journeys:correct", "J1", said[0]["event_id"], "did_not_occur", by=LAST_MILE)
    assert standing(channel, "outcome") == ["moving", "moving", "delivered"]


def test_a_package_is_packed_one_by_one(channel: shipping.Channel) -> None:
    """An aggregation has one parent, so of several parcels one is named; its contents are what it says."""
    with refused("INVALID_ARGUMENT"):
        channel.record(MERCHANT, "S08", "packing", 5)
    channel.record(MERCHANT, "S08", "packing", 5, epcs=[IDS[2]])
    channel.record(MERCHANT, "S08", "packing", 6, epcs=SERIALS)
    third, first = channel.query("Journeys:events", "J1")["epcisBody"]["eventList"]
    assert (first["parentID"], first["childEPCs"]) == (IDS[0], SERIALS)
    assert third["parentID"] == IDS[2]
    assert [each["quantity"] for each in third["childQuantityList"]] == [3]


def test_a_parcel_is_free_again_when_it_is_over(channel: shipping.Channel) -> None:
    """Its number, not that of the parcels that still travel with it."""
    pass_on(channel, MERCHANT, LAST_MILE, 6)
    channel.record(LAST_MILE, "S20", "accepting", 8, "VNHAN", epcs=[IDS[0]])
    with refused("PARCEL_IN_USE"):
        channel.open("J2", epcs=[IDS[1]])
    channel.open("J2", epcs=[IDS[0]])


def test_only_what_arrived_comes_back(channel: shipping.Channel) -> None:
    """A return takes units that were delivered; for what never came, at most the rest."""
    pass_on(channel, MERCHANT, LAST_MILE, 6)
    channel.record(LAST_MILE, "S20", "accepting", 8, "VNHAN", epcs=[IDS[1]])
    channel.submit("Journeys:report", "J1", "lost", "S20", shipping.text(8), "", [IDS[2]], by=LAST_MILE)
    over = channel.lodge("R1", line="2", quantity=3)
    assert over["decision"]["code"] == "QTY_EXCEEDS"
    assert channel.lodge("R2", line="2", quantity=2)["decision"]["outcome"] == "APPROVED"
    missing = {"line": "2", "reason": "NOT_RECEIVED"}
    assert channel.lodge("R3", **missing, quantity=4)["decision"]["code"] == "QTY_EXCEEDS"
    assert channel.lodge("R4", **missing, quantity=3)["decision"]["outcome"] == "RETURNLESS_APPROVED"


def test_a_shopper_sees_each_parcel(channel: shipping.Channel) -> None:
    """By number, with its state and place; nothing of contents or organisations."""
    channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=PLATFORM)
    pass_on(channel, MERCHANT, LAST_MILE, 6)
    channel.record(CUSTOMS, "S17", "selat:customs_released", 6.5, "VNHPH")
    channel.record(LAST_MILE, "S19", "departing", 7, "VNHPH")
    channel.record(LAST_MILE, "S20", "accepting", 8, "VNHAN", epcs=[IDS[1]])
    view = channel.query("Journeys:track", shipping.TOKEN_HASH)
    assert (view["status"], view["delivered"]) == ("out_for_delivery", 1)
    assert [(each["number"], each["status"], each["place"]) for each in view["parcels"]] == [
        (1, "out_for_delivery", "VNHPH"), (2, "delivered", "VNHAN"), (3, "out_for_delivery", "VNHPH"),
    ]  # fmt: skip
    assert "MSP" not in str(view)
    assert [event["step"] for event in view["events"]] == [
        "accepting", "selat:customs_released", "departing", "accepting",
    ]  # fmt: skip


def test_parcels_that_travel_together_made_one_leg(channel: shipping.Channel) -> None:
    """What a carrier did is counted by hand-overs, not by parcels."""
    pass_on(channel, MERCHANT, ORIGIN, 6)
    pass_on(channel, ORIGIN, LAST_MILE, 8)
    assert channel.count("J1") == ["J1"]
    (leg,) = channel.query("Performance:carrier", ORIGIN)["lanes"]
    assert (leg["n"], leg["loss_ppm"]) == (1, 0)
    pairs = channel.majority("Matching:observe", by=AUDITOR)
    assert [(each["giver"], each["taker"], each["handovers"]) for each in pairs] == [
        (MERCHANT, ORIGIN, 1), (ORIGIN, LAST_MILE, 1),
    ]  # fmt: skip


TWICE = {"identifier": IDS[0], "contents": [{"line": "2", "quantity": 1}]}


WRONG: list[dict[str, Any]] = [
        {"parcels": packed()[:2]},
        {"parcels": [*packed(), TWICE]},
        {"parcels": [*packed(), {**TWICE, "identifier": IDS[0].replace("box-1", "box-4")}]},
        {"parcels": [*packed()[:2], {**packed()[2], "identifier": "https://id.gs1.org/8003/095060001343521"}]},
        {"parcels": [*packed()[:2], {**packed()[2], "contents": []}]},
        {"parcels": [*packed()[:2], {**packed()[2], "contents": [{"line": "9", "quantity": 3}]}]},
        {"parcels": [*packed()[:2], {**packed()[2], "contents": [{"line": "2", "quantity": 3, "serials": SERIALS}]}]},
        {"parcels": [*packed()[:2], {**packed()[2], "weight_grams": -1}]},
        {"parcels": [*packed()[:2], {**packed()[2], "sides_mm": [1, 2]}]},
        {"parcels": [packed()[0], {**packed()[1], "contents": [{"line": "2", "quantity": 2, "serials": SERIALS}]},
                     packed()[2]]},
    ]  # fmt: skip


def test_each_unit_is_in_one_parcel() -> None:
    """All units of the journey, each once, in parcels that are known by a number of their own."""
    channel = shipping.Channel()
    for changes in WRONG:
        with refused("INVALID_ARGUMENT"):
            channel.open(order=channel.order(lines=LINES), epcs=IDS[:1], **changes)


def test_loss_and_damage_are_reported_by_who_could_see_them(channel: shipping.Channel) -> None:
    """The custodian at that time, who passed the parcel on before, and who took it over next; nobody else."""
    pass_on(channel, MERCHANT, ORIGIN, 6, IDS[0])
    pass_on(channel, ORIGIN, LAST_MILE, 10, IDS[0])
    channel.hour = 12

    def report(by: str, stage: str, hour: float, *parcels: str) -> None:
        channel.submit("Journeys:report", "J1", "damaged", stage, shipping.text(hour), "", list(parcels), by=by)

    strangers = [(LAST_MILE, "S20", 5.5), (MERCHANT, "S02", 11), (CUSTOMS, "S17", 8), (FORWARDER, "S15", 8)]
    for by, stage, hour in strangers:
        with refused("NOT_CUSTODIAN"):
            report(by, stage, hour, IDS[0])
    with refused("NOT_CUSTODIAN"):
        report(LAST_MILE, "S20", 11)
    report(LAST_MILE, "S20", 8, IDS[0])
    report(ORIGIN, "S11", 8, IDS[0])
    report(MERCHANT, "S02", 8, IDS[0])
    assert standing(channel, "damaged") == [True, False, False]


def test_a_unit_with_a_serial_comes_back_once_and_out_of_its_own_parcel() -> None:
    """A return names the units where the parcels do; of another parcel, line or journey none is taken."""
    split = [
        {"identifier": box, "contents": [{"line": "1", "quantity": 1, "serials": [serial]}]}
        for box, serial in zip(IDS, SERIALS, strict=False)
    ]
    channel = opened(parcels=[*split, {"identifier": IDS[2], "contents": [{"line": "2", "quantity": 5}]}])
    pass_on(channel, MERCHANT, LAST_MILE, 6)
    channel.record(LAST_MILE, "S20", "accepting", 8, "VNHAN", epcs=[IDS[0]])
    stranger = SERIALS[0].replace("09506000134352", "09506000134369")
    wrong: list[dict[str, Any]] = [
        {}, {"serials": SERIALS, "quantity": 1}, {"serials": [SERIALS[0]] * 2, "quantity": 2},
        {"serials": [stranger]}, {"serials": SERIALS[:1], "line": "2"},
    ]  # fmt: skip
    for changes in wrong:
        with refused("INVALID_ARGUMENT"):
            return_asked(channel, **changes)
    assert return_asked(channel, SERIALS[1]) == "NOT_DELIVERED"
    assert return_asked(channel, *SERIALS) == "QTY_EXCEEDS"
    urn = "urn:epc:id:sgtin:9506000.013435.1"
    assert return_asked(channel, urn) == "PICKUP_ASSIGNED"
    assert return_asked(channel, SERIALS[0]) == "ALREADY_RETURNED"
    (parcel,) = channel.query("Journeys:read", "R2-reverse")["journey"]["parcels"]
    assert parcel["contents"] == [{"line": "1", "quantity": 1, "serials": [urn]}]
    assert return_asked(channel, reason="NOT_RECEIVED") == "RETURNLESS_APPROVED"


def test_the_identifiers_of_many_parcels_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty parcels with an event for all of them: spelling each anew at each comparison took the square of it."""
    many = [f"https://selat.test/voc/parcel/{ORIGIN}/many-{number}" for number in range(40)]
    channel = shipping.Channel()
    parcels = [{"identifier": each, "contents": [{"line": "1", "quantity": 1}]} for each in many]
    channel.open(order=channel.order(lines=[trading.fact_line("1", 40)]), epcs=many[:1], parcels=parcels)
    for stage_id, step, hour in (("S02", "receiving", 5), ("S03", "storing", 6), ("S07", "selat:sorting", 7)):
        channel.record(MERCHANT, stage_id, step, hour)
    spelled: list[str] = []
    read = digitallink._from_link

    def noted(link: str) -> Any:
        spelled.append(link)
        return read(link)

    monkeypatch.setattr(digitallink, "_from_link", noted)
    digitallink.canonical.cache_clear()
    assert len(channel.query("Journeys:read", "J1")["parcels"]) == 40
    channel.query("Accounts:read", "O1")
    assert len(spelled) == len(set(spelled)) <= 40


def test_counting_looks_up_once_for_all_parcels_what_an_event_names(
    channel: shipping.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for what is counted and once for whether the journey is over, however many parcels it has."""
    pass_on(channel, MERCHANT, LAST_MILE, 6)
    for number, parcel in enumerate(IDS):
        channel.record(LAST_MILE, "S20", "accepting", 8 + number, "VNHAN", epcs=[parcel])
    looked_up: Counter[str] = Counter()
    identifiers_of = epcis.identifiers_of

    def noted(made: Any) -> tuple[str, ...]:
        looked_up[made["eventID"]] += 1
        return identifiers_of(made)

    monkeypatch.setattr(epcis, "identifiers_of", noted)
    assert channel.query("Performance:uncounted")["journey_ids"] == ["J1"]
    assert len(looked_up) == 4
    assert set(looked_up.values()) <= {1, 2}
