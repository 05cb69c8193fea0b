"""The contract of the stage catalogue: which stages there are, in which order, and who may record them."""

from __future__ import annotations

from chaincode.contracts import access, store
from chaincode.domain import stages
from chaincode.domain.refusals import Refused
from chaincode.shim import api

VERSION = "stages"
CURRENT = "stages-current"


def current(ctx: api.Context) -> stages.Catalogue:
    """
    The version in force.

    Raises:
        Refused: NO_CATALOGUE.
    """
    latest = store.load(ctx, int, "NO_CATALOGUE", CURRENT)
    return version(ctx, latest)


def version(ctx: api.Context, number: int) -> stages.Catalogue:
    """
    One version, in force or not.

    Raises:
        Refused: NO_CATALOGUE.
    """
    return store.load(ctx, stages.Catalogue, "NO_CATALOGUE", VERSION, f"{number:06}")


class Stages(api.Contract):
    """The stage catalogue, one key a version; a journey follows the version that was in force when it opened."""

    @api.transaction
    def install(self, ctx: api.Context) -> stages.Catalogue:
        """
        Adopt the standard catalogue as version 1.

        Raises:
            Refused: WRONG_ROLE, CATALOGUE_INSTALLED.
        """
        access.administrator(ctx)
        if store.find(ctx, int, CURRENT) is not None:
            raise Refused("CATALOGUE_INSTALLED", "there is a catalogue already")
        catalogue = stages.installed(store.now(ctx))
        store.save(ctx, catalogue, VERSION, f"{catalogue.version:06}")
        store.save(ctx, catalogue.version, CURRENT)
        store.announce(ctx, "CatalogueAdopted", {"version": catalogue.version, "hash": catalogue.digest})
        return catalogue

    @api.query
    def current(self, ctx: api.Context) -> stages.Catalogue:
        """The version in force."""
        return current(ctx)

    @api.query
    def version(self, ctx: api.Context, number: int) -> stages.Catalogue:
        """One version, as it was adopted."""
        return version(ctx, number)

    @api.query
    def stage(self, ctx: api.Context, stage_id: str) -> stages.Stage:
        """One stage of the version in force."""
        return current(ctx).stage(stage_id)

    @api.query
    def history(self, ctx: api.Context) -> list[object]:
        """Which version was in force since when, newest first."""
        return store.history(ctx, CURRENT)
