"""Count what was observed of open journeys, as a job that runs from time to time and needs no request."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.fabric import results
from gateway.fabric.ledger import Ledgers
from gateway.http.context import TRADE, TradeChaincode
from hlf import errors

PAGE = 100
"""So many open journeys are looked at, and at most counted, in one transaction."""


def count(ledgers: Ledgers, msp_id: str, user: str, trade: TradeChaincode = TRADE) -> Iterator[tuple[str, ...]]:
    """
    Count page by page until every open journey was looked at; yield the journeys that each transaction counted.

    Two that count at the same time do no harm: the later of two transactions about one lane is invalid, and the next
    run counts its journeys.

    Raises:
        hlf.errors.HlfError: no peer answers, or the ledger refuses; what was counted before stays counted.
    """
    bookmark = ""
    while True:
        asked = trade.call("Performance:uncounted", (PAGE, bookmark), None, (msp_id,))
        page = results.record(results.read(ledgers.evaluate(msp_id, user, asked)))
        if page["journey_ids"]:
            try:
                ledgers.submit(msp_id, user, trade.call("Performance:count", (page["journey_ids"],), None), _unkept)
                yield tuple(page["journey_ids"])
            except errors.CommitError:
                yield ()
        bookmark = page["bookmark"]
        if not bookmark:
            return


def _unkept(transaction_id: str, kept: bytes) -> None:
    """Keep nothing of a transaction before it is sent: a count that was interrupted is counted again."""
