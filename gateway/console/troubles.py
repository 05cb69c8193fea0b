"""What lately went wrong with goods that concern the organisation: reported trouble, and custody that does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chaincode.domain.journeys import custody
from chaincode.domain.journeys.custody import Custody, Period
from gateway.console import lists
from gateway.http import context
from gateway.http.context import TRADE
from gateway.pages import localformats, places, states
from gateway.readmodel import queries
from gateway.readmodel.queries import Query
from hlf.codec import records

# What happened before is history: the pages of the journeys have it.
_RECENT = timedelta(days=7)
# Reports, and parcels, that are looked at; the newest ones.
_LOOKED_AT, _MOST = 25, 5


@dataclass(frozen=True)
class GoodsTrouble:
    """What went wrong in words, on which journey, which way it goes, and when it was."""

    words: str
    journey_id: str
    way: str
    at: str


def lately() -> list[GoodsTrouble]:
    """Return the troubles of the last week on journeys to which the caller's organisation is a party."""
    return [*dict.fromkeys([*_custody(), *_reported()])][:_MOST]


def _since() -> int:
    return int((datetime.now(UTC) - _RECENT).timestamp() * 1000)


def _reported() -> Iterator[GoodsTrouble]:
    """Yield what parties reported, the newest first; goods that were found again are no trouble."""
    services, own, since = context.services(), context.caller().msp_id, _since()
    found = queries.events(services.model, own, channel=TRADE.channel, name="IncidentReported", limit=_LOOKED_AT).events
    told = [each for each in found if each.payload and each.at >= since and each.payload.get("kind") != "found"]
    ids = {str(each.payload.get("journey_id")) for each in told}
    ways = {
        each.id: lists.way(each.document)
        for each in queries.named(services.model, own, "journeys", ids)
        if own in {party["msp_id"] for party in each.document["parties"]}
    }
    for each in told:
        journey_id = str(each.payload.get("journey_id"))
        if journey_id in ways:
            words = states.said(states.INCIDENTS, str(each.payload.get("kind")))
            yield GoodsTrouble(words, journey_id, ways[journey_id], localformats.moment(each.at))


def _custody() -> Iterator[GoodsTrouble]:
    """Yield the gaps and overlaps in which the organisation's own statement is one of the two that differ."""
    own, since = context.caller().msp_id, _since()
    for row in lists.journey_rows(lists.found(Query("parcels", {"periods.custodian": own}, limit=_LOOKED_AT))):
        periods = records.shaped(tuple[Period, ...], row.custody["periods"], "periods")
        held = Custody(row.custody["journey_id"], 0, custody.HELD, periods)
        for alarm in held.alarms():
            if own in alarm.parties and alarm.at >= since:
                way = lists.way(row.journey) if row.journey else places.name(periods[-1].place)
                words = states.said(states.ALARMS, alarm.code)
                yield GoodsTrouble(words, held.journey_id, way, localformats.moment(alarm.at))
