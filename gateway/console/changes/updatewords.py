"""A proposed update of a channel's configuration in words: what changes, who must sign, who has, and what is next."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console import companies, menu
from gateway.console.changes import settingwords
from gateway.console.changes.settingwords import ChangedSetting
from gateway.fabric import definitions
from gateway.http import context
from hlf import errors
from hlf.sentdocuments import SentDocument
from hlf.wire.config import channelproposal
from hlf.wire.config.channelproposal import KIND, ChannelProposal, PolicyStanding

__all__ = ["KIND", "Stand", "ShownUpdate", "read"]


class Stand(enum.Enum):
    """How an update stands beside the channel as one's own peer has it."""

    IN_FORCE = "in force"
    MISSTATED = "misstated"
    OUTDATED = "outdated"
    SIGNED = "signed"
    TO_SIGN = "to sign"


@dataclass(frozen=True)
class ShownUpdate:
    """
    An update in words.

    Attributes:
        compared: whether one's own peer told what the channel is now; otherwise the file alone was looked at.
        standings: of each policy who must sign for it, and who has.
        touched: every element that it changes, in the words of Fabric's configuration.
        command: what to type next; empty if there is nothing to do.
    """

    channel: str
    stand: Stand
    compared: bool
    changes: list[ChangedSetting]
    touched: list[str]
    standings: list[PolicyStanding]
    signed: list[str]
    command: str


_COMMANDS = {
    Stand.TO_SIGN: "selat network sign update.json",
    Stand.SIGNED: "selat network submit update.json",
    Stand.OUTDATED: "selat network propose {channel} update.json",
}


def read(document: SentDocument) -> ShownUpdate:
    """
    Return the update in a document, whose signatures are verified against the organisations of its channel.

    Raises:
        DocumentError: it is none, its words are not those of its update, or a signature is not who it says.
    """
    found = channelproposal.read(document)
    present, standings = _present(found.channel), found.standings()
    stand = _stand(found, present, standings)
    return ShownUpdate(
        channel=found.channel,
        stand=stand,
        compared=present is not None,
        changes=settingwords.told(found.settings()),
        touched=found.touched(),
        standings=standings,
        signed=[companies.name(each) for each in sorted(found.signatures)],
        command=_COMMANDS.get(stand, "").format(channel=found.channel),
    )


def _present(channel: str) -> object | None:
    """Return the configuration of a channel in force; None if the caller's peer has no such channel, or is silent."""
    if channel not in menu.known_channels():
        return None
    try:
        return definitions.configuration(channel, context.caller().msp_id, context.evaluate)
    except errors.HlfError:
        return None


def _stand(found: ChannelProposal, present: object | None, standings: Sequence[PolicyStanding]) -> Stand:
    if present is not None:
        if found.in_force(present):
            return Stand.IN_FORCE
        if found.outdated(present):
            return Stand.OUTDATED
        if found.misstated(present):
            return Stand.MISSTATED
    return Stand.TO_SIGN if any(each.more for each in standings) else Stand.SIGNED
