"""Matching on a ledger: offers by consent, plans by two, answers by carriers, capacity once."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from chaincode.domain.matching import offers
from hlf.shim import api, testing
from tests.unit.contracts import shipping, trading
from tests.unit.contracts import tender as scenario
from tests.unit.contracts.disclosure.test_secrecy import RecordedRun
from tests.unit.contracts.tender import CARRIERS, DEMAND, PRICES, SERVICE, TENDER, Tender
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORWARDER,
    LAST_MILE,
    MERCHANT,
    ORIGIN,
    PLATFORM,
    START,
    Claim,
    as_bytes,
    plant,
    salt,
    terms,
    user,
)

NOT_HERE = {"NOT_FOUND", "PEER_REFUSED"}


def refused(call, *args, **named) -> str:
    with pytest.raises(testing.Refused) as found:
        call(*args, **named)
    return found.value.code


def invalid(call, *args, **named) -> str:
    with pytest.raises(testing.TransactionInvalid) as found:
        call(*args, **named)
    return found.value.code


def outcome(call, *args, **named) -> str:
    """Return the code by which it failed; empty if it did not."""
    try:
        call(*args, **named)
    except (testing.TransactionInvalid, testing.Refused) as failed:
        return failed.code
    return ""


@pytest.fixture
def tender() -> Tender:
    """Three carriers that offer the same, the first of them cheapest."""
    return Tender(*CARRIERS)


@pytest.fixture
def told(tender) -> Tender:
    """Its first plan, published and delivered."""
    tender.match()
    tender.publish()
    tender.deliver_legs()
    return tender


def test_a_plan_is_made_told_accepted_and_agreed(tender):
    """Prices stay in the tender; everybody sees hashes; the carrier sees its leg; then it is agreed."""
    result = tender.match()
    assert result.json() == {"plan_id": "p1"}
    assert not result.writes
    assert {collection for collection, _ in result.private_writes} == {trading.TENDER.name}
    plan = tender.plan()
    (leg,) = plan["legs"]
    assert (leg["carrier"], leg["stages"]) == (ORIGIN, ["S11", "S15", "S20"])
    assert leg["price"] == plan["figures"]["price"] == str(3 * (3 * 918_273 + 144))
    notice = tender.publish().json()
    assert notice["journey_id"] == "j-p1"
    assert tender.deliver_legs() == [ORIGIN]
    assert tender.ask("Matching:leg", "p1", 0, by=ORIGIN).json() == leg
    assert tender.ask("Matching:read", "p1", by=CUSTOMS).json()["state"] == "published"
    assert refused(tender.say, "Matching:conclude", "p1", by=PLATFORM) == "NOT_ALL_ACCEPTED"
    assert tender.answer(ORIGIN, 0).json()["state"] == "accepted"
    assert tender.ask("Matching:read", "p1", by=CUSTOMS).json()["state"] == "accepted"
    agreed = tender.say("Matching:conclude", "p1", by=MERCHANT).json()
    assert agreed["carriers"] == [ORIGIN]
    assert tender.ask("Matching:agreed", "j-p1", "forward", by=CUSTOMS).json() == agreed
    assert refused(tender.ask, "Matching:agreed", "j-p1", "reverse", by=CUSTOMS) == "NOT_FOUND"


def test_the_certificate_is_checked_from_what_is_kept(tender):
    """By platform or auditor, without solving; nobody can check it once an offer it rests on is purged."""
    tender.match()
    for member in TENDER:
        checked = tender.ask("Matching:verify", "p1", by=member).json()
        assert (checked["verified"], checked["gap"]) == (True, "0")
    chain = tender.ask("Matching:certificate", "p1").json()["chain"]
    assert chain == [f"g-{ORIGIN}-1"] * 3
    front = tender.ask("Matching:alternatives", "p1").json()
    assert front["complete"]
    assert chain in [one["chain"] for one in front["alternatives"]]
    tender.write("Matching:withdraw_offer", f"g-{LAST_MILE}-1", salt=salt("withdraw").encode())
    assert refused(tender.ask, "Matching:verify", "p1") == "OFFER_GONE"


def test_offers_are_given_by_consent_to_this_and_to_them(tender):
    """Another purpose, another recipient, less or more than is needed, a claim of the other side, twice."""
    assert refused(tender.offer, ORIGIN) == "ALREADY_EXISTS"
    tender.consent(ORIGIN, {}, revision=2, purpose="price quotation")
    assert refused(tender.offer, ORIGIN, revision=2) == "WRONG_PURPOSE"
    tender.consent(ORIGIN, {}, revision=3, recipient=LAST_MILE)
    assert refused(tender.offer, ORIGIN, revision=3) == "WRONG_PURPOSE"
    tender.consent(ORIGIN, {"capacity.storage_mtq": 5}, revision=4)
    assert refused(tender.offer, ORIGIN, revision=4) == "ATTRIBUTE_NOT_NEEDED"
    tender.consent(ORIGIN, {}, revision=5)
    assert refused(tender.offer, ORIGIN, revision=5, salt=b"short") == "SALT_TOO_SHORT"
    assert refused(tender.offer, ORIGIN, revision=5, by=ORIGIN) == "NOT_TENDER"
    fewer = tender.claims[f"g-{ORIGIN}-5"].transient("service_id")
    assert refused(tender.offer, ORIGIN, revision=5, **fewer) == "ATTRIBUTE_MISSING"
    altered = tender.show(f"g-{ORIGIN}-5", ORIGIN).replace(b"matching", b"matchmaking")
    assert refused(tender.offer, ORIGIN, revision=5, grant=altered) == "NOT_AS_STORED"
    assert refused(tender.offer, ORIGIN, revision=5, at=START + timedelta(days=90)) == "EXPIRED"
    tender.offer(ORIGIN, revision=5)


@pytest.mark.parametrize("bidder", [MERCHANT, AUDITOR])
def test_who_does_not_carry_or_keeps_the_tender_does_not_bid(bidder):
    """Not the other side of the trade, and nobody judges its own bid."""
    tender = Tender()
    claim = Claim("capability", bidder, "c1", SERVICE)
    claim.commit(tender.ledger)
    tender.grant("g1", claim, terms(claim, PLATFORM, *sorted(SERVICE), purpose=offers.PURPOSE))
    shown = {"grant": tender.show("g1", bidder), "salt": salt("x").encode(), **claim.transient()}
    assert refused(tender.write, "Matching:offer", "g1", **shown) == "WRONG_SIDE"


def test_a_revoked_or_expired_offer_is_not_matched(tender):
    """Revocation takes effect without anybody's help; so does time."""
    tender.revoke(f"g-{ORIGIN}-1", ORIGIN, PLATFORM)
    assert [one["carrier"] for one in tender.ask("Matching:offers").json()["offers"]] == [FORWARDER, LAST_MILE]
    tender.match()
    assert tender.plan()["legs"][0]["carrier"] == FORWARDER
    late = START + timedelta(days=90)
    assert refused(tender.match, "p2", at=late, ready_at="2027-02-21T01:00:00Z") == "NO_CHAIN"


