"""
Private data must be with so many other members before its endorsement is given: a collection's ``requiredPeerCount``.

All members in this process have the data at once, so the check is only that
there are enough of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_protos.ledger.rwset import rwset_pb2

from hlf.network.engines.embedded.endorse import endorsers
from hlf.wire import keys

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.endorse.views import ChannelView


class DisseminationError(Exception):
    """Too few peers to keep private data with; the text is Fabric's."""


def check(view: ChannelView, endorser: PeerState, private: bytes) -> None:
    """
    Check that enough members besides *endorser* can store a simulation's private writes (an encoded TxPvtReadWriteSet).

    Raises:
        DisseminationError: they cannot.
    """
    others = [peer for peer in view.peers if peer is not endorser]
    plans = failed = 0
    for namespace in rwset_pb2.TxPvtReadWriteSet.FromString(private).ns_pvt_rwset:
        definition = view.defined(namespace.namespace)
        for written in namespace.collection_pvt_rwset:
            name = written.collection_name
            # An implicit collection has no such count.
            config = None if keys.msp_of_implicit_collection(name) else definition.collection(name)
            if config is None or not config.required_peer_count:
                continue
            eligible = endorsers.members(view, others, definition, namespace.namespace, name)
            if len(eligible) < config.required_peer_count:
                raise DisseminationError(
                    "could not build private data dissemination plan for chaincode "
                    f"{namespace.namespace} and collection {name}: required to disseminate to at least "
                    f"{config.required_peer_count} peers, but know of only {len(eligible)} eligible peers"
                )
            plans += min(config.maximum_peer_count, len(eligible))
            failed += max(0, config.required_peer_count - sum(peer.running for peer in eligible))
    if failed:
        raise DisseminationError(f"Failed disseminating {failed} out of {plans} private dissemination plans")
