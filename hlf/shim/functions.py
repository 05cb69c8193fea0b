"""The runtime's form of contract functions: parameters with their decoders, and the method to call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hlf.codec.refusals import RuntimeRefusal, invalid
from hlf.shim.contracts import results
from hlf.shim.declarations import Declaration


@dataclass(frozen=True)
class Parameter:
    """One argument of a function."""

    name: str
    annotation: Any
    decode: Callable[[bytes, str], Any]
    required: bool


@dataclass(frozen=True)
class Function:
    """One function of a contract, ready to be called with bytes; *encode* converts its result to bytes."""

    contract: str
    name: str
    tag: str
    documentation: str
    parameters: tuple[Parameter, ...]
    returns: Any
    call: Callable[..., Any]
    declared: Declaration = Declaration()
    encode: Callable[[Any], bytes] = results.encoded

    @property
    def where(self) -> str:
        """Its name for clients, with the contract's."""
        return f"{self.contract}:{self.name}"

    def decode(self, arguments: Sequence[bytes]) -> list[Any]:
        """
        Return the arguments as the annotated types.

        Raises:
            Refused: INVALID_ARGUMENT, there are too few or too many, or one is wrong; the text names it.
        """
        if len(arguments) > len(self.parameters):
            expected = ", ".join(parameter.name for parameter in self.parameters) or "no arguments"
            raise RuntimeRefusal.INVALID_ARGUMENT(f"{len(arguments)} arguments given, {self.name} takes {expected}")
        for parameter in self.parameters[len(arguments) :]:
            if parameter.required:
                raise invalid(parameter.name, "missing")
        return [
            parameter.decode(data, parameter.name) for parameter, data in zip(self.parameters, arguments, strict=False)
        ]
