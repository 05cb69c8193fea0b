"""Matching in pure Python, as an endorser computes it: filter, costs, potentials, chain; then its certificate."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator

from benchmarks.figures import Figure, Line, Series
from chaincode.domain.matching.certificate import certify, verify_match
from chaincode.domain.matching.choice import choose
from chaincode.domain.matching.demands import Demand, Step
from chaincode.domain.matching.friction import Pair
from chaincode.domain.matching.offers import Limits, Offer, Price
from chaincode.domain.matching.solver import ChoiceProblem, Graph

STAGES = tuple(f"S{number:02}" for number in range(2, 19))
CARRIERS = (10, 20, 50, 100, 200, 500, 1_000, 2_000)
SERVICES = 4
"""Each carrier has a service for each quarter of the way, at its own price."""

ASKED = {200: "at most 8", 2_000: "at most 80"}
"""Milliseconds of processor time, by the number of carriers."""

ROUNDS = 7
_PLACES = ("CNSZX", "MYPKG", "SGSIN", "THBKK", "VNHPH", "VNSGN")
_LANGUAGES = ("en", "ms", "th", "vi", "zh")


def matching(_: str) -> Iterator[Line]:
    """
    Yield milliseconds of processor time for 17 stages by the number of carriers, with a drawing of the growth. It
    needs no network.
    """
    spent = {}
    for carriers in CARRIERS:
        times = _times(_problem(carriers), lambda problem: choose(Graph(problem)))
        spent[carriers] = statistics.median(times)
        bound = ASKED.get(carriers, "")
        name = f"matching {len(STAGES)} stages x {carriers} carriers"
        yield Figure(name, spent[carriers], "ms", bound, (min(times), max(times)))
    points = tuple((carriers, milliseconds / carriers * 1_000) for carriers, milliseconds in spent.items())
    yield Series("matching", "carriers", "us a carrier", points)
    problem = _problem(200)
    graph = Graph(problem)
    certificate = certify(graph, choose(graph))
    name = f"check of the certificate, {len(STAGES)} stages x 200 carriers"
    checks, ratios = [], []
    for _round in range(3 * ROUNDS):
        checks.append(_time(problem, lambda each: verify_match(each, certificate)))
        ratios.append(checks[-1] / _time(problem, lambda each: choose(Graph(each))))
    yield Figure(name, statistics.median(ratios), "times the choice", "at most 1", (min(ratios), max(ratios)))
    yield Figure(name, statistics.median(checks), "ms", spread=(min(checks), max(checks)))


def _times(problem: ChoiceProblem, work: Callable[[ChoiceProblem], object]) -> list[float]:
    return [_time(problem, work) for _ in range(ROUNDS)]


def _time(problem: ChoiceProblem, work: Callable[[ChoiceProblem], object]) -> float:
    """Return milliseconds of processor time."""
    began = time.process_time()
    work(problem)
    return (time.process_time() - began) * 1_000


def _problem(carriers: int) -> ChoiceProblem:
    source = random.Random(carriers)  # noqa: S311  (nothing here is secret)
    offers: list[Offer] = []
    for carrier in range(carriers):
        for part in range(SERVICES):
            stages = STAGES[part * len(STAGES) // SERVICES : (part + 1) * len(STAGES) // SERVICES]
            offers.append(_offer(source, f"g{len(offers):05}", f"C{carrier:04}MSP", stages))
    pairs = tuple(
        Pair(f"C{giver:04}MSP", f"C{taker:04}MSP", source.randrange(1, 60), source.randrange(2))
        for giver in range(carriers)
        for taker in sorted(source.sample(range(carriers), max(1, carriers // 50)))
        if giver != taker
    )
    return ChoiceProblem(_demand(), tuple(offers), pairs)


def _demand() -> Demand:
    return Demand(
        kind="forward",
        steps=tuple(Step(stage, ("VN-HN",), ("VNHAN",)) for stage in STAGES),
        ready_at="2026-11-22T07:00:00Z",
        deadline_hours=2_000,
        answer_hours=24,
        parcels=3,
        weight_grm=2_400,
        heaviest_grm=900,
        dimensions_mmt=(300, 200, 100),
        currency="USD",
        goods_value=50_000,
        late=2_000,
        hour=40,
    )


def _offer(source: random.Random, name: str, carrier: str, stages: tuple[str, ...]) -> Offer:
    return Offer(
        offer_id=name,
        carrier=carrier,
        service_id=name,
        stages=stages,
        regions=("VN-HN",),
        locodes=tuple(sorted({"VNHAN", *source.sample(_PLACES, 3)})),
        lanes=(),
        operating_type="direct",
        valid_from="2026-01-01",
        valid_to="2027-12-31",
        parcels=500,
        mass_kgm=None,
        limits=Limits(weight_grm=30_000),
        cutoff_minute=source.randrange(1_440),
        price=Price(source.randrange(300, 5_000), source.randrange(5, 60), source.randrange(2_000), "USD"),
        transit_hours=source.randrange(2, 48),
        dwell_hours=source.randrange(12),
        on_time_bps=source.randrange(8_000, 10_000),
        loss_ppm=source.randrange(3_000),
        damage_ppm=source.randrange(3_000),
        languages=tuple(sorted(source.sample(_LANGUAGES, 2))),
        interface=source.choice(("edi", "epcis", "file", "rest")),
        licensed=True,
    )
