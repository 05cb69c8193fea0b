"""The contract of the Logistics Performance Index: public reference data, changed by a majority."""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, store
from chaincode.contracts.register import amending, participants
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import lpi
from chaincode.domain.register.amendments import Amendment
from chaincode.domain.register.lpi import Edition
from chaincode.domain.vocabulary import identifiers
from hlf.codec import records
from hlf.shim import api

_KEY = "lpi"


AMENDED = amending.AmendmentSubject(
    kind="lpi",
    shape=Edition,
    name=lambda change: change.name,
    standing=lambda ctx, name: store.find(ctx, Edition, _KEY, name),
    check=lambda ctx, change: None,  # An Edition checks itself when it is read, so nothing is left to check.
    voters=participants.voters,
    carry=lambda ctx, change: store.save(ctx, change, _KEY, change.name),
)


@dataclasses.dataclass(frozen=True)
class EditionFigure:
    """A figure and the edition that it is of."""

    edition: str
    country: str
    component: str
    rank: int
    score_x100: int


class Lpi(api.Contract):
    """Editions of the index."""

    @api.transaction(endorsed_by=(), called_by=("admin",))
    def install(self, ctx: api.Context) -> tuple[str, ...]:
        """
        Store the editions of a new consortium.

        Raises:
            Refused: WRONG_ROLE, ALREADY_EXISTS.
        """
        access.administrator(ctx)
        for edition in lpi.STANDARD:
            if store.find(ctx, Edition, _KEY, edition.name):
                raise Refusal.ALREADY_EXISTS(f"edition {edition.name} is installed; propose an amendment instead")
            store.save(ctx, edition, _KEY, edition.name)
        names = tuple(edition.name for edition in lpi.STANDARD)
        store.announce(ctx, "LpiInstalled", {"editions": names})
        return names

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def propose(self, ctx: api.Context, amendment_id: str, edition: str) -> Amendment:
        """
        Propose a new edition, or a replacement for one (JSON Edition).

        Raises:
            Refused: ALREADY_EXISTS, NOT_A_VOTER, NOT_FOUNDED, or INVALID_ARGUMENT with the field.
        """
        change = records.loads(Edition, edition, "edition")
        return AMENDED.propose(ctx, amendment_id, change)

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def approve(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """
        Approve an amendment; the approval that makes more than half makes the change.

        Raises:
            Refused: NOT_FOUND, NOT_A_VOTER, ALREADY_APPROVED, ALREADY_ADOPTED, OVERTAKEN.
        """
        return AMENDED.approve(ctx, amendment_id)

    @api.query
    def editions(self, ctx: api.Context) -> tuple[str, ...]:
        """Return the names of all editions."""
        return tuple(edition.name for edition in store.each(ctx, Edition, _KEY))

    @api.query
    def read(self, ctx: api.Context, edition: str) -> Edition:
        """Return one edition."""
        return _edition(ctx, edition)

    @api.query
    def figure(self, ctx: api.Context, edition: str, country: str, component: str) -> EditionFigure:
        """Return the figure of a country in an edition."""
        found = _edition(ctx, edition).figure(country, component)
        return EditionFigure(edition, found.country, found.component, found.rank, found.score_x100)

    @api.query
    def amendment(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """Return one amendment, with its approvals."""
        return AMENDED.find(ctx, amendment_id)

    @api.query
    def amendments(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> amending.AmendmentPage:
        """Return the next amendments of the index, sorted by id, among *size* of all kinds."""
        return AMENDED.page(ctx, size, bookmark)

    @api.query
    def history(self, ctx: api.Context, edition: str) -> tuple[store.KeyChange, ...]:
        """Return all versions of an edition, newest first."""
        return store.history(ctx, _KEY, identifiers.check("edition", edition))


def newest(ctx: api.Context) -> Edition | None:
    """Return the newest edition with scores; None if there is none."""
    scored = [edition for edition in store.each(ctx, Edition, _KEY) if edition.scored]
    return max(scored, key=lambda edition: edition.name, default=None)


def _edition(ctx: api.Context, name: str) -> Edition:
    return store.load(ctx, Edition, Refusal.LPI_UNKNOWN, _KEY, identifiers.check("edition", name))
