"""Capability levels: what every node of a channel must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# The capabilities of Fabric 3.1, by level.
SUPPORTED: Mapping[str, frozenset[str]] = {
    "Channel": frozenset({"V1_1", "V1_3", "V1_4_2", "V1_4_3", "V2_0", "V3_0"}),
    "Orderer": frozenset({"V1_1", "V1_4_2", "V2_0"}),
    "Application": frozenset(
        {"V1_1", "V1_2", "V1_3", "V1_4_2", "V2_0", "V2_5"}
        | {"V1_1_PVTDATA_EXPERIMENTAL", "V1_1_RESOURCETREE_EXPERIMENTAL"}
    ),
}


@dataclass(frozen=True)
class RequiredCapabilities:
    """The capability names required at each level."""

    channel: frozenset[str] = frozenset()
    orderer: frozenset[str] = frozenset()
    application: frozenset[str] = frozenset()

    def unsupported(self, level: str) -> str | None:
        """Return Fabric's words for a capability of *level* that Fabric 3.1 does not have, or None."""
        missing = sorted(getattr(self, level.lower()) - SUPPORTED[level])
        return f"{level} capability {missing[0]} is required but not supported" if missing else None

    @property
    def v3(self) -> bool:
        """Whether the channel has the rules of V3_0: BFT, Ed25519, no global orderer addresses."""
        return "V3_0" in self.channel

    @property
    def purge(self) -> bool:
        """Whether private data may be purged."""
        return "V2_5" in self.application
