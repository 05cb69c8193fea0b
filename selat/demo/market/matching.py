"""The tender before the peak: offers, a chain, and the next chain where somebody refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from selat.demo import goods
from selat.demo.calendar import Calendar
from selat.demo.callers import DemoCaller
from selat.demo.market import shops
from selat.demo.market.people import CARRIERS, Callers
from selat.demo.screen import short

OFFERS = (
    ("origin", ("S11",), "1450"),
    ("forwarder", ("S15",), "2480"),
    ("air", ("S15",), "3950"),
    ("last_mile", ("S20",), "640"),
    ("peninsula", ("S20",), "910"),
)
"""Who offers which stages, and for how much, in cents; two offer the voyage, and two the delivery."""


class Tender:
    """Platform and auditor choose; carriers answer."""

    def __init__(self, callers: Callers, calendar: Calendar) -> None:
        self._callers = callers
        self._calendar = calendar
        self._grants: dict[str, str] = {}

    def offer(self, actor: str, stages: Sequence[str], price: str) -> None:
        """Commit to a capability, consent to its use for matching, and add it to the tender."""
        carrier = self._callers[actor]
        values = goods.SERVICE | {"service_id": f"{actor}-2026", "stages": list(stages), "price.base_minor": price}
        claim = carrier.post("/v1/capabilities", {"values": values})["claim_id"]
        consent = {
            "claim_id": claim,
            "recipient": self._callers["platform"].msp_id,
            "attributes": sorted(values),
            "purpose": "matching",
            "expires_at": "2030-12-31T00:00:00Z",
        }
        self._grants[actor] = carrier.post("/v1/disclosures", consent)["grant_id"]
        self._callers["platform"].post("/v1/matching/offers", {"grant_id": self._grants[actor]})

    def plan(self, journey_id: str) -> str:
        """Choose and publish a chain for a journey; return the plan's address."""
        body = {"journey_id": journey_id, "demand": self._demand()}
        return self._published(self._callers["platform"].post("/v1/matching/plans", body)["plan_id"])

    def refused(self, plan: str, actor: str, reason: str) -> str:
        """Let a carrier refuse its leg, and choose another chain; return the address of the new plan."""
        leg = next(leg for leg in self._legs(plan) if leg["carrier"] == self._callers[actor].msp_id)
        address = f"{plan}/legs/{leg['number']}"
        self._callers["platform"].post(f"{address}/delivery")
        self._callers[actor].post(f"{address}/answer", {"accept": False, "reason": reason})
        return self._published(self._callers["platform"].post(f"{plan}/replacement", {})["plan_id"])

    def accept(self, plan: str) -> None:
        """Let every carrier of a plan accept its leg."""
        for leg in self._legs(plan):
            address = f"{plan}/legs/{leg['number']}"
            self._callers["platform"].post(f"{address}/delivery")
            self._by_msp(leg["carrier"]).post(f"{address}/answer", {"accept": True})
        self._callers["platform"].post(f"{plan}/conclusion")

    def carrier(self, plan: str, stage_id: str) -> str:
        """Return the MSP id of the carrier of a stage of a plan."""
        found: str = next(leg["carrier"] for leg in self._legs(plan) if stage_id in leg["stages"])
        return found

    def names(self, plan: str) -> str:
        """Return the carriers of a plan for the screen, in their order."""
        return ", ".join(short(leg["carrier"]) for leg in self._legs(plan))

    def why_not(self, plan: str, actor: str, step: int) -> dict[str, Any]:
        """Let a carrier ask why its offer does not do a step; return the answer that only it reads."""
        question: dict[str, Any] = {"grant_id": self._grants[actor], "step": step}
        self._callers[actor].post(f"{plan}/questions", question)
        self._callers["auditor"].post(f"{plan}/answers", question)
        told: dict[str, Any] = self._callers[actor].get(f"{plan}/why-not-me", **question)
        return told

    def _published(self, plan_id: str) -> str:
        plan = f"/v1/matching/plans/{plan_id}"
        self._callers["platform"].post(f"{plan}/publication")
        return plan

    def _legs(self, plan: str) -> list[dict[str, Any]]:
        legs: list[dict[str, Any]] = self._callers["platform"].get(f"{plan}/content")["legs"]
        return legs

    def _by_msp(self, msp_id: str) -> DemoCaller:
        return next(self._callers[actor] for actor in CARRIERS if self._callers[actor].msp_id == msp_id)

    def _demand(self) -> dict[str, Any]:
        return {
            "steps": [
                {"stage": "S11", "regions": ["CN-GD", "CN-GD"], "locodes": [goods.ORIGIN, goods.PORT]},
                {"stage": "S15", "regions": ["CN-GD", "VN-HN"], "locodes": [goods.PORT, goods.DESTINATION]},
                {"stage": "S20", "regions": ["VN-HN"], "locodes": [goods.DESTINATION]},
            ],
            "ready_at": shops.utc(self._calendar.now + timedelta(days=1)),
            "deadline_hours": 720,
            "answer_hours": 48,
            "parcels": 2,
            "weight_grm": 620,
            "heaviest_grm": 310,
            "dimensions_mmt": [380, 260, 140],
            "currency": "USD",
            "goods_value": "91800",
            "late": "300",
            "hour": "2",
        }
