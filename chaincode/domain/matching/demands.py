"""
Demands: the consignment, its stages, and the cost of time, risk and hand-overs for its owner.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from chaincode.domain.vocabulary import bounds, goods, identifiers, money, places, zones
from hlf.codec import moments
from hlf.codec.bounds import Bounds
from hlf.codec.records import Amount
from hlf.codec.refusals import invalid

STEPS = Bounds(1, 44)
STEP_PLACES = Bounds(1, 2)
"""Twice the number of stages, because some repeat."""

PLACES = Bounds(0, STEPS.most)
"""Number of a step or a leg in a plan, counted from 0."""

DEADLINE_HOURS, ANSWER_HOURS = Bounds(1, 10_000), Bounds(1, 1_000)
WORTH = Bounds(0, 10**15)
"""Values of a consignment in minor units: the cost of loss, lateness and hours."""

_TYPES = ("direct", "franchise", "agent", "alliance")


@dataclasses.dataclass(frozen=True)
class Step:
    """One stage, at one place or from one to another: ISO 3166-2 regions and UN/LOCODEs in the same order."""

    stage: str
    regions: tuple[str, ...]
    locodes: tuple[str, ...]

    def __post_init__(self) -> None:
        identifiers.STAGE.check("step.stage", self.stage)
        if len(self.regions) != len(self.locodes) or len(self.regions) not in STEP_PLACES:
            raise invalid("step.regions", "must be one place or two, each with its region and its LOCODE")
        for region in self.regions:
            places.check_subdivision("step.regions", region)
        for locode in self.locodes:
            places.check_locode("step.locodes", locode)


@dataclasses.dataclass(frozen=True)
class Demand:
    """
    One consignment.

    Attributes:
        ready_at: when the first stage can begin; deadline_hours counts from there.
        weight_grm: weight of all parcels; heaviest_grm and dimensions_mmt are those of the largest one.
        goods_value: cost of the loss of all goods, in minor units of *currency*.
        late: cost of one late carrier.
        hour: cost of an hour of transit or waiting; also the unit of friction.
        answer_hours: time for carriers to accept.
    """

    kind: Literal["forward", "reverse", "exchange"]
    steps: tuple[Step, ...]
    ready_at: str
    deadline_hours: int
    answer_hours: int
    parcels: int
    weight_grm: int
    heaviest_grm: int
    dimensions_mmt: tuple[int, ...]
    currency: str
    goods_value: Amount
    late: Amount
    hour: Amount
    dangerous_goods_un: str = ""
    temperature_min_cel: int | None = None
    temperature_max_cel: int | None = None
    cash_on_delivery: bool = False
    operating_types: tuple[str, ...] = _TYPES

    def __post_init__(self) -> None:
        if len(self.steps) not in STEPS:
            raise invalid("demand.steps", f"must be {STEPS.least} to {STEPS.most}")
        for field in ("parcels", "weight_grm", "heaviest_grm"):
            bounds.MANY.check(f"demand.{field}", getattr(self, field))
        for field in ("goods_value", "late", "hour"):
            WORTH.check(f"demand.{field}", getattr(self, field))
        DEADLINE_HOURS.check("demand.deadline_hours", self.deadline_hours)
        ANSWER_HOURS.check("demand.answer_hours", self.answer_hours)
        if len(self.dimensions_mmt) not in bounds.SIDES or min(self.dimensions_mmt) < 1:
            raise invalid("demand.dimensions_mmt", "must be three lengths in millimetres")
        if (self.temperature_min_cel is None) != (self.temperature_max_cel is None):
            raise invalid("demand.temperature_min_cel", "needs temperature_max_cel, and that needs it")
        if not self.operating_types or not set(self.operating_types) <= set(_TYPES):
            raise invalid("demand.operating_types", "must be some of " + ", ".join(_TYPES))
        if self.dangerous_goods_un:
            goods.check_un_number("demand.dangerous_goods_un", self.dangerous_goods_un)
        money.check_currency("demand.currency", self.currency)
        self.ready  # noqa: B018  Refused here if it is no time.

    @property
    def ready(self) -> int:
        """When the first stage can begin, in milliseconds since 1970."""
        return moments.stated("demand.ready_at", self.ready_at).at

    def day_after(self, hours: int, locode: str) -> str:
        """Return the day at *locode* so many hours after the goods are ready."""
        return zones.day(locode, self.ready + hours * moments.HOUR).isoformat()
