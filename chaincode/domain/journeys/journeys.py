"""
A consignment's journey: its opening, which never changes.

Later events are on pages, one for each party (`pages`), and a party writes only on its own page. So no organisation
can change or remove the statements of another, and two that record at the same time do not conflict. Everything
else (stages done, status, alarms) is computed from opening, pages and custody.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from chaincode.domain.journeys import contents, digitallink, goodsfacts, parcels
from chaincode.domain.journeys.contents import Parcel
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.participants import Participant
from chaincode.domain.register.stages import JourneyType, StageCatalogue
from chaincode.domain.vocabulary import bounds, identifiers, places, timeliness
from hlf.codec import moments, names
from hlf.codec.records import Instant
from hlf.codec.refusals import invalid


@dataclasses.dataclass(frozen=True)
class JourneyLine:
    """
    The units of an order line on a journey.

    What they are and cost stays on the other channel; ``goods`` are the commitments to it (`goodsfacts`). The terms
    need only ``returnless``, the line's value is below their ``returnless_below``, and ``excluded``, they take no
    such goods back.
    """

    line: str
    quantity: int
    returnless: bool = False
    excluded: bool = False
    goods: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Party:
    """A party of the journey, and the stages that it may record."""

    msp_id: str
    roles: tuple[str, ...]
    stages: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class JourneyOpening:
    """
    The input to open a journey; `accounts` makes it from an order, `booking` from a return.

    ``order_hash`` and ``terms_hash`` are the hashes of the order on the other channel and of the return terms.
    ``buyer_hash`` is the hash of a random token, never of anything about a person. ``parties`` are MSP ids; the
    first custodian is one of them. Without ``parcels`` there is one, the first of ``epcs``.
    """

    journey_id: str
    order_id: str
    order_hash: str
    ordered_at: str
    terms_id: str
    terms_hash: str
    buyer_hash: str
    origin: str
    destination: str
    epcs: tuple[str, ...]
    lines: tuple[JourneyLine, ...]
    parties: tuple[str, ...]
    custodian: str
    kind: JourneyType = JourneyType.FORWARD
    parcels: tuple[Parcel, ...] = ()
    platform: str = ""


@dataclasses.dataclass(frozen=True)
class Journey:
    """A journey as it was opened; it never changes."""

    journey_id: str
    kind: JourneyType
    order_id: str
    order_hash: str
    ordered_at: Instant
    terms_id: str
    terms_hash: str
    buyer_hash: str
    catalogue_version: int
    catalogue_hash: str
    origin: str
    destination: str
    epcs: tuple[str, ...]
    lines: tuple[JourneyLine, ...]
    parties: tuple[Party, ...]
    custodian: str
    opened_by: str
    opened_at: Instant
    return_id: str = ""
    parcels: tuple[Parcel, ...] = ()
    platform: str = ""

    @property
    def parcel_ids(self) -> tuple[str, ...]:
        """The identifiers of its parcels."""
        return tuple(each.identifier for each in self.parcels)

    def party(self, msp_id: str) -> Party:
        """
        Return the party with this MSP id.

        Raises:
            Refused: NOT_A_PARTY; INVALID_ARGUMENT if it is not an MSP id.
        """
        for party in self.parties:
            if party.msp_id == msp_id:
                return party
        names.MSP_ID.check("msp_id", msp_id)
        raise Refusal.NOT_A_PARTY(f"{msp_id} takes no part in journey {self.journey_id}")

    def goods(self, meant: Iterable[str] = ()) -> dict[str, int]:
        """
        Return the units in the parcels *meant*, in all of them if none is named, by the commitment to their HS code.
        """
        known = set(meant)
        whole = not known or known >= set(self.parcel_ids)
        units: dict[str, int] = {}
        for line in self.lines:
            inside = sum(each.units(line.line) for each in self.parcels if each.identifier in known)
            units[line.goods[0]] = line.quantity if whole else inside
        return {name: quantity for name, quantity in units.items() if quantity}

    def concerned(self, identifiers: Iterable[str]) -> tuple[str, ...]:
        """
        Return the parcels that an event with these *identifiers* is about; all of them if it names none.

        Raises:
            Refused: PARCEL_UNKNOWN for a parcel that is on another journey, if this one has several.
        """
        said = tuple(identifiers)
        if len(self.parcels) > 1:
            contents.chosen(self.parcels, parcels.of(said))
        return contents.named(self.parcels, said)

    def line(self, line: str) -> JourneyLine | None:
        """Return the order line with this name, if there is one."""
        return next((each for each in self.lines if each.line == line), None)


def opened(
    opening: JourneyOpening, members: Sequence[Participant], catalogue: StageCatalogue, opened_by: str, now: int,
    return_id: str = "",
) -> Journey:  # fmt: skip
    """
    Return the journey for *opening*; *members* are the register's entries of its parties.

    A party may record the stages that both its roles and its register entry allow.

    Raises:
        Refused: INVALID_ARGUMENT, EVENT_IN_FUTURE, NOT_A_PARTY.
    """
    _check(opening)
    packed = contents.packed(opening.parcels, opening.epcs, {line.line: line.quantity for line in opening.lines})
    known = {each.identifier for each in packed} if opening.parcels else set()
    others = [each for each in opening.epcs if digitallink.canonical(each) not in known]
    parties = tuple(party_of(member, catalogue, opening.kind) for member in members)
    ordered_at = moments.stated("opening.ordered_at", opening.ordered_at).at
    timeliness.not_ahead("order", ordered_at, now)
    if opening.custodian not in opening.parties:
        raise Refusal.NOT_A_PARTY(f"{opening.custodian} is to hold the goods and takes no part")
    return Journey(
        journey_id=opening.journey_id,
        kind=opening.kind,
        order_id=opening.order_id,
        order_hash=opening.order_hash,
        ordered_at=ordered_at,
        terms_id=opening.terms_id,
        terms_hash=opening.terms_hash,
        buyer_hash=opening.buyer_hash,
        catalogue_version=catalogue.version,
        catalogue_hash=catalogue.digest,
        origin=opening.origin,
        destination=opening.destination,
        epcs=(*(each.identifier for each in packed if opening.parcels), *others),
        lines=opening.lines,
        parties=parties,
        custodian=opening.custodian,
        opened_by=opened_by,
        opened_at=now,
        return_id=return_id,
        parcels=packed,
        platform=opening.platform,
    )


def party_of(member: Participant, catalogue: StageCatalogue, kind: JourneyType) -> Party:
    """Return *member* as a party: the stages are those that both its roles and its register entry allow."""
    stages = [stage_id for stage_id in catalogue.recordable(member.roles, kind) if stage_id in member.stages]
    return Party(member.msp_id, member.roles, tuple(stages))


def _check(opening: JourneyOpening) -> None:
    identifiers.check("opening.journey_id", opening.journey_id)
    identifiers.check("opening.order_id", opening.order_id)
    names.MSP_ID.check("opening.custodian", opening.custodian)
    for field in ("order_hash", "terms_hash", "buyer_hash"):
        names.SHA256.check(f"opening.{field}", getattr(opening, field))
    for field in ("origin", "destination"):
        places.check_locode(f"opening.{field}", getattr(opening, field))
    if len(opening.parties) not in bounds.PARTIES:
        raise invalid("opening.parties", f"are at most {bounds.PARTIES.most}")
    if len(opening.epcs) not in bounds.LINES:
        raise invalid("opening.epcs", f"must name the consignment, by at most {bounds.LINES.most} identifiers")
    for identifier in opening.epcs:
        parcels.identified(identifier, "opening.epcs")
    named = (*opening.epcs, *(each.identifier for each in opening.parcels))
    if opening.kind is not JourneyType.REVERSE and any(each.startswith(parcels.RETURN) for each in named):
        # Otherwise a seller could take the name of what a return will bring back.
        raise invalid("opening.epcs", "names what a return brings back")
    if len({line.line for line in opening.lines}) < len(opening.lines) or len(opening.lines) not in bounds.LINES:
        raise invalid("opening.lines", f"must be 1 to {bounds.LINES.most}, each with its own name")
    for line in opening.lines:
        goodsfacts.check_digests("opening.lines.goods", line.goods)
        if line.quantity < 1:
            raise invalid("opening.lines", "each needs a quantity of 1 or more")
