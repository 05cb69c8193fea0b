"""
Minimum sizes of audiences and sums, so that a number reveals no single person or firm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from chaincode.domain.refusals import Refusal

COHORT_SIZE = "audience.cohort_size"

SMALLEST_COHORT = 50
"""The smallest audience that may be described (k-anonymity with k = 50)."""

FEWEST_PARTIES = 3
"""With two parties, each could compute the other's figure from the sum."""


def check_named(names: Collection[str]) -> None:
    """
    Refuse to show an audience without its size.

    Raises:
        Refused: COHORT_TOO_SMALL.
    """
    if any(name.startswith("audience.") for name in names) and COHORT_SIZE not in names:
        raise Refusal.COHORT_TOO_SMALL("describe an audience together with its cohort_size")


def check_described(values: Mapping[str, object]) -> None:
    """
    Refuse *values* that describe fewer than SMALLEST_COHORT people.

    Raises:
        Refused: COHORT_TOO_SMALL.
    """
    check_named(values.keys())
    size = values.get(COHORT_SIZE, SMALLEST_COHORT)
    if not isinstance(size, int) or size < SMALLEST_COHORT:
        raise Refusal.COHORT_TOO_SMALL(f"an audience is described from {SMALLEST_COHORT} people on")


def enough_parties(parties: Collection[str]) -> bool:
    """Return whether a sum over *parties* may be shown to others."""
    return len(set(parties)) >= FEWEST_PARTIES
