"""
Write a contract as a class with decorated, annotated functions; they refuse with codes.

::

    class Assets(api.Contract):
        @api.transaction
        def transfer(self, ctx: api.Context, asset_id: str, to_msp: str) -> Asset: ...

        @api.query
        def read(self, ctx: api.Context, asset_id: str) -> Asset: ...

    chaincode = api.Chaincode("assets", [Assets, Auctions])

Clients call ``Assets:transfer``; the functions of the first contract can also
be called without its name. One object of each contract serves every
transaction, so a contract stores nothing in ``self``. A contract can also have
hooks before and after its functions, and its own context (:class:`Contract`).
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from hlf.codec import moments, texts
from hlf.codec.refusals import RuntimeRefusal
from hlf.shim import identity, invocation, metadata, responses
from hlf.shim.contracts import inspection, results
from hlf.shim.contracts.decorators import query, transaction
from hlf.shim.endorsement import KeyPolicy
from hlf.shim.endorsement import all_of as endorsed_by_all_of
from hlf.shim.errors import ContractError, PeerRefused, Refused
from hlf.shim.functions import Function
from hlf.shim.identity import Client
from hlf.shim.iterators import KV, KeyModification
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
    "KeyPolicy",
    "KeyModification",
    "PeerRefused",
    "Refused",
    "Response",
    "Stub",
    "endorsed_by_all_of",
    "query",
    "transaction",
]


class Context:
    """
    The data of a transaction that a contract function gets beside its arguments.

    Attributes:
        stub: the ledger.
        contract: the contract's name.
        function: the function's name.
        memo: what the contract keeps for the rest of the transaction, such as records it has read.
    """

    def __init__(self, stub: Stub, function: Function) -> None:
        self.stub = stub
        self.memo: dict[Any, Any] = {}
        self.contract = function.contract
        self.function = function.name
        self._transient = function.declared.admitted(stub.transient, function.where)

    @cached_property
    def client(self) -> Client:
        """Who proposed the transaction: ``msp_id``, ``role``, ``attributes``, ``id``."""
        return identity.of_creator(self.stub.creator)

    @property
    def transient(self) -> Mapping[str, bytes]:
        """The client's private inputs; every endorser gets them, and no block has them."""
        return self._transient

    @property
    def timestamp(self) -> datetime:
        """The transaction's time, set by its client and equal at every endorser; a contract has no other clock."""
        return self.stub.timestamp


class Contract:
    """
    Base of contracts.

    Attributes:
        name: its name for clients; by default the name of the class.
        default: clients may call its functions without its name. If no contract of a chaincode sets it, the first does.
        context: the class of the context that its functions get, a subclass of :class:`Context`.
    """

    name: typing.ClassVar[str] = ""
    default: typing.ClassVar[bool] = False
    context: typing.ClassVar[type[Context]] = Context

    def before_transaction(self, ctx: Any) -> None:
        """
        Run before every function of this contract; an exception ends the transaction.

        The arguments have been decoded before. In a query it cannot write.
        """

    def after_transaction(self, ctx: Any, result: Any) -> None:
        """Run after every function that returned, with its *result*; an exception ends the transaction."""

    def unknown_transaction(self, ctx: Any) -> Any:
        """
        Return the answer to a function that the contract does not have; ``ctx.function`` is its name.

        No other hook runs then. ``ctx.stub.args`` has the name and the arguments, and this method may write.

        Raises:
            Refused: UNKNOWN_FUNCTION, unless a subclass does otherwise.
        """
        raise RuntimeRefusal.UNKNOWN_FUNCTION(f"{ctx.contract} has no function {ctx.function[:120]!r}")


