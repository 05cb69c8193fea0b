"""
The declarations of a chaincode's functions, read from its published metadata.

The gateway asks the caller's own peer for the metadata, once for each definition of the chaincode, and keeps them.
Other people's chaincodes may publish none; then Fabric plans calls of their functions by the policies.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fabric_protos.peer.lifecycle import lifecycle_pb2

from hlf import errors, jsontext
from hlf.client.network import Network
from hlf.errors import WireError
from hlf.wire import keys

METADATA = "org.hyperledger.fabric:GetMetadata"

_FRESH_SECONDS = 10.0


Schema = dict[str, Any]


@dataclass(frozen=True)
class DeclaredFunction:
    """
    One function of a contract; what it does not declare is None.

    Attributes:
        name: the name that clients call, with its contract's name in front.
        writes: whether it is submitted; a query is evaluated.
        answer: the JSON schema of what it answers; empty if it does not say.
        schemas: the JSON schema of each parameter.
        optional: the parameters that a call may leave out, from the last one on.
        description: what it does, in the words of its author.
    """

    name: str
    writes: bool
    parameters: tuple[str, ...] = ()
    endorsed_by: tuple[str, ...] | None = None
    transient: tuple[str, ...] | None = None
    called_by: tuple[str, ...] = ()
    read_on: tuple[str, ...] = ()
    answer: Schema = field(default_factory=dict)
    schemas: tuple[Schema, ...] = ()
    optional: frozenset[str] = frozenset()
    description: str = ""

    def arguments(self, given: list[str]) -> dict[str, str]:
        """Return the arguments of a call by parameter name."""
        return dict(zip(self.parameters, given, strict=False))


Functions = dict[str, DeclaredFunction]


def read(metadata: bytes) -> Functions:
    """
    Return the functions by the names that clients can call.

    Raises:
        WireError: the metadata do not have the form of Fabric's contract API, or a declaration is malformed.
    """
    found: Functions = {}
    document = _of(dict, jsontext.loads(metadata), "the metadata")
    schemas = _of(dict, _of(dict, document.get("components") or {}, "components").get("schemas") or {}, "schemas")
    for contract, described in _of(dict, document.get("contracts", {}), "contracts").items():
        for each in _of(list, _of(dict, described, contract).get("transactions") or [], "transactions"):
            function = _function(contract, _of(dict, each, "a transaction"), schemas)
            found[function.name] = function
            if described.get("default"):
                found[function.name.split(":", 1)[1]] = function
    return found


def _function(contract: str, described: dict[str, Any], schemas: dict[str, Any]) -> DeclaredFunction:
    name = f"{contract}:{_of(str, described.get('name'), 'the name of a function')}"
    listed, tags = described.get("parameters") or [], described.get("tag") or []
    parameters = [_of(dict, each, "a parameter") for each in _of(list, listed, f"the parameters of {name}")]
    return DeclaredFunction(
        name,
        "evaluate" not in [str(tag).lower() for tag in _of(list, tags, f"the tag of {name}")],
        tuple(str(each.get("name", "")) for each in parameters),
        endorsed_by=_names(described, "x-endorsed-by", name),
        transient=_names(described, "x-transient", name),
        called_by=_names(described, "x-called-by", name) or (),
        read_on=_names(described, "x-read-on", name) or (),
        answer=_of(dict, _whole(described.get("returns") or {}, schemas), f"the answer of {name}"),
        schemas=tuple(_of(dict, _whole(each.get("schema") or {}, schemas), name) for each in parameters),
        optional=frozenset(str(each.get("name", "")) for each in parameters if each.get("required") is False),
        description=str(described.get("description") or ""),
    )


def _whole(schema: Any, schemas: dict[str, Any], within: tuple[str, ...] = ()) -> Any:
    """Return *schema* with its references replaced by their targets; a recursive one becomes an empty schema."""
    if isinstance(schema, list):
        return [_whole(each, schemas, within) for each in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return {name: _whole(each, schemas, within) for name, each in schema.items() if name != "$id"}
    name = reference.rpartition("/")[2]
    return (
        {}
        if name in within
        else {"title": name, **_whole(_of(dict, schemas.get(name, {}), name), schemas, (*within, name))}
    )


def _names(described: dict[str, Any], declared: str, name: str) -> tuple[str, ...] | None:
    if declared not in described:
        return None
    listed = _of(list, described[declared], f"{declared} of {name}")
    return tuple(_of(str, each, f"{declared} of {name}") for each in listed)


def _of(kind: type, value: Any, what: str) -> Any:
    if not isinstance(value, kind):
        raise WireError(f"the chaincode's metadata cannot be read: {what} is no {kind.__name__}")
    return value


@dataclass(frozen=True)
class _CheckedFunctions:
    definition: bytes
    functions: Functions
    checked: float


class Declarations:
    """
    The functions of every chaincode called so far, as published at each organisation's own peer.

    The gateway asks whether the definition has changed before each call with private values, and every ten seconds
    for others: an old declaration must not send values to the wrong organisation.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str, str], _CheckedFunctions] = {}

    def find(
        self, network: Network, msp_id: str, chaincode: str, function: str, *, private: bool
    ) -> DeclaredFunction | None:
        """
        Return the declaration of *function*; None if the chaincode publishes none.

        Raises:
            hlf.errors.GatewayError: the organisation's peer cannot be asked, or its chaincode does not answer.
            hlf.errors.WireError: the published metadata cannot be read.
        """
        if chaincode in keys.SYSTEM_CHAINCODES:  # System chaincodes are part of the peer and publish nothing.
            return None
        place = (msp_id, network.name, chaincode)
        with self._lock:
            kept = self._kept.get(place)
        if kept is None or private or self._clock() - kept.checked > _FRESH_SECONDS:
            kept = self._checked(network, place, kept)
        if kept.functions and function not in kept.functions:
            # During development a chaincode server may change without a new definition.
            kept = self._checked(network, place, None)
        return kept.functions.get(function)

    def at_hand(self, msp_id: str, channel: str, chaincode: str, function: str) -> Functions | None:
        """Return the functions that ``find`` would search, if it would ask no peer for them; else None."""
        if chaincode in keys.SYSTEM_CHAINCODES:
            return {}
        with self._lock:
            kept = self._kept.get((msp_id, channel, chaincode))
        if kept is None or self._clock() - kept.checked > _FRESH_SECONDS:
            return None
        return None if kept.functions and function not in kept.functions else kept.functions

    def published(self, network: Network, msp_id: str, chaincode: str) -> Functions:
        """
        Return all functions that a chaincode publishes, by their whole names.

        Raises:
            hlf.errors.GatewayError: the organisation's peer cannot be asked, or its chaincode does not answer.
            hlf.errors.WireError: the published metadata cannot be read.
        """
        place = (msp_id, network.name, chaincode)
        with self._lock:
            kept = self._kept.get(place)
        found = self._checked(network, place, kept).functions
        return {function.name: function for function in found.values()}

    def known(self, channel: str, chaincode: str) -> Functions:
        """Return the functions of a chaincode if an earlier call has read them; else nothing."""
        with self._lock:
            found = [kept.functions for (_, *place), kept in self._kept.items() if place == [channel, chaincode]]
        return {function.name: function for each in found for function in each.values()}

    def _checked(
        self, network: Network, place: tuple[str, str, str], kept: _CheckedFunctions | None
    ) -> _CheckedFunctions:
        msp_id, _, chaincode = place
        definition = _definition(network, msp_id, chaincode)
        same = kept is not None and definition and kept.definition == definition
        functions = kept.functions if kept and same else _published(network, msp_id, chaincode)
        found = _CheckedFunctions(definition, functions, self._clock())
        with self._lock:
            self._kept[place] = found
        return found


def _definition(network: Network, msp_id: str, chaincode: str) -> bytes:
    """
    Return the chaincode's definition on the channel; empty if there is none, or the caller may not read it.
    """
    asked = lifecycle_pb2.QueryChaincodeDefinitionArgs(name=chaincode).SerializeToString()
    lifecycle = network.contract(keys.LIFECYCLE)
    try:
        return lifecycle.evaluate("QueryChaincodeDefinition", asked, endorsing_organizations=(msp_id,))
    except errors.GatewayError as refused:
        if _answered(refused):
            return b""
        raise


def _published(network: Network, msp_id: str, chaincode: str) -> Functions:
    """Return the functions in the metadata; empty if the chaincode answers that it publishes none."""
    try:
        return read(network.contract(chaincode).evaluate(METADATA, endorsing_organizations=(msp_id,)))
    except errors.GatewayError as refused:
        if _answered(refused):
            return {}
        raise


def _answered(refused: errors.GatewayError) -> bool:
    """Return whether the chaincode itself refused, and not a peer or the gateway before it."""
    said = " ".join([refused.message, *(each.message for each in refused.details)])
    return re.search(errors.CHAINCODE_RESPONSE, said) is not None
