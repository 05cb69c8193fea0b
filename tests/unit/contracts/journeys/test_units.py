"""Consolidation: what is in a unit moves with it, and is recorded once."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from epcis_event_hash_generator import hash_generator, json_to_py

from chaincode.contracts.journeys import unitstate
from chaincode.domain.journeys import custody, units
from hlf.shim import api, testing
from tests.unit.contracts import shipping, trading
from tests.unit.contracts.journeys import test_parcels
from tests.unit.contracts.trading import CUSTOMS, FORWARDER, LAST_MILE, MERCHANT, ORIGIN, PLATFORM, user

BOX = "https://id.gs1.org/8003/09506000134352C1"
BAG = "https://selat.test/voc/unit/OriginCarrierMSP/bag-1"
BOX_AT = "CNSZX"


def refused(code: str) -> Any:
    """Return the call must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def parcel(number: int) -> str:
    """Return the parcel of journey *number*."""
    return f"https://selat.test/voc/parcel/{ORIGIN}/box-{number}"


class Yard(shipping.Channel):
    """A channel with journeys of one parcel each, at the first carrier, and an empty container."""

    def __init__(self, journeys: int = 2) -> None:
        super().__init__()
        for number in range(1, journeys + 1):
            self.hour = 4
            self.open(f"J{number}", epcs=[parcel(number)])
        for number in range(1, journeys + 1):
            self.hand_over(MERCHANT, ORIGIN, 6, journey_id=f"J{number}")
        self.parcels = [parcel(number) for number in range(1, journeys + 1)]
        self.unit(BOX, "container")

    def unit(self, unit_id: str, kind: str, *others: str) -> None:
        """Open an empty unit at the first carrier, for it and *others*, or for all carriers and customs."""
        parties = [ORIGIN, *(others or (FORWARDER, LAST_MILE, CUSTOMS))]
        opening = {"unit_id": unit_id, "kind": kind, "parties": parties, "custodian": ORIGIN, "place": BOX_AT}
        self.majority("Units:open", opening, by=ORIGIN)

    def seen(self, stage_id: str, step: str, hour: float, **more: Any) -> dict[str, Any]:
        """Return an observation at an hour, which it is then."""
        self.hour = max(self.hour, hour)
        return {"stage_id": stage_id, "step": step, "event_time": shipping.text(hour), "place": BOX_AT, **more}

    def aggregate(
        self, action: str, members: list[str], hour: float, by: str = ORIGIN, unit: str = BOX, **how: Any
    ) -> Any:
        """Pack, take out or observe."""
        stage = ("S16", "unloading") if action == "DELETE" else ("S08", "packing")
        return self.submit("Units:aggregate", unit, action, members, self.seen(*stage, hour), by=by, **how)

    def record_unit(self, stage_id: str, step: str, hour: float, by: str, unit: str = BOX) -> Any:
        """Record an event of a unit."""
        return self.submit("Units:record", unit, self.seen(stage_id, step, hour), by=by)

    def pass_unit(self, giver: str, taker: str, hour: float, unit: str = BOX, bound_for: str = "") -> Any:
        """Hand a unit over."""
        self.hour = max(self.hour, hour)
        self.submit("Units:offer_custody", unit, taker, shipping.text(hour), BOX_AT, bound_for, by=giver)
        return self.submit("Units:accept_custody", unit, shipping.text(hour), BOX_AT, by=taker)

    def custodians(self) -> list[str]:
        """Who has each parcel."""
        return [self.query("Journeys:read", f"J{number}")["custodian"] for number in range(1, len(self.parcels) + 1)]

    def steps(self, journey_id: str) -> list[str]:
        """Return what was recorded of a journey, in the words of CBV."""
        listed = self.query("Journeys:events", journey_id)["epcisBody"]["eventList"]
        return [event["bizStep"].split("/")[-1] for event in listed]


@pytest.fixture
def yard() -> Yard:
    """Two parcels and a container."""
    return Yard()


@pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")
def test_one_event_of_a_container_is_one_of_each_parcel_in_it(yard: Yard) -> None:
    """In it at that time: not of what came later or was out before; custody too, by one hand-over."""
    yard.aggregate("ADD", yard.parcels[:1], 8)
    yard.record_unit("S10", "loading", 9, ORIGIN)
    yard.aggregate("ADD", yard.parcels[1:], 10)
    yard.pass_unit(ORIGIN, FORWARDER, 11)
    assert yard.custodians() == [FORWARDER, FORWARDER]
    yard.record_unit("S16", "unloading", 12, FORWARDER)
    yard.aggregate("DELETE", yard.parcels[:1], 13, by=FORWARDER)
    yard.pass_unit(FORWARDER, LAST_MILE, 15)
    assert yard.custodians() == [FORWARDER, LAST_MILE]
    assert yard.steps("J1") == ["accepting", "packing", "loading", "accepting", "unloading", "unloading"]
    assert yard.steps("J2") == ["accepting", "packing", "accepting", "unloading", "accepting"]
    assert yard.query("Journeys:read", "J1")["custody"]["number"] == 2
    assert {alarm["code"] for alarm in yard.query("Journeys:read", "J2")["alarms"]} == {"STAGE_MISSING"}
    for function, name in (("Journeys:events", "J2"), ("Units:events", BOX)):
        told = yard.query(function, name)
        found = hash_generator.epcis_hashes_from_events(json_to_py.event_list_from_epcis_document_json(told))
        assert [event["eventID"] for event in told["epcisBody"]["eventList"]] == found
    taken_out = yard.query("Units:events", BOX)["epcisBody"]["eventList"][-2]
    assert (taken_out["type"], taken_out["action"], taken_out["parentID"]) == ("AggregationEvent", "DELETE", BOX)
    assert taken_out["childEPCs"] == yard.parcels[:1]


def test_what_is_inside_moves_with_its_unit_alone(yard: Yard) -> None:
    """Neither handed over nor packed elsewhere by itself; out again, it is with the unit's custodian."""
    yard.aggregate("ADD", yard.parcels, 8)
    with refused("IN_UNIT"):
        yard.hand_over(ORIGIN, FORWARDER, 9, journey_id="J1")
    with refused("IN_UNIT"):
        yard.aggregate("ADD", yard.parcels, 9)
    yard.pass_unit(ORIGIN, FORWARDER, 10)
    with refused("NOT_CUSTODIAN"):
        yard.aggregate("DELETE", yard.parcels, 11)
    with refused("NOT_CUSTODIAN"):
        yard.record(ORIGIN, "S10", "loading", 11)
    yard.record(FORWARDER, "S10", "loading", 11)
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        yard.aggregate("DELETE", [], 12, by=FORWARDER, endorsed_by=(FORWARDER,))
    yard.aggregate("DELETE", [], 12, by=FORWARDER)
    with refused("NOT_IN_UNIT"):
        yard.aggregate("DELETE", [], 12, by=FORWARDER)
    yard.hand_over(FORWARDER, LAST_MILE, 13, journey_id="J1")
    assert yard.custodians() == [LAST_MILE, FORWARDER]
    assert yard.query("Units:read", BOX)["members"][0]["until"] is not None
    history = [each["custodian"] for each in yard.query("Journeys:read", "J1")["custody"]["periods"]]
    assert history == [MERCHANT, ORIGIN, FORWARDER, LAST_MILE]


def test_units_are_in_units(yard: Yard) -> None:
    """A bag in the container: events and hand-overs of the container reach the parcels in the bag."""
    yard.unit(BAG, "bag")
    yard.aggregate("ADD", yard.parcels[:1], 7, unit=BAG)
    yard.aggregate("ADD", [BAG, yard.parcels[1]], 8)
    with refused("IN_UNIT"):
        yard.aggregate("DELETE", [], 9, unit=BAG)
    yard.record_unit("S10", "loading", 9, ORIGIN)
    yard.pass_unit(ORIGIN, FORWARDER, 10)
    assert yard.custodians() == [FORWARDER, FORWARDER]
    assert yard.query("Units:read", BAG)["custodian"] == FORWARDER
    yard.aggregate("DELETE", [BAG], 11, by=FORWARDER)
    yard.pass_unit(FORWARDER, LAST_MILE, 12, unit=BAG)
    assert yard.custodians() == [LAST_MILE, FORWARDER]
    yard.aggregate("DELETE", [], 13, by=LAST_MILE, unit=BAG)
    assert yard.steps("J1") == [
        "accepting", "packing", "packing", "loading", "accepting", "unloading", "accepting", "unloading",
    ]  # fmt: skip
    yard.record(LAST_MILE, "S20", "accepting", 14, "VNHAN")
    assert yard.query("Journeys:read", "J1")["status"] == "delivered"
    with refused("INVALID_ARGUMENT"):
        yard.aggregate("ADD", [BOX], 14, by=FORWARDER)


