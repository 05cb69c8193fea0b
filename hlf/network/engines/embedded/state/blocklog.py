"""Log a written block's invalid transactions, and those that crash real peers."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hlf.network.engines.embedded.state import peercrashes
from hlf.network.engines.embedded.state.peercrashes import Crash
from hlf.network.engines.embedded.state.validation import CODES, ValidatedBlock
from hlf.network.engines.embedded.wire import statuses
from hlf.wire import enumerations

_LOG = logging.getLogger(__name__)


def crashes(envelopes: Sequence[bytes], validated: ValidatedBlock, defined: peercrashes.Defined) -> list[Crash]:
    """Return as :func:`peercrashes.of_block` does, but never raise, because a failed report must not stop a block."""
    try:
        return peercrashes.of_block(envelopes, validated, defined)
    except Exception as error:  # noqa: BLE001 - see above; its text may quote private values.
        _LOG.error("a block could not be looked at for what real peers make of it: %s", statuses.where(error))
        return []


def of_block(channel_id: str, number: int, validated: ValidatedBlock, found: Sequence[Crash]) -> None:
    """Log the invalid transactions of a block, each with its code, and those that crash real peers."""
    for verdict in validated.verdicts:
        if not verdict.valid:
            # The id is a text of the sender's choice.
            _LOG.warning(
                "%s: block %s, transaction %.80r is %s: %s",
                channel_id,
                number,
                verdict.tx_id,
                enumerations.name(CODES, verdict.code),
                verdict.why,
            )
    if found:
        ids = [verdict.tx_id for verdict in validated.verdicts]
        told = "; ".join(f"transaction {one.position} ({ids[one.position]!r:.80}) {one.why}" for one in found)
        _LOG.error(
            "%s: BLOCK %s WOULD END THIS CHANNEL AT EVERY PEER OF FABRIC 3.1.5, again after each restart: %s. "
            "See docs/conformance.md",
            channel_id,
            number,
            told,
        )
