"""
Experience of companies with each other: hand-overs signed by both, and their exceptions, from the journeys' records.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from chaincode.domain.journeys.custody import Custody
from chaincode.domain.journeys.pages import Page
from chaincode.domain.matching.friction import Pair


@dataclasses.dataclass(frozen=True)
class Handover:
    """Giver, taker, and whether either reported an exception while it had the goods."""

    giver: str
    taker: str
    exception: bool


def handovers(held: Custody, pages: Mapping[str, Page]) -> dict[str, Handover]:
    """
    Return the hand-overs of one parcel that two parties signed, by their events; *pages* are by party.

    An exception counts for both if one of the two reported it while it had the goods: only these two can know which of
    them caused it.
    """
    found = {}
    for number, (before, after) in enumerate(zip(held.periods, held.periods[1:], strict=False), start=1):
        if not after.giver:
            continue
        ended = held.periods[number + 1].since if number + 1 < len(held.periods) else held.ended_at
        reported = [
            incident.at
            for party in (before.custodian, after.custodian)
            for incident in (pages[party].incidents if party in pages else ())
        ]
        joint = any(before.since <= at and (ended is None or at <= ended) for at in reported)
        found[after.event_id] = Handover(after.giver, after.custodian, joint)
    return found


def counted(pair: Pair, handover: Handover, number: int) -> Pair:
    """Return *pair* with one more hand-over (*number* is 1), or with one less (-1)."""
    exceptions = pair.exceptions + number * handover.exception
    return dataclasses.replace(pair, handovers=pair.handovers + number, exceptions=exceptions)