def test_a_hold_of_one_parcel_stops_its_unit_and_a_hold_of_the_unit_all(yard: Yard) -> None:
    """Nothing on hold is handed over onward, in whatever it is packed; taken out, the others go on."""
    yard.aggregate("ADD", yard.parcels, 8)
    yard.record(CUSTOMS, "S14", "holding", 9)
    with refused("ON_HOLD"):
        yard.pass_unit(ORIGIN, FORWARDER, 10)
    yard.aggregate("DELETE", yard.parcels[:1], 10)
    yard.pass_unit(ORIGIN, FORWARDER, 11)
    yard.record_unit("S17", "holding", 12, CUSTOMS)
    assert yard.query("Journeys:read", "J2")["parcels"][0]["held_at"] == ["S17"]
    assert yard.query("Journeys:read", "J1")["parcels"][0]["held_at"] == ["S14"]
    yard.aggregate("DELETE", [], 13, by=FORWARDER)
    with refused("ON_HOLD"):
        yard.hand_over(FORWARDER, LAST_MILE, 14, journey_id="J2")
    yard.record(CUSTOMS, "S17", "selat:customs_released", 15, journey_id="J2")
    yard.hand_over(FORWARDER, LAST_MILE, 16, journey_id="J2")


def test_a_gate_of_freight_is_open_for_everything_inside(yard: Yard) -> None:
    """The container departs when export customs released each parcel, by itself or with the container."""
    yard.aggregate("ADD", yard.parcels, 8)
    yard.pass_unit(ORIGIN, FORWARDER, 9)
    yard.record(CUSTOMS, "S14", "selat:customs_released", 10)
    with refused("GATE_CLOSED"):
        yard.record_unit("S15", "departing", 11, FORWARDER)
    yard.record_unit("S14", "selat:customs_released", 11, CUSTOMS)
    yard.record_unit("S15", "departing", 12, FORWARDER)
    assert yard.record_unit("S15", "departing", 12, FORWARDER)["repeated"] is True
    assert yard.query("Journeys:read", "J2")["status"] == "in_transit"


def test_a_lost_container_is_lost_with_everything_in_it(yard: Yard) -> None:
    """One report; found, all of it goes on."""
    yard.aggregate("ADD", yard.parcels[:1], 8)
    yard.hour = 9
    yard.submit("Units:report", BOX, "lost", "S11", shipping.text(9), by=ORIGIN)
    outcomes = [yard.query("Journeys:read", name)["parcels"][0]["outcome"] for name in ("J1", "J2")]
    assert outcomes == ["lost", "moving"]
    with refused("PARCEL_LOST"):
        yard.pass_unit(ORIGIN, FORWARDER, 10)
    yard.submit("Units:report", BOX, "found", "S11", shipping.text(10), by=ORIGIN)
    yard.pass_unit(ORIGIN, FORWARDER, 11)


