"""
Find the cause of a refusal in the channel itself, where Fabric's message leaves it open.

Fabric gives the same message for a misspelt organisation, for one whose peers are down, and for one that does not
run the chaincode. It also opens an event stream for a chaincode that does not exist.
"""

from __future__ import annotations

import re

from fabric_protos.common import common_pb2
from fabric_protos.peer.lifecycle import lifecycle_pb2

from gateway.store.checkpoints import EventCursor
from hlf import errors
from hlf.client.network import Network
from hlf.wire import blocks, keys
from hlf.wire.config import channelconfig

_NOBODY = re.compile(
    r"no peers available to evaluate|failed to find any endorsing peers|no endorsers found|no combination of peers"
)
_UNDEFINED = "is not defined"
_DENIED = re.compile(r"access denied|implicit policy evaluation failed")


class ExplainedError(errors.GatewayError):
    """
    A refusal with the cause found in the channel; *code* is the problem's code.

    Fabric's own message is kept too.
    """

    def __init__(
        self, explanation: str, refused: errors.GatewayError | None = None, *, code: str = "ENDORSERS_MISSING"
    ) -> None:
        self.code = code
        self.explanation = explanation
        said = refused or errors.EvaluateError(explanation)
        self.stage = said.stage
        super().__init__(said.message, transaction_id=said.transaction_id, status=said.status, details=said.details)


def explained(
    network: Network, chaincode: str, named: tuple[str, ...], refused: errors.GatewayError
) -> errors.GatewayError:
    """Return the refusal to raise: with its cause, if *refused* only says that nobody can answer."""
    if not _NOBODY.search(refused.message):
        return refused
    try:
        members = _members(network)
        unknown = sorted(set(named) - set(members))
        if unknown:
            words = f"{network.name} has no member {', '.join(unknown)}; it has {', '.join(members)}"
            return ExplainedError(words, refused, code="ENDORSER_UNKNOWN")
        if is_defined(network, chaincode) is False:
            return ExplainedError(f"{network.name} has no chaincode {chaincode}", refused, code="CHAINCODE_NOT_FOUND")
    except errors.HlfError:
        return refused
    return ExplainedError(refused.message, refused)


def is_defined(network: Network, chaincode: str) -> bool | None:
    """
    Return whether the channel has the chaincode; None if the caller may not ask.

    Raises:
        hlf.errors.EvaluateError: the caller has no such channel, or its peer cannot be asked.
    """
    asked = lifecycle_pb2.QueryChaincodeDefinitionArgs(name=chaincode).SerializeToString()
    try:
        network.contract(keys.LIFECYCLE).evaluate("QueryChaincodeDefinition", asked)
    except errors.EvaluateError as refused:
        said = " ".join([refused.message, *(detail.message for detail in refused.details)])
        if _UNDEFINED in said:
            return False
        if _DENIED.search(said) and "policy manager" not in said:
            return None
        raise
    return True


def has_event(network: Network, chaincode: str, cursor: EventCursor) -> bool:
    """
    Return whether the cursor's transaction set an event of *chaincode* in the cursor's block.

    Raises:
        hlf.errors.EvaluateError: the peer has no such block, or cannot be asked.
        hlf.errors.WireError: its block cannot be read.
    """
    block = blocks.decode(network.block(cursor.block_number))
    return any(
        transaction.transaction_id == cursor.transaction_id
        and transaction.valid
        and any(action.event is not None and action.event.chaincode == chaincode for action in transaction.actions)
        for transaction in block.transactions
    )


def _members(network: Network) -> tuple[str, ...]:
    """Return the MSP ids of the channel's application organisations."""
    serialized = network.contract("cscc").evaluate("GetConfigBlock", network.name)
    return channelconfig.Bundle.from_config_block(common_pb2.Block.FromString(serialized)).application_msp_ids
