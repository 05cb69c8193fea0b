"""A peer that holds a chain made for tests, and answers ``qscc`` and the histories that a contract tells."""

from __future__ import annotations

import json
from typing import Any

import grpc

from gateway.fabric.ledgercalls import LedgerCall
from hlf import errors
from hlf.wire import blocks
from tests.unit.gateway.fakes import FakeLedgers
from tests.unit.hlf.chain import Chain


class ChainedLedgers(FakeLedgers):
    """Stands in for ``gateway.fabric.ledger.Ledgers`` over a chain; *told* is what ``<contract>:history`` answers."""

    def __init__(self, chain: Chain, told: Any = None) -> None:
        super().__init__()
        self.chain = chain
        self.told = told

    def height(self, msp_id: str, user: str, channel: str) -> int:
        return len(self.chain.blocks) if channel == "trade" else super().height(msp_id, user, channel)

    def evaluate(self, msp_id: str, user: str, call: LedgerCall) -> bytes:
        self.asked.append((msp_id, user, call))
        if call.chaincode != "qscc":
            return json.dumps(self.told).encode()
        _, argument = call.texts()
        if call.function == "GetBlockByNumber":
            return self.chain.serialized[int(argument)]
        for serialized in self.chain.serialized:
            if any(each.transaction_id == argument for each in blocks.decode(serialized).transactions):
                return serialized
        message = f"Failed to get block for txID {argument}, error no such transaction ID [{argument}] in index"
        raise errors.EvaluateError(message, status=grpc.StatusCode.UNKNOWN)
