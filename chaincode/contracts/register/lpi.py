"""The Logistics Performance Index as reference data that the majority keeps; public to the channel."""

from __future__ import annotations

from typing import Any

from chaincode.contracts import access, store
from chaincode.contracts.register import amending, participants
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import lpi
from chaincode.domain.register.lpi import Edition
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.shim import api

_KEY = "lpi"


AMENDED = amending.Subject(
    kind="lpi",
    shape=Edition,
    name=lambda change: change.name,
    standing=lambda ctx, name: store.find(ctx, Edition, _KEY, name),
    check=lambda ctx, change: None,  # An Edition that could be read can be kept.
    voters=participants.voters,
    carry=lambda ctx, change: store.save(ctx, change, _KEY, change.name),
)


class Lpi(api.Contract):
    """Editions of the index; never compared with each other."""

    @api.transaction(endorsed_by=(), called_by=("admin",))
    def install(self, ctx: api.Context) -> Any:
        """
        Adopt the editions that a consortium starts with.

        Raises:
            Refused: WRONG_ROLE, ALREADY_EXISTS.
        """
        access.administrator(ctx)
        for edition in lpi.STANDARD:
            if store.find(ctx, Edition, _KEY, edition.name):
                raise Refusal.ALREADY_EXISTS(f"edition {edition.name} is installed; propose an amendment instead")
            store.save(ctx, edition, _KEY, edition.name)
        names = [edition.name for edition in lpi.STANDARD]
        store.announce(ctx, "LpiInstalled", {"editions": names})
        return names

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def propose(self, ctx: api.Context, amendment_id: str, edition: str) -> Any:
        """
        Propose a new edition, or one in place of another (JSON Edition).

        Raises:
            Refused: ALREADY_EXISTS, NOT_A_VOTER, NOT_FOUNDED, or INVALID_ARGUMENT with the field.
        """
        change = records.loads(Edition, edition, "edition")
        return records.plain(AMENDED.propose(ctx, amendment_id, change))

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def approve(self, ctx: api.Context, amendment_id: str) -> Any:
        """
        Approve an amendment; the approval that makes more than half carries it out.

        Raises:
            Refused: NOT_FOUND, NOT_A_VOTER, ALREADY_APPROVED, ALREADY_ADOPTED, OVERTAKEN.
        """
        return records.plain(AMENDED.approve(ctx, amendment_id))

    @api.query
    def editions(self, ctx: api.Context) -> Any:
        """The names of all editions."""
        return [edition.name for edition in store.each(ctx, Edition, _KEY)]

    @api.query
    def read(self, ctx: api.Context, edition: str) -> Any:
        """One edition."""
        return records.plain(_edition(ctx, edition))

    @api.query
    def figure(self, ctx: api.Context, edition: str, country: str, component: str) -> Any:
        """What an edition says of a country; there is no figure without an edition."""
        return {"edition": edition, **records.plain(_edition(ctx, edition).figure(country, component))}

    @api.query
    def amendment(self, ctx: api.Context, amendment_id: str) -> Any:
        """One amendment, with who has approved it."""
        return records.plain(AMENDED.find(ctx, amendment_id))

    @api.query
    def amendments(self, ctx: api.Context) -> Any:
        """Every amendment of the index, by its id."""
        return records.plain(AMENDED.listed(ctx))

    @api.query
    def history(self, ctx: api.Context, edition: str) -> Any:
        """Every version of an edition, newest first."""
        return store.history(ctx, _KEY, identifiers.check("edition", edition))


def _edition(ctx: api.Context, name: str) -> Edition:
    return store.load(ctx, Edition, Refusal.LPI_UNKNOWN, _KEY, identifiers.check("edition", name))
