"""One owner has one claim for each subject: the auditor compares digests, and learns nothing else."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.contracts import private
from chaincode.domain.disclosure import subjects
from hlf.codec import canonical
from hlf.shim import testing
from tests.unit.contracts.disclosure.test_claims import refused
from tests.unit.contracts.trading import (
    AUDITOR,
    CAPABILITY,
    FORECAST,
    FORWARDER,
    MERCHANT,
    PLATFORM,
    START,
    Claim,
    Desk,
    as_bytes,
    plant,
    salt,
    terms,
    trade_channel,
    user,
)

SECRET = salt("subjects", MERCHANT)
LATER = {"horizon.start": "2026-12-28", "horizon.end": "2027-01-10", "demand.units_p50_h87": 4_200}


def claim(claim_id: str, revision: int = 1, owner: str = MERCHANT, **changes: Any) -> Claim:
    """Return a forecast with some values changed; a dot in a name is written as two underscores."""
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return Claim("forecast", owner, claim_id, {**FORECAST, **named}, revision)


def test_a_second_claim_about_the_same_is_refused():
    """777 to one and 800 to another, for the same product, a region and a week of both: the auditor sees it."""
    desk = Desk(trade_channel())
    first = claim("c1")
    first.commit(desk.ledger)
    desk.grant("g1", first, terms(first, FORWARDER, "method"))
    other = {"region__subdivisions": ["VN-DN", "VN-HN"], "horizon__start": "2026-12-27", "horizon__end": "2027-01-03"}
    second = claim("c2", demand__units_p50_h87=4_201, **other)
    assert refused(second.commit, desk.ledger) == "SUBJECT_CLAIMED"
    revised = claim("c1", 2, demand__units_p50_h87=4_201)
    revised.commit(desk.ledger)
    desk.grant("g3", revised, terms(revised, PLATFORM, "method"))


@pytest.mark.parametrize(
    "changes",
    [
        {"product__gtin14": "09506000134369"},
        {"region__subdivisions": ["VN-DN"]},
        {"horizon__start": "2026-12-28", "horizon__end": "2027-01-10"},
        {"audience__age_band": "35-44"},
        {"owner": PLATFORM},
    ],
)
def test_other_subjects_are_claimed_beside_it(changes):
    """Another product, region, week, audience or owner."""
    ledger = trade_channel()
    claim("c1").commit(ledger)
    claim("c2", **changes).commit(ledger)


def test_a_service_has_one_claim_for_a_region_and_a_month():
    """A capability is about a service of its owner."""
    ledger = trade_channel()
    Claim("capability", FORWARDER, "c1", CAPABILITY).commit(ledger)
    again = {**CAPABILITY, "valid.from": "2027-01-31", "valid.to": "2027-02-28"}
    assert refused(Claim("capability", FORWARDER, "c2", again).commit, ledger) == "SUBJECT_CLAIMED"
    Claim("capability", FORWARDER, "c3", {**again, "valid.from": "2027-02-01"}).commit(ledger)
    Claim("capability", FORWARDER, "c4", {**CAPABILITY, "service_id": "last-mile"}).commit(ledger)


@pytest.mark.parametrize(
    ("spelled", "code"),
    [
        ("Line-Haul", "SUBJECT_CLAIMED"),
        ("LINE-HAUL", "SUBJECT_CLAIMED"),
        ("line-haul ", "INVALID_ARGUMENT"),
        ("line\u200b-haul", "INVALID_ARGUMENT"),
        ("line\u2010haul", "INVALID_ARGUMENT"),
        ("l\u0456ne-haul", "INVALID_ARGUMENT"),
        ("\uff4cine-haul", "INVALID_ARGUMENT"),
    ],
)
def test_a_service_is_not_another_by_its_spelling(spelled, code):
    """Blanks and characters that nobody sees, hyphens and letters of other scripts that look the same, and capitals."""
    ledger = trade_channel()
    Claim("capability", FORWARDER, "c1", CAPABILITY).commit(ledger)
    other = {**CAPABILITY, "service_id": spelled, "capacity.parcels_per_day_h87": 800}
    assert refused(Claim("capability", FORWARDER, "c2", other).commit, ledger) == code


def test_an_owner_commits_to_one_secret():
    """With the first claim; later ones use it, whoever says another is refused, and its hash is public."""
    ledger, first = trade_channel(), claim("c1")
    bare = {"client": user(MERCHANT), "at": START}
    assert refused(ledger.invoke, "Claims:commit", "c1", 1, transient=first.transient(), **bare) == "SECRET_MISSING"
    first.commit(ledger)
    second = claim("c2", product__gtin14="09506000134369").transient()
    other = {**second, "secret": salt("another").encode()}
    assert refused(ledger.invoke, "Claims:commit", "c2", 1, transient=other, **bare) == "SECRET_STANDS"
    ledger.invoke("Claims:commit", "c2", 1, transient=second, **bare)
    found = ledger.evaluate("Claims:secret_hash", MERCHANT, client=user(AUDITOR)).json()
    assert found == {"owner": MERCHANT, "secret_hash": hashlib.sha256(SECRET.encode()).hexdigest()}
    assert ledger.evaluate("Claims:secret_hash", PLATFORM, client=user(AUDITOR)).json()["secret_hash"] == ""


def test_what_the_auditor_keeps_does_not_change_with_the_owner():
    """An owner that rewrites its own secret or subject behind its contract's back is refused."""
    ledger = trade_channel()
    claim("c1").commit(ledger)
    later = claim("c2", **{name.replace(".", "__"): value for name, value in LATER.items()})
    later.commit(ledger)
    cells = list(subjects.cells("forecast", MERCHANT, FORECAST, SECRET))
    forged = canonical.dumps({"owner": MERCHANT, "claim_id": "c9", "revision": 1, "cells": cells})
    stranger = {"client": user(MERCHANT), "transient": {"subject": forged}, "at": START}
    assert refused(ledger.invoke, "Claims:show_subject", **stranger) == "NOT_COMMITTED"
    plant(ledger, MERCHANT, "claim.subject", ["c9", "000001"], forged)
    assert refused(ledger.invoke, "Claims:show_subject", **stranger) == "SUBJECT_CLAIMED"
    hidden = claim("c9")
    plant(ledger, MERCHANT, "claim.document", ["c9", "000001"], hidden.document.to_bytes())
    grant = {"grant": as_bytes(terms(hidden, FORWARDER, "method"))}
    said = {"client": user(MERCHANT), "transient": grant, "at": START}
    assert refused(ledger.invoke, "Disclosures:grant", "g1", **said) == "SUBJECT_NOT_SHOWN"
    plant(ledger, MERCHANT, "claim.subject.secret", [], b"another secret, 22 letters long")
    assert refused(later.show_subject, ledger) == "COMMITMENT_CHANGED"


