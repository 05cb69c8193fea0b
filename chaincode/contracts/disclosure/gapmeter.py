"""
The contract of the capacity-gap meter; platform and auditor compute it from figures that owners consented to show
them.

An owner consents by a grant to the platform or the auditor with the purpose ``capacity-gap-meter``. From the period
after a revocation on, computations do not use the figures. Only platform and auditor read and write the collection
``tender``, and both must endorse, so neither can compute anything alone.
"""

from __future__ import annotations

import hashlib
from typing import Any

from chaincode.contracts import access, clock, private, store
from chaincode.contracts.disclosure import claims, granting
from chaincode.contracts.register import participants
from chaincode.contracts.register.participants import AUDITOR
from chaincode.domain.disclosure import claims as claim_rules
from chaincode.domain.disclosure import disclosures, gapmeter, grants, prepositioning
from chaincode.domain.disclosure.gapmeter import Cell, Contribution, Meter, PublishedCell, RecomputedCell
from chaincode.domain.disclosure.grants import Grant
from chaincode.domain.disclosure.prepositioning import Advice, Warehouse
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.participants import PlatformTender
from chaincode.domain.vocabulary import identifiers, weeks
from hlf.codec import canonical, records
from hlf.shim import api

_KEEPERS = ("Participants:holder('platform')", AUDITOR)
"""The acting platform and the auditor: there is one meter, so that no two of them add up to somebody's figure."""

_CELL = "gap"
_ROSTER = "gap.roster"
_PUBLISHED = "gap.published"
_COMPUTED = "gap.computed"


