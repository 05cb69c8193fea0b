"""A proposed update of a channel's configuration in words: what changes, who must sign, who has, and what is next."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.audit import ownchannels
from gateway.console import companies
from gateway.console.changes import settingwords
from gateway.console.changes.settingwords import ChangedSetting
from gateway.fabric import definitions
from gateway.http import context
from hlf import errors
from hlf.sentdocuments import SentDocument
from hlf.wire.config import channelproposal
from hlf.wire.config.channelproposal import KIND, ChannelProposal, PolicyStatus

__all__ = ["KIND", "UpdateStatus", "ShownUpdate", "read"]


class UpdateStatus(enum.Enum):
    """How an update compares with the channel's present configuration at the caller's peer."""

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
        compared: whether it was compared with the channel's present configuration, and not read from the file alone.
        standings: for each policy, who must sign and who has signed.
        touched: every element that it changes, in the words of Fabric's configuration.
        command: the next command; empty if there is nothing to do.
    """

    channel: str
    stand: UpdateStatus
    compared: bool
    changes: list[ChangedSetting]
    touched: list[str]
    standings: list[PolicyStatus]
    signed: list[str]
    command: str


_COMMANDS = {
    UpdateStatus.TO_SIGN: "selat network sign update.json",
    UpdateStatus.SIGNED: "selat network submit update.json",
    UpdateStatus.OUTDATED: "selat network propose {channel} update.json",
}


def read(document: SentDocument) -> ShownUpdate:
    """
    Return the update in a document, whose signatures are verified against the organisations of its channel.

    Raises:
        DocumentError: it is no update, its words differ from its update, or a signature is not its organisation's.
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
    """Return the configuration of a channel in force; None if the caller's peer does not have it."""
    if channel not in ownchannels.known():
        return None
    try:
        return definitions.configuration(channel, context.caller().msp_id, context.evaluate)
    except errors.HlfError:
        return None


def _stand(found: ChannelProposal, present: object | None, standings: Sequence[PolicyStatus]) -> UpdateStatus:
    if present is not None:
        if found.in_force(present):
            return UpdateStatus.IN_FORCE
        if found.outdated(present):
            return UpdateStatus.OUTDATED
        if found.misstated(present):
            return UpdateStatus.MISSTATED
    return UpdateStatus.TO_SIGN if any(each.more for each in standings) else UpdateStatus.SIGNED
