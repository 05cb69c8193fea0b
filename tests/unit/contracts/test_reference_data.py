"""Shared reference data: amended by the majority, with every old value visible; terms published in advance."""

from __future__ import annotations

import pytest

from chaincode.domain.register import stages
from hlf.codec import records
from hlf.shim import testing
from tests.unit.contracts import shipping
from tests.unit.contracts.trading import AUDITOR, CUSTOMS, FORWARDER, LAST_MILE, MERCHANT, ORIGIN, PAYMENTS, PLATFORM

S23 = {
    "stage_id": "S23", "name": "cross_docking", "event": "ObjectEvent", "steps": ["selat:cross_docking"],
    "recorders": ["forwarder"], "orders": {"forward": {"after": ["S16"], "gates": []}},
}  # fmt: skip

FLOOR = {"jurisdiction": "VN", "window_days": 7, "reasons": {"DEFECTIVE": {"free": True, "evidence_most": 1}}}


@pytest.fixture
def channel() -> shipping.Channel:
    """Return a channel with participants, the standard catalogue and terms."""
    return shipping.Channel()


def refused(code: str):
    """Return the block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def test_the_catalogue_is_installed_once_by_an_administrator(channel):
    """S01 to S22, version 1; not twice, and not by just anybody."""
    current = channel.query("Stages:current")
    assert [stage["stage_id"] for stage in current["stages"]] == [f"S{number:02}" for number in range(1, 23)]
    assert channel.query("Stages:stage", "S15")["orders"]["forward"]["gates"] == ["S14"]
    with refused("CATALOGUE_INSTALLED"):
        channel.majority("Stages:install", by=PLATFORM, role="admin")
    with refused("WRONG_ROLE"):
        channel.majority("Stages:install", by=PLATFORM)
    with refused("STAGE_UNKNOWN"):
        channel.query("Stages:stage", "S99")


def test_the_majority_amends_the_catalogue_and_running_journeys_keep_theirs(channel):
    """Five of eight carry it; the old version stays readable and counts for what opened under it."""
    channel.open()
    channel.majority("Stages:propose", "A1", [S23], by=FORWARDER)
    for voter in (PLATFORM, MERCHANT, ORIGIN):
        assert channel.majority("Stages:approve", "A1", by=voter)["state"] == "open"
    assert channel.query("Stages:current")["version"] == 1
    assert channel.majority("Stages:approve", "A1", by=CUSTOMS)["state"] == "adopted"
    assert channel.query("Stages:current")["version"] == 2
    assert len(channel.query("Stages:version", 1)["stages"]) == 22
    assert [change["value"] for change in channel.query("Stages:history")] == [2, 1]
    with refused("STAGE_UNKNOWN"):
        channel.record(FORWARDER, "S23", "selat:cross_docking", 5)
    with refused("ALREADY_ADOPTED"):
        channel.majority("Stages:approve", "A1", by=AUDITOR)


def test_votes_are_counted_honestly(channel):
    """One vote each, one amendment an id, none for what somebody else changed in between or elsewhere."""
    channel.majority("Stages:propose", "A1", [S23], by=FORWARDER)
    channel.majority("Stages:propose", "A2", [{**S23, "name": "other"}], by=FORWARDER)
    with refused("ALREADY_APPROVED"):
        channel.majority("Stages:approve", "A1", by=FORWARDER)
    with refused("ALREADY_EXISTS"):
        channel.majority("Stages:propose", "A1", [S23], by=ORIGIN)
    with refused("NOT_FOUND"):
        channel.majority("Terms:approve_floor", "A1", by=ORIGIN)
    for voter in (PLATFORM, MERCHANT, ORIGIN, CUSTOMS):
        channel.majority("Stages:approve", "A1", by=voter)
    with refused("OVERTAKEN"):
        channel.majority("Stages:approve", "A2", by=PLATFORM)
    with refused("NOT_FOUND"):
        channel.query("Stages:amendment", "A9")
    assert channel.query("Stages:amendment", "A1")["approvals"] == [FORWARDER, PLATFORM, MERCHANT, ORIGIN, CUSTOMS]


def test_a_catalogue_that_cannot_be_followed_is_not_proposed(channel):
    """Circles and unknown predecessors are found before anybody votes."""
    wrong = (
        {"orders": {"forward": {"after": ["S23"]}}},
        {"orders": {"forward": {"after": ["S77"]}}},
        {"orders": {"sideways": {"after": []}}},
        {"event": "QuantityEvent"},
        {"steps": []},
        {"ends": ["selat:cross_docking"]},
        {"custody": True, "ends": ["accepting"]},
    )
    for change in wrong:
        with refused("INVALID_ARGUMENT"):
            channel.majority("Stages:propose", "A1", [{**S23, **change}], by=FORWARDER)
    with refused("INVALID_ARGUMENT"):
        channel.majority("Stages:propose", "A1", [S23, S23], by=FORWARDER)
    with refused("NO_CATALOGUE"):
        channel.query("Stages:version", 9)


def test_one_organisation_cannot_amend_alone(channel):
    """Neither by voting alone nor by endorsing alone."""
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        channel.submit("Stages:propose", "A1", [S23], by=FORWARDER, endorsed_by=(FORWARDER,))


def test_terms_are_published_in_advance_one_version_after_another(channel):
    """Not for yesterday, not out of turn, not for somebody else, not with the seller as its own judge."""
    channel.hour = 10
    for code, terms, by in (
        ("NOT_IN_ADVANCE", shipping.terms(2, effective=9), MERCHANT),
        ("VERSION_NOT_NEXT", shipping.terms(3, effective=11), MERCHANT),
        ("NOT_THE_SELLER", shipping.terms(2, effective=11), PLATFORM),
        ("NOT_THE_SELLER", shipping.terms(2, effective=11, seller=PLATFORM), PLATFORM),
        ("INVALID_ARGUMENT", shipping.terms(2, effective=11, arbiter=MERCHANT), MERCHANT),
        ("NOT_A_PARTICIPANT", shipping.terms(2, effective=11, arbiter="NobodyMSP"), MERCHANT),
        (
            "NOT_A_PARTICIPANT",
            shipping.terms(2, effective=11, coverage=[{"area": "VN", "carrier": "NobodyMSP"}]),
            MERCHANT,
        ),
        ("INVALID_ARGUMENT", shipping.terms(2, effective=11, holidays=["Tet"]), MERCHANT),
    ):
        with refused(code):
            channel.majority("Terms:publish", terms, by=by)
    published = channel.majority("Terms:publish", shipping.terms(2, effective=11), by=MERCHANT)
    assert channel.query("Terms:latest", "T1") == published == channel.query("Terms:read", "T1", 2)
    assert [each["terms"]["version"] for each in channel.query("Terms:history", "T1")] == [1, 2]
    with refused("TERMS_UNKNOWN"):
        channel.query("Terms:read", "T1", 3)


def test_terms_can_be_read_by_shops(channel):
    """The export is schema.org's MerchantReturnPolicy and names the version by its hash."""
    policy = channel.query("Terms:export", "T1", 1)
    assert (policy["@type"], policy["merchantReturnDays"]) == ("MerchantReturnPolicy", 7)
    assert policy["returnPolicyCategory"] == "https://schema.org/MerchantReturnFiniteReturnWindow"
    assert policy["customerRemorseReturnFees"] == "https://schema.org/ReturnFeesCustomerResponsibility"
    assert policy["@id"] == f"urn:sha256:{channel.terms_hash}"