def test_a_later_revision_takes_the_place_of_an_earlier_one(tender):
    """Its price counts, and what was booked of the service stays booked."""
    tender.match("p1", parcels=500, weight_grm=400_000)
    tender.consent(ORIGIN, {"price.base_minor": "1"}, revision=2)
    tender.offer(ORIGIN, revision=2)
    assert [one["offer_id"] for one in tender.ask("Matching:offers").json()["offers"]][-1] == f"g-{ORIGIN}-2"
    tender.match("p2", parcels=500, weight_grm=400_000)
    assert tender.plan("p2")["legs"][0]["carrier"] != ORIGIN


def test_only_platform_and_auditor_see_and_make_plans(told):
    """Whoever else asks is refused, at whatever peer; the carrier sees its own leg alone, at home."""
    queries = [("plan", "p1"), ("notice", "p1"), ("offers",), ("certificate", "p1"), ("verify", "p1"),
               ("alternatives", "p1"), ("reply", "p1", f"g-{FORWARDER}-1", 0)]  # fmt: skip
    for stranger in (*CARRIERS, MERCHANT):
        for peer in (stranger, PLATFORM, AUDITOR):
            for function, *args in queries:
                assert refused(told.ask, f"Matching:{function}", *args, by=stranger, peer=peer) == "NOT_TENDER"
        assert refused(told.match, "p9", by=stranger) == "NOT_TENDER"
        assert refused(told.publish, "p1", by=stranger) == "NOT_TENDER"
        assert refused(told.say, "Matching:cancel", "p1", by=stranger) == "NOT_TENDER"
    for stranger in (FORWARDER, LAST_MILE, MERCHANT):
        assert refused(told.ask, "Matching:leg", "p1", 0, by=stranger) == "NOT_FOUND"
        assert refused(told.ask, "Matching:leg", "p1", 0, by=stranger, peer=ORIGIN) in NOT_HERE


