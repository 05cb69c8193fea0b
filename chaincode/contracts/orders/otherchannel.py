"""
Queries to the chaincode of another channel, for facts that a contract must not take from its caller.

A peer answers from its own copy of that channel, so it must have joined it. Reads there are not part of this
transaction, so the answer can be out of date at the commit. Facts that must be current are on this channel too.
"""

from __future__ import annotations

from chaincode.domain.refusals import Refusal
from hlf.codec.refusals import Refused
from hlf.errors import contract_refusal
from hlf.shim import api, responses

_NOT_JOINED = "Failed to get policy manager for channel [{channel}]"
"""The error of a Fabric peer that has not joined a channel."""


def query(ctx: api.Context, channel: str, chaincode: str, function: str, *args: str) -> bytes | None:
    """
    Return the answer of *function* on *channel*, or None at a peer that has not joined it and cannot ask.

    Raises:
        Refused: the refusal of the other chaincode; PEER_REFUSED if the peer or the chaincode there cannot be
            asked; NOT_ANSWERED if it failed.
    """
    try:
        answer = ctx.stub.invoke_chaincode(chaincode, [function, *args], channel)
    except api.PeerRefused as refused:
        if _NOT_JOINED.format(channel=channel) in refused.message:
            return None
        raise
    if answer.status < responses.REFUSED:
        return answer.payload
    refusal = contract_refusal(answer.message)
    if refusal:
        raise Refused(*refusal)  # The refusal of that chaincode, from any table.
    raise Refusal.NOT_ANSWERED(f"{chaincode} on {channel} failed at {function}")
