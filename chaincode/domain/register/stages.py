"""
The stages S01 to S22 of a journey, as a catalogue on the ledger.

A stage lists the CBV steps and dispositions of its events, the roles that may record it, and its order: it comes
after the stages in ``after``, and may not be recorded without those in ``gates``. The order is partial: stages
without an order between them may come in any order, and a stage that ``repeats`` may be recorded many times. Each
journey type has its own order; a stage that is not in it does not occur in such journeys.

A journey keeps the version of the catalogue that it was opened under. An amendment makes a new version and does not
change running journeys.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Iterable, Mapping

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

CHANGED = Bounds(1, 100)
"""Stages that one amendment names."""


class JourneyType(enum.StrEnum):
    """The direction of the goods, and its reason."""

    FORWARD = "forward"
    REVERSE = "reverse"
    EXCHANGE = "exchange"


@dataclasses.dataclass(frozen=True)
class StageOrder:
    """The order of a stage in one journey type."""

    after: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Stage:
    """
    One stage of the catalogue.

    ``steps`` and ``dispositions`` are words of CBV, or Selat's own where CBV has none. Without dispositions, its
    events have none. With ``custody``, only the organisation that has the goods may record the stage. Some steps
    have an effect: a step in ``takes`` starts the custody of goods that nobody in the consortium had; a step in
    ``ends`` gives them to the buyer; a gate is open while the last event of its stage is in ``releases`` (or is any
    event, if ``releases`` is empty).
    """

    stage_id: str
    name: str
    event: str
    steps: tuple[str, ...]
    recorders: tuple[str, ...]
    orders: Mapping[str, StageOrder]
    dispositions: tuple[str, ...] = ()
    custody: bool = False
    repeats: bool = True
    takes: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()

    def occurs_in(self, kind: str) -> bool:
        """Return whether journeys of this type have the stage."""
        return kind in self.orders


@dataclasses.dataclass(frozen=True)
class StageCatalogue:
    """All stages of one version; ``since`` is the time when it came into force (milliseconds)."""

    version: int
    since: records.Instant
    stages: tuple[Stage, ...]

    def stage(self, stage_id: str) -> Stage:
        """
        Return the stage with this id.

        Raises:
            Refused: STAGE_UNKNOWN; INVALID_ARGUMENT if it is not an id.
        """
        identifiers.check("stage_id", stage_id)
        for stage in self.stages:
            if stage.stage_id == stage_id:
                return stage
        raise Refusal.STAGE_UNKNOWN(f"{stage_id} is not in version {self.version} of the stage catalogue")

    def of(self, kind: str) -> tuple[Stage, ...]:
        """Return the stages of one journey type, in the catalogue's order."""
        return tuple(stage for stage in self.stages if stage.occurs_in(kind))

    def recordable(self, roles: Iterable[str], kind: str) -> tuple[str, ...]:
        """Return the ids of the stages that an organisation with these roles may record on such a journey."""
        held = set(roles)
        return tuple(stage.stage_id for stage in self.of(kind) if held & set(stage.recorders))

    @functools.cached_property
    def digest(self) -> str:
        """The hash of this version; journeys keep it."""
        return records.digest(self)


def checked(catalogue: StageCatalogue) -> StageCatalogue:
    """
    Return *catalogue* if its order is possible.

    Raises:
        Refused: INVALID_ARGUMENT, for an id given twice, a predecessor that does not
            occur in the journey type, or stages that wait for each other.
    """
    ids = [stage.stage_id for stage in catalogue.stages]
    if len(set(ids)) != len(ids):
        raise invalid("stages", "a stage id is given twice")
    for stage in catalogue.stages:
        identifiers.check("stages.stage_id", stage.stage_id)
        if stage.event not in EVENTS:
            raise invalid(f"stages.{stage.stage_id}.event", f"must be one of {', '.join(EVENTS)}")
        if not stage.steps or not stage.recorders:
            raise invalid(f"stages.{stage.stage_id}", "needs at least one step and one recording role")
        if (stage.takes or stage.ends) and not stage.custody:
            raise invalid(f"stages.{stage.stage_id}", "a stage that begins or ends custody depends on it")
        for step in stage.takes + stage.ends + stage.releases:
            if step not in stage.steps:
                raise invalid(f"stages.{stage.stage_id}", "takes, ends and releases are among its steps")
        for kind in stage.orders:
            if kind not in list(JourneyType):
                raise invalid(f"stages.{stage.stage_id}.orders", f"must be for {', '.join(JourneyType)}")
    for kind in JourneyType:
        _follow(kind, {stage.stage_id: stage.orders[kind] for stage in catalogue.of(kind)})
    return catalogue


def _follow(kind: str, orders: Mapping[str, StageOrder]) -> None:
    """Refuse stages that wait for each other, directly or through others."""
    for stage_id, order in sorted(orders.items()):
        for before in order.after + order.gates:
            if before not in orders:
                raise invalid(f"stages.{stage_id}.orders.{kind}", "names a stage that does not occur there")
    waiting = {stage_id: set(order.after + order.gates) for stage_id, order in orders.items()}
    while waiting:
        free = {stage_id for stage_id, before in waiting.items() if not before & waiting.keys()}
        if not free:
            raise invalid("stages", f"{', '.join(sorted(waiting))} wait for each other in {kind} journeys")
        for stage_id in free:
            del waiting[stage_id]


EVENTS = ("ObjectEvent", "TransactionEvent", "AggregationEvent")

_SELLER = ("platform", "merchant")
_CARRIERS = ("origin_carrier", "forwarder", "last_mile")
_WAREHOUSES = (*_SELLER, *_CARRIERS)


