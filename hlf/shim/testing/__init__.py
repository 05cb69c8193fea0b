"""
Test contracts with the real stub on a ledger in memory, without a network.

::

    ledger = testing.Ledger(assets.chaincode, members=("OwnerMSP", "BuyerMSP"))
    owner = testing.client("OwnerMSP")
    ledger.invoke("Assets:create", "A1", client=owner, endorsed_by=("OwnerMSP", "BuyerMSP"))
    with pytest.raises(api.Refused) as refused:
        ledger.invoke("Assets:create", "A1", client=owner)

The ledger applies Fabric's rules: no transaction reads its own writes, only the
members' peers have private values and all have the hashes, implicit
collections need their owner's endorsement, a key's own policy replaces the
chaincode's, different answers of endorsers are an error, and a read that is
stale at commit makes the transaction invalid.
"""

from __future__ import annotations

from hlf.shim.errors import Refused
from hlf.shim.peerline import BatchLimits
from hlf.shim.testing.callers import START, Caller, client
from hlf.shim.testing.determinism import transcripts
from hlf.shim.testing.ledger import Ledger
from hlf.shim.testing.outcomes import (
    CallFailed,
    EndorsedTransaction,
    EndorsementMismatch,
    Event,
    Result,
    TransactionInvalid,
    UndeclaredAccess,
)
from hlf.shim.testing.worldstate import Collection

__all__ = [
    "Caller",
    "Collection",
    "EndorsementMismatch",
    "EndorsedTransaction",
    "Event",
    "CallFailed",
    "TransactionInvalid",
    "Ledger",
    "BatchLimits",
    "Refused",
    "Result",
    "START",
    "UndeclaredAccess",
    "client",
    "transcripts",
]
