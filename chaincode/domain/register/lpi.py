"""
The World Bank's Logistics Performance Index, always with its edition.

Figures of two editions cannot be compared: for 2018 there are ranks, for 2023 scores, and LPI 2.0 of 2026 has
another scale. So every question must name an edition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds, places
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

COMPONENTS = ("overall", "customs", "infrastructure", "shipments", "competence", "tracking", "timeliness")

SCALES = {"2018": (100, 500), "2023": (100, 500), "2026-lpi2": (0, 10_000)}
"""The ends of the scale of scores times 100, by edition."""

FIGURES = Bounds(1, 5_000)
"""Figures of one edition: seven for each country of the world, and room for more."""

_NAME = re.compile(r"[0-9]{4}(-[a-z0-9]{1,12})?")


@dataclass(frozen=True)
class Figure:
    """
    The figure of one country in an edition.

    Attributes:
        rank: 1 is best; 0 if the edition has scores.
        score_x100: a hundred times the score; 0 if the edition has ranks.
    """

    country: str
    component: str
    rank: int = 0
    score_x100: int = 0

    def __post_init__(self) -> None:
        places.check_country("figure.country", self.country)
        if self.component not in COMPONENTS:
            raise invalid("figure.component", "must be one of " + ", ".join(COMPONENTS))
        if not 0 <= self.rank <= 300 or not 0 <= self.score_x100 <= 10_000 or not (self.rank or self.score_x100):
            raise invalid("figure", "must have a rank up to 300, or a score")


@dataclass(frozen=True)
class Edition:
    """One edition of the index; *scale* describes its figures in words."""

    name: str
    scale: str
    source: str
    figures: tuple[Figure, ...]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise invalid("edition.name", "must be a year, perhaps with a suffix such as 2026-lpi2")
        if len(self.scale) not in bounds.SENTENCE or len(self.source) not in bounds.SENTENCE:
            raise invalid("edition", "must name its scale and its source")
        FIGURES.check("edition.figures", len(self.figures))
        places_given = [(figure.country, figure.component) for figure in self.figures]
        if not places_given or len(set(places_given)) != len(places_given):
            raise invalid("edition.figures", "must list at least one figure, and none twice")

    def figure(self, country: str, component: str) -> Figure:
        """
        Return the edition's figure of a country.

        Raises:
            Refused: LPI_UNKNOWN.
        """
        for figure in self.figures:
            if (figure.country, figure.component) == (country, component):
                return figure
        raise Refusal.LPI_UNKNOWN(f"edition {self.name} has no {component[:20]} figure of {country[:2]}")

    @property
    def scored(self) -> bool:
        """Whether the edition has scores on a scale that is known; ranks do not say how far two countries differ."""
        return self.name in SCALES and any(figure.score_x100 for figure in self.figures)

    def share(self, country: str) -> int | None:
        """Return a country's overall score as a share of its scale, in basis points; None if it has no score."""
        least, most = SCALES.get(self.name, (0, 0))
        for figure in self.figures:
            if (figure.country, figure.component) == (country, "overall") and figure.score_x100 and most:
                return min(max(figure.score_x100 - least, 0), most - least) * bounds.BPS // (most - least)
        return None


def _ranks(**by_country: int) -> tuple[Figure, ...]:
    return tuple(Figure(country, "overall", rank=rank) for country, rank in sorted(by_country.items()))


def _scores(**by_country: int) -> tuple[Figure, ...]:
    return tuple(Figure(country, "overall", score_x100=score) for country, score in sorted(by_country.items()))


STANDARD = (
    Edition(
        "2018", "rank among 160 countries", "World Bank, Connecting to Compete 2018",
        _ranks(SG=7, TH=32, VN=39, MY=41, ID=46, PH=60),
    ),
    Edition(
        "2023", "score from 1 to 5", "World Bank, Connecting to Compete 2023",
        _scores(SG=430, MY=360, TH=350, PH=330, VN=330, ID=300),
    ),
)  # fmt: skip
"""The editions of a new consortium."""
