"""
Friction: the cost of a hand-over between two companies, in hours.

Friction between A and B (zero within one company): w1 dwell p90 hours
+ w2 no common language + w3 different interface + w4 cut-off gap hours + w5
different location + w6 joint exceptions + w7 running-in/(1 + prior
dual-signed handovers/20). The demand's price of an hour turns hours into money, so one set of weights works for
every currency.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Iterable, Mapping

from chaincode.domain.matching.offers import MINUTES_A_DAY, Offer
from chaincode.domain.vocabulary import bounds

SETTLING = 20
"""After so many hand-overs, two companies have finished half of their running-in."""


@dataclasses.dataclass(frozen=True)
class Weights:
    """
    The weights: hours for each kind of friction.

    Attributes:
        dwell: for each hour that goods wait at the taker (p90).
        language: if the two have no common language.
        interface: if data must be transferred between two interfaces.
        cutoff: for each whole hour between "ready at the giver" and the taker's next cut-off.
        location: if there is no place that both serve.
        exceptions: for an exception at every hand-over; multiplied by the share of hand-overs with one.
        running_in: for two that have never handed over to each other.
    """

    dwell: int = 1
    language: int = 6
    interface: int = 4
    cutoff: int = 1
    location: int = 12
    exceptions: int = 240
    running_in: int = 24


STANDARD = Weights()
"""Part of the contract's code, so that no single member can choose them to favour somebody."""


@dataclasses.dataclass(frozen=True)
class Pair:
    """The record of two companies: hand-overs that both signed, and how many of them had an exception."""

    giver: str
    taker: str
    handovers: int
    exceptions: int


Experience = Mapping[tuple[str, str], Pair]


def experience(pairs: Iterable[Pair]) -> Experience:
    """Return the pairs by giver and taker."""
    return {(pair.giver, pair.taker): pair for pair in pairs}


def between(giver: Offer, taker: Offer, hour: int, known: Experience, weights: Weights = STANDARD) -> int:
    """Return the friction in minor units, if an hour costs *hour*."""
    if giver.carrier == taker.carrier:
        return 0
    waiting = weights.dwell * hour * taker.dwell_hours
    together = joint(known.get((giver.carrier, taker.carrier)), hour, weights)
    return waiting + alike(giver, taker, hour, weights) + together


def alike(giver: Offer, taker: Offer, hour: int, weights: Weights) -> int:
    """Return the part of the friction that depends on the two companies: language, interface, cut-off and location."""
    hours = weights.cutoff * ((taker.cutoff_minute - giver.ready_minute) % MINUTES_A_DAY // 60)
    if giver.spoken.isdisjoint(taker.spoken):
        hours += weights.language
    if giver.interface != taker.interface:
        hours += weights.interface
    if giver.places.isdisjoint(taker.places):
        hours += weights.location
    return hours * hour


class CommonRecords(dict[str, dict[str, int]]):
    """
    The part that depends on each pair's common record, by giver and taker.

    The part of a giver's is worked out when it is first asked for, since most carriers are part of no good chain.

    Attributes:
        pairs: the records themselves, by giver.
    """

    def __init__(self, pairs: Iterable[Pair], hour: int, weights: Weights) -> None:
        super().__init__()
        # Many pairs have the same record.
        self._spent = functools.cache(functools.partial(_spent, hour, weights))
        by_giver: dict[str, list[Pair]] = collections.defaultdict(list)
        for pair in pairs:
            by_giver[pair.giver].append(pair)
        self.pairs: Mapping[str, list[Pair]] = by_giver

    def __missing__(self, giver: str) -> dict[str, int]:
        """Return the part for each taker with which *giver* has a record."""
        spent = self._spent
        found = self[giver] = {pair.taker: spent(pair.handovers, pair.exceptions) for pair in self.pairs.get(giver, ())}
        return found


def joint(pair: Pair | None, hour: int, weights: Weights) -> int:
    """Return the part that depends on their common record: exceptions and running-in."""
    return _spent(hour, weights, *((pair.handovers, pair.exceptions) if pair else (0, 0)))


def _spent(hour: int, weights: Weights, handovers: int, exceptions: int) -> int:
    if handovers == 0:
        return weights.running_in * hour
    ppm = exceptions * bounds.PPM // handovers
    running_in = weights.running_in * hour * SETTLING // (SETTLING + handovers)
    return weights.exceptions * hour * ppm // bounds.PPM + running_in
