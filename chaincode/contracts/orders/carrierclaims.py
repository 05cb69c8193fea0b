"""
The contract of claims against carriers, for goods lost or damaged in their hands.

States, deadlines and hashes are public state of `trade`. A change of a claim needs two of claimant, carrier and
arbiter, or the channel's majority, so no party can block one alone and none can change one alone. Sums are not in
these transactions: each party gets them by a transaction of its own, into its implicit collection, and the contract
compares their hashes with those in the claim.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, clock, private, store
from chaincode.contracts.journeys import journeystate, partypages, unitstate
from chaincode.contracts.register import majority, participants
from chaincode.domain.journeys import contents, movement
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.journeys.tracking import Status
from chaincode.domain.orders import carrierclaims
from chaincode.domain.orders.carrierclaims import CarrierClaim, ClaimFiling, ClaimSum, LiabilityTerms, Step
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.participants import sides_of
from chaincode.domain.vocabulary import identifiers, timeliness
from hlf.codec import names, records
from hlf.codec.refusals import invalid
from hlf.shim import api

_CLAIM = "carrier-claim"
_OF_JOURNEY = "carrier-claim-of-journey"
_TERMS = "liability"
_SELLERS = frozenset({"platform", "merchant"})


class CarrierClaims(api.Contract):
    """Claims of sellers against carriers: filed, answered, decided and paid."""

    @api.transaction(endorsed_by=(), called_by=("carrier",))
    def publish_terms(self, ctx: api.Context, terms: LiabilityTerms) -> LiabilityTerms:
        """
        Publish the next version of the caller's liability, before it comes into force.

        Raises:
            Refused: NOT_A_CARRIER, NOT_A_PARTICIPANT, VERSION_NOT_NEXT, NOT_IN_ADVANCE, INVALID_ARGUMENT.
        """
        carrier = access.member(ctx)
        if "logistics" not in participants.participant(ctx, carrier).sides:
            raise Refusal.NOT_A_CARRIER("only a carrier publishes terms of liability")
        participants.participant(ctx, terms.arbiter)
        expected = sum(1 for _ in store.each(ctx, LiabilityTerms, _TERMS, carrier)) + 1
        if terms.version != expected:
            raise Refusal.VERSION_NOT_NEXT(f"the next version of {carrier} is {expected}")
        if terms.in_force_from < clock.now(ctx):
            raise Refusal.NOT_IN_ADVANCE("terms are published before they apply, never after")
        store.save(ctx, terms, _TERMS, carrier, f"{terms.version:06}")
        store.announce(ctx, "LiabilityPublished", {"carrier": carrier, "version": terms.version})
        return terms

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def file(self, ctx: api.Context, filing: ClaimFiling) -> CarrierClaim:
        """
        File a claim, as the selling side of a journey, for a parcel whose loss or damage is reported; a majority
        endorses.

        Raises:
            Refused: ALREADY_EXISTS, JOURNEY_UNKNOWN, NOT_A_PARTY, NOT_A_SELLER, NOT_A_CARRIER, NOT_CUSTODIAN (the
                carrier never had the parcel before), PARCEL_UNKNOWN, INCIDENT_UNKNOWN, LIABILITY_UNKNOWN,
                DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        journey, claimant = journeystate.load(ctx, filing.journey_id), access.member(ctx)
        if not _SELLERS & set(journey.party(claimant).roles):
            raise Refusal.NOT_A_SELLER("only the platform or the merchant claims for lost and damaged goods")
        if "logistics" not in sides_of(journey.party(filing.carrier).roles):
            raise Refusal.NOT_A_CARRIER(f"{filing.carrier} is no carrier in the register")
        if store.find(ctx, CarrierClaim, _CLAIM, filing.claim_id):
            raise Refusal.ALREADY_EXISTS(f"there is a claim {filing.claim_id}")
        filing = _of_parcel(journey, filing)
        _check_unclaimed(ctx, filing)
        at = _happened(ctx, journey, filing)
        made = carrierclaims.filed(filing, claimant, _liability(ctx, journey, filing.carrier), at, clock.now(ctx))
        store.save(ctx, filing.claim_id, _OF_JOURNEY, filing.journey_id, filing.claim_id)
        return _keep(ctx, made)

    @api.transaction(endorsed_by=(), called_by=("carrier", "platform", "merchant"))
    def accept(self, ctx: api.Context, claim_id: str) -> CarrierClaim:
        """
        Accept a claim as its carrier, or the carrier's offer as its claimant.

        Raises:
            Refused: CLAIM_UNKNOWN, NOT_THE_CARRIER, NOT_THE_CLAIMANT, WRONG_STATE, DEADLINE_PASSED.
        """
        return _keep(ctx, _load(ctx, claim_id).accepted(access.member(ctx), clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("carrier",))
    def offer(self, ctx: api.Context, claim_id: str, sum_hash: str) -> CarrierClaim:
        """
        Offer another sum, as the carrier; *sum_hash* is the hash of its ClaimSum.

        Raises:
            Refused: CLAIM_UNKNOWN, NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        return _keep(ctx, _load(ctx, claim_id).offered(access.member(ctx), sum_hash, clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("carrier",))
    def refuse(self, ctx: api.Context, claim_id: str, grounds_hash: str) -> CarrierClaim:
        """
        Refuse a claim, as the carrier; *grounds_hash* is the hash of its reasons.

        Raises:
            Refused: CLAIM_UNKNOWN, NOT_THE_CARRIER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        grounds = names.SHA256.check("grounds_hash", grounds_hash)
        return _keep(ctx, _load(ctx, claim_id).refused(access.member(ctx), grounds, clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def contest(self, ctx: api.Context, claim_id: str, grounds_hash: str) -> CarrierClaim:
        """
        Bring a refusal or an offer before the arbiter, as the claimant.

        Raises:
            Refused: CLAIM_UNKNOWN, NOT_THE_CLAIMANT, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        grounds = names.SHA256.check("grounds_hash", grounds_hash)
        return _keep(ctx, _load(ctx, claim_id).contested(access.member(ctx), grounds, clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("arbiter",))
    def arbitrate(self, ctx: api.Context, claim_id: str, opinion_hash: str, sum_hash: str = "") -> CarrierClaim:
        """
        Decide a claim, as its arbiter: award a sum, or nothing if *sum_hash* is left out.

        Raises:
            Refused: CLAIM_UNKNOWN, NOT_THE_ARBITER, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        opinion = names.SHA256.check("opinion_hash", opinion_hash)
        return _keep(ctx, _load(ctx, claim_id).arbitrated(access.member(ctx), sum_hash, opinion, clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def confirm_payment(self, ctx: api.Context, claim_id: str, proof_hash: str) -> CarrierClaim:
        """
        Confirm that the carrier paid, as the claimant; *proof_hash* is the hash of the bank's advice or the like.

        Raises:
            Refused: CLAIM_UNKNOWN, NOT_THE_CLAIMANT, WRONG_STATE, INVALID_ARGUMENT.
        """
        proof = names.SHA256.check("proof_hash", proof_hash)
        return _keep(ctx, _load(ctx, claim_id).paid(access.member(ctx), proof, clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def withdraw(self, ctx: api.Context, claim_id: str) -> CarrierClaim:
        """
        Withdraw a claim, as the claimant, before anything is owed.

        Raises:
            Refused: CLAIM_UNKNOWN, NOT_THE_CLAIMANT, WRONG_STATE.
        """
        return _keep(ctx, _load(ctx, claim_id).withdrawn(access.member(ctx), clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("party",))
    def enforce(self, ctx: api.Context, claim_id: str) -> CarrierClaim:
        """
        Record the consequence of a missed deadline; any party of the journey may call this.

        Nobody is bound by its silence to a sum that it was not told.

        Raises:
            Refused: CLAIM_UNKNOWN, NOT_A_PARTY, NO_DEADLINE, NOT_DUE, NOT_FOUND (the carrier was not told the sum).
        """
        found = _load(ctx, claim_id)
        journeystate.load(ctx, found.filing.journey_id).party(access.member(ctx))
        moved, carrier = found.enforced(clock.now(ctx)), found.filing.carrier
        if found.state in carrierclaims.SILENCE_BINDS and not private.held(
            ctx, _sum_key(ctx, claim_id, "claimed"), [carrier]
        ):
            raise Refusal.NOT_FOUND(f"{carrier} was not told the sum of claim {claim_id} in time")
        return _keep(ctx, moved)

    @api.transaction(endorsed_by=("recipient",), transient=("sum",), called_by=("claimant", "carrier", "arbiter"))
    def disclose(self, ctx: api.Context, claim_id: str, recipient: str) -> dict[str, str]:
        """
        Give a sum of a claim to one of its parties, which may be the caller itself; nobody else sees it.

        Raises:
            Refused: CLAIM_UNKNOWN, NOT_A_PARTY, NOT_AS_STORED, INVALID_ARGUMENT, DEADLINE_PASSED of the
                carrier's answer.
        """
        found, told = _load(ctx, claim_id), private.record(ctx, "sum", ClaimSum)
        access.between(ctx, found.parties, recipient, f"claim {claim_id}")
        found.check_sum(told)
        if recipient == found.filing.carrier and found.state in carrierclaims.SILENCE_BINDS:
            timeliness.in_time(found.due, clock.now(ctx))
        private.put(ctx, _sum_key(ctx, claim_id, told.step), records.dumps(told), [recipient])
        return private.announce(ctx, "ClaimSumDisclosed", claim_id=claim_id, step=told.step, recipient=recipient)

    @api.query(read_on=("caller",), called_by=("claimant", "carrier", "arbiter"))
    def sum(self, ctx: api.Context, claim_id: str, step: Step) -> ClaimSum:
        """
        Return a sum of a claim (claimed, offered or awarded), if the caller's organisation has it.

        Raises:
            Refused: NOT_FOUND.
        """
        own = access.member(ctx)
        return records.loads(ClaimSum, private.own(ctx, own, _sum_key(ctx, claim_id, step), f"sum of claim {claim_id}"))

    @api.query
    def read(self, ctx: api.Context, claim_id: str) -> CarrierClaim:
        """
        Return a claim.

        Raises:
            Refused: CLAIM_UNKNOWN.
        """
        return _load(ctx, claim_id)

    @api.query
    def of_journey(self, ctx: api.Context, journey_id: str) -> tuple[str, ...]:
        """Return the ids of the claims of a journey."""
        return tuple(store.each(ctx, str, _OF_JOURNEY, identifiers.check("journey_id", journey_id)))

    @api.query
    def history(self, ctx: api.Context, claim_id: str) -> tuple[store.KeyChange, ...]:
        """Return every value that a claim had, newest first."""
        return store.history(ctx, _CLAIM, _load(ctx, claim_id).filing.claim_id)

    @api.query
    def terms(self, ctx: api.Context, carrier: str) -> tuple[LiabilityTerms, ...]:
        """Return every version of a carrier's liability, oldest first."""
        return _versions(ctx, names.MSP_ID.check("carrier", carrier))


def _load(ctx: api.Context, claim_id: str) -> CarrierClaim:
    return store.load(ctx, CarrierClaim, Refusal.CLAIM_UNKNOWN, _CLAIM, identifiers.check("claim_id", claim_id))


def _versions(ctx: api.Context, carrier: str) -> tuple[LiabilityTerms, ...]:
    return tuple(store.each(ctx, LiabilityTerms, _TERMS, carrier))


def _liability(ctx: api.Context, journey: Journey, carrier: str) -> LiabilityTerms:
    """
    Return the version in force when the order was placed.

    Raises:
        Refused: LIABILITY_UNKNOWN.
    """
    in_force = [each for each in _versions(ctx, carrier) if each.in_force_from <= journey.ordered_at]
    if not in_force:
        raise Refusal.LIABILITY_UNKNOWN(
            f"{carrier} had published no liability when order {journey.order_id} was placed"
        )
    return in_force[-1]


def _happened(ctx: api.Context, journey: Journey, filing: ClaimFiling) -> int:
    """
    Return when the parcel was lost or damaged, by a report on it or on a unit that it was in.

    What was found again, or delivered, is not lost; of what was lost twice, the later loss counts.

    Raises:
        Refused: INCIDENT_UNKNOWN, NOT_CUSTODIAN.
    """
    told = journeystate.parcel_records(ctx, journey, meant=(filing.parcel,))[filing.parcel]
    if filing.kind == "lost":
        found = None if told.status is Status.DELIVERED else movement.lost(told.incidents)
    else:
        found = next((each for each in told.incidents if each.kind == filing.kind), None)
    if found is None:
        raise Refusal.INCIDENT_UNKNOWN(f"{filing.parcel} is not reported as {filing.kind}")
    (key,) = partypages.keys(journey, (filing.parcel,))
    held = unitstate.in_effect(ctx, journeystate.find_custody(ctx, journey.journey_id, key))
    if not any(each.custodian == filing.carrier and each.since <= found.at for each in held.periods):
        raise Refusal.NOT_CUSTODIAN(f"{filing.carrier} did not have {filing.parcel} before that time")
    return found.at


def _of_parcel(journey: Journey, filing: ClaimFiling) -> ClaimFiling:
    """
    Return *filing* with its parcel in the journey's spelling; the only parcel of a journey need not be named.

    Raises:
        Refused: PARCEL_UNKNOWN, INVALID_ARGUMENT.
    """
    if not filing.parcel and len(journey.parcels) > 1:
        raise invalid("filing.parcel", "must name one of the parcels of the journey")
    (parcel,) = contents.chosen(journey.parcels, filter(None, [filing.parcel]))
    return dataclasses.replace(filing, parcel=parcel)


def _check_unclaimed(ctx: api.Context, filing: ClaimFiling) -> None:
    """Raise Refused if another claim is for the same loss or damage: it is made good once, by whichever carrier."""
    for claim_id in store.each(ctx, str, _OF_JOURNEY, filing.journey_id):
        found = _load(ctx, claim_id)
        same = all(getattr(found.filing, name) == getattr(filing, name) for name in ("kind", "parcel"))
        if same and found.state not in carrierclaims.OVER:
            raise Refusal.ALREADY_EXISTS(f"claim {claim_id} is for the same loss or damage")


def _keep(ctx: api.Context, claim: CarrierClaim) -> CarrierClaim:
    policy = majority.policy(ctx, f"OutOf(2, {majority.peers(claim.parties)})")
    store.save(ctx, claim, _CLAIM, claim.filing.claim_id, policy=policy)
    store.announce(ctx, "CarrierClaimMoved", {"claim_id": claim.filing.claim_id, "state": claim.state})
    return claim


def _sum_key(ctx: api.Context, claim_id: str, step: str) -> str:
    return ctx.stub.create_composite_key("claim.sum", [identifiers.check("claim_id", claim_id), step])
