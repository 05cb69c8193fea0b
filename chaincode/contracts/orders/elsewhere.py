"""
Questions to the chaincode of another channel: facts that no contract believes its caller about.

A peer answers from its own copy of that channel, and only a peer that joined
it can. Nothing that is read there is part of this transaction, so an answer
may be overtaken; what must not be overtaken stands on this channel, too.
"""

from __future__ import annotations

from chaincode.domain.refusals import Refusal
from hlf.codec.refusals import Refused
from hlf.errors import contract_refusal
from hlf.shim import api, responses

_NOT_JOINED = "Failed to get policy manager for channel [{channel}]"
"""How Fabric's peer says that it has not joined a channel: it has no policy by which the call could be allowed."""


def ask(ctx: api.Context, channel: str, chaincode: str, function: str, *args: str) -> bytes | None:
    """
    Return the answer of *function* on *channel*, or None at a peer that has not joined it and cannot ask.

    Raises:
        Refused: what the other chaincode refused with; PEER_REFUSED, its peer or the chaincode there cannot be
            asked; NOT_ANSWERED, it failed.
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
        raise Refused(*refusal)  # That chaincode's own words, whatever its table.
    raise Refusal.NOT_ANSWERED(f"{chaincode} on {channel} failed at {function}")