class Chaincode:
    """
    Several contracts under one chaincode name; the server and the test ledger run it.

    ``time_window`` is the largest difference between a transaction's time and the clock of the
    machine that serves it. Peers of Fabric 3 check this themselves; those of
    2.5 accept any time that a client sets, which would also move deadlines.
    ``expose_errors`` shows the text of an exception to callers and in the log. It is
    for development only, because an exception may quote private values.

    Raises:
        ContractError: a contract has no functions, a name twice, or an
            annotation without a strict form.
    """

    time_window: timedelta | None = timedelta(milliseconds=moments.SKEW)
    expose_errors: bool = False

    def __init__(self, name: str, contracts: Sequence[type[Contract]], version: str = "1.0") -> None:
        if not contracts:
            raise ContractError(f"chaincode {name} has no contracts")
        self.name = name
        self.version = version
        self.functions: dict[str, Function] = {}
        self.contracts: dict[str, type[Contract]] = {}
        self._serving: dict[str, Contract] = {}
        self._default = _default(name, contracts)
        for contract in contracts:
            self._add(contract)
        self.functions[metadata.FUNCTION] = Function(
            metadata.CONTRACT, metadata.NAME, "evaluate", "", (), dict, lambda ctx: self.describe()
        )

    def describe(self) -> dict[str, Any]:
        """Return the chaincode's metadata; see :mod:`hlf.shim.metadata`."""
        by_contract = {
            name: [found for key, found in self.functions.items() if found.contract == name and key == found.where]
            for name in self.contracts
        }
        return metadata.describe(self.name, self.version, by_contract, self._default)

    def init(self, stub: Stub) -> Response:
        """Run the function named in an initialisation; do nothing if there is none."""
        return self.invoke(stub) if stub.args and stub.args[0] else responses.success()

    def invoke(self, stub: Stub) -> Response:
        """Return the answer of the function that the first argument names."""
        where = self.name
        try:
            contract, name = self._called(stub.args)
            function = self.functions.get(f"{contract}:{name}")
            where = texts.shown(f"{contract}:{name}", 160)
            if function is None:
                return responses.success(results.encoded(self._unknown(contract, name, stub)))
            return responses.success(function.encode(self._run(function, stub)))
        except (Exception, SystemExit) as error:  # noqa: BLE001  (every exception becomes an answer)
            return invocation.failed(self, where, error, stub)

    def _called(self, args: Sequence[bytes]) -> tuple[str, str]:
        """Return the called contract and function; a name without a contract belongs to the default one."""
        called = args[0].decode("utf-8", "replace") if args else ""
        contract, colon, name = called.partition(":")
        return (contract, name) if colon else (self._default, called)

    def _run(self, function: Function, stub: Stub) -> Any:
        arguments = function.decode(stub.args[1:])
        stub.read_only = function.tag == "evaluate"
        contract = self._serving.get(function.contract)
        if contract is None:
            return function.call(Context(stub, function), *arguments)
        ctx = contract.context(stub, function)
        contract.before_transaction(ctx)
        result = function.call(ctx, *arguments)
        contract.after_transaction(ctx, result)
        return result

    def _unknown(self, contract: str, name: str, stub: Stub) -> Any:
        serving = self._serving.get(contract)
        if serving is None:
            raise RuntimeRefusal.UNKNOWN_FUNCTION(f"{self.name} has no contract {contract[:120]!r}")
        function = Function(contract, name, "submit", "", (), None, serving.unknown_transaction)
        return function.call(serving.context(stub, function))

    def _add(self, contract: type[Contract]) -> None:
        name = _name(contract)
        if name in self.contracts:
            raise ContractError(f"chaincode {self.name} has two contracts named {name}")
        if ":" in name or name == metadata.CONTRACT:
            raise ContractError(f"no client can call a contract named {name!r}; take a name without a colon")
        self.contracts[name] = contract
        try:
            self._serving[name] = serving = contract()
        except TypeError as error:
            raise ContractError(f"{name} cannot be made: {error}; its __init__ takes no arguments") from error
        for function in inspection.functions(contract, serving, name):
            self.functions[function.where] = function
            if name == self._default:
                self.functions[function.name] = function


def _name(contract: type[Contract]) -> str:
    return contract.name or contract.__name__


def _default(chaincode: str, contracts: Sequence[type[Contract]]) -> str:
    for contract in contracts:
        if not (isinstance(contract, type) and issubclass(contract, Contract)):
            raise ContractError(f"chaincode {chaincode} lists {contract!r}; give classes that subclass api.Contract")
    chosen = [_name(contract) for contract in contracts if contract.default] or [_name(contracts[0])]
    if len(chosen) > 1:
        raise ContractError(f"chaincode {chaincode} has more than one default contract: {', '.join(chosen)}")
    return chosen[0]
