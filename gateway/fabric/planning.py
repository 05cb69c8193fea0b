"""
Plan the organisations that a call goes to by the function's declaration, before anything private is sent.

    the function declares who endorses   these endorse, and see the transient values; nobody else
    it leaves that to the policies       Fabric plans; such a function takes no transient values
    it declares nothing                  those that the caller names, else Fabric plans
    a query                              at the peers that it declares, one's own first
    a query with transient values        at one's own peer alone
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.fabric.declarations import DeclaredFunction
from hlf.codec import parties


class UnplannedError(Exception):
    """It is unknown who must endorse a call, and so who may see its values; nothing was sent."""


@dataclass(frozen=True)
class CallPlan:
    """
    The organisations that a call goes to.

    Attributes:
        function: the published declaration of the function; None if there is none.
        endorsers: organisations that must endorse; empty if Fabric plans by the policies.
        private: the names of the transient fields in the call.
    """

    function: DeclaredFunction | None
    endorsers: tuple[str, ...]
    private: tuple[str, ...] = field(default=())

    @property
    def seen_by(self) -> tuple[str, ...]:
        """The organisations that would see the transient values."""
        return self.endorsers if self.private else ()


@dataclass(frozen=True)
class PlanRequest:
    """The call to plan: caller, arguments, transient values and named organisations. *ask* evaluates a query."""

    msp_id: str
    arguments: list[str]
    transient: Mapping[str, bytes] = field(repr=False)
    named: tuple[str, ...]
    ask: Callable[[str, Sequence[str]], bytes]


def submitted(asking: PlanRequest, declared: DeclaredFunction | None) -> CallPlan:
    """
    Return the organisations that endorse a transaction.

    Raises:
        UnplannedError: private values would go to an organisation that the function does not declare, or to
            unknown ones.
        Whatever ``ask`` raises.
    """
    if declared is None or not declared.writes or declared.endorsed_by is None:
        return _planned(asking, declared, asking.named)
    _check_fields(asking, declared)
    try:
        wanted = parties.resolve(declared.endorsed_by, _call(asking, declared), asking.ask)
    except parties.PartyError as error:
        if asking.transient:
            raise UnplannedError(f"{declared.name}: {error}") from None
        # The contract itself gives the best error, and there is no private value that anybody could see.
        return _planned(asking, declared, asking.named)
    _check_named(asking, declared, wanted)
    return _planned(asking, declared, asking.named or wanted)


def evaluated(asking: PlanRequest, declared: DeclaredFunction | None) -> CallPlan:
    """
    Return the organisations whose peers answer a query.

    Raises:
        UnplannedError: the function does not take one of the transient fields.
        Whatever ``ask`` raises.
    """
    if declared is None:
        return _planned(asking, None, asking.named)
    _check_fields(asking, declared)
    if asking.named or not (asking.transient or declared.read_on):
        return _planned(asking, declared, asking.named)
    if asking.transient or parties.CALLER in declared.read_on:
        return _planned(asking, declared, (asking.msp_id,))
    try:
        holders = parties.resolve(declared.read_on, _call(asking, declared), asking.ask)
    except parties.PartyError:
        return _planned(asking, declared, (asking.msp_id,))
    return _planned(asking, declared, (asking.msp_id,) if asking.msp_id in holders else holders)


def _call(asking: PlanRequest, declared: DeclaredFunction) -> parties.PlannedCall:
    return parties.PlannedCall(asking.msp_id, declared.arguments(asking.arguments), asking.transient)


def _planned(asking: PlanRequest, declared: DeclaredFunction | None, endorsers: tuple[str, ...]) -> CallPlan:
    return CallPlan(declared, endorsers, tuple(sorted(asking.transient)))


def _check_fields(asking: PlanRequest, declared: DeclaredFunction) -> None:
    """Refuse a private value that the function does not take: a misspelt name would send it in vain."""
    unknown = sorted(set(asking.transient) - set(declared.transient or ())) if declared.transient is not None else []
    if unknown:
        taken = ", ".join(declared.transient or ()) or "none"
        raise UnplannedError(f"{declared.name} takes no transient field {unknown[0][:64]}; it takes {taken}")


def _check_named(asking: PlanRequest, declared: DeclaredFunction, wanted: tuple[str, ...]) -> None:
    strangers = sorted(set(asking.named) - set(wanted))
    if asking.transient and strangers:
        may = ", ".join(wanted) or "nobody"
        raise UnplannedError(f"{strangers[0]} may not see the transient values of {declared.name}; {may} may")
