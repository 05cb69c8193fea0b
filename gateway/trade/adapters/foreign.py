"""What another system's codes mean for a journey: an event of a stage, an incident, or nothing, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chaincode.domain.journeys.pages import IncidentKind


@dataclass(frozen=True)
class StageEvent:
    """
    An event of one of these stages, by its step and disposition.

    Where there are several stages, the code is the same on several parts of the way, and the sender says which.
    """

    stages: tuple[str, ...]
    step: str
    disposition: str = ""


@dataclass(frozen=True)
class ForeignIncident:
    """An incident; *stages* as for a stage's event."""

    kind: IncidentKind
    stages: tuple[str, ...]


@dataclass(frozen=True)
class MeaninglessCode:
    """The code is known and means no event of a journey; *reason* completes "it is not recorded: "."""

    reason: str


Meaning = StageEvent | ForeignIncident | MeaninglessCode


@dataclass(frozen=True)
class ForeignCode:
    """A code, what its publisher says it is, and what it means here."""

    text: str
    meaning: Meaning


@dataclass(frozen=True)
class ForeignFormat:
    """
    A published list of codes.

    Attributes:
        title, edition, source: of the list that *codes* has whole.
    """

    title: str
    edition: str
    source: str
    codes: Mapping[str, ForeignCode]


def stage(text: str, stages: str, step: str, disposition: str = "") -> ForeignCode:
    """Return a code that is an event of one of the *stages*, which are separated by blanks."""
    return ForeignCode(text, StageEvent(tuple(stages.split()), step, disposition))


def incident(text: str, kind: IncidentKind, stages: str) -> ForeignCode:
    """Return a code that is an incident in one of the *stages*."""
    return ForeignCode(text, ForeignIncident(kind, tuple(stages.split())))


def nothing(text: str, reason: str) -> ForeignCode:
    """Return a code that is not recorded, with the reason."""
    return ForeignCode(text, MeaninglessCode(reason))