def test_neither_bends_a_match_alone(tender):
    """The collection's own policy takes both; what one of them computes otherwise is found out or invalid."""
    for endorser in TENDER:
        assert invalid(tender.match, endorsed_by=[endorser]) == "ENDORSEMENT_POLICY_FAILURE"
    tender.match()
    key = api.Stub.create_composite_key("matching.plan", ["p1"])
    forged = as_bytes({**tender.plan(), "gap": "1"})
    bend = ("Altered:put", trading.TENDER.name, key, forged)
    assert invalid(tender.ledger.invoke, *bend, client=user(PLATFORM)) == "ENDORSEMENT_POLICY_FAILURE"


def test_what_is_told_is_what_the_two_keep(tender):
    """Another text is refused by every peer, and the same one the second time."""
    tender.match()
    notice = tender.ask("Matching:notice", "p1").text
    other = json.dumps({**json.loads(notice), "certificate_hash": "0" * 64})
    assert refused(tender.say, "Matching:publish", other, by=PLATFORM) == "NOT_AS_STORED"
    assert invalid(tender.say, "Matching:publish", notice, by=PLATFORM, endorsed_by=TENDER)
    tender.publish()
    assert refused(tender.publish) == "ALREADY_PUBLISHED"


def test_a_leg_is_delivered_as_it_was_published(told):
    """Not with another price, not to another carrier, not by a third, not twice."""
    leg = json.dumps(told.plan()["legs"][0], sort_keys=True, separators=(",", ":")).encode()
    cheaper = leg.replace(b'"price":"', b'"price":"1')
    home = {"endorsed_by": [ORIGIN]}
    assert refused(told.write, "Matching:deliver", "p1", 0, ORIGIN, leg=cheaper, **home) == "NOT_AS_STORED"
    away = {"endorsed_by": [FORWARDER]}
    assert refused(told.write, "Matching:deliver", "p1", 0, FORWARDER, leg=leg, by=FORWARDER, **away) == "NOT_A_PARTY"
    assert refused(told.write, "Matching:deliver", "p1", 0, ORIGIN, leg=leg, by=MERCHANT, **home) == "NOT_A_PARTY"
    assert refused(told.write, "Matching:deliver", "p1", 0, ORIGIN, leg=leg, **home) == "ALREADY_EXISTS"
    assert refused(told.write, "Matching:deliver", "p1", 7, ORIGIN, leg=leg, **home) == "LEG_UNKNOWN"
    assert refused(told.write, "Matching:deliver", "p9", 0, ORIGIN, leg=leg, **home) == "PLAN_UNKNOWN"


def test_nobody_answers_for_another(told):
    """Not the platform, not a rival, not one that writes something of its own where a leg would be."""
    for stranger in (PLATFORM, FORWARDER):
        assert refused(told.answer, stranger, 0) == "NOT_A_PARTY"
    plant(told.ledger, FORWARDER, "matching.leg", ["p1", "00"], b"{}")
    assert refused(told.answer, FORWARDER, 0) == "NOT_A_PARTY"
    told.answer(ORIGIN, 0)
    assert refused(told.answer, ORIGIN, 0) == "ALREADY_ANSWERED"
    assert refused(told.answer, ORIGIN, 0, accept=False) == "ALREADY_ANSWERED"


def test_a_person_answers_and_in_time(told):
    """A peer's certificate does not; after the time nobody does."""
    late = START + timedelta(hours=25)
    assert refused(told.answer, ORIGIN, 0, at=late) == "DEADLINE_PASSED"
    peer = testing.client(ORIGIN, "peer")
    answer = ("Matching:answer", "p1", 0, True, "")
    assert refused(told.ledger.invoke, *answer, client=peer, at=START) == "WRONG_ROLE"
    refusal = ("Matching:answer", "p1", 0, False, "because of the weather")
    assert refused(told.say, *refusal, by=ORIGIN) == "INVALID_ARGUMENT"


def replan(tender: Tender, new: str = "p2", failed: tuple[int, ...] = (), done: int = 0, at=START, before: str = "p1"):
    """Make a plan instead of another."""
    return tender.write(
        "Matching:replan", before, new, list(failed), done, salt=salt("plan", new).encode(), at=at
    )  # fmt: skip