def test_the_consortium_sets_the_least_that_every_seller_grants(channel):
    """Carried by the majority, it binds what is published from then on; each short-coming is named."""
    channel.majority("Terms:propose_floor", "F1", FLOOR, by=AUDITOR)
    for voter in (PLATFORM, PAYMENTS, LAST_MILE, CUSTOMS):
        channel.majority("Terms:approve_floor", "F1", by=voter)
    assert channel.query("Terms:floor", "VN")["window_days"] == 7
    worse = shipping.terms(2, effective=11, window_days=6)
    worse["reasons"] = {name: cover for name, cover in worse["reasons"].items() if name != "DEFECTIVE"}
    with refused("BELOW_CONSORTIUM_TERMS") as short:
        channel.majority("Terms:publish", worse, by=MERCHANT)
    assert "window is shorter than 7 days; DEFECTIVE is not covered" in str(short.value)
    channel.majority("Terms:publish", shipping.terms(2, effective=11), by=MERCHANT)
    channel.majority("Terms:propose_floor", "F2", {**FLOOR, "window_days": 10}, by=AUDITOR)
    for voter in (PLATFORM, PAYMENTS, LAST_MILE, CUSTOMS):
        channel.majority("Terms:approve_floor", "F2", by=voter)
    values = [change["value"]["window_days"] for change in channel.query("Terms:floor_history", "VN")]
    assert values == [10, 7]


def test_the_standard_catalogue_is_what_the_specification_says():
    """It can be followed, and the interleaving groups wait for nothing among themselves."""
    catalogue = stages.checked(stages.STANDARD)
    for group in (range(3, 10), range(12, 15)):
        ids = {f"S{number:02}" for number in group}
        for stage in catalogue.stages:
            if stage.stage_id in ids and "forward" in stage.orders:
                assert not ids & set(stage.orders["forward"].after + stage.orders["forward"].gates)
                assert stage.repeats
    assert records.loads(stages.StageCatalogue, records.dumps(catalogue)) == catalogue
