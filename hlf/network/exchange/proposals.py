"""Proposed updates of channels as files: read, written, and signed where the key is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from hlf.admin import channel as channels
from hlf.identity import Identity
from hlf.network import errors
from hlf.network.exchange import exchangedfiles
from hlf.network.exchange.exchangedfiles import ExchangedFile
from hlf.signers import Signer
from hlf.wire.config import channelproposal
from hlf.wire.config.channelproposal import ChannelProposal


def read(place: Path) -> ChannelProposal:
    """
    Return the proposal in a file.

    Raises:
        ExchangeError: it is none, its words are not those of its update, or a signature is not that organisation's.
    """
    return channelproposal.read(ExchangedFile(place, channelproposal.KIND))


def write(proposal: ChannelProposal, place: Path) -> None:
    """Write a proposal as a file that people can read and others can sign."""
    exchangedfiles.write(place, channelproposal.KIND, proposal.values())


def signed(proposal: ChannelProposal, msp_id: str, identity: Identity, signer: Signer) -> ChannelProposal:
    """
    Return a proposal with an organisation's signature, in place of an earlier one of the same organisation.

    Raises:
        NetworkError: the organisation is none of the channel, or this is not its admin.
    """
    if refusal := proposal.refusal_of_admin(msp_id, identity.serialized):
        raise errors.NetworkError(*refusal)
    made = channels.sign(proposal.update, identity, signer)
    return dataclasses.replace(proposal, signatures={**proposal.signatures, msp_id: made})