def test_what_a_unit_is_told_is_checked(yard: Yard) -> None:
    """Who, what, when: strangers, deliveries by the container, times before it was held, unknown members."""
    with refused("UNIT_EXISTS"):
        yard.unit(BOX, "container")
    with refused("UNIT_UNKNOWN"):
        yard.query("Units:read", BAG)
    with refused("NOT_A_PARTY"):
        yard.record_unit("S02", "receiving", 8, MERCHANT)
    with refused("STAGE_NOT_ENTITLED"):
        yard.record_unit("S14", "holding", 8, ORIGIN)
    with refused("NOT_CUSTODIAN"):
        yard.record_unit("S10", "loading", 8, FORWARDER)
    with refused("PARCELS_ONLY"):
        yard.record_unit("S20", "accepting", 8, LAST_MILE)
    with refused("PARCEL_UNKNOWN"):
        yard.aggregate("ADD", [parcel(9)], 8)
    with refused("NOT_CUSTODIAN"):
        yard.aggregate("ADD", yard.parcels, 8, by=FORWARDER)
    with refused("NOT_OFFERED"):
        yard.submit(
            "Units:accept_custody", BOX, shipping.text(8), BOX_AT, by=FORWARDER, endorsed_by=(ORIGIN, FORWARDER)
        )
    yard.aggregate("ADD", yard.parcels, 9)
    yard.aggregate("OBSERVE", [], 9.5)
    with refused("PACKED_BEFORE_HELD"):
        yard.aggregate("DELETE", yard.parcels[:1], 8.5)
    yard.hour = 10
    yard.submit("Units:offer_custody", BOX, FORWARDER, shipping.text(10), BOX_AT, by=ORIGIN)
    yard.submit("Units:withdraw_custody", BOX, by=ORIGIN)
    with refused("NOT_A_PARTY"):
        yard.submit("Units:offer_custody", BOX, PLATFORM, shipping.text(10), BOX_AT, by=ORIGIN)


def test_what_is_lost_with_a_unit_counts_on_the_lane_of_the_unit(yard: Yard) -> None:
    """Where the container was to be brought, whatever the destinations of the parcels inside."""
    yard.aggregate("ADD", yard.parcels, 9)
    yard.pass_unit(ORIGIN, FORWARDER, 10, bound_for="VNHPH")
    yard.hour = 11
    yard.submit("Units:report", BOX, "lost", "S15", shipping.text(11), by=FORWARDER)
    yard.count("J1")
    (seen,) = yard.query("Performance:carrier", FORWARDER)["lanes"]
    assert (seen["origin"], seen["destination"], seen["loss_ppm"]) == (BOX_AT, "VNHPH", 1_000_000)


def test_a_unit_goes_only_to_who_takes_part_in_every_journey_inside(yard: Yard) -> None:
    """Otherwise a parcel would be held by somebody whom its seller never named."""
    yard.hour = 4
    few = [PLATFORM, MERCHANT, ORIGIN, CUSTOMS]
    yard.open("J3", epcs=[parcel(3)], parties=few)
    yard.hand_over(MERCHANT, ORIGIN, 7, journey_id="J3")
    yard.aggregate("ADD", [parcel(3)], 8)
    with refused("NOT_A_PARTY"):
        yard.pass_unit(ORIGIN, FORWARDER, 9)


def test_one_event_counts_for_two_hundred_parcels() -> None:
    """Of twenty orders: packed, recorded, held and handed over by one transaction each, whatever is inside."""
    yard = Yard(journeys=0)
    inside = {f"J{number}": [f"{parcel(number)}-{part}" for part in range(10)] for number in range(1, 21)}
    for name, boxes in inside.items():
        order = yard.order(f"O-{name}", lines=[trading.fact_line(quantity=10)])
        contents = [{"identifier": box, "contents": [{"line": "1", "quantity": 1}]} for box in boxes]
        yard.open(name, order=order, epcs=boxes[:1], parcels=contents, custodian=ORIGIN)
    everything = [box for boxes in inside.values() for box in boxes]
    assert len(everything) == 200
    yard.aggregate("ADD", everything, 8)
    before = yard.ledger.world.height
    yard.record_unit("S10", "loading", 9, ORIGIN)
    yard.pass_unit(ORIGIN, FORWARDER, 10)
    yard.record_unit("S17", "holding", 11, CUSTOMS)
    assert yard.ledger.world.height - before == 4
    for name, boxes in inside.items():
        told = yard.query("Journeys:read", name)
        assert [each["parcel"]["identifier"] for each in told["parcels"]] == boxes
        assert {each["custodian"] for each in told["parcels"]} == {FORWARDER}
        assert {tuple(each["held_at"]) for each in told["parcels"]} == {("S17",)}
    assert yard.steps("J20").count("loading") == 1