def test_a_refusal_is_planned_around(told):
    """The next best, without whoever refused; its capacity is free again; the old plan has ended."""
    assert refused(replan, told) == "PLAN_STANDS"
    told.answer(ORIGIN, 0, accept=False)
    assert told.ask("Matching:read", "p1", by=CUSTOMS).json()["state"] == "refused"
    result = replan(told)
    unit = api.Stub.create_composite_key("matching.unit", [""])[:-1]
    units = {key: value for (_, key), value in result.private_writes.items() if key.startswith(unit)}
    plan = told.plan("p2")
    assert sum(not value for value in units.values()) == len(told.plan()["units"])
    assert sum(map(bool, units.values())) == len(plan["units"])
    assert (plan["legs"][0]["carrier"], plan["replaces"]) == (FORWARDER, "p1")
    told.publish("p2")
    assert told.ask("Matching:read", "p1", by=CUSTOMS).json()["state"] == "replaced"
    told.deliver_legs("p2")
    assert refused(told.answer, ORIGIN, 0) == "PLAN_ENDED"
    assert refused(replan, told, "p3") == "PLAN_ENDED"
    told.answer(FORWARDER, 0, plan_id="p2")
    assert told.say("Matching:fail", "p2", 0, "breakdown", by=FORWARDER).json()["state"] == "failed"
    replan(told, "p3", before="p2")
    assert told.plan("p3")["legs"][0]["carrier"] == LAST_MILE
    assert told.plan("p3")["circumstances"]["refused"] == [FORWARDER, ORIGIN]
    told.publish("p3")
    told.deliver_legs("p3")
    told.answer(LAST_MILE, 0, accept=False, plan_id="p3")
    assert refused(replan, told, "p4", before="p3") == "NO_CHAIN"


def test_silence_and_known_failure_are_planned_around_too(told):
    """After the time to answer; or when platform and auditor know."""
    replan(told, "p2", at=START + timedelta(hours=25))
    replan(told, "p3", failed=(0,))
    assert {told.plan(name)["legs"][0]["carrier"] for name in ("p2", "p3")} == {FORWARDER}
    assert refused(replan, told, "p4", failed=(5,)) == "LEG_UNKNOWN"
    assert refused(replan, told, "p4", failed=(0,), done=1) == "LEG_UNKNOWN"


def test_what_is_done_stays(tender):
    """A leg that was done keeps its carrier, even where that one failed later."""
    for carrier, stages, price in ((ORIGIN, ["S11"], "1"), (LAST_MILE, ["S20"], "1"), (FORWARDER, ["S15"], "1")):
        tender.consent(carrier, {"service_id": "own", "stages": stages, "price.base_minor": price}, revision=2)
        tender.offer(carrier, revision=2)
    tender.match()
    tender.publish()
    assert tender.deliver_legs() == [ORIGIN, FORWARDER, LAST_MILE]
    replan(tender, failed=(1,), done=1)
    before, after = tender.plan("p1"), tender.plan("p2")
    own = [f"g-{carrier}-2" for carrier in (ORIGIN, FORWARDER, LAST_MILE)]
    assert [leg["offers"][0] for leg in before["legs"]] == own
    assert after["legs"][0]["offers"][0] == f"g-{ORIGIN}-2"
    assert FORWARDER not in {leg["carrier"] for leg in after["legs"]}
    # What is done needs no room any more.
    assert len(after["units"]) < len(before["units"])


def test_an_accepted_leg_fails_only_once_it_was_accepted(told):
    """And by its own carrier."""
    assert refused(told.say, "Matching:fail", "p1", 0, "breakdown", by=ORIGIN) == "WRONG_STATE"
    told.answer(ORIGIN, 0)
    assert refused(told.say, "Matching:fail", "p1", 0, "breakdown", by=FORWARDER) == "NOT_A_PARTY"
    told.say("Matching:fail", "p1", 0, "breakdown", by=ORIGIN)
    assert refused(told.say, "Matching:conclude", "p1", by=PLATFORM) == "NOT_ALL_ACCEPTED"


