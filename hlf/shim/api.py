"""
How a contract is written: a class, decorated functions with annotations, refusals with codes.

    class Journeys(api.Contract):
        @api.transaction
        def hand_over(self, ctx: api.Context, journey_id: str, to_msp: str) -> Journey: ...

        @api.query
        def read(self, ctx: api.Context, journey_id: str) -> Journey: ...

    chaincode = api.Chaincode("trade", [Journeys, Returns])

Clients call ``Journeys:hand_over``; the functions of the first contract also
answer without its name. One object of each contract serves every transaction,
so a contract keeps nothing in ``self``.
"""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar, overload

from hlf.codec import records
from hlf.codec.refusals import RuntimeRefusal
from hlf.shim import decoding, identity, metadata, responses
from hlf.shim.declarations import Declaration
from hlf.shim.endorsement import all_of as endorsed_by_all_of
from hlf.shim.errors import ContractError, PeerRefused, Refused
from hlf.shim.functions import Function, Parameter
from hlf.shim.identity import Client
from hlf.shim.iterators import KV, Modification
from hlf.shim.responses import Response
from hlf.shim.stub import Stub

__all__ = [
    "KV",
    "Chaincode",
    "Client",
    "Context",
    "Contract",
    "ContractError",
    "Function",
    "Modification",
    "PeerRefused",
    "Refused",
    "Response",
    "Stub",
    "endorsed_by_all_of",
    "query",
    "transaction",
]

_Method = TypeVar("_Method", bound=Callable[..., Any])
_MARK = "_selat_function"


@overload
def transaction(method: _Method) -> _Method: ...


