"""
Participants: the organisations of the trade, their species, roles and stages.

The species come from the model of a business ecosystem: a *core* organisation brings the others together, *key*
ones do the trade itself, *supporting* ones serve it, *parasitic* ones live on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers, places
from hlf.codec import names, texts
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

Species = Literal["core", "key", "supporting", "parasitic"]
Side = Literal["commerce", "logistics", "neutral"]

SIDE_OF: dict[str, Side] = {
    "platform": "commerce",
    "merchant": "commerce",
    "manufacturer": "commerce",
    "supplier": "commerce",
    "payments": "commerce",
    "origin_carrier": "logistics",
    "forwarder": "logistics",
    "last_mile": "logistics",
    "warehouse": "logistics",
    "customs": "neutral",
    "auditor": "neutral",
}
"""Every role, with its side of the trade."""

FOUNDERS = Bounds(1, 200)
"""Participants with which the register of a channel begins."""


def sides_of(roles: Iterable[str]) -> frozenset[Side]:
    """Return the sides of the trade that *roles* are on; a role that is not known is on none."""
    return frozenset(SIDE_OF[role] for role in roles if role in SIDE_OF)


@dataclass(frozen=True)
class Participant:
    """The public record of one organisation."""

    msp_id: str
    name: str
    species: Species
    roles: tuple[str, ...]
    countries: tuple[str, ...]
    stages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names.MSP_ID.check("msp_id", self.msp_id)
        texts.check("name", self.name)
        if not self.roles or not self.countries:
            raise invalid("roles", "at least one role and one country are needed")
        for role in self.roles:
            if role not in SIDE_OF:
                raise invalid("roles", "must be of " + ", ".join(SIDE_OF))
        for country in self.countries:
            places.check_country("countries", country)
        for stage in self.stages:
            identifiers.STAGE.check("stages", stage)
        for field in (self.roles, self.countries, self.stages):
            if len(set(field)) != len(field):
                raise invalid("participant", "lists something twice")

    @property
    def sides(self) -> frozenset[Side]:
        """The sides of the trade that its roles are on."""
        return sides_of(self.roles)


@dataclass(frozen=True)
class PlatformTender:
    """What a platform and the auditor keep together, and nobody else sees: offers and priced plans."""

    platform: str
    auditor: str

    @property
    def members(self) -> tuple[str, str]:
        """Its two members."""
        return self.platform, self.auditor

    @property
    def collection(self) -> str:
        """Its collection. Fabric allows no dots in the names of collections, and MSP ids here have no underscores."""
        return f"tender-{self.platform.replace('.', '_')}"


@dataclass(frozen=True)
class Directory:
    """
    The holders of each role, in one small key; contracts that need the auditor or the platform read it.

    Attributes:
        roles: the holders of each role, in the order in which they got it. The first one acts in the role: the
            acting auditor has the pinned hashes of claims, and a later one does not.
    """

    roles: dict[str, tuple[str, ...]]

    @property
    def members(self) -> tuple[str, ...]:
        """Every participant, sorted."""
        return tuple(sorted({msp_id for holders in self.roles.values() for msp_id in holders}))

    @property
    def auditor(self) -> str:
        """The acting auditor, the first that got the role; it endorses grants."""
        return self.holder("auditor")

    @property
    def platform(self) -> str:
        """The acting platform; it keeps the capacity-gap meter together with the auditor."""
        return self.holder("platform")

    def holder(self, role: str) -> str:
        """
        Return the organisation that acts in *role*: the first that got it.

        Raises:
            Refused: ROLE_VACANT.
        """
        holders = self.roles.get(role, ())
        if not holders:
            raise Refusal.ROLE_VACANT(f"no participant is {role}; admit one first")
        return holders[0]

    def tender(self, platform: str) -> PlatformTender:
        """Return the tender of *platform*."""
        return PlatformTender(platform, self.auditor)

    def with_participant(self, participant: Participant) -> Directory:
        """
        Return the directory after *participant* was added or changed.

        Raises:
            Refused: INVALID_ARGUMENT, the acting auditor would lose its role.
        """
        msp_id, wanted = participant.msp_id, participant.roles
        if "auditor" not in wanted and self.roles.get("auditor", ())[:1] == (msp_id,):
            raise invalid("participant.roles", f"{msp_id} keeps the pins of claims and stays auditor")
        roles = {role: [one for one in held if one != msp_id or role in wanted] for role, held in self.roles.items()}
        for role in wanted:
            if msp_id not in roles.setdefault(role, []):
                roles[role].append(msp_id)
        return Directory({role: tuple(held) for role, held in sorted(roles.items()) if held})


def founded(participants: Iterable[Participant]) -> tuple[tuple[Participant, ...], Directory]:
    """
    Return the first participants, sorted, and their directory.

    Raises:
        Refused: INVALID_ARGUMENT, the list is empty, too long or repeats one; ROLE_VACANT, it has no auditor.
    """
    listed = tuple(sorted(participants, key=lambda participant: participant.msp_id))
    if len(listed) not in FOUNDERS or len({one.msp_id for one in listed}) != len(listed):
        raise invalid("participants", f"must list {FOUNDERS.least} to {FOUNDERS.most}, and none twice")
    directory = Directory({})
    for participant in listed:
        directory = directory.with_participant(participant)
    # The auditor stores every grant too, so one is needed. A platform is needed only for a tender, which not all
    # channels have.
    directory.auditor  # noqa: B018
    return listed, directory
