"""
Evidence of a carrier's quality besides its own claim, and how it counts.

On a lane where a carrier has carried before, its claim counts as much as 20 shipments, and each shipment that the
ledger observed counts as one. Where it has not, the Logistics Performance Index of the country that the lane leads
to counts as much as its claim of punctuality. A plan names the evidence for each offer, so it can be checked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from chaincode.domain.journeys.tallies import LaneFigures
from chaincode.domain.matching.demands import Step
from chaincode.domain.matching.offers import Offer
from chaincode.domain.register.lpi import Edition

CLAIMED = 20
"""How many observed shipments a carrier's own claim is worth."""

Lane = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Evidence:
    """
    The figures that count for an offer in the place of those that its carrier claims.

    Attributes:
        basis: ``observed`` on the lanes of the demand, *n* shipments from *since* to *until*; or ``lpi``, the
            index of *country* in *edition*, because nothing was observed there.
    """

    offer_id: str
    basis: Literal["observed", "lpi"]
    on_time_bps: int
    loss_ppm: int
    damage_ppm: int
    n: int = 0
    since: str = ""
    until: str = ""
    edition: str = ""
    country: str = ""


def lanes(steps: Iterable[Step], offer: Offer | None = None) -> tuple[Lane, ...]:
    """Return the lanes of *steps*, or those that an offer could do; a step at one place is no lane."""
    found = {
        (step.locodes[0], step.locodes[1])
        for step in steps
        if len(step.locodes) == 2 and (offer is None or step.stage in offer.stages)
    }
    return tuple(sorted(found))


def gathered(
    steps: Sequence[Step],
    offers: Iterable[Offer],
    seen: Mapping[tuple[str, Lane], LaneFigures],
    edition: Edition | None,
) -> tuple[Evidence, ...]:
    """Return the evidence for *offers*; *seen* has the observed figures by carrier and lane."""
    found = []
    for offer in offers:
        wanted = lanes(steps, offer)
        carried = [seen[offer.carrier, lane] for lane in wanted if (offer.carrier, lane) in seen]
        if carried:
            found.append(_observed(offer, carried))
        elif wanted and edition:
            found += _by_index(offer, wanted, edition)
    return tuple(found)


def applied(offers: Iterable[Offer], known: Iterable[Evidence]) -> tuple[Offer, ...]:
    """Return *offers* with the figures that count."""
    by_offer = {each.offer_id: each for each in known}
    return tuple(_counting(offer, by_offer.get(offer.offer_id)) for offer in offers)


def _counting(offer: Offer, known: Evidence | None) -> Offer:
    if known is None:
        return offer
    return dataclasses.replace(
        offer, on_time_bps=known.on_time_bps, loss_ppm=known.loss_ppm, damage_ppm=known.damage_ppm
    )


def _observed(offer: Offer, carried: Sequence[LaneFigures]) -> Evidence:
    timed = [(each.n, each.on_time_bps) for each in carried if each.on_time_bps is not None]
    return Evidence(
        offer.offer_id,
        "observed",
        on_time_bps=_weighed(offer.on_time_bps, timed),
        loss_ppm=_weighed(offer.loss_ppm, [(each.n, each.loss_ppm) for each in carried]),
        damage_ppm=_weighed(offer.damage_ppm, [(each.n, each.damage_ppm) for each in carried]),
        n=sum(each.n for each in carried),
        since=min(each.since for each in carried),
        until=max(each.until for each in carried),
    )


def _weighed(claimed: int, seen: Sequence[tuple[int, int]]) -> int:
    total = CLAIMED + sum(n for n, _ in seen)
    return (CLAIMED * claimed + sum(n * figure for n, figure in seen)) // total


def _by_index(offer: Offer, wanted: Sequence[Lane], edition: Edition) -> list[Evidence]:
    """Return the evidence by the weakest of the countries that the lanes lead to; none if the edition has none."""
    shares = [(share, end[:2]) for _, end in wanted if (share := edition.share(end[:2])) is not None]
    if not shares:
        return []
    share, country = min(shares)
    on_time = (offer.on_time_bps + share) // 2
    figures = (on_time, offer.loss_ppm, offer.damage_ppm)
    return [Evidence(offer.offer_id, "lpi", *figures, edition=edition.name, country=country)]