def test_a_journey_goes_by_one_plan(told):
    """A second one is agreed only when the first has ended."""
    told.answer(ORIGIN, 0)
    told.say("Matching:conclude", "p1", by=PLATFORM)
    again = {"demand": as_bytes(DEMAND), "salt": salt("again").encode()}
    told.write("Matching:match", "p2", "j-p1", **again)
    told.publish("p2")
    told.deliver_legs("p2")
    told.answer(ORIGIN, 0, plan_id="p2")
    assert refused(told.say, "Matching:conclude", "p2", by=PLATFORM) == "ALREADY_AGREED"
    told.say("Matching:cancel", "p1", by=AUDITOR)
    assert refused(told.say, "Matching:cancel", "p1", by=AUDITOR) == "PLAN_ENDED"
    told.say("Matching:conclude", "p2", by=PLATFORM)


def test_a_cancelled_plan_gives_its_capacity_back(told):
    """Not before; and twice does no harm to whoever has it then."""
    assert refused(told.write, "Matching:release", "p1") == "PLAN_STANDS"
    told.say("Matching:cancel", "p1", by=PLATFORM)
    freed = told.write("Matching:release", "p1").private_writes
    assert len(freed) == len(told.plan()["units"])
    assert not any(freed.values())
    assert refused(told.write, "Matching:release", "p1") == "ALREADY_RELEASED"


def asked(told: Tender, carrier: str, step: int = 0, plan_id: str = "p1"):
    """Ask, have it answered, and have the answer delivered."""
    name = f"g-{carrier}-1"
    told.say("Matching:ask_why", plan_id, name, step, by=carrier)
    told.write("Matching:explain", plan_id, name, step, salt=salt("why", carrier, step).encode(), by=AUDITOR)
    reply = told.ask("Matching:reply", plan_id, name, step).payload
    told.write("Matching:deliver_reply", plan_id, name, step, carrier, by=carrier, reply=reply)
    return told.ask("Matching:why_not_me", plan_id, name, step, by=carrier).json()


def test_a_loser_asks_why_not_me(told):
    """It learns what it lacks; nobody else does, and no total is told."""
    answer = asked(told, FORWARDER)
    # Its best chain does all three steps alone, a hundred a parcel and step dearer.
    assert (answer["outcome"], answer["difference"]) == ("dearer", str(100 * 3 * 3))
    assert asked(told, ORIGIN)["outcome"] == "chosen"
    assert set(answer) == {"outcome", "reason", "needs", "difference", "price_less", "hours_less"}
    assert refused(told.ask, "Matching:why_not_me", "p1", f"g-{FORWARDER}-1", 0, by=LAST_MILE) == "NOT_FOUND"
    assert [one["carrier"] for one in told.ask("Matching:questions", "p1", by=CUSTOMS).json()] == [FORWARDER, ORIGIN]


def test_nobody_asks_about_another(told):
    """Neither with another's grant nor with something planted under its name; and only what was asked is answered."""
    name = f"g-{FORWARDER}-1"
    ask = ("Matching:ask_why", "p1", name, 0)
    for stranger in (LAST_MILE, PLATFORM, AUDITOR, MERCHANT):
        assert refused(told.say, *ask, by=stranger) == "NOT_OWNER"
    plant(told.ledger, LAST_MILE, "grant", [name], b"{}")
    assert refused(told.say, *ask, by=LAST_MILE) == "NOT_OWNER"
    explain = ("Matching:explain", "p1", name, 0)
    fresh = {"salt": salt("why").encode()}
    assert refused(told.write, *explain, **fresh) == "NOT_ASKED"
    told.say(*ask, by=FORWARDER)
    assert refused(told.say, *ask, by=FORWARDER) == "ALREADY_EXISTS"
    assert refused(told.write, *explain, by=FORWARDER, **fresh) == "NOT_TENDER"
    assert refused(told.ask, "Matching:reply", "p1", name, 0) == "NOT_FOUND"
    told.write(*explain, **fresh)
    assert refused(told.write, *explain, **fresh) == "ALREADY_EXISTS"
    reply = told.ask("Matching:reply", "p1", name, 0).payload
    deliver = ("Matching:deliver_reply", "p1", name, 0)
    better = reply.replace(b"dearer", b"chosen")
    home = {"endorsed_by": [FORWARDER]}
    assert refused(told.write, *deliver, FORWARDER, reply=better, **home) == "NOT_AS_STORED"
    assert refused(told.write, *deliver, FORWARDER, reply=reply, by=LAST_MILE, **home) == "NOT_A_PARTY"
    away = {"endorsed_by": [LAST_MILE]}
    assert refused(told.write, *deliver, LAST_MILE, reply=reply, by=LAST_MILE, **away) == "NOT_OWNER"
    told.write(*deliver, FORWARDER, reply=reply, **home)
    assert refused(told.write, *deliver, FORWARDER, reply=reply, **home) == "ALREADY_EXISTS"


