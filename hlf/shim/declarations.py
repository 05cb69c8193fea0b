"""
Declarations: what a contract function says of itself, beside what it does.

Who endorses it, which transient fields it takes, who may call it and at whose peer a query is answered are said once,
in the decorator. They are published in the chaincode's metadata, so that a gateway plans a call by them, and kept by
the runtime and the test ledger: a function that does otherwise fails.
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
    What a function declares; None where it declares nothing, and nothing is checked.

    Attributes:
        endorsed_by: the parties (``parties``) whose endorsements are asked for and needed, and who therefore see the
            transient values. Empty: whoever the policies of what is written want; then no transient values are taken.
        transient: the names of the transient fields it takes.
        called_by: who may call it, for people to read: parties, or roles such as ``admin``.
        read_on: the parties at whose peers a query finds its answer. Empty: at any.
    """

    endorsed_by: tuple[str, ...] | None = None
    transient: tuple[str, ...] | None = None
    called_by: tuple[str, ...] = ()
    read_on: tuple[str, ...] = ()

    def check(self, where: str, parameters: tuple[str, ...]) -> None:
        """
        Check the declaration of the function *where* against its parameters.

        Raises:
            ContractError: a party cannot be written so, or private values would go to nobody in particular.
        """
        for party in (*(self.endorsed_by or ()), *self.read_on):
            try:
                parties.check(party, parameters, self.transient)
            except parties.PartyError as error:
                raise ContractError(f"{where}: {error}") from None
        if self.transient and self.endorsed_by == ():
            raise ContractError(f"{where} takes transient values; say in endorsed_by who may see them")

    def published(self) -> dict[str, Any]:
        """Return the declaration as the metadata publish it."""
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
        Return the *transient* values as the function may read them.

        Raises:
            Refused: INVALID_ARGUMENT, there is one that it does not take.
        """
        if self.transient is None:
            return transient
        unknown = sorted(set(transient) - set(self.transient))
        if unknown:
            taken = ", ".join(self.transient) or "none"
            raise RuntimeRefusal.INVALID_ARGUMENT(f"transient.{unknown[0][:64]}: unknown; {where} takes {taken}")
        return _Declared(transient, self.transient, where)


class _Declared(Mapping[str, bytes]):
    """Transient values of which only the declared ones can be read."""

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
