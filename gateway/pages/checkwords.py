"""The checks of a transaction's proof in the reader's language; ``hlf.audit`` names them in English."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.pages.languages import gettext
from gateway.pages.states import N_
from hlf.audit.replay import report, unsigned

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


RULES: Mapping[str, str] = {
    report.FORM: N_("No orderer makes such a block"),
    report.TRUST: N_("It is not the block that was trusted"),
    report.UNANCHORED: N_("Nothing ties these blocks to one that is trusted"),
    report.CHANNEL: N_("The block belongs to another channel"),
    report.CHAIN: N_("A block is missing, in the wrong place, or follows another one"),
    report.DATA_HASH: N_("What is in the block is not what its header names"),
    report.ORDERER_SIGNATURE: N_("The orderers whom the channel's rules ask have not signed the block"),
    report.LAST_CONFIG: N_("The block names another configuration than the one in force"),
    report.CONFIG: N_("The configuration does not follow from the one before"),
    report.VALIDATION_CODE: N_("The peer judged a transaction otherwise than the rules do"),
    report.COMMIT_HASH: N_("The peer's state is not the one that the blocks lead to"),
    report.UNSIGNED: N_("A part that nobody signs holds something that Fabric does not write"),
}
"""What a finding of a verification means, by the rule that is broken."""

PARTS: Mapping[str, str] = {
    unsigned.CODES: N_("Verdicts on transactions"),
    unsigned.COMMIT_HASHES: N_("Hashes of the peer's state"),
    unsigned.LAST_CONFIGS: N_("Repeated numbers of configurations"),
}
"""The parts of a block that nobody signs."""


def told(name: str, company: Callable[[str], str]) -> str:
    """Return a check's name in the reader's language; one that a later release has added keeps its own."""
    start = next((each for each in CHECKS if name.startswith(each)), None)
    if start is None:
        return name
    return gettext(CHECKS[start]) % {"company": company(name.removeprefix(start).partition(":")[0])}
