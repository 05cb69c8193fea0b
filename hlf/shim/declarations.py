"""
Declarations: the properties of a contract function that others need to know.

The decorator declares once who endorses a function, which transient fields it takes, who may call it and whose peer
answers a query. The chaincode's metadata publish this, so that a gateway can plan calls by it. The runtime and the test
ledger enforce it: a function that does otherwise fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hlf.codec import parties
from hlf.codec.refusals import RuntimeRefusal
from hlf.shim.errors import ContractError


@dataclass(frozen=True)
class Declaration:
    """
    A function's declaration; a part that is None is not declared and not checked.

    Attributes:
        endorsed_by: the parties (``hlf.codec.parties``) that must endorse, and so see the transient values. Empty: the
            policies of the written keys decide; then the function takes no transient values.
        transient: the names of the transient fields it takes.
        called_by: the parties, or roles such as ``admin``, that may call it; for human readers, not enforced.
        read_on: the parties whose peers can answer a query. Empty: any peer.
    """

    endorsed_by: tuple[str, ...] | None = None
    transient: tuple[str, ...] | None = None
    called_by: tuple[str, ...] = ()
    read_on: tuple[str, ...] = ()

    def check(self, where: str, parameters: tuple[str, ...]) -> None:
        """
        Check the declaration of the function *where* against its parameters.

        Raises:
           ContractError: a party has no valid form, or the function takes transient values and names no endorser.
        """
        for party in (*(self.endorsed_by or ()), *self.read_on):
            try:
                parties.check(party, parameters, self.transient)
            except parties.PartyError as error:
                raise ContractError(f"{where}: {error}") from None
        if self.transient and self.endorsed_by == ():
            raise ContractError(f"{where} takes transient values; say in endorsed_by who may see them")

    def as_metadata(self) -> dict[str, Any]:
        """Return the declaration in the form of the chaincode's metadata."""
        found: dict[str, Any] = {}
        if self.endorsed_by is not None:
            found["x-endorsed-by"] = list(self.endorsed_by)
        if self.transient is not None:
            found["x-transient"] = list(self.transient)
        if self.called_by:
            found["x-called-by"] = list(self.called_by)
        if self.read_on:
            found["x-read-on"] = list(self.read_on)
        return found

    def admitted(self, transient: Mapping[str, bytes], where: str) -> Mapping[str, bytes]:
        """
        Return the *transient* values, of which the function can read the declared ones only.

        Raises:
            Refused: INVALID_ARGUMENT, there is a value that is not declared.
        """
        if self.transient is None:
            return transient
        unknown = sorted(set(transient) - set(self.transient))
        if unknown:
            taken = ", ".join(self.transient) or "none"
            raise RuntimeRefusal.INVALID_ARGUMENT(f"transient.{unknown[0][:64]}: unknown; {where} takes {taken}")
        return _DeclaredValues(transient, self.transient, where)


class _DeclaredValues(Mapping[str, bytes]):
    """Transient values; the declared ones can be read, and a read of others raises ContractError."""

    def __init__(self, values: Mapping[str, bytes], names: tuple[str, ...], where: str) -> None:
        self._values = values
        self._names = names
        self._where = where

    def __getitem__(self, name: str) -> bytes:
        if name not in self._names:
            raise ContractError(f"{self._where} reads the transient field {name!r}, which it does not declare")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
