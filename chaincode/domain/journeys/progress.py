"""
The progress of a journey: planned, estimated and actual times of each stage, missing stages, and alarms.

Nothing here refuses anything. Events come late and out of order, so an event against the stages' order is accepted
when it is recorded, and shown here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from chaincode.domain.journeys.custody import TOLERANCE, Alarm
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.journeys.pages import Entry, Page, Times, timeline
from chaincode.domain.register.stages import Stage, StageCatalogue
from hlf.codec import moments
from hlf.codec.records import Instant


@dataclasses.dataclass(frozen=True)
class StageProgress:
    """
    One stage of a journey: who did it and when, its plan, and events out of order.

    ``missing`` are earlier stages that nobody recorded; ``early`` are those that began only after this stage. Times
    are milliseconds, or None if unknown.
    """

    stage_id: str
    name: str
    recorders: tuple[str, ...]
    events: int
    first_at: Instant | None
    last_at: Instant | None
    planned_at: Instant | None
    estimated_at: Instant | None
    missing: tuple[str, ...]
    early: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether it is recorded, and everything before it too."""
        return self.events > 0 and not self.missing


def progress(journey: Journey, catalogue: StageCatalogue, pages: Sequence[Page]) -> tuple[StageProgress, ...]:
    """Return every stage of the journey's type, in the catalogue's order."""
    entries = timeline(pages)
    return tuple(_stage(stage, journey, entries, pages) for stage in catalogue.of(journey.kind))


def _stage(stage: Stage, journey: Journey, entries: Sequence[Entry], pages: Sequence[Page]) -> StageProgress:
    mine = [entry for entry in entries if entry.stage_id == stage.stage_id]
    begun: dict[str, int] = {}
    for entry in entries:
        begun.setdefault(entry.stage_id, entry.at)
    order = stage.orders[journey.kind]
    before = sorted({*order.after, *order.gates}) if mine else []
    stated = [times for page in pages for times in page.times if times.stage_id == stage.stage_id]
    latest = max(stated, key=lambda times: (times.stated_at, times.estimated_at), default=None)
    return StageProgress(
        stage_id=stage.stage_id,
        name=stage.name,
        recorders=_recorders(stage.stage_id, pages),
        events=len(mine),
        first_at=mine[0].at if mine else None,
        last_at=mine[-1].at if mine else None,
        planned_at=latest.planned_at if latest else None,
        estimated_at=latest.estimated_at if latest else None,
        missing=tuple(each for each in before if each not in begun),
        early=tuple(each for each in before if begun.get(each, 0) > mine[0].at),
    )


def _recorders(stage_id: str, pages: Iterable[Page]) -> tuple[str, ...]:
    return tuple(sorted(page.msp_id for page in pages if any(each.stage_id == stage_id for each in page.standing)))


def alarms(stages: Iterable[StageProgress], now: int) -> tuple[Alarm, ...]:
    """Return alarms for people: stages out of order, missing, late, or overdue at *now*."""
    found = []
    for stage in stages:
        if stage.first_at is not None:
            for each in stage.missing:
                text = f"{stage.stage_id} is recorded and {each} before it is not"
                found.append(Alarm("STAGE_MISSING", stage.first_at, stage.recorders, text))
            for each in stage.early:
                text = f"{stage.stage_id} began before {each}, which it comes after"
                found.append(Alarm("OUT_OF_ORDER", stage.first_at, stage.recorders, text))
        if stage.planned_at is not None:
            found.extend(_late(stage, stage.planned_at, now))
    return tuple(found)


def _late(stage: StageProgress, planned_at: int, now: int) -> list[Alarm]:
    done = stage.last_at if stage.last_at is not None else now
    if done <= planned_at + TOLERANCE:
        return []
    code, word = ("LATE", "was") if stage.last_at is not None else ("OVERDUE", "is")
    text = f"{stage.stage_id} {word} {(done - planned_at) // moments.MINUTE} minutes behind its plan"
    return [Alarm(code, planned_at, stage.recorders, text)]


def stated_delivery(pages: Iterable[Page]) -> Times | None:
    """Return the carrier's own times for the delivery, the latest first."""
    stated = [times for page in pages for times in page.times if times.stage_id == "S20"]
    return max(stated, key=lambda times: (times.stated_at, times.estimated_at), default=None)
