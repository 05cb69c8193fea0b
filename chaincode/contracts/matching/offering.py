"""
Offers in the tender: added, replaced, withdrawn, and valid while their owners consent.

Everything here runs only at the peers of platform and auditor; the functions of `contracts.matching` check the
caller first.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence

from chaincode.contracts import clock, private
from chaincode.contracts.disclosure import claims, granting
from chaincode.contracts.register import participants
from chaincode.domain.disclosure import claims as claim_rules
from chaincode.domain.disclosure import disclosures, grants
from chaincode.domain.disclosure.grants import Grant
from chaincode.domain.matching import offers, units
from chaincode.domain.matching.offers import Offer
from chaincode.domain.matching.plans import Plan
from chaincode.domain.matching.units import Service
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.participants import PlatformTender
from chaincode.domain.vocabulary import bounds, identifiers
from hlf.codec import records
from hlf.shim import api

_SERVICES = "matching.services"


@dataclasses.dataclass(frozen=True)
class KeptOffer:
    """An offer in the tender, with the data to check whether its owner still consents."""

    offer: Offer
    expires_at: int
    grant_hash: str
    salt: str


@dataclasses.dataclass(frozen=True)
class OfferedServices:
    """
    All offered services under one key, because Fabric allows no range over private data in a transaction that
    writes.
    """

    services: tuple[Service, ...]
    salt: str


def consented(ctx: api.Context, tender: PlatformTender, grant_id: str) -> KeptOffer:
    """
    Return the offer of the grant in the transient data.

    Raises:
        Refused: NOT_AS_STORED, WRONG_PURPOSE, WRONG_SIDE, REVOKED, EXPIRED, NOT_COMMITTED, COMMITMENT_CHANGED,
            NOT_IN_CLAIM, ATTRIBUTE_NOT_GRANTED, ATTRIBUTE_MISSING, ATTRIBUTE_NOT_NEEDED.
    """
    data = private.transient(ctx, "grant")
    held = granting.proven_grant(ctx, grant_id, data)
    if held.terms.purpose != offers.PURPOSE or held.recipient not in _shown_to(ctx, tender):
        raise Refusal.WRONG_PURPOSE(f"the grant must be to platform or auditor, for the purpose {offers.PURPOSE}")
    held.check_open(clock.now(ctx))
    values = _shown(ctx, tender, held)
    return KeptOffer(
        offers.read(grant_id, held.owner, values),
        grants.moment("grant.expires_at", held.terms.expires_at),
        hashlib.sha256(data).hexdigest(),
        private.salt(ctx),
    )


def keep_offer(ctx: api.Context, tender: PlatformTender, kept: KeptOffer) -> None:
    """
    Write an offer; it replaces an earlier one of the same service, and bookings stay.

    Raises:
        Refused: ALREADY_EXISTS.
    """
    offer, key = kept.offer, offer_key(ctx, kept.offer.offer_id)
    if ctx.stub.get_private_data_hash(tender.collection, key):
        raise Refusal.ALREADY_EXISTS(f"grant {offer.offer_id} is an offer already")
    ctx.stub.put_private_data(tender.collection, key, records.dumps(kept))
    others = {(one.carrier, one.service_id): one for one in services(ctx, tender)}
    before = others.get((offer.carrier, offer.service_id))
    made = (
        dataclasses.replace(before, offer_id=offer.offer_id)
        if before
        else Service(
            offer.carrier,
            offer.service_id,
            offer.offer_id,
            disclosures.derived_salt(kept.salt, "units"),
            units.unit_parcels(offer),
        )
    )
    others[made.carrier, made.service_id] = made
    _keep_services(ctx, tender, others.values(), kept.salt)


def forget_offer(ctx: api.Context, tender: PlatformTender, offer_id: str) -> None:
    """
    Purge an offer's figures and remove its service from the tender.

    Raises:
        Refused: NOT_FOUND.
    """
    key = offer_key(ctx, offer_id)
    if not ctx.stub.get_private_data_hash(tender.collection, key):
        raise Refusal.NOT_FOUND(f"grant {offer_id} is no offer")
    ctx.stub.purge_private_data(tender.collection, key)
    _keep_services(ctx, tender, [one for one in services(ctx, tender) if one.offer_id != offer_id], private.salt(ctx))


def services(ctx: api.Context, tender: PlatformTender) -> tuple[Service, ...]:
    """Return all offered services."""
    data = ctx.stub.get_private_data(tender.collection, _SERVICES)
    return records.loads(OfferedServices, data).services if data else ()


def standing_offers(ctx: api.Context, tender: PlatformTender) -> tuple[Offer, ...]:
    """Return the valid offers: the grant has not expired, and the owner still stores the same one."""
    return _standing(ctx, tender, services(ctx, tender))


def page(ctx: api.Context, tender: PlatformTender, size: int, bookmark: str) -> tuple[tuple[Offer, ...], str]:
    """
    Return the valid offers of the next *size* services, and the bookmark of the next page: its first service.

    Raises:
        Refused: INVALID_ARGUMENT for a size that is not within `bounds.PAGE`.
    """
    bounds.PAGE.check("size", size)
    carrier, _, service_id = bookmark.partition("/")
    left = [one for one in services(ctx, tender) if (one.carrier, one.service_id) >= (carrier, service_id)]
    following = left[size : size + 1]
    return _standing(ctx, tender, left[:size]), "".join(f"{one.carrier}/{one.service_id}" for one in following)


def compared(ctx: api.Context, tender: PlatformTender, plan: Plan) -> tuple[Offer, ...]:
    """
    Return the offers that were compared for *plan*.

    Raises:
        Refused: OFFER_GONE if one was withdrawn since; then they cannot be compared again.
    """
    kept = _kept_offers(ctx, tender, plan.offers)
    if len(kept) < len(plan.offers):
        raise Refusal.OFFER_GONE(f"an offer compared for plan {plan.plan_id} was withdrawn since")
    return tuple(each.offer for each in kept)


def offer_key(ctx: api.Context, offer_id: str) -> str:
    """Return the key of an offer in the tender."""
    return ctx.stub.create_composite_key("matching.offer", [identifiers.check("grant_id", offer_id)])


def _shown_to(ctx: api.Context, tender: PlatformTender) -> tuple[str, ...]:
    """
    Return the recipients of grants that are offers in this tender.

    Who shows a price to the auditor alone has named no platform, and means the acting one.
    """
    return tender.members if tender.platform == participants.directory(ctx).platform else (tender.platform,)


def _shown(ctx: api.Context, tender: PlatformTender, held: Grant) -> dict[str, object]:
    document, _ = claims.proven_document(ctx, held.owner, held.terms.claim_id, held.terms.revision)
    granting.check_pin(ctx, held)
    kind = claim_rules.kind_of(document)
    sides = participants.participant(ctx, held.owner).sides
    # Platform and auditor do not bid in their own tender.
    if kind is not claim_rules.CAPABILITY or "commerce" in sides or held.owner in tender.members:
        raise Refusal.WRONG_SIDE("an offer must be a capability of a logistics organisation")
    values = disclosures.opened(document, private.disclosed(ctx), kind.slots)
    held.check_exactly(values)
    offers.check_attributes(values)
    kind.check_part(values)
    return values


def _standing(ctx: api.Context, tender: PlatformTender, listed: Iterable[Service]) -> tuple[Offer, ...]:
    kept = _kept_offers(ctx, tender, [one.offer_id for one in listed])
    now = clock.now(ctx)
    return tuple(each.offer for each in kept if each.expires_at > now and _unrevoked(ctx, each))


def _keep_services(ctx: api.Context, tender: PlatformTender, listed: Iterable[Service], fresh: str) -> None:
    ordered = tuple(sorted(listed, key=lambda one: (one.carrier, one.service_id)))
    kept = OfferedServices(ordered, disclosures.derived_salt(fresh, "services"))
    ctx.stub.put_private_data(tender.collection, _SERVICES, records.dumps(kept))


def _kept_offers(ctx: api.Context, tender: PlatformTender, offer_ids: Sequence[str]) -> list[KeptOffer]:
    keys = [offer_key(ctx, offer_id) for offer_id in offer_ids]
    found = ctx.stub.get_private_data_multiple(tender.collection, keys) if keys else []
    return [records.loads(KeptOffer, data) for data in found if data]


def _unrevoked(ctx: api.Context, kept: KeptOffer) -> bool:
    key = granting.grant_key(ctx, kept.offer.offer_id)
    return ctx.stub.get_private_data_hash(private.collection(kept.offer.carrier), key).hex() == kept.grant_hash