def test_a_question_about_no_step_is_refused(told):
    """With the number of steps there are."""
    told.say("Matching:ask_why", "p1", f"g-{FORWARDER}-1", 9, by=FORWARDER)
    explain = ("Matching:explain", "p1", f"g-{FORWARDER}-1", 9)
    assert refused(told.write, *explain, salt=salt("why").encode()) == "STEP_UNKNOWN"


def test_an_offer_that_came_later_was_not_compared(told):
    """Its carrier is told that."""
    told.consent(FORWARDER, {"service_id": "new"}, revision=2)
    told.offer(FORWARDER, revision=2)
    told.say("Matching:ask_why", "p1", f"g-{FORWARDER}-2", 0, by=FORWARDER)
    explain = ("Matching:explain", "p1", f"g-{FORWARDER}-2", 0)
    assert refused(told.write, *explain, salt=salt("why").encode()) == "OFFER_UNKNOWN"


def test_a_hundred_bookings_at_once_on_one_carrier():
    """All endorsed on the same state: none is booked twice, none is lost, and few are sent again."""
    tender = Tender(ORIGIN)
    waiting, sent = [f"p{number:03}" for number in range(100)], 0
    while waiting:
        endorsed = [(name, tender.endorse_match(name, parcels=1, weight_grm=900)) for name in waiting]
        sent += len(endorsed)
        waiting = []
        for name, each in endorsed:
            if outcome(tender.ledger.commit, each) == "MVCC_READ_CONFLICT":
                waiting.append(name)
    units = [unit for number in range(100) for unit in tender.plan(f"p{number:03}")["units"]]
    assert len(units) == len(set(units)) >= 100
    assert sent <= 150


def test_a_day_is_booked_out_once():
    """Twenty bookings for room for twelve: twelve are made, eight are refused, whatever the order."""
    tender = Tender(ORIGIN, **{"capacity.parcels_per_day_h87": 12})
    small = {"parcels": 1, "weight_grm": 900, "steps": DEMAND["steps"][:1]}
    outcomes = [outcome(tender.match, f"p{number}", **small) for number in range(20)]
    assert outcomes == [""] * 12 + ["NO_CHAIN"] * 8
    tender.match("other-day", parcels=12, weight_grm=9_000, ready_at="2026-11-25T01:00:00Z", steps=DEMAND["steps"][:1])
    assert refused(tender.match, "too-much", parcels=13, ready_at="2026-11-26T01:00:00Z") == "NO_CHAIN"


def test_when_the_best_is_booked_out_the_next_best_is_taken(tender):
    """And whoever was booked out learns that as the reason."""
    tender.match("p1", parcels=900, weight_grm=90_000)
    tender.match("p2")
    assert tender.plan("p2")["legs"][0]["carrier"] == FORWARDER
    tender.publish("p2")
    assert asked(tender, ORIGIN, plan_id="p2")["reason"] == "CAPACITY_TAKEN"
    assert tender.ask("Matching:verify", "p2").json()["verified"]


def test_weight_takes_room_as_parcels_do(tender):
    """A carrier that limits kilograms a day is booked out by them."""
    tender.consent(
        ORIGIN, {"service_id": "light", "capacity.mass_per_day_kgm": 100, "price.base_minor": "1"}, revision=2
    )  # fmt: skip
    tender.offer(ORIGIN, revision=2)
    for number, wanted in enumerate((f"g-{ORIGIN}-2", f"g-{ORIGIN}-2", f"g-{ORIGIN}-1")):
        tender.match(f"p{number}", weight_grm=45_000)
        assert tender.plan(f"p{number}")["legs"][0]["offers"][0] == wanted


def test_replay_and_reuse_are_refused(told):
    """The same plan id; the same transaction; a demand that is none."""
    assert refused(told.match, "p1") == "ALREADY_EXISTS"
    assert refused(told.match, "p2", parcels=0) == "INVALID_ARGUMENT"
    assert refused(told.write, "Matching:match", "p2", "j", demand=as_bytes(DEMAND), salt=b"x") == "SALT_TOO_SHORT"
    once = told.endorse_match("p3")
    told.ledger.commit(once)
    assert invalid(told.ledger.commit, once)


