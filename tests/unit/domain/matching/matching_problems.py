"""Random but repeatable problems of matching, and the plainest way to solve them."""

from __future__ import annotations

import itertools
import random
from typing import Any

from chaincode.domain.matching import friction, solver
from chaincode.domain.matching.demands import Demand, Step
from chaincode.domain.matching.friction import Pair
from chaincode.domain.matching.offers import Limits, Offer, Price
from chaincode.domain.matching.solver import ChoiceProblem

STAGES = [f"S{number:02}" for number in range(1, 23) if number not in (14, 17)]
_PLACES = ["CNSZX", "MYPKG", "SGSIN", "THBKK", "VNHAN", "VNHPH"]
_LANGUAGES = ["en", "ms", "th", "vi", "zh"]


def seeded(seed: int) -> random.Random:
    """Return a source that is the same in every run."""
    return random.Random(seed)  # noqa: S311  (nothing here is secret)


def step(stage: str) -> Step:
    """Return a stage at Hanoi."""
    return Step(stage, ("VN-HN",), ("VNHAN",))


def demand(stages: list[str], **changes: Any) -> Demand:
    """Three parcels that are to go through *stages*."""
    parts: dict[str, Any] = {
        "kind": "forward",
        "steps": tuple(map(step, stages)),
        "ready_at": "2026-11-22T07:00:00Z",
        "deadline_hours": 9_000,
        "answer_hours": 24,
        "parcels": 3,
        "weight_grm": 2_400,
        "heaviest_grm": 900,
        "dimensions_mmt": (300, 200, 100),
        "currency": "USD",
        "goods_value": 50_000,
        "late": 2_000,
        "hour": 40,
    }
    return Demand(**{**parts, **changes})


def offer(name: str, carrier: str, stages: list[str], **changes: Any) -> Offer:
    """Return an offer that takes *stages* everywhere around Hanoi."""
    parts: dict[str, Any] = {
        "offer_id": name,
        "carrier": carrier,
        "service_id": name,
        "stages": tuple(stages),
        "regions": ("VN-HN",),
        "locodes": ("VNHAN",),
        "lanes": (),
        "operating_type": "direct",
        "valid_from": "2026-01-01",
        "valid_to": "2027-12-31",
        "parcels": 500,
        "mass_kgm": None,
        "limits": Limits(),
        "cutoff_minute": 600,
        "price": Price(1_000, 10, 0, "USD"),
        "transit_hours": 12,
        "dwell_hours": 2,
        "on_time_bps": 9_500,
        "loss_ppm": 100,
        "damage_ppm": 200,
        "languages": ("en",),
        "interface": "epcis",
        "licensed": True,
    }
    return Offer(**{**parts, **changes})


def random_offer(source: random.Random, name: str, carrier: str, stages: list[str]) -> Offer:
    """Return an offer in which everything that costs something is random."""
    return offer(
        name,
        carrier,
        stages,
        locodes=tuple(sorted({"VNHAN", *source.sample(_PLACES, 2)} if source.random() < 0.7 else {"VNHAN"})),
        cutoff_minute=source.randrange(1_440),
        price=Price(source.randrange(300, 5_000), source.randrange(60), source.randrange(2_000), "USD"),
        transit_hours=source.randrange(1, 48),
        dwell_hours=source.randrange(12),
        on_time_bps=source.randrange(8_000, 10_000),
        loss_ppm=source.randrange(3_000),
        damage_ppm=source.randrange(3_000),
        languages=tuple(sorted(source.sample(_LANGUAGES, source.randrange(1, 3)))),
        interface=source.choice(["edi", "epcis", "file", "rest"]),
    )


def random_problem(
    source: random.Random, steps: int, carriers: int, *, services: int = 2, acquainted: float = 0.3, **changes: Any
) -> ChoiceProblem:
    """
    *carriers* at each of *steps*; each carrier has *services*, of which each takes its share of the stages.

    *acquainted* is the share of pairs of carriers that handed over to each other before.
    """
    stages = STAGES[:steps]
    names = [f"C{number:04}MSP" for number in range(carriers)]
    offers: list[Any] = []
    for carrier in names:
        for part in range(services):
            own = stages[part * steps // services : (part + 1) * steps // services]
            if own:
                offers.append(random_offer(source, f"g{len(offers):05}", carrier, own))
    source.shuffle(offers)
    pairs = [
        Pair(giver, taker, source.randrange(1, 60), source.randrange(2))
        for giver in names
        for taker in source.sample(names, round(acquainted * carriers))
        if giver != taker
    ]
    return ChoiceProblem(demand(stages, **changes), tuple(offers), tuple(pairs))


def total(problem: ChoiceProblem, chain: tuple[Offer, ...]) -> int:
    """Return what a chain costs, by the definitions alone."""
    known = friction.experience(problem.pairs)
    nodes = sum(
        one.price.of(problem.demand.parcels, problem.demand.weight_grm)
        + solver.risk(problem.demand, one)
        + problem.demand.hour * one.transit_hours
        for one in chain
    )
    return nodes + sum(
        friction.between(giver, taker, problem.demand.hour, known, problem.weights)
        for giver, taker in zip(chain, chain[1:], strict=False)
    )


def hours(chain: tuple[Offer, ...]) -> int:
    """How long a chain takes, by the definitions alone."""
    waiting = sum(b.dwell_hours for a, b in zip(chain, chain[1:], strict=False) if a.carrier != b.carrier)
    return waiting + sum(one.transit_hours for one in chain)


def every_chain(problem: ChoiceProblem) -> list[tuple[Offer, ...]]:
    """Every chain there is that keeps the deadline, the fixed order first; for small problems."""
    ordered = sorted(problem.offers, key=lambda one: (one.carrier, one.offer_id))
    choices = [[one for one in ordered if each.stage in one.stages] for each in problem.demand.steps]
    return [chain for chain in itertools.product(*choices) if hours(chain) <= problem.demand.deadline_hours]
