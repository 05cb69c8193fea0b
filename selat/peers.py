"""Ledgers of other organisations' peers, asked through your own peer's gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fabric_protos.common import ledger_pb2
from google.protobuf.message import DecodeError

from hlf.client.network import Network
from hlf.errors import WireError


@dataclass(frozen=True)
class LedgerCopy:
    """One organisation's copy of a channel."""

    network: Network
    msp_id: str

    def height(self) -> int:
        """
        Return the number of its blocks.

        Raises:
            EvaluateError: it cannot be asked.
            WireError: its answer has no height.
        """
        try:
            return int(ledger_pb2.BlockchainInfo.FromString(self._ask("GetChainInfo")).height)
        except DecodeError as malformed:
            raise WireError(f"the peer of {self.msp_id} does not say how many blocks it has") from malformed

    def block(self, number: int) -> bytes:
        """Return a serialized block; raise EvaluateError if there is none or the peer cannot be asked."""
        return self._ask("GetBlockByNumber", str(number))

    def blocks(self) -> Iterator[bytes]:
        """Yield its present blocks, in order."""
        for number in range(self.height()):
            yield self.block(number)

    def _ask(self, function: str, *arguments: str) -> bytes:
        contract = self.network.contract("qscc")
        return contract.evaluate(function, self.network.name, *arguments, endorsing_organizations=(self.msp_id,))