def batch(*plans: tuple[str, list[str]], gap: int = 0, **changes) -> dict[str, bytes]:
    """Return a batch as a solver elsewhere sends it."""
    listed = [
        {"plan_id": name, "journey_id": f"j-{name}", "demand": {**DEMAND, **changes}, "chain": chain,
         "salt": salt("batch", name)}
        for name, chain in plans
    ]  # fmt: skip
    return {"batch": as_bytes({"plans": listed, "most_gap_bps": gap})}


def test_a_batch_solved_elsewhere_is_checked_here(tender):
    """The best for each is taken; a dearer one only within the gap that both endorse; and it can be checked later."""
    best, second = [f"g-{ORIGIN}-1"] * 3, [f"g-{FORWARDER}-1"] * 3
    assert tender.write("Matching:match_batch", **batch(("b1", best), ("b2", best))).json() == ["b1", "b2"]
    assert set(tender.plan("b1")["units"]) & set(tender.plan("b2")["units"]) == set()
    assert refused(tender.write, "Matching:match_batch", **batch(("b3", best), ("b4", second))) == "BATCH_TOO_DEAR"
    tender.write("Matching:match_batch", **batch(("b3", best), ("b4", second), gap=100))
    assert tender.ask("Matching:verify", "b4").json()["gap"] == "900"
    tender.publish("b4")
    assert tender.deliver_legs("b4") == [FORWARDER]
    assert asked(tender, ORIGIN, plan_id="b4")["outcome"] == "equal"


@pytest.mark.parametrize("chain", [["g-ForwarderMSP-1"] * 2, ["g-ForwarderMSP-1"] * 4, ["g-nobody-1"] * 3, []])
def test_a_batch_with_a_chain_that_cannot_be_is_refused(tender, chain):
    """Too short, too long, by nobody, empty."""
    assert refused(tender.write, "Matching:match_batch", **batch(("b1", chain))) == "CHAIN_NOT_ALLOWED"


def test_a_batch_takes_no_room_twice(tender):
    """Two that together are too much for one carrier; nothing of the batch is kept."""
    best = [f"g-{ORIGIN}-1"] * 3
    two = batch(("b1", best), ("b2", best), parcels=500, weight_grm=400_000)
    assert refused(tender.write, "Matching:match_batch", **two) == "CAPACITY_TAKEN"
    assert refused(tender.ask, "Matching:plan", "b1") == "PLAN_UNKNOWN"
    assert refused(tender.write, "Matching:match_batch", by=ORIGIN, **two) == "NOT_TENDER"
    late = batch(("b1", best), deadline_hours=59)
    assert refused(tender.write, "Matching:match_batch", **late) == "NO_CHAIN"
    twice = json.loads(two["batch"])
    twice["plans"][1]["salt"] = twice["plans"][0]["salt"]
    assert refused(tender.write, "Matching:match_batch", batch=as_bytes(twice)) == "SALT_REUSED"
    twice["plans"][1]["plan_id"] = "b1"
    assert refused(tender.write, "Matching:match_batch", batch=as_bytes(twice)) == "INVALID_ARGUMENT"


def test_a_way_back_that_was_agreed_is_the_one_a_return_takes():
    """Not the carrier of the terms; and when that plan is cancelled, the terms' own again."""
    shop = shipping.Channel()
    shop.open()
    shop.deliver()
    tender = Tender(ORIGIN, FORWARDER, ledger=shop.ledger)
    back = [{"stage": "S22", "regions": ["VN-HN", "CN-GD"], "locodes": ["VNHAN", "CNSZX"]}]
    for carrier, price in ((ORIGIN, "9"), (FORWARDER, "8")):
        tender.consent(carrier, {"service_id": "back", "stages": ["S22"], "price.base_minor": price}, revision=2)
        tender.offer(carrier, revision=2)
    parts = {"demand": as_bytes({**DEMAND, "kind": "reverse", "steps": back}), "salt": salt("back").encode()}
    tender.write("Matching:match", "p1", "J1", **parts)
    tender.publish()
    assert tender.deliver_legs() == [FORWARDER]
    tender.answer(FORWARDER, 0)
    tender.say("Matching:conclude", "p1", by=PLATFORM)
    assert shop.lodge()["roles"]["carrier"] == FORWARDER
    assert shop.query("Journeys:read", "R1-reverse")["custodian"] == FORWARDER
    tender.say("Matching:cancel", "p1", by=PLATFORM)
    assert shop.lodge("R2", line="1", quantity=1)["roles"]["carrier"] == LAST_MILE