@overload
def transaction(
    *,
    endorsed_by: Sequence[str] | None = None,
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> Callable[[_Method], _Method]: ...


def transaction(
    method: _Method | None = None,
    *,
    endorsed_by: Sequence[str] | None = None,
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> _Method | Callable[[_Method], _Method]:
    """
    Let clients submit *method*: it may write. The arguments declare what it is; see ``declarations``.

        @api.transaction(endorsed_by=("caller", "taker"), transient=("draft",))
    """
    # Whoever declares who endorses says all: a function that names no transient field takes none.
    fields = () if transient is None and endorsed_by is not None else transient
    return _marked(
        method,
        "submit",
        Declaration(
            endorsed_by=None if endorsed_by is None else tuple(endorsed_by),
            transient=None if fields is None else tuple(fields),
            called_by=tuple(called_by),
        ),
    )


@overload
def query(method: _Method) -> _Method: ...


@overload
def query(
    *,
    read_on: Sequence[str] = (),
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> Callable[[_Method], _Method]: ...


def query(
    method: _Method | None = None,
    *,
    read_on: Sequence[str] = (),
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> _Method | Callable[[_Method], _Method]:
    """Let clients evaluate *method*: it reads, and a write or an event in it is refused as a defect."""
    fields = None if transient is None else tuple(transient)
    declared = Declaration(transient=fields, called_by=tuple(called_by), read_on=tuple(read_on))
    return _marked(method, "evaluate", declared)


def _marked(method: _Method | None, tag: str, declared: Declaration) -> _Method | Callable[[_Method], _Method]:
    def mark(marked: _Method) -> _Method:
        setattr(marked, _MARK, (tag, declared))
        return marked

    return mark if method is None else mark(method)


class Context:
    """
    What a contract function knows beside its arguments.

    Attributes:
        stub: the ledger.
        contract: the contract's name.
        function: the function's name.
    """

    def __init__(self, stub: Stub, function: Function) -> None:
        self.stub = stub
        self.contract = function.contract
        self.function = function.name
        self._transient = function.declared.admitted(stub.transient, function.where)

    @cached_property
    def client(self) -> Client:
        """Who proposed the transaction: ``msp_id``, ``role``, ``attributes``, ``id``."""
        return identity.of_creator(self.stub.creator)

    @property
    def transient(self) -> Mapping[str, bytes]:
        """The client's private inputs; they reach every endorser and no block."""
        return self._transient

    @property
    def timestamp(self) -> datetime:
        """The transaction's time, as its client says and every endorser sees it; the only clock a contract has."""
        return self.stub.timestamp


class Contract:
    """Base of contracts; a subclass may set ``name``, else its class name counts."""

    name: typing.ClassVar[str] = ""


class Chaincode:
    """
    Several contracts served under one chaincode name; what server and test ledger run.

    ``time_window`` is how far a transaction may be dated from the clock of the
    machine that serves it. Peers of Fabric 3 see to this by themselves; those
    of 2.5 pass on whatever time a client writes, into deadlines too.

    Raises:
        ContractError: a contract has no functions, a name twice, or an
            annotation without a strict form.
    """

    time_window: timedelta | None = timedelta(minutes=15)

    def __init__(self, name: str, contracts: Sequence[type[Contract]], version: str = "1.0") -> None:
        if not contracts:
            raise ContractError(f"chaincode {name} has no contracts")
        self.name = name
        self.version = version
        self.functions: dict[str, Function] = {}
        self.contracts: dict[str, type[Contract]] = {}
        for contract in contracts:
            self._add(contract)
        self.functions[metadata.FUNCTION] = Function(
            metadata.CONTRACT, metadata.NAME, "evaluate", "", (), dict, lambda ctx: self.describe()
        )

    def describe(self) -> dict[str, Any]:
        """Return what the chaincode publishes about itself; see :mod:`hlf.shim.metadata`."""
        by_contract = {
            name: [found for key, found in self.functions.items() if key == f"{name}:{found.name}"]
            for name in self.contracts
        }
        return metadata.describe(self.name, self.version, by_contract)

    def init(self, stub: Stub) -> Response:
        """Run the function that an initialisation names; do nothing if it names none."""
        return self.invoke(stub) if stub.args and stub.args[0] else responses.success()

    def invoke(self, stub: Stub) -> Response:
        """Return the answer of the function that the first argument names."""
        where = self.name
        try:
            function = self._find(stub.args)
            where = function.where
            arguments = function.decode(stub.args[1:])
            stub.read_only = function.tag == "evaluate"
            result = function.call(Context(stub, function), *arguments)
            return responses.success(_encoded(result))
        except (Exception, SystemExit) as error:  # noqa: BLE001  (an exception is an answer, never silence)
            return responses.of_error(error, where, stub.tx_id)

    def _find(self, args: Sequence[bytes]) -> Function:
        name = args[0].decode("utf-8", "replace") if args else ""
        found = self.functions.get(name)
        if found is None:
            raise RuntimeRefusal.UNKNOWN_FUNCTION(f"{self.name} has no function {name[:120]!r}")
        return found

    def _add(self, contract: type[Contract]) -> None:
        name = contract.name or contract.__name__
        if name in self.contracts:
            raise ContractError(f"chaincode {self.name} has two contracts named {name}")
        found = _functions(contract, name)
        if not found:
            raise ContractError(f"{name} has no function marked @transaction or @query")
        default = not self.contracts
        self.contracts[name] = contract
        for function in found:
            self.functions[f"{name}:{function.name}"] = function
            if default:
                self.functions[function.name] = function


def _functions(contract: type[Contract], name: str) -> list[Function]:
    serving = contract()
    found = []
    for attribute, method in inspect.getmembers(contract, inspect.isfunction):
        marked = getattr(method, _MARK, None)
        if marked is not None:
            tag, declared = marked
            found.append(_function(name, attribute, tag, declared, method, getattr(serving, attribute)))
    return found


def _function(
    contract: str,
    name: str,
    tag: str,
    declared: Declaration,
    method: Callable[..., Any],
    call: Callable[..., Any],
) -> Function:
    where = f"{contract}:{name}"
    hints = typing.get_type_hints(method, include_extras=True)
    signature = list(inspect.signature(call).parameters.values())
    if not signature:
        raise ContractError(f"{where} takes no context; its first parameter is ctx: api.Context")
    parameters = []
    for parameter in signature[1:]:
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            raise ContractError(f"{where}: {parameter.name} must be positional; arguments on the wire have no names")
        if parameter.name not in hints:
            raise ContractError(f"{where}: {parameter.name} has no annotation")
        annotation = hints[parameter.name]
        try:
            decoder = decoding.argument(annotation)
        except ContractError as error:
            raise ContractError(f"{where}: {parameter.name}: {error}") from None
        required = parameter.default is parameter.empty
        parameters.append(Parameter(parameter.name, annotation, decoder, required))
    declared.check(where, tuple(parameter.name for parameter in parameters))
    documentation = inspect.getdoc(method) or ""
    return Function(contract, name, tag, documentation, tuple(parameters), hints.get("return"), call, declared)


def _encoded(result: Any) -> bytes:
    """Return bytes as they are, text as UTF-8, None as nothing, everything else as canonical JSON."""
    if isinstance(result, bytes):
        return result
    if isinstance(result, str) and not isinstance(result, enum.Enum):
        return result.encode()
    return b"" if result is None else records.dumps(result)