def test_the_auditor_gets_digests_and_nothing_else():
    """No region, week or product is in what it stores, it alone; the block has no more than the claim's id."""
    ledger, made = trade_channel(), claim("c1")
    made.commit(ledger)
    shown = made.show_subject(ledger)
    assert shown.json() == {"claim_id": "c1"}
    assert {name for name, _ in shown.private_writes} == {private.collection(AUDITOR)}
    kept = list(shown.private_writes.values())
    for word in (b"VN-HN", b"2026", b"09506000134352", b"851712"):
        assert not any(word in value for value in kept)
    with pytest.raises((testing.Refused, testing.CallFailed)):
        ledger.evaluate("Claims:subject", "c1", 1, client=user(AUDITOR))


DAYS = st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 12, 31))
REGIONS = st.lists(st.sampled_from(["VN-HN", "VN-SG", "TH-10", "MY-14"]), min_size=1, max_size=4)


@given(st.tuples(DAYS, DAYS, REGIONS), st.tuples(DAYS, DAYS, REGIONS))
def test_two_claims_share_a_digest_if_they_share_a_region_and_a_week(one, other):
    """Compared as sets of pairs, without any digest."""

    def values(drawn) -> dict[str, Any]:
        first, last = sorted(drawn[:2])
        horizon = {"horizon.start": first.isoformat(), "horizon.end": last.isoformat()}
        return {**FORECAST, **horizon, "region.subdivisions": drawn[2]}

    def covered(drawn) -> set[tuple[str, tuple[int, int]]]:
        first, last = sorted(drawn[:2])
        days = (first.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1))
        return {(region, day.isocalendar()[:2]) for day in days for region in drawn[2]}

    digests = [set(subjects.cells("forecast", MERCHANT, values(each), SECRET)) for each in (one, other)]
    assert len(digests[0] & digests[1]) == len(covered(one) & covered(other))
    elsewhere = subjects.cells("forecast", MERCHANT, values(one), salt("another"))
    assert not digests[0] & set(elsewhere)


def test_a_claim_of_too_many_weeks_and_regions_is_refused():
    """Its digests would not fit into a transaction; the refusal names the field."""
    long = {"horizon__start": "2026-11-30", "horizon__end": "2099-12-31", "demand__units_p50_h87": 1}
    assert refused(claim("c1", **long).commit, trade_channel()) == "INVALID_ARGUMENT"
