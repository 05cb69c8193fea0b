"""The network for its administrators: channels, heights, chaincodes, collections, certificates, open amendments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.audit import ownchannels
from gateway.console import companies
from gateway.console.acts.marketacts import AMENDED
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.fabric import definitions
from gateway.fabric.definitions import ChannelState, DefinedChaincode
from gateway.fabric.wallet import WalletError
from gateway.http import auth, context
from gateway.http.context import TRADE
from gateway.pages.states import N_
from hlf import errors

# Days before its expiry from which a certificate should be renewed; ``selat gateway check`` uses the same.
_SOON, _MONTHS = 30, 90


@dataclass(frozen=True)
class CertificateLife:
    """A user's certificate, and in how many days it expires; None if it cannot be read."""

    user: str
    ends: datetime | None
    days: int | None
    tone: str

    @property
    def waits(self) -> bool:
        """Whether somebody should renew it soon."""
        return self.tone != "good"


def renewing(msp_id: str, user: str) -> str:
    """Return the command that renews a user's certificate."""
    return f"selat network renew {msp_id}/{user}"


# The commands that change the network, in their usual order, each with its words. The gateway has no admin's key and
# no consortium file, so it shows what to type (docs/console.md says more).
COMMANDS: tuple[tuple[str, str], ...] = (
    (N_("See what the file would change, and who must sign it"), "selat network plan --consortium consortium.yaml"),
    (N_("Do what the plan shows"), "selat network apply --consortium consortium.yaml"),
    (N_("Write the change of a channel into a file, for others to sign"), "selat network propose trade update.json"),
    (N_("See what a proposed change does, and who has signed it"), "selat network sign update.json --plan"),
    (N_("Sign it"), "selat network sign update.json"),
    (N_("Put it in force, once enough have signed"), "selat network submit update.json"),
    (N_("See what a proposed chaincode says"), "selat network chaincode-approve definition.json --plan"),
    (N_("See who has approved it, before it is in force"), "selat network check-readiness definition.json"),
    (N_("Put it in force, once enough have approved"), "selat network chaincode-commit definition.json"),
)


@blueprint.route("/network")
@auth.needs("audit")
def network() -> str:
    """Show the channels of the caller's organisation, its certificates, and the amendments that wait."""
    own = context.caller().msp_id
    return page(
        "network.html",
        channels=[(name, _channel(name, own)) for name in ownchannels.known()],
        members=_members,
        kept=_kept,
        certificates=_certificates(own),
        amendments=_amendments(own),
        commands=COMMANDS,
        renewing=renewing,
    )


def _channel(name: str, msp_id: str) -> ChannelState | None:
    """Return the state of a channel; None if the organisation's peer does not answer for it."""
    try:
        return definitions.of(name, msp_id, context.evaluate)
    except errors.HlfError:
        return None


def _members(channel: ChannelState) -> list[str]:
    return [companies.name(each) for each in channel.heights]


def _kept(chaincode: DefinedChaincode) -> list[tuple[str, dict[str, bool]]]:
    """Return who keeps each collection, as rows of a matrix."""
    return [(name, {companies.name(each): True for each in who}) for name, who in chaincode.collections.items()]


def _certificates(msp_id: str) -> list[CertificateLife]:
    wallet, now = context.services().wallet, datetime.now(UTC)
    found = []
    for name in wallet.users(msp_id):
        try:
            ends = wallet.identity(msp_id, name).certificate.not_after
        except (errors.HlfError, WalletError):
            found.append(CertificateLife(name, None, None, "bad"))
            continue
        days = (ends - now).days
        found.append(CertificateLife(name, ends, days, "bad" if days < _SOON else "wait" if days < _MONTHS else "good"))
    return sorted(found, key=lambda one: -1 if one.days is None else one.days)


def _amendments(msp_id: str) -> list[dict[str, Any]]:
    """Return the open amendments, and whether the organisation's approval is one that they wait for."""
    return [
        {**each, "contract": contract, "waits": msp_id in each["voters"] and msp_id not in each["approvals"]}
        for contract in AMENDED
        for each in context.ask_pages(TRADE, f"{contract}:amendments", "amendments")
        if each.get("state") == "open"
    ]
