"""The contract of return terms: versions published in advance, which never change."""

from __future__ import annotations

from chaincode.contracts import access, clock, store
from chaincode.contracts.register import amending, participants
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.amendments import Amendment
from chaincode.domain.returns import floors, returnpolicy, terms
from chaincode.domain.vocabulary import identifiers
from hlf.shim import api

VERSION = "terms"
LATEST = "terms-latest"
FLOOR = "terms-floor"


def pinned(ctx: api.Context, terms_id: str, digest: str) -> terms.PublishedTerms:
    """
    Return the version of *terms_id* with the hash *digest*.

    Raises:
        Refused: TERMS_UNKNOWN.
    """
    for published in versions(ctx, terms_id):
        if published.digest == digest:
            return published
    raise Refusal.TERMS_UNKNOWN(f"no version of {terms_id} has that hash")


def versions(ctx: api.Context, terms_id: str) -> tuple[terms.PublishedTerms, ...]:
    """Return every version, oldest first."""
    return tuple(store.each(ctx, terms.PublishedTerms, VERSION, identifiers.check("terms_id", terms_id)))


def version(ctx: api.Context, terms_id: str, number: int) -> terms.PublishedTerms:
    """
    Return one version.

    Raises:
        Refused: TERMS_UNKNOWN.
    """
    identifiers.check("terms_id", terms_id)
    return store.load(ctx, terms.PublishedTerms, Refusal.TERMS_UNKNOWN, VERSION, terms_id, f"{number:06}")


def latest(ctx: api.Context, terms_id: str) -> terms.PublishedTerms:
    """
    Return the latest version, in force or not yet.

    Raises:
        Refused: TERMS_UNKNOWN.
    """
    number = store.load(ctx, int, Refusal.TERMS_UNKNOWN, LATEST, identifiers.check("terms_id", terms_id))
    return version(ctx, terms_id, number)


def _floor(ctx: api.Context, jurisdiction: str) -> floors.Floor | None:
    return store.find(ctx, floors.Floor, FLOOR, jurisdiction)


AMENDED = amending.AmendmentSubject(
    kind=FLOOR,
    shape=floors.Floor,
    name=lambda floor: floor.jurisdiction,
    standing=_floor,
    check=lambda ctx, floor: floors.checked(floor),
    voters=participants.voters,
    carry=lambda ctx, floor: store.save(ctx, floor, FLOOR, floor.jurisdiction),
)


class Terms(api.Contract):
    """Return terms of sellers; orders pin a version by its hash."""

    @api.transaction(endorsed_by=(), called_by=("seller",))
    def publish(self, ctx: api.Context, published: terms.ReturnTerms) -> terms.PublishedTerms:
        """
        Publish the next version of the caller's own terms, before it comes into force.

        Raises:
            Refused: NOT_THE_SELLER, VERSION_NOT_NEXT, NOT_IN_ADVANCE, NOT_A_PARTICIPANT, BELOW_CONSORTIUM_TERMS,
                INVALID_ARGUMENT.
        """
        publisher = access.member(ctx)
        terms_id = identifiers.check("published.terms_id", published.terms_id)
        number = store.find(ctx, int, LATEST, terms_id)
        before = version(ctx, terms_id, number) if number else None
        made = terms.next_of(published, before, publisher, clock.now(ctx))
        for named in sorted({published.arbiter, *(each.carrier for each in published.coverage)}):
            # Carriers and arbiters must be participants, or they could never act.
            participants.participant(ctx, named)
        floors.must_meet(made.terms, _floor(ctx, published.jurisdiction))
        store.save(ctx, made, VERSION, terms_id, f"{made.terms.version:06}")
        store.save(ctx, made.terms.version, LATEST, terms_id)
        store.announce(
            ctx, "TermsPublished", {"terms_id": terms_id, "version": made.terms.version, "hash": made.digest}
        )
        return made

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def propose_floor(self, ctx: api.Context, amendment_id: str, floor: floors.Floor) -> Amendment:
        """
        Propose a floor for all sellers of a jurisdiction; it is in force when more than half have approved.

        Raises:
            Refused: ALREADY_EXISTS, NOT_A_VOTER, INVALID_ARGUMENT.
        """
        return AMENDED.propose(ctx, amendment_id, floor)

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def approve_floor(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """
        Approve a proposed floor; the approval that makes more than half brings it into force.

        Raises:
            Refused: NOT_FOUND, ALREADY_ADOPTED, NOT_A_VOTER, ALREADY_APPROVED, OVERTAKEN.
        """
        return AMENDED.approve(ctx, amendment_id)

    @api.query
    def amendment(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """Return one proposed floor, with its approvals."""
        return AMENDED.find(ctx, amendment_id)

    @api.query
    def amendments(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> amending.AmendmentPage:
        """Return the next proposed floors, sorted by id, among *size* amendments of all kinds."""
        return AMENDED.page(ctx, size, bookmark)

    @api.query
    def floor(self, ctx: api.Context, jurisdiction: str) -> floors.Floor | None:
        """Return the floor of a jurisdiction: what every seller there must grant at least; null if there is none."""
        return _floor(ctx, identifiers.check("jurisdiction", jurisdiction))

    @api.query
    def floor_history(self, ctx: api.Context, jurisdiction: str) -> tuple[store.KeyChange, ...]:
        """Return every value that the floor had, newest first."""
        return store.history(ctx, FLOOR, identifiers.check("jurisdiction", jurisdiction))

    @api.query
    def read(self, ctx: api.Context, terms_id: str, number: int) -> terms.PublishedTerms:
        """Return one version, with the hash that orders pin."""
        return version(ctx, terms_id, number)

    @api.query
    def latest(self, ctx: api.Context, terms_id: str) -> terms.PublishedTerms:
        """Return the latest version, which may not be in force yet."""
        return latest(ctx, terms_id)

    @api.query
    def export(self, ctx: api.Context, terms_id: str, number: int) -> dict[str, object]:
        """Return one version as schema.org's MerchantReturnPolicy (JSON-LD)."""
        return returnpolicy.export(version(ctx, terms_id, number).terms)

    @api.query
    def history(self, ctx: api.Context, terms_id: str) -> tuple[terms.PublishedTerms, ...]:
        """Return all versions, oldest first."""
        return versions(ctx, terms_id)
