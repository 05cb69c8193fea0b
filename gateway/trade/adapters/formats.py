"""All formats by their names in requests, the meaning of a code, and the tables for docs/carrier-codes.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from chaincode.domain.register.stages import STANDARD
from gateway.trade.adapters import dcsa, karrio, upu
from gateway.trade.adapters.foreign import ForeignFormat, ForeignIncident, MeaninglessCode, StageEvent

FORMATS: Mapping[str, ForeignFormat] = MappingProxyType(
    {"upu-emsevt": upu.EMSEVT, "dcsa-tnt": dcsa.TRACK_AND_TRACE, "karrio": karrio.STATUSES}
)


class MeaninglessCodeError(Exception):
    """A code is not recorded; *member* of the request is wrong, and the message tells why."""

    def __init__(self, member: str, words: str) -> None:
        super().__init__(words)
        self.member = member


def meaning(name: str, code: str, stage_id: str) -> tuple[StageEvent | ForeignIncident, str]:
    """
    Return what a code means, and the stage in which it does.

    *stage_id* is empty where the sender leaves it to the code.

    Raises:
        MeaninglessCodeError: the list does not have the code, it is no event of a journey, or its stage is ambiguous.
    """
    found = FORMATS[name].codes.get(code)
    if found is None:
        raise MeaninglessCodeError("code", f"{FORMATS[name].title} ({FORMATS[name].edition}) has no code {code[:40]}")
    means = found.meaning
    if isinstance(means, MeaninglessCode):
        raise MeaninglessCodeError("code", f"{code} ({found.text}) is not recorded: {means.reason}")
    known = ", ".join(means.stages)
    if stage_id and stage_id not in means.stages:
        raise MeaninglessCodeError("stage_id", f"{code} occurs in {known}, not in {stage_id[:20]}")
    if not stage_id and len(means.stages) > 1:
        raise MeaninglessCodeError("stage_id", f"{code} does not say in which stage; send one of {known}")
    return means, stage_id or means.stages[0]


def markdown() -> str:
    """Return a table for each format: every code, and what it means."""
    return "\n".join(line for name, each in FORMATS.items() for line in _table(name, each))


def _table(name: str, told: ForeignFormat) -> Iterator[str]:
    yield f"## `{name}`: {told.title}\n"
    yield f"Edition: {told.edition}. Source: {told.source}.\n"
    yield "| code | it says | it is recorded as | by |"
    yield "|---|---|---|---|"
    for code, each in told.codes.items():
        means = each.meaning
        if isinstance(means, MeaninglessCode):
            yield f"| `{code}` | {each.text} | refused: {means.reason} | |"
            continue
        what = f"incident `{means.kind}`" if isinstance(means, ForeignIncident) else f"`{means.step}`"
        if isinstance(means, StageEvent) and means.disposition:
            what += f", `{means.disposition}`"
        who = sorted({role for stage_id in means.stages for role in STANDARD.stage(stage_id).recorders})
        yield f"| `{code}` | {each.text} | {' / '.join(means.stages)}: {what} | {', '.join(who)} |"
    yield ""
