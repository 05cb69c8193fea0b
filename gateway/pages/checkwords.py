"""The checks of a transaction's proof in the reader's language; ``hlf.audit`` names them in English."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.pages.languages import gettext
from gateway.pages.states import N_

CHECKS: Mapping[str, str] = {
    "channel: ": N_("Each configuration of the channel follows from the one before, from its first block on"),
    "block: ": N_("The block is signed by the orderers whom the channel's rules ask, over all that is in it"),
    "transaction: for ": N_("The transaction is for this channel, and was endorsed as it was proposed"),
    "transaction: signed ": N_("The transaction is signed by who sent it"),
    "endorsement of ": N_("%(company)s has signed what the transaction writes"),
    "headers: ": N_("The headers lead to the block"),
    "validity: ": N_("Verdict and writes give the state that the checkpoint has signed"),
    "trust: ": N_("It begins with something that your wallet trusts"),
    "disclosure: ": N_("The transaction committed to the values that are disclosed"),
}
"""What a check says that holds, by the beginning of its name."""


def told(name: str, company: Callable[[str], str]) -> str:
    """Return a check's name in the reader's language; one that a later release has added keeps its own."""
    start = next((each for each in CHECKS if name.startswith(each)), None)
    if start is None:
        return name
    return gettext(CHECKS[start]) % {"company": company(name.removeprefix(start).partition(":")[0])}