def test_all_pages_of_a_unit_come_in_one_message(requests: list[int]) -> None:
    """To read a parcel inside, the peer is asked no more often if more organisations take part in the unit."""

    def asked(*others: str) -> int:
        yard = Yard(journeys=1)
        yard.unit(BAG, "bag", *others)
        yard.aggregate("ADD", yard.parcels, 8, unit=BAG)
        requests.clear()
        yard.query("Journeys:read", "J1")
        return len(requests)

    assert asked(FORWARDER) == asked(FORWARDER, LAST_MILE, CUSTOMS)


class Doctored(api.Contract):
    """What a hostile organisation runs on its own peer in place of the agreed chaincode."""

    @api.transaction
    def enclose(self, ctx: api.Context, inner: str, outer: str) -> None:
        """Write that a unit is in another."""
        held = unitstate.state(ctx, inner)
        stay = custody.Stay(outer, 1, held.custody.since)
        member = units.UnitMember(outer, "", held.custody.since)
        changed = dataclasses.replace(held.custody, stays=(stay,))
        unitstate.save_state(ctx, inner, units.UnitState(changed, (*held.members, member)))

    @api.transaction
    def scribble(self, ctx: api.Context, unit_id: str) -> None:
        """Leave rubbish on the key of a unit."""
        ctx.stub.put_state(ctx.stub.create_composite_key(unitstate.STATE, [unit_id]), b"rubbish")


def test_a_hostile_custodian_of_a_unit_holds_no_reader_up(yard: Yard) -> None:
    """Neither units that are in each other, nor rubbish, keep what is inside from being read."""
    yard.unit(BAG, "bag")
    yard.aggregate("ADD", yard.parcels, 8)
    hostile = testing.Ledger(api.Chaincode("trade", [Doctored]), yard.ledger.members)
    hostile.world = yard.ledger.world
    for inner, outer in ((BOX, BAG), (BAG, BOX)):
        hostile.invoke("Doctored:enclose", inner, outer, client=user(ORIGIN), at=shipping.at(9))
    assert yard.custodians() == [ORIGIN, ORIGIN]
    hostile.invoke("Doctored:scribble", BOX, client=user(ORIGIN), at=shipping.at(9))
    assert yard.steps("J1") == ["accepting"]
    assert yard.custodians() == [ORIGIN, ORIGIN]


def test_a_hand_over_of_a_unit_writes_no_key_of_what_is_inside(yard: Yard) -> None:
    """The unit's own key and the taker's page of it, however much is in it."""
    yard.aggregate("ADD", yard.parcels, 8)
    yard.hour = 9
    yard.submit("Units:offer_custody", BOX, FORWARDER, shipping.text(9), BOX_AT, by=ORIGIN)
    accepted = yard.ledger.endorse(
        "Units:accept_custody", BOX, shipping.text(9), BOX_AT, client=user(FORWARDER), at=shipping.at(9)
    )
    assert len(yard.ledger.commit(accepted).writes) == 2
    assert yard.custodians() == [FORWARDER, FORWARDER]


def scenario() -> testing.Ledger:
    """Play a container that is packed, handed over and emptied, and parcels that go different ways."""
    yard = Yard()
    yard.aggregate("ADD", yard.parcels, 8)
    yard.pass_unit(ORIGIN, FORWARDER, 9)
    yard.record_unit("S17", "holding", 10, CUSTOMS)
    yard.aggregate("DELETE", [], 11, by=FORWARDER)
    order = yard.order("O3", lines=test_parcels.LINES)
    boxes = [each | {"identifier": f"{each['identifier']}-3"} for each in test_parcels.packed()]
    first, *others = (each["identifier"] for each in boxes)
    yard.open("J3", order=order, epcs=[first], parcels=boxes)
    yard.hand_over(MERCHANT, LAST_MILE, 12, journey_id="J3")
    yard.record(LAST_MILE, "S20", "accepting", 13, "VNHAN", "J3", epcs=[first])
    yard.record(CUSTOMS, "S17", "holding", 13, "VNHPH", "J3", epcs=others)
    yard.submit("Journeys:report", "J3", "lost", "S20", shipping.text(13), "", others[:1], by=LAST_MILE)
    return yard.ledger


def test_two_hash_seeds_give_the_same_bytes() -> None:
    """Every endorser writes and answers the same, whatever its interpreter's hash seed is."""
    first, second = testing.transcripts("tests.unit.contracts.journeys.test_units:scenario")
    assert first == second
