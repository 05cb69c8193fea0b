"""
Hyperledger Fabric for Python.

::

    import hlf

    profile = hlf.Profile.load("connection.json")
    with hlf.connect(profile, *hlf.load_user("users/User1", "Org1MSP")) as gateway:
        assets = gateway.network("mychannel").contract("basic")
        assets.submit("CreateAsset", "asset1", "blue", "5", "Tom", "300")

=================  ==============================================================================
``hlf.connect``    the client; ``hlf.aio.connect`` is the same for asyncio
``hlf.errors``     what can go wrong, as a tree
``hlf.signers``    signatures by a key or a function; ``hlf.pkcs11`` has those of a security module
``hlf.wallets``    identities as fabric-network's wallets keep them
``hlf.otel``       traces and metrics of calls, with the extra ``otel``
``hlf.shim``       contracts: ``from hlf.shim import api``; ``hlf.shim.testing`` runs them in memory
``hlf.admin``      chaincode lifecycle, channels, orderers, Fabric CA
``hlf.audit``      blocks verified offline, receipts, checkpoints
``hlf.network``    networks on this machine, with the extra ``network``
``hlf.testing``    the pytest plugin, with the extra ``testing``
=================  ==============================================================================

The names of this module are loaded when they are first used, so that a contract does not load the client.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hlf import errors, signers
    from hlf.client.cancelling import Cancellation
    from hlf.client.commit import Commit, Status
    from hlf.client.connections import Connections
    from hlf.client.contract import Contract, SubmittedTransaction
    from hlf.client.gateway import Gateway, connect
    from hlf.client.network import Network
    from hlf.client.proposal import Proposal
    from hlf.client.session import TlsIdentity
    from hlf.client.streams import EventStream
    from hlf.client.transaction import Transaction
    from hlf.errors import HlfError
    from hlf.identity import Identity, load_user
    from hlf.profile import Endpoint, Profile
    from hlf.signers import Signer
    from hlf.steps import checkpoints
    from hlf.steps.call import Timeouts
    from hlf.steps.events import BlockAndPrivateData, ChaincodeEvent, FilteredBlock
    from hlf.steps.retrying import Retry

__version__ = "0.1.0"

_PLACES = {
    "BlockAndPrivateData": "hlf.steps.events",
    "Cancellation": "hlf.client.cancelling",
    "ChaincodeEvent": "hlf.steps.events",
    "Commit": "hlf.client.commit",
    "Connections": "hlf.client.connections",
    "Contract": "hlf.client.contract",
    "Endpoint": "hlf.profile",
    "EventStream": "hlf.client.streams",
    "FilteredBlock": "hlf.steps.events",
    "Gateway": "hlf.client.gateway",
    "HlfError": "hlf.errors",
    "Identity": "hlf.identity",
    "Network": "hlf.client.network",
    "Profile": "hlf.profile",
    "Proposal": "hlf.client.proposal",
    "Retry": "hlf.steps.retrying",
    "Signer": "hlf.signers",
    "Status": "hlf.client.commit",
    "SubmittedTransaction": "hlf.client.contract",
    "Timeouts": "hlf.steps.call",
    "TlsIdentity": "hlf.client.session",
    "Transaction": "hlf.client.transaction",
    "connect": "hlf.client.gateway",
    "load_user": "hlf.identity",
}
_MODULES = {"checkpoints": "hlf.steps.checkpoints", "errors": "hlf.errors", "signers": "hlf.signers"}

__all__ = [
    "BlockAndPrivateData",
    "Cancellation",
    "ChaincodeEvent",
    "Commit",
    "Connections",
    "Contract",
    "Endpoint",
    "EventStream",
    "FilteredBlock",
    "Gateway",
    "HlfError",
    "Identity",
    "Network",
    "Profile",
    "Proposal",
    "Retry",
    "Signer",
    "Status",
    "SubmittedTransaction",
    "Timeouts",
    "TlsIdentity",
    "Transaction",
    "checkpoints",
    "connect",
    "errors",
    "load_user",
    "signers",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'hlf' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
