"""The contract of the stage catalogue: the stages, their order, and who may record them."""

from __future__ import annotations

import functools

from chaincode.contracts import access, clock, store
from chaincode.contracts.register import amending, participants
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import stages
from chaincode.domain.register.amendments import Amendment
from hlf.codec import records
from hlf.shim import api

VERSION = "stages"
CURRENT = "stages-current"


def catalogue_in_force(ctx: api.Context) -> stages.StageCatalogue:
    """
    Return the version in force.

    Raises:
        Refused: NO_CATALOGUE.
    """
    latest = store.load(ctx, int, Refusal.NO_CATALOGUE, CURRENT)
    return version(ctx, latest)


def version(ctx: api.Context, number: int) -> stages.StageCatalogue:
    """
    Return one version, in force or not.

    Raises:
        Refused: NO_CATALOGUE.
    """
    data = store.read(ctx, key_of(ctx, number))
    if not data:
        raise Refusal.NO_CATALOGUE(f"there is no version {number} of the stage catalogue")
    return _read(data)


def key_of(ctx: api.Context, number: int) -> str:
    """Return the key of one version."""
    return ctx.stub.create_composite_key(VERSION, [f"{number:06}"])


@functools.lru_cache(maxsize=16)
def _read(data: bytes) -> stages.StageCatalogue:
    """Return the catalogue in *data*. It is cached by its bytes, because every event of every journey needs it."""
    return records.loads(stages.StageCatalogue, data)


def _amended(ctx: api.Context, changed: tuple[stages.Stage, ...]) -> stages.StageCatalogue:
    return stages.amended(catalogue_in_force(ctx), changed, clock.now(ctx))


def _adopt(ctx: api.Context, catalogue: stages.StageCatalogue) -> stages.StageCatalogue:
    store.save(ctx, catalogue, VERSION, f"{catalogue.version:06}")
    store.save(ctx, catalogue.version, CURRENT)
    store.announce(ctx, "CatalogueAdopted", {"version": catalogue.version, "hash": catalogue.digest})
    return catalogue


AMENDED = amending.AmendmentSubject(
    kind="stages",
    shape=tuple[stages.Stage, ...],
    name=lambda changed: "",  # There is one catalogue.
    standing=lambda ctx, name: catalogue_in_force(ctx),
    check=lambda ctx, changed: stages.checked(_amended(ctx, changed)),
    voters=participants.voters,
    carry=lambda ctx, changed: _adopt(ctx, _amended(ctx, changed)),
)


class Stages(api.Contract):
    """The stage catalogue, with one key for each version; a journey keeps the version in force at its opening."""

    @api.transaction(endorsed_by=(), called_by=("admin",))
    def install(self, ctx: api.Context) -> stages.StageCatalogue:
        """
        Adopt the standard catalogue as version 1.

        Raises:
            Refused: WRONG_ROLE, CATALOGUE_INSTALLED.
        """
        access.administrator(ctx)
        if store.find(ctx, int, CURRENT) is not None:
            raise Refusal.CATALOGUE_INSTALLED("there is a catalogue already")
        return _adopt(ctx, stages.installed(clock.now(ctx)))

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def propose(self, ctx: api.Context, amendment_id: str, changed: tuple[stages.Stage, ...]) -> Amendment:
        """
        Propose the stages of the next version; it is adopted when more than half of the participants have approved.

        Raises:
            Refused: NO_CATALOGUE, ALREADY_EXISTS, NOT_A_VOTER, INVALID_ARGUMENT.
        """
        return AMENDED.propose(ctx, amendment_id, changed)

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def approve(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """
        Approve an amendment; the approval that makes more than half adopts it as the next version.

        Raises:
            Refused: NOT_FOUND, ALREADY_ADOPTED, NOT_A_VOTER, ALREADY_APPROVED, OVERTAKEN.
        """
        return AMENDED.approve(ctx, amendment_id)

    @api.query
    def amendment(self, ctx: api.Context, amendment_id: str) -> Amendment:
        """Return one amendment of the catalogue, with its approvals."""
        return AMENDED.find(ctx, amendment_id)

    @api.query
    def amendments(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> amending.AmendmentPage:
        """Return the next amendments of the catalogue, sorted by id, among *size* of all kinds."""
        return AMENDED.page(ctx, size, bookmark)

    @api.query
    def current(self, ctx: api.Context) -> stages.StageCatalogue:
        """Return the version in force."""
        return catalogue_in_force(ctx)

    @api.query
    def version(self, ctx: api.Context, number: int) -> stages.StageCatalogue:
        """Return one version, as it was adopted."""
        return version(ctx, number)

    @api.query
    def stage(self, ctx: api.Context, stage_id: str) -> stages.Stage:
        """Return one stage of the version in force."""
        return catalogue_in_force(ctx).stage(stage_id)

    @api.query
    def history(self, ctx: api.Context) -> tuple[store.KeyChange, ...]:
        """Return the versions in force, with their times, newest first."""
        return store.history(ctx, CURRENT)
