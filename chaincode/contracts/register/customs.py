"""
The contract of customs: tariffs and de-minimis of a country, published by the customs organisation that is a member.

Everything here is public to the channel. A version is added from a day on, and never changed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from chaincode.contracts import access, clock, store
from chaincode.contracts.register import participants
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import customs
from chaincode.domain.register.customs import CustomsTariff, DeMinimis, Import, ImportAssessment
from chaincode.domain.vocabulary import attributes, places, zones
from hlf.codec.refusals import invalid
from hlf.shim import api

_TARIFF = "customs.tariff"
_DE_MINIMIS = "customs.de-minimis"


class CustomsPublication(Protocol):
    """A publication of a country's customs, from a day on."""

    @property
    def country(self) -> str:
        """The country, ISO 3166-1."""

    @property
    def effective_from(self) -> str:
        """The day from which it applies."""


class Customs(api.Contract):
    """Tariffs, preferences and de-minimis by country and date, and what an import costs by them."""

    @api.transaction(endorsed_by=(), called_by=("customs",))
    def publish_tariff(self, ctx: api.Context, tariff: CustomsTariff) -> CustomsTariff:
        """
        Publish duty, tax and preferences of a tariff line from a day on, as customs of that country.

        Raises:
            Refused: NOT_CUSTOMS, NOT_A_PARTICIPANT, ALREADY_EXISTS, or INVALID_ARGUMENT with the field.
        """
        place = (_TARIFF, tariff.country, tariff.code, tariff.effective_from)
        check_new(ctx, tariff, place)
        store.save(ctx, tariff, *place)
        told = {"country": tariff.country, "code": tariff.code, "effective_from": tariff.effective_from}
        store.announce(ctx, "CustomsTariffPublished", told)
        return tariff

    @api.transaction(endorsed_by=(), called_by=("customs",))
    def publish_de_minimis(self, ctx: api.Context, de_minimis: DeMinimis) -> DeMinimis:
        """
        Publish the value up to which duty and tax are waived from a day on, as customs of that country.

        Raises:
            Refused: NOT_CUSTOMS, NOT_A_PARTICIPANT, ALREADY_EXISTS, or INVALID_ARGUMENT with the field.
        """
        place = (_DE_MINIMIS, de_minimis.country, de_minimis.effective_from)
        check_new(ctx, de_minimis, place)
        store.save(ctx, de_minimis, *place)
        told = {"country": de_minimis.country, "effective_from": de_minimis.effective_from}
        store.announce(ctx, "DeMinimisPublished", told)
        return de_minimis

    @api.query
    def tariff(self, ctx: api.Context, country: str, code: str, on: str) -> CustomsTariff:
        """
        Return the tariff of a line that is in force on a day; that of its subheading if its eight digits have none.

        Raises:
            Refused: NO_TARIFF, INVALID_ARGUMENT.
        """
        customs.check_code("code", code, places.check_country("country", country))
        attributes.day("on", on)
        return customs.tariff_of(code, on, lambda each: versions(ctx, country, each))

    @api.query
    def tariffs(self, ctx: api.Context, country: str, code: str) -> tuple[CustomsTariff, ...]:
        """Return all versions of a tariff line, oldest first."""
        return tuple(versions(ctx, places.check_country("country", country), code))

    @api.query
    def de_minimis(self, ctx: api.Context, country: str, on: str) -> DeMinimis | None:
        """Return the de-minimis of a country that is in force on a day; null if none is published."""
        attributes.day("on", on)
        return _waiver(ctx, places.check_country("country", country), on)

    @api.query
    def assess(self, ctx: api.Context, wanted: Import) -> ImportAssessment:
        """
        Return duty and tax of an import, and who pays S18; a query's arguments reach no block.

        Raises:
            Refused: NO_TARIFF, NO_PREFERENCE, CURRENCY_MISMATCH, or INVALID_ARGUMENT with the field.
        """
        waiver = _waiver(ctx, wanted.country, wanted.on)
        return customs.assess(wanted, lambda code: versions(ctx, wanted.country, code), waiver)


def check_new(ctx: api.Context, published: CustomsPublication, place: tuple[str, ...]) -> None:
    """
    Refuse a version by another organisation, for a day in the past, or for a day that has one already.

    Raises:
        Refused: NOT_CUSTOMS, NOT_A_PARTICIPANT, ALREADY_EXISTS, INVALID_ARGUMENT.
    """
    member = participants.participant(ctx, access.member(ctx))
    if "customs" not in member.roles or published.country not in member.countries:
        raise Refusal.NOT_CUSTOMS(f"{member.msp_id} is not customs of {published.country}")
    # Any code of that form has the time zone that most places of the country use.
    if published.effective_from < zones.day_in(published.country, clock.now(ctx)).isoformat():
        raise invalid("effective_from", "must not be before today")
    if store.find(ctx, type(published), *place):
        raise Refusal.ALREADY_EXISTS("there is a version from that day on already")


def versions(ctx: api.Context, country: str, code: str) -> Iterable[CustomsTariff]:
    """Return all versions of a tariff line."""
    return store.each(ctx, CustomsTariff, _TARIFF, country, code)


def _waiver(ctx: api.Context, country: str, on: str) -> DeMinimis | None:
    return customs.in_force(store.each(ctx, DeMinimis, _DE_MINIMIS, country), on)