class GapMeter(api.Contract):
    """Forecasts against capacities, published as sums over at least three parties."""

    @api.transaction(
        endorsed_by=_KEEPERS,
        transient=("grant", "document", "disclosures", "salt"),
        called_by=("platform", "auditor"),
    )
    def contribute(self, ctx: api.Context, grant_id: str) -> dict[str, str]:
        """
        Add the figures that a grant shows to platform or auditor.

        Raises:
            Refused: NOT_TENDER, NOT_AS_STORED, WRONG_PURPOSE, WRONG_SIDE, REVOKED, EXPIRED, NOT_COMMITTED,
                COMMITMENT_CHANGED, NOT_IN_CLAIM, ATTRIBUTE_NOT_GRANTED, ATTRIBUTE_MISSING,
                ATTRIBUTE_NOT_NEEDED, ALREADY_EXISTS.
        """
        _keeper(ctx)
        data, salt = private.transient(ctx, "grant"), private.salt(ctx)
        held = granting.proven_grant(ctx, grant_id, data)
        kind, values = _consented(ctx, held)
        made = Contribution(
            grant_id,
            held.owner,
            kind,
            gapmeter.spread(kind, values),
            grants.moment("grant.expires_at", held.terms.expires_at),
            hashlib.sha256(data).hexdigest(),
            salt,
            gapmeter.days(kind, values),
            gapmeter.following(_period(ctx)),
            held.terms.claim_id,
        )
        roster: list[str] = _kept(ctx, _ROSTER, "grants")
        if grant_id in roster:
            raise Refusal.ALREADY_EXISTS(f"grant {grant_id} is counted already")
        for one in _contributions(ctx):
            same = (one.party, one.claim_id) == (made.party, made.claim_id)
            if same and _counts(ctx, one, made.counts_from):
                raise Refusal.ALREADY_EXISTS(f"this claim is counted under grant {one.grant_id}; revoke that one first")
        ctx.stub.put_private_data(_collection(ctx), _contribution_key(ctx, grant_id), records.dumps(made))
        _keep(ctx, _ROSTER, "grants", sorted([*roster, grant_id]), salt)
        return private.announce(ctx, "GapContribution", grant_id=grant_id)

    @api.transaction(endorsed_by=_KEEPERS, transient=("salt",), called_by=("platform", "auditor"))
    def forget(self, ctx: api.Context, grant_id: str) -> dict[str, str]:
        """
        Purge the figures of a grant, for example of a revoked one; not while this period's sums are made of them.

        Raises:
            Refused: NOT_TENDER, NOT_FOUND, STILL_COUNTED, SALT_TOO_SHORT.
        """
        _keeper(ctx)
        roster, salt = _kept(ctx, _ROSTER, "grants"), private.salt(ctx)
        if grant_id not in roster:
            raise Refusal.NOT_FOUND(f"grant {identifiers.check('grant_id', grant_id)} is not counted")
        collection, key = _collection(ctx), _contribution_key(ctx, grant_id)
        made, period = records.loads(Contribution, ctx.stub.get_private_data(collection, key)), _period(ctx)
        if _counts(ctx, made, period):
            raise Refusal.STILL_COUNTED(f"grant {grant_id} is counted in {period}")
        ctx.stub.purge_private_data(collection, key)
        _keep(ctx, _ROSTER, "grants", [one for one in roster if one != grant_id], salt)
        return private.announce(ctx, "GapForgotten", grant_id=grant_id)

    @api.transaction(endorsed_by=_KEEPERS, transient=("salt",), called_by=("platform", "auditor"))
    def compute(self, ctx: api.Context, meter_id: str, region: str, first_week: str, weeks: int) -> dict[str, str]:
        """
        Compute the cells of one region over some weeks, and store those that may be published.

        Raises:
            Refused: NOT_TENDER, ALREADY_EXISTS, INVALID_ARGUMENT, PERIOD_COMPUTED, NOTHING_TO_TELL (with the rule
                that each cell fails, `gapmeter.Rule`).
        """
        _keeper(ctx)
        key = _meter_key(ctx, meter_id)
        if ctx.stub.get_private_data_hash(_collection(ctx), key):
            raise Refusal.ALREADY_EXISTS(f"meter {meter_id} exists")
        listed = _weeks(first_week, weeks)
        period, computed = _period(ctx), _kept(ctx, _COMPUTED, "computed")
        if [region, period] in computed:
            raise Refusal.PERIOD_COMPUTED(f"{region} has been computed in {period}")
        counted = [one for one in _contributions(ctx) if _counts(ctx, one, period)]
        before: Any = _kept(ctx, _PUBLISHED, "cells")
        cells, withheld, published = gapmeter.publishable(
            counted,
            region,
            listed,
            records.shaped(tuple[PublishedCell, ...], before, "published"),
            gapmeter.frozen_at(period),
        )
        if not cells:
            failed = ", ".join(f"{one.week} {one.rule}" for one in withheld)
            raise Refusal.NOTHING_TO_TELL(f"every cell is withheld: {failed}")
        salt = private.salt(ctx)
        _keep(ctx, _PUBLISHED, "cells", records.plain(published), salt)
        _keep(ctx, _COMPUTED, "computed", [*computed, [region, period]], salt)
        meter = Meter(meter_id, clock.stamp(ctx), cells, withheld, salt)
        ctx.stub.put_private_data(_collection(ctx), key, records.dumps(meter))
        return private.announce(ctx, "GapComputed", meter_id=meter_id)

    @api.transaction(endorsed_by=(), called_by=("platform", "auditor"))
    def publish(self, ctx: api.Context, meter_id: str, meter: str) -> tuple[Cell, ...]:
        """
        Publish a meter of platform and auditor; *meter* is the text that `read` returned.

        Every peer compares the text with the hash of the stored meter.

        Raises:
            Refused: NOT_TENDER, NOT_AS_STORED, ALREADY_PUBLISHED.
        """
        _keeper(ctx)
        kept = ctx.stub.get_private_data_hash(_collection(ctx), _meter_key(ctx, meter_id))
        if hashlib.sha256(meter.encode()).digest() != kept:
            raise Refusal.NOT_AS_STORED(f"meter {meter_id} is not what platform and auditor computed")
        published = records.loads(Meter, meter, "meter")
        for cell in published.cells:
            # If a cell were published twice, the difference would reveal who joined in between.
            if store.find(ctx, Cell, _CELL, cell.region, cell.week):
                raise Refusal.ALREADY_PUBLISHED(f"{cell.region} in {cell.week} is published")
            store.save(ctx, cell, _CELL, cell.region, cell.week)
        ctx.stub.set_event("GapPublished", records.dumps(published.cells))
        return published.cells

    @api.query(read_on=_KEEPERS, called_by=("platform", "auditor"))
    def read(self, ctx: api.Context, meter_id: str) -> bytes:
        """Return a meter as platform and auditor store it; give this text to `publish`."""
        _keeper(ctx)
        data = ctx.stub.get_private_data(_collection(ctx), _meter_key(ctx, meter_id))
        if not data:
            raise Refusal.NOT_FOUND(f"there is no meter {meter_id}")
        return data

    @api.query(read_on=_KEEPERS, called_by=("platform", "auditor"))
    def recompute(self, ctx: api.Context, meter_id: str) -> tuple[RecomputedCell, ...]:
        """
        Compute the cells of a meter again, each from the contributions that were frozen for it.

        Raises:
            Refused: NOT_TENDER, NOT_FOUND.
        """
        meter = records.loads(Meter, self.read(ctx, meter_id), "meter")
        kept = records.shaped(tuple[PublishedCell, ...], _kept(ctx, _PUBLISHED, "cells"), "published")
        parts, known = {(each.region, each.week): each for each in kept}, _contributions(ctx)
        return tuple(gapmeter.recomputed(cell, parts[cell.region, cell.week], known) for cell in meter.cells)

    @api.query
    def published(self, ctx: api.Context, region: str, first_week: str, weeks: int) -> tuple[Cell, ...]:
        """Return the published cells of a region."""
        identifiers.check("region", region)
        found = (store.find(ctx, Cell, _CELL, region, week) for week in _weeks(first_week, weeks))
        return tuple(cell for cell in found if cell)

    @api.query(read_on=("caller",), called_by=("recipient",))
    def preposition(
        self, ctx: api.Context, grant_ids: tuple[str, ...], warehouses: tuple[Warehouse, ...], safety_bps: int
    ) -> tuple[Advice, ...]:
        """
        Return advice on stock for overseas warehouses, from forecasts disclosed to the caller; on its own peer.

        Raises:
            Refused: NOT_FOUND, NOT_A_PARTY, REVOKED, EXPIRED, NOT_DELIVERED, NOT_YET_TOGETHER, INVALID_ARGUMENT.
        """
        recipient = access.member(ctx)
        shown = [granting.received(ctx, recipient, grant_id).values for grant_id in grant_ids]
        return prepositioning.advise(prepositioning.demand(shown), warehouses, safety_bps)


