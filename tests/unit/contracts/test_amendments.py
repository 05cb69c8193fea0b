"""Amendments are one mechanism: whatever is amended, the same rules hold and the same questions are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from hlf.shim import testing
from tests.unit.contracts import shipping
from tests.unit.contracts.test_lpi import NEW
from tests.unit.contracts.test_participants import CHANGED
from tests.unit.contracts.test_reference_data import FLOOR, S23
from tests.unit.contracts.trading import AUDITOR, CUSTOMS, LAST_MILE, MEMBERS, MERCHANT, ORIGIN, PLATFORM, user

OTHERS = (PLATFORM, MERCHANT, ORIGIN, CUSTOMS)
"""With the proposer, `LAST_MILE`, five of eight."""


@dataclass(frozen=True)
class Kind:
    """One kind of shared data: the functions that amend it, changes of one record, and where that record is read."""

    contract: str
    subject: str
    change: Any
    other: Any
    refused: Any
    read: tuple[str, ...]
    acts: tuple[str, str] = ("propose", "approve")

    def propose(self, channel: shipping.Channel, amendment_id: str, change: Any = None, by: str = LAST_MILE) -> Any:
        return channel.majority(f"{self.contract}:{self.acts[0]}", amendment_id, change or self.change, by=by)

    def approve(self, channel: shipping.Channel, amendment_id: str, by: str) -> Any:
        return channel.majority(f"{self.contract}:{self.acts[1]}", amendment_id, by=by)

    def standing(self, channel: shipping.Channel) -> bytes | str:
        """Return the record as it is read, or the code that it is refused with."""
        try:
            return channel.ledger.evaluate(*self.read, client=user(CUSTOMS)).payload
        except testing.Refused as refused:
            return refused.code


KINDS = {
    "participants": Kind(
        "Participants",
        f"participant/{LAST_MILE}",
        CHANGED,
        {**CHANGED, "stages": ["S20"]},
        {**CHANGED, "species": "mythical"},
        ("Participants:read", LAST_MILE),
    ),
    "stages": Kind(
        "Stages",
        "stages",
        [S23],
        [{**S23, "name": "other"}],
        [S23, S23],
        ("Stages:current",),
    ),
    "lpi": Kind(
        "Lpi",
        "lpi/2026-lpi2",
        NEW,
        {**NEW, "scale": "index of 100"},
        {**NEW, "figures": []},
        ("Lpi:read", "2026-lpi2"),
    ),
    "floors": Kind(
        "Terms",
        "terms-floor/VN",
        FLOOR,
        {**FLOOR, "window_days": 10},
        {**FLOOR, "window_days": -1},
        ("Terms:floor", "VN"),
        ("propose_floor", "approve_floor"),
    ),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@pytest.fixture
def channel() -> shipping.Channel:
    """Return a channel with participants, the standard catalogue and terms."""
    return shipping.Channel()


def refused(code: str):
    """Return the block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


@each_kind
def test_more_than_half_carry_an_amendment_out(channel, kind):
    """Before that the record is as it was; the proposer approves by proposing, and the voters are the participants."""
    before = kind.standing(channel)
    proposed = kind.propose(channel, "A1")
    assert (proposed["subject"], proposed["state"], proposed["approvals"]) == (kind.subject, "open", [LAST_MILE])
    assert proposed["voters"] == sorted(MEMBERS)
    for voter in OTHERS[:-1]:
        assert kind.approve(channel, "A1", voter)["state"] == "open"
    assert kind.standing(channel) == before
    assert kind.approve(channel, "A1", OTHERS[-1])["state"] == "adopted"
    assert kind.standing(channel) != before


def listed(channel, kind) -> list[dict]:
    """Return the amendments of a kind, page by page; a page looks at two of any kind."""
    found, bookmark = [], ""
    while True:
        page = channel.query(f"{kind.contract}:amendments", 2, bookmark)
        found, bookmark = found + page["amendments"], page["bookmark"]
        if not bookmark:
            return found


@each_kind
def test_amendments_are_read_and_listed(channel, kind):
    """Everybody on the channel sees them, open and adopted; a list has its own kind only."""
    assert listed(channel, kind) == []
    for name, other in KINDS.items():
        other.propose(channel, f"A-{name}")
    kind.propose(channel, "B", kind.other)
    for voter in OTHERS:
        kind.approve(channel, "B", voter)
    first, second = listed(channel, kind)
    assert (first["subject"], first["state"], second["state"]) == (kind.subject, "open", "adopted")
    assert channel.query(f"{kind.contract}:amendment", "B") == second


@each_kind
def test_each_votes_once_and_on_what_stands(channel, kind):
    """An id is used once; what was changed in between by another amendment is not changed unseen."""
    kind.propose(channel, "A1")
    kind.propose(channel, "A2", kind.other, by=MERCHANT)
    with refused("ALREADY_EXISTS"):
        kind.propose(channel, "A1", by=ORIGIN)
    with refused("ALREADY_APPROVED"):
        kind.approve(channel, "A1", LAST_MILE)
    for voter in OTHERS:
        kind.approve(channel, "A1", voter)
    with refused("ALREADY_ADOPTED"):
        kind.approve(channel, "A1", AUDITOR)
    with refused("OVERTAKEN"):
        kind.approve(channel, "A2", ORIGIN)


@each_kind
def test_an_amendment_belongs_to_its_kind(channel, kind):
    """Another contract does not know it, and nobody knows one that was never proposed."""
    kind.propose(channel, "A1")
    for other in KINDS.values():
        for amendment_id in ("A1", "A9"):
            if (other, amendment_id) == (kind, "A1"):
                continue
            with refused("NOT_FOUND"):
                other.approve(channel, amendment_id, MERCHANT)
            with refused("NOT_FOUND"):
                channel.query(f"{other.contract}:amendment", amendment_id)


@each_kind
def test_a_change_that_cannot_be_carried_out_is_not_proposed(channel, kind):
    """It is refused before anybody votes on it, and no amendment is kept."""
    with refused("INVALID_ARGUMENT"):
        kind.propose(channel, "A1", kind.refused)
    assert listed(channel, kind) == []
