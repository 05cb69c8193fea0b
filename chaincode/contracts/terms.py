"""The contract of return terms: published in advance, one key a version, never changed."""

from __future__ import annotations

from chaincode.contracts import access, store
from chaincode.domain import identifiers, returnpolicy, terms
from chaincode.domain.refusals import Refused
from chaincode.shim import api

VERSION = "terms"
LATEST = "terms-latest"


def pinned(ctx: api.Context, terms_id: str, digest: str) -> terms.Published:
    """
    The version of *terms_id* that has the hash *digest*.

    Raises:
        Refused: TERMS_UNKNOWN.
    """
    for published in versions(ctx, terms_id):
        if published.digest == digest:
            return published
    raise Refused("TERMS_UNKNOWN", f"no version of {terms_id} has that hash")


def versions(ctx: api.Context, terms_id: str) -> tuple[terms.Published, ...]:
    """Every version, oldest first."""
    return tuple(store.each(ctx, terms.Published, VERSION, identifiers.check("terms_id", terms_id)))


def version(ctx: api.Context, terms_id: str, number: int) -> terms.Published:
    """
    One version.

    Raises:
        Refused: TERMS_UNKNOWN.
    """
    identifiers.check("terms_id", terms_id)
    return store.load(ctx, terms.Published, "TERMS_UNKNOWN", VERSION, terms_id, f"{number:06}")


def latest(ctx: api.Context, terms_id: str) -> terms.Published:
    """
    The version published last, in force or not yet.

    Raises:
        Refused: TERMS_UNKNOWN.
    """
    number = store.load(ctx, int, "TERMS_UNKNOWN", LATEST, identifiers.check("terms_id", terms_id))
    return version(ctx, terms_id, number)


class Terms(api.Contract):
    """Return terms as sellers publish them; orders pin a version by its hash."""

    @api.transaction
    def publish(self, ctx: api.Context, published: terms.Terms) -> terms.Published:
        """
        Publish the next version of the caller's own terms, before it comes into force.

        Raises:
            Refused: NOT_THE_SELLER, VERSION_NOT_NEXT, NOT_IN_ADVANCE, INVALID_ARGUMENT.
        """
        publisher = access.member(ctx)
        terms_id = identifiers.check("published.terms_id", published.terms_id)
        number = store.find(ctx, int, LATEST, terms_id)
        before = version(ctx, terms_id, number) if number else None
        made = terms.next_of(published, before, publisher, store.now(ctx))
        store.save(ctx, made, VERSION, terms_id, f"{made.terms.version:06}")
        store.save(ctx, made.terms.version, LATEST, terms_id)
        store.announce(
            ctx, "TermsPublished", {"terms_id": terms_id, "version": made.terms.version, "hash": made.digest}
        )
        return made

    @api.query
    def read(self, ctx: api.Context, terms_id: str, number: int) -> terms.Published:
        """One version, with the hash that orders pin it by."""
        return version(ctx, terms_id, number)

    @api.query
    def latest(self, ctx: api.Context, terms_id: str) -> terms.Published:
        """The version published last, which may not be in force yet."""
        return latest(ctx, terms_id)

    @api.query
    def export(self, ctx: api.Context, terms_id: str, number: int) -> dict[str, object]:
        """One version as schema.org's MerchantReturnPolicy (JSON-LD)."""
        return returnpolicy.export(version(ctx, terms_id, number).terms)

    @api.query
    def history(self, ctx: api.Context, terms_id: str) -> tuple[terms.Published, ...]:
        """Every version, oldest first; none is ever changed or removed."""
        return versions(ctx, terms_id)
