"""The capacity gap by region and week: what the meter has published, as a map of where capacity will be short."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import request

from chaincode.domain.disclosure import disclosures
from chaincode.domain.vocabulary import places, weeks
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.pages import localformats
from gateway.pages import places as names

_WEEKS, _REGIONS, _CLAIMS = 8, 12, 5
# Pages of the caller's own claims among which the newest are found.
_CLAIM_PAGES = 10
# A gap of less than this part of the capacity is tight, not short.
_TIGHT = 0.1


@dataclass(frozen=True)
class GapCell:
    """One region in one week; *tone* says whether capacity is left (good), tight (wait) or short (bad)."""

    gap: int
    tone: str
    parties: int


@blueprint.route("/gaps")
@auth.needs("read")
@inputs.takes(query={"regions", "week"})
def gaps() -> str:
    """Show the published cells of some regions, eight weeks from one on."""
    named = request.args.get("regions", "").upper()
    regions = list(dict.fromkeys(places.SUBDIVISION.shape.findall(named) or _own_regions()))[:_REGIONS]
    week = request.args.get("week", "").strip() or weeks.of(datetime.now(UTC).date())
    shown = weeks.following("week", week, _WEEKS)
    return page(
        "gaps.html",
        regions=regions,
        week=week,
        weeks=[_begins(each) for each in shown],
        rows=[(names.region(each), _row(each, week)) for each in regions],
    )


def _row(region: str, first: str) -> dict[str, GapCell]:
    cells = context.ask_list(TRADE, "GapMeter:published", region, first, _WEEKS)
    return {_begins(each["week"]): _cell(each) for each in cells}


def _begins(week: str) -> str:
    """Return the first day of a week, by which people name it."""
    return localformats.day(weeks.monday("week", week), width="medium")


def _cell(published: dict[str, Any]) -> GapCell:
    gap, parties = published["gap"], published["demand_parties"] + published["capacity_parties"]
    short = gap > published["capacity"] * _TIGHT
    return GapCell(gap, "bad" if short else "wait" if gap > 0 else "good", parties)


def _own_regions() -> list[str]:
    """Return the regions of the caller's newest claims."""
    found: list[str] = []
    listed = context.ask_pages(TRADE, "Claims:list", "claims", "", most=_CLAIM_PAGES)
    for claim in heapq.nlargest(_CLAIMS, listed, key=lambda one: one["issued_at"]):
        opened = context.ask_record(TRADE, "Claims:read", claim["claim_id"], str(claim["revision"]))["disclosures"]
        for each in map(disclosures.read, opened):
            if each.name in ("region.subdivisions", "coverage.regions") and isinstance(each.value, list):
                found += map(str, each.value)
    return found