def test_what_companies_did_together_counts():
    """The dual-signed handovers of a delivered consignment; matching takes them into account from the next count on."""
    shop = shipping.Channel()
    shop.open()
    shop.deliver()
    shop.count("J1")
    tender = Tender(ORIGIN, FORWARDER, ledger=shop.ledger)
    counted = tender.say("Matching:observe", by=LAST_MILE).json()
    assert {"giver": ORIGIN, "taker": FORWARDER, "handovers": 1, "exceptions": 0} in counted
    assert tender.ask("Matching:experience", by=CUSTOMS).json() == counted
    tender.match()
    assert {(pair["giver"], pair["taker"]) for pair in tender.plan()["circumstances"]["pairs"]} == {(ORIGIN, FORWARDER)}


def test_what_was_observed_changes_the_next_choice():
    """
    The cheaper carrier lost three parcels on the lane: it is not chosen again, and both plans say what counted.

    Until then the index of the country counts for both, by its edition.
    """
    shop = shipping.Channel()
    shop.majority("Lpi:install", by=PLATFORM, role="admin")
    tender = Tender(FORWARDER, LAST_MILE, ledger=shop.ledger)
    way = [{"stage": "S19", "regions": ["VN-HP", "VN-HN"], "locodes": ["VNHPH", "VNHAN"]}]
    for carrier, price in ((FORWARDER, "1010"), (LAST_MILE, "1000")):
        changed = {"service_id": "road", "stages": ["S19"], "price.base_minor": price,
                   "coverage.regions": ["VN-HP", "VN-HN"], "coverage.locodes": ["VNHPH", "VNHAN"]}  # fmt: skip
        tender.consent(carrier, changed, revision=2)
        tender.offer(carrier, revision=2)
    tender.match(steps=way)
    before = tender.plan()
    assert {each["basis"]: each["edition"] for each in before["circumstances"]["evidence"]} == {"lpi": "2023"}
    lost = ["J1", "J2", "J3"]
    for journey in lost:
        shop.open(journey)
    for journey in lost:
        shop.hour = 10
        shop.hand_over(MERCHANT, LAST_MILE, 10, "VNHPH", journey)
        shop.hour = 11
        shop.submit("Journeys:report", journey, "lost", "S19", shipping.text(11), by=LAST_MILE)
    shop.count(*lost)
    tender.match("p2", steps=way)
    after = tender.plan("p2")
    assert [plan["legs"][0]["carrier"] for plan in (before, after)] == [LAST_MILE, FORWARDER]
    known = {each["basis"]: each for each in after["circumstances"]["evidence"]}
    assert (known["observed"]["n"], known["lpi"]["country"]) == (3, "VN")
    assert tender.ask("Matching:verify", "p2").json()["verified"] is True
    assert tender.ask("Matching:evidence", way).json() == after["circumstances"]["evidence"]


def test_experience_is_counted_by_participants():
    """Nothing happened so far; a stranger to the register does not count."""
    tender = Tender()
    assert tender.say("Matching:observe", by=LAST_MILE).json() == []
    assert tender.ask("Matching:experience", by=CUSTOMS).json() == []


def test_two_hash_seeds_give_the_same_bytes():
    """Read-write sets, answers and events do not depend on how an interpreter orders its sets."""
    first, second = testing.transcripts("tests.unit.contracts.tender:played")
    assert first == second


def test_no_private_value_gets_into_a_block(monkeypatch):
    """No tariff, no salt, no disclosure, no name of a unit; and no key tells which carrier is meant."""
    recorded = RecordedRun(monkeypatch, scenario.played)
    kept = b"".join(value for _, _, value in recorded.private)
    secrets = [price.encode() for price in PRICES.values()] + [b"8264889", b"all-the-way", b"CNSZX", b"50000"]
    assert all(secret in kept for secret in secrets[:4])
    for public in recorded.public:
        assert not any(secret in public for secret in secrets)
    for collection, key, value in recorded.private:
        assert "MSP" not in key or "grant" in key or "offer" in key or "reply" in key or "claim" in key, key
        if collection == trading.TENDER.name and value and "matching.notice" not in key:
            assert b'"salt":"' in value
