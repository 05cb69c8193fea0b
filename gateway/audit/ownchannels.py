"""The channels of the caller's organisation, as its connection profile names them."""

from __future__ import annotations

from gateway.fabric.wallet import WalletError
from gateway.http import context
from hlf import errors


def joined() -> tuple[str, ...]:
    """
    Return the channels of the caller's organisation by its connection profile; none if the profile does not say.

    The profile is a file of the wallet, so the menu waits for no peer.
    """
    try:
        return context.services().wallet.profile(context.caller().msp_id).channels
    except (errors.HlfError, WalletError):
        return ()


def known() -> list[str]:
    """Return the channels of the caller's organisation; all that the wallet knows if the profile does not say."""
    return sorted(joined()) or list(context.services().wallet.channels())
