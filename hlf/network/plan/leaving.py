"""The consortium while members, peers and orderers that its file does not name have not left yet."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hlf.network.plan.model import ChannelFacts, NetworkFacts
from hlf.network.topology import Consortium, Orderer, OrdererOrganisation, OrderingService


@dataclass(frozen=True)
class PrivateDataLoss:
    """
    Private data of a channel that is lost with a peer, although its organisation stays.

    Attributes:
        collections: those that its organisation is a member of, as ``chaincode/collection``.
        keepers: the organisation's other peers in the channel, which keep what they have.
    """

    channel: str
    peer: str
    msp_id: str
    collections: tuple[str, ...]
    keepers: tuple[str, ...]

    def __str__(self) -> str:
        seen = ", ".join((*self.collections, f"the collections of {self.msp_id} alone"))
        kept = f"{', '.join(self.keepers)} keeps what it has by then" if self.keepers else "no other peer has any of it"
        return f"private data of channel {self.channel} at {self.peer} ({seen}): {kept}"

    def values(self) -> dict[str, Any]:
        """Return the loss for machines."""
        return dataclasses.asdict(self)


def with_leaving(
    base: Consortium, wanted: Consortium, present: Mapping[str, Sequence[str]], ordering: Collection[str]
) -> Consortium:
    """
    Return the file *wanted* with the members, peers and orderers of *base* that are about to leave.

    Until the last step a definition may need the endorsement of such a member. *present* has the members of each
    channel that exists, *ordering* the names of the orderers that channels still count on.
    """
    organisations = {each.msp_id: each for each in (*base.organisations, *wanted.organisations)}
    leaving = {
        channel.name: tuple(
            msp_id for msp_id in present[channel.name] if msp_id not in channel.members and msp_id in organisations
        )
        for channel in wanted.channels
        if channel.name in present
    }
    orderers = with_orderers(wanted, base, ordering)
    wanted = _with_leaving_peers(base, wanted)
    if not any(leaving.values()) and orderers == wanted.ordering:
        return wanted
    needed = {msp_id for each in leaving.values() for msp_id in each}
    ran = {(each.channel, each.name): each.installed_by for each in base.chaincodes}
    return dataclasses.replace(
        wanted,
        ordering=orderers,
        organisations=(
            *wanted.organisations,
            *(organisations[msp_id] for msp_id in sorted(needed - {each.msp_id for each in wanted.organisations})),
        ),
        channels=tuple(
            dataclasses.replace(each, members=(*each.members, *leaving.get(each.name, ()))) for each in wanted.channels
        ),
        chaincodes=tuple(
            dataclasses.replace(
                each,
                installed_by=(
                    *each.installed_by,
                    *(
                        msp_id
                        for msp_id in leaving.get(each.channel, ())
                        if msp_id in ran.get((each.channel, each.name), ())
                    ),
                ),
            )
            for each in wanted.chaincodes
        ),
    )


def _with_leaving_peers(base: Consortium, wanted: Consortium) -> Consortium:
    """Return the file with the peers of *base* that its organisations have no more: they answer until the last step."""
    had = {each.msp_id: each.peers for each in base.organisations}
    return dataclasses.replace(
        wanted,
        organisations=tuple(
            dataclasses.replace(
                each, peers=(*each.peers, *(one for one in had.get(each.msp_id, ()) if one.name not in wanted.nodes))
            )
            for each in wanted.organisations
        ),
    )


def with_orderers(consortium: Consortium, other: Consortium, names: Collection[str]) -> OrderingService:
    """Return the orderers of a file, and those with *names* that another one has beside them."""
    organisations = {each.msp_id: each for each in consortium.ordering.organisations}
    for organisation in other.ordering.organisations:
        further = tuple(
            each for each in organisation.orderers if each.name not in consortium.nodes and each.name in names
        )
        if further:
            same = organisations.get(organisation.msp_id, dataclasses.replace(organisation, orderers=()))
            organisations[organisation.msp_id] = dataclasses.replace(same, orderers=(*same.orderers, *further))
    return dataclasses.replace(consortium.ordering, organisations=tuple(organisations.values()))


def with_added(consortium: Consortium, added: Mapping[str, Mapping[str, str]]) -> Consortium:
    """Return a file with the orderers that an interrupted `apply` *added*, with their organisations' fields by name."""
    for name, fields in added.items():
        msp_id = fields["msp_id"]
        orderers = (Orderer(name, msp_id),)
        organisation = OrdererOrganisation(msp_id, fields["domain"], orderers, host=fields.get("host"))
        ordering = dataclasses.replace(consortium.ordering, organisations=(organisation,))
        other = dataclasses.replace(consortium, ordering=ordering)
        consortium = dataclasses.replace(consortium, ordering=with_orderers(consortium, other, [name]))
    return consortium


def private_data(
    programs: Collection[str], base: Consortium, wanted: Consortium, actual: NetworkFacts
) -> list[PrivateDataLoss]:
    """
    Return what is lost with the peers in *programs* whose organisations stay, for each peer and channel.

    Private data is on the peers of its members alone, and no peer tells whether it has all of it.
    """
    found = []
    for peer in base.peers:
        staying = {each.name for each in wanted.peers if each.msp_id == peer.msp_id}
        for name, channel in actual.channels.items() if peer.name in programs and staying else ():
            if peer.name in channel.peers and channel.definitions:
                seen, keepers = _collections(peer.msp_id, channel), tuple(sorted(staying & channel.peers))
                found.append(PrivateDataLoss(name, peer.name, peer.msp_id, seen, keepers))
    return found


def _collections(msp_id: str, channel: ChannelFacts) -> tuple[str, ...]:
    """Return the collections of a channel that an organisation is a member of, as ``chaincode/collection``."""
    return tuple(
        f"{chaincode}/{what.removeprefix('collections.').removesuffix('.policy')}"
        for chaincode, words in sorted(channel.definitions.items())
        for what, policy in sorted(words.items())
        if what.startswith("collections.") and what.endswith(".policy") and f"'{msp_id}." in policy
    )
