"""Participants and amendments: who holds which role, and how the majority changes it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.register import amendments, participants
from chaincode.domain.register.participants import Directory, Participant
from hlf.codec.refusals import Refused

CARRIER = Participant("CMSP", "Carrier", "key", ("origin_carrier", "warehouse"), ("CN", "VN"), ("S03", "S11"))
PLATFORM = Participant("PMSP", "Platform", "core", ("platform",), ("SG",))
AUDITOR = Participant("AMSP", "Auditor", "supporting", ("auditor",), ("SG",))


def code(call, *args, **named) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **named)
    return refused.value.code


@pytest.mark.parametrize(
    "change",
    [
        {"msp_id": "a b"},
        {"name": ""},
        {"roles": ()},
        {"countries": ()},
        {"roles": ("pirate",)},
        {"countries": ("XX",)},
        {"stages": ("S00",)},
        {"stages": ("S11", "S11")},
        {"roles": ("warehouse", "warehouse")},
    ],
)
def test_what_is_no_participant_is_refused(change):
    """Roles, countries and stages are the known ones, each once."""
    assert code(dataclasses.replace, CARRIER, **change) == "INVALID_ARGUMENT"


def test_entitlement_is_data():
    """A stage that an amended catalogue adds can be among the capabilities; sides follow from roles."""
    assert dataclasses.replace(CARRIER, stages=("S23",)).stages == ("S23",)
    assert CARRIER.sides == {"logistics"}
    assert PLATFORM.sides == {"commerce"}
    assert AUDITOR.sides == {"neutral"}


def test_the_directory_knows_the_tender():
    """Platform and auditor keep it; the auditor must be there from the beginning, on every channel."""
    listed, directory = participants.founded([PLATFORM, CARRIER, AUDITOR])
    assert [one.msp_id for one in listed] == ["AMSP", "CMSP", "PMSP"]
    assert directory.tender(directory.platform).members == ("PMSP", "AMSP")
    assert directory.members == ("AMSP", "CMSP", "PMSP")
    assert code(participants.founded, [PLATFORM, CARRIER]) == "ROLE_VACANT"
    _, without_platform = participants.founded([AUDITOR, CARRIER])
    assert code(lambda: without_platform.platform) == "ROLE_VACANT"
    assert code(participants.founded, []) == "INVALID_ARGUMENT"
    assert code(participants.founded, [PLATFORM, PLATFORM, AUDITOR]) == "INVALID_ARGUMENT"


def test_a_changed_role_leaves_no_trace_in_the_directory():
    """An organisation stands under its present roles only."""
    directory = Directory({}).with_participant(CARRIER)
    moved = directory.with_participant(dataclasses.replace(CARRIER, roles=("last_mile",)))
    assert moved.roles == {"last_mile": ("CMSP",)}


def test_the_founding_auditor_stays_the_one_that_counts():
    """It keeps the pins of claims: neither a second one, whatever its name, nor an amendment moves the role."""
    _, founded = participants.founded([PLATFORM, CARRIER, AUDITOR])
    second = dataclasses.replace(AUDITOR, msp_id="A0MSP")
    both = founded.with_participant(second)
    assert both.roles["auditor"] == ("AMSP", "A0MSP")
    amended = both.with_participant(dataclasses.replace(AUDITOR, roles=("customs", "auditor")))
    assert amended.auditor == "AMSP"
    assert code(amended.with_participant, dataclasses.replace(AUDITOR, roles=("customs",))) == "INVALID_ARGUMENT"
    assert amended.with_participant(dataclasses.replace(second, roles=("customs",))).roles["auditor"] == ("AMSP",)


@given(st.integers(1, 30))
def test_more_than_half_carries_an_amendment(count):
    """Not half, not all: the first approval beyond the half."""
    voters = tuple(f"M{number:02}" for number in range(count))
    amendment = amendments.proposed("a1", "participant/M00", "hash", {"x": 1}, voters[0], voters)
    for voter in voters[1:]:
        if amendment.state == "adopted":
            break
        assert 2 * len(amendment.approvals) <= count
        amendment = amendment.approved_by(voter, "hash")
    assert amendment.state == "adopted"
    assert len(amendment.approvals) == count // 2 + 1


def test_who_may_approve_and_how_often():
    """A voter, once, while it is open and nobody has changed the subject in between."""
    open_one = amendments.proposed("a1", "participant/C", "hash", {}, "A", ("A", "B", "C", "D"))
    assert code(open_one.approved_by, "A", "hash") == "ALREADY_APPROVED"
    assert code(open_one.approved_by, "E", "hash") == "NOT_A_VOTER"
    assert code(open_one.approved_by, "B", "other") == "OVERTAKEN"
    adopted = open_one.approved_by("B", "hash").approved_by("C", "hash")
    assert adopted.state == "adopted"
    assert code(adopted.approved_by, "D", "hash") == "ALREADY_ADOPTED"
    assert code(amendments.proposed, "a1", "s", "", {}, "E", ("A",)) == "NOT_A_VOTER"
    assert code(amendments.proposed, "a 1", "s", "", {}, "A", ("A",)) == "INVALID_ARGUMENT"