def _orders(**after: tuple[str, ...] | StageOrder) -> dict[str, StageOrder]:
    return {kind: given if isinstance(given, StageOrder) else StageOrder(given) for kind, given in after.items()}


def _both(*after: str, gates: tuple[str, ...] = ()) -> dict[str, StageOrder]:
    """Return the same order for a forward journey and the forward half of an exchange."""
    return {kind: StageOrder(after, gates) for kind in ("forward", "exchange")}


def _own(word: str) -> str:
    return f"selat:{word}"


STANDARD = StageCatalogue(
    version=1,
    since=0,
    stages=(
        Stage("S01", "order_receiving", "TransactionEvent", (_own("order_receiving"),), _SELLER,
              _both(), repeats=False),
        Stage("S02", "goods_receiving", "ObjectEvent", ("receiving", "accepting"), _WAREHOUSES,
              _both("S01"), custody=True),
        Stage("S03", "warehousing", "ObjectEvent", ("storing",), _WAREHOUSES,
              _both("S02"), ("sellable_not_accessible",), custody=True),
        Stage("S04", "classification", "ObjectEvent", (_own("classifying"),), ("merchant", "origin_carrier", "customs"),
              _both("S02")),
        Stage("S05", "coding", "ObjectEvent", ("commissioning",), _WAREHOUSES,
              _both("S02"), ("active",), custody=True),
        Stage("S06", "tally", "ObjectEvent", ("cycle_counting",), _WAREHOUSES,
              _both("S02"), ("completeness_verified", "mismatch_quantity"), custody=True),
        Stage("S07", "sorting", "ObjectEvent", (_own("sorting"),), _WAREHOUSES,
              _both("S02") | _orders(reverse=("S22",)), custody=True),
        Stage("S08", "packaging", "AggregationEvent", ("packing", "unpacking"), _WAREHOUSES,
              _both("S02"), custody=True),
        Stage("S09", "labelling", "ObjectEvent", (_own("labelling"),), _WAREHOUSES,
              _both("S02"), custody=True),
        Stage("S10", "loading", "ObjectEvent", ("loading", "staging_outbound"), _WAREHOUSES,
              _both("S08", "S09") | _orders(reverse=("S22",)), ("container_closed",), custody=True),
        Stage("S11", "export_transport", "ObjectEvent", ("departing", "arriving"), _CARRIERS,
              _both("S10") | _orders(reverse=("S22",)), ("in_transit",), custody=True),
        Stage("S12", "commodity_inspection", "ObjectEvent", ("inspecting", "holding"), ("customs",),
              _both("S02") | _orders(reverse=("S22",)), ("conformant", "non_conformant", "damaged")),
        Stage("S13", "settlement", "TransactionEvent", (_own("settling"),), ("payments",),
              _both("S01")),
        Stage("S14", "export_customs", "ObjectEvent", (_own("customs_declaring"), _own("customs_released"), "holding"),
              ("customs",), _both("S04") | _orders(reverse=("S22",)), releases=(_own("customs_released"),)),
        Stage("S15", "international_freight", "ObjectEvent", ("departing", "transporting", "arriving"),
              ("forwarder",), _both("S11", "S12", gates=("S14",)) | {"reverse": StageOrder(("S22",), ("S14",))},
              ("in_transit",), custody=True),
        Stage("S16", "unloading", "ObjectEvent", ("unloading",), _CARRIERS,
              _both("S15") | _orders(reverse=("S15",)), ("container_open",), custody=True),
        Stage("S17", "import_customs", "ObjectEvent", (_own("customs_declaring"), _own("customs_released"), "holding"),
              ("customs",), _both("S15") | _orders(reverse=("S15",)), releases=(_own("customs_released"),)),
        Stage("S18", "taxation", "TransactionEvent", (_own("duty_paid"),), ("customs", "payments"),
              _both("S17") | _orders(reverse=("S17",))),
        Stage("S19", "distribution", "ObjectEvent", ("departing", "arriving", _own("sorting")),
              ("last_mile", "origin_carrier"), _both("S16", "S18", gates=("S17",)) | _orders(reverse=("S17",)),
              ("in_transit",), custody=True),
        Stage("S20", "delivery", "ObjectEvent",
              ("accepting", _own("delivery_attempted"), _own("ready_for_pickup"), _own("pickup_expired")),
              ("last_mile",),
              _both("S19"), custody=True, ends=("accepting",)),
        Stage("S21", "after_sales", "ObjectEvent", ("repairing", "replacing"), _SELLER,
              _both("S20") | _orders(reverse=("S22",)), ("needs_replacement", "available")),
        Stage("S22", "returned_goods", "ObjectEvent",
              ("shipping", "receiving", "inspecting", "stocking", "destroying"), (*_SELLER, *_CARRIERS),
              _orders(reverse=()),
              ("returned", "conformant", "non_conformant", "sellable_not_accessible", "disposed"),
              custody=True, takes=("shipping",)),
    ),
)  # fmt: skip
"""The catalogue that a new consortium adopts as its first version (domain.md, "Stages of a journey")."""


def installed(now: int) -> StageCatalogue:
    """Return the standard catalogue as version 1, in force from *now* on."""
    return dataclasses.replace(STANDARD, since=now)


def amended(before: StageCatalogue, changed: tuple[Stage, ...], now: int) -> StageCatalogue:
    """Return the version after *before*: stages in *changed* replace those with the same id, or are added."""
    new = {stage.stage_id: stage for stage in changed}
    if len(new) != len(changed) or len(changed) not in CHANGED:
        raise invalid("changed", f"must be {CHANGED.least} to {CHANGED.most} stages, none twice")
    kept = {stage.stage_id: stage for stage in before.stages}
    stages = tuple(stage for _, stage in sorted((kept | new).items()))
    return StageCatalogue(before.version + 1, now, stages)