def _tender(ctx: api.Context) -> PlatformTender:
    found = participants.directory(ctx)
    return found.tender(found.platform)


def _collection(ctx: api.Context) -> str:
    return _tender(ctx).collection


def _keeper(ctx: api.Context) -> str:
    return access.one_of(ctx, _tender(ctx).members, Refusal.NOT_TENDER, "the acting platform or the auditor does this")


def _consented(ctx: api.Context, held: Grant) -> tuple[Any, dict[str, object]]:
    """Return the kind of claim and the proven values in the transient data, if their owner consented."""
    if held.terms.purpose != gapmeter.PURPOSE or held.recipient not in _tender(ctx).members:
        raise Refusal.WRONG_PURPOSE(f"the grant must be to platform or auditor, for the purpose {gapmeter.PURPOSE}")
    held.check_open(clock.now(ctx))
    document, _ = claims.proven_document(ctx, held.owner, held.terms.claim_id, held.terms.revision)
    granting.check_pin(ctx, held)
    kind = claim_rules.kind_of(document)
    if gapmeter.SIDE[kind.name] not in participants.participant(ctx, held.owner).sides:
        raise Refusal.WRONG_SIDE(f"{held.owner} is not on the side of the trade that makes a {kind.name}")
    values = disclosures.opened(document, private.disclosed(ctx), kind.slots)
    held.check_exactly(values)
    gapmeter.check_attributes(kind.name, values)
    kind.check_part(values)
    return kind.name, values


def _contributions(ctx: api.Context) -> list[Contribution]:
    names = [_contribution_key(ctx, grant_id) for grant_id in _kept(ctx, _ROSTER, "grants")]
    found = ctx.stub.get_private_data_multiple(_collection(ctx), names) if names else []
    return [records.loads(Contribution, data) for data in found]


def _period(ctx: api.Context) -> str:
    return gapmeter.period(clock.now(ctx))


def _counts(ctx: api.Context, one: Contribution, period: str) -> bool:
    """Return whether *one* is in the set of *period*, at the begin of which the owner consented."""
    if not gapmeter.frozen_in(one, period):
        return False
    holder = private.collection(one.party)
    if ctx.stub.get_private_data_hash(holder, granting.grant_key(ctx, one.grant_id)).hex() == one.grant_hash:
        return True
    ended = ctx.stub.get_private_data_hash(holder, granting.ended_key(ctx, one.grant_id))
    return ended == hashlib.sha256(granting.ended(period)).digest()


def _kept(ctx: api.Context, key: str, name: str) -> Any:
    """
    Return the list stored under one key of the tender.

    Fabric allows no range over private data in a transaction that writes, and with a key for each region the hashes
    would reveal who serves which one.
    """
    data = ctx.stub.get_private_data(_collection(ctx), key)
    kept: Any = canonical.loads(data) if data else {name: []}
    return kept[name]


def _keep(ctx: api.Context, key: str, name: str, listed: Any, salt: str) -> None:
    ctx.stub.put_private_data(_collection(ctx), key, canonical.dumps({name: listed, "salt": salt}))


def _weeks(first_week: str, count: int) -> tuple[str, ...]:
    return weeks.following("first_week", first_week, gapmeter.WEEKS.check("weeks", count))


def _contribution_key(ctx: api.Context, grant_id: str) -> str:
    return ctx.stub.create_composite_key("gap.contribution", [identifiers.check("grant_id", grant_id)])


def _meter_key(ctx: api.Context, meter_id: str) -> str:
    return ctx.stub.create_composite_key("gap.meter", [identifiers.check("meter_id", meter_id)])
