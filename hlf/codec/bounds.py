"""Bounds: the least and the most of a number, for contracts, schemas and files alike."""

from __future__ import annotations

from dataclasses import dataclass

from hlf.codec.refusals import invalid


@dataclass(frozen=True)
class Bounds:
    """A range of whole numbers, both ends included."""

    least: int
    most: int

    def __contains__(self, number: int) -> bool:
        """Return whether *number* is within."""
        return self.least <= number <= self.most

    def __str__(self) -> str:
        """Return the range as text for refusals: ``from 1 to 53``."""
        return f"from {self.least} to {self.most}"

    def check(self, field: str, number: int) -> int:
        """
        Return *number*, if it is within.

        Raises:
            Refused: INVALID_ARGUMENT, which names *field*.
        """
        if number not in self:
            raise invalid(field, f"must be {self}")
        return number
