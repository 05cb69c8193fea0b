"""
A consortium as the other rooms of this package see it: its parts, and ``load`` that reads them from a file.
"""

from __future__ import annotations

from pathlib import Path

from hlf.network import consortium
from hlf.network.consortiummodel import (
    BFT,
    RAFT,
    BatchSettings,
    Capabilities,
    Chaincode,
    Channel,
    Collection,
    Consortium,
    Orderer,
    OrdererOrganisation,
    OrderingService,
    Organisation,
    Peer,
    PeerSettings,
    ServerProgram,
    User,
)

__all__ = [
    "BFT",
    "BatchSettings",
    "Capabilities",
    "Chaincode",
    "Channel",
    "Collection",
    "Consortium",
    "DEFAULT",
    "Orderer",
    "OrdererOrganisation",
    "OrderingService",
    "Organisation",
    "Peer",
    "PeerSettings",
    "RAFT",
    "ServerProgram",
    "User",
    "load",
]

#: The network of two organisations that starts when no consortium file is named.
DEFAULT = Path(__file__).with_name("consortium.yaml")


def load(path: Path | None = None, *, base: Path | None = None, text: str | None = None) -> Consortium:
    """
    Return the consortium of a file, by default of the small one in this package.

    Paths in it are meant from its own folder, or from *base* where it is a copy. With *text* the file is read as if it
    said that.

    Raises:
        ConsortiumError: names file, line, field, cause and cure.
    """
    path = path or DEFAULT
    return consortium.read(path, base or path.absolute().parent, text)
