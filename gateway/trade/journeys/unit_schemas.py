"""Shipping units: bags, pallets, containers, flights."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.journeys import pages, units
from chaincode.domain.vocabulary import bounds
from gateway.http.words import MSP_ID
from gateway.trade.journeys.journey_schemas import ObservationSchema, bound_for
from gateway.trade.words import LOCODE, MOMENT, SHA256, STAGE, counted, one_of


class UnitQuerySchema(Schema):
    """Query of ``GET /v1/units`` and ``GET /v1/units/events``, and the part of a body that names a unit."""

    unit_id = fields.String(
        required=True,
        validate=counted(units.UNIT_ID),
        metadata={
            "description": "An EPC URI, GS1 Digital Link or other URI of the unit",
            "example": "https://id.gs1.org/8003/09506000134352C1",
        },
    )


class OpenUnitSchema(UnitQuerySchema):
    """Body of ``POST /v1/units``."""

    kind = fields.String(required=True, validate=one_of(units.UnitKind))
    parties = fields.List(fields.String(validate=MSP_ID), required=True, validate=counted(bounds.PARTIES))
    custodian = fields.String(
        required=True, validate=MSP_ID, metadata={"description": "MSP id of the party that has the unit first"}
    )
    place = fields.String(required=True, validate=LOCODE)


class AggregateSchema(UnitQuerySchema):
    """Body of ``POST /v1/units/contents``."""

    action = fields.String(required=True, validate=one_of(units.Action))
    members = fields.List(
        fields.String(),
        load_default=list,
        validate=counted(units.MEMBERS),
        metadata={"description": "Parcels and units; by default everything inside, to take it out or observe it"},
    )
    observation = fields.Nested(ObservationSchema, required=True)


class UnitEventSchema(UnitQuerySchema):
    """Body of ``POST /v1/units/events``."""

    observation = fields.Nested(ObservationSchema, required=True)


class UnitIncidentSchema(UnitQuerySchema):
    """Body of ``POST /v1/units/incidents``."""

    kind = fields.String(required=True, validate=one_of(pages.IncidentKind))
    stage_id = fields.String(required=True, validate=STAGE)
    at = fields.String(required=True, validate=MOMENT)
    note_hash = fields.String(
        validate=SHA256, metadata={"description": "SHA-256 of a note that is kept outside the ledger"}
    )


class OfferUnitSchema(UnitQuerySchema):
    """Body of ``POST /v1/units/custody/offer``."""

    taker = fields.String(required=True, validate=MSP_ID)
    released_at = fields.String(required=True, validate=MOMENT)
    place = fields.String(required=True, validate=LOCODE)
    bound_for = bound_for()


class AcceptUnitSchema(UnitQuerySchema):
    """Body of ``POST /v1/units/custody/acceptance``."""

    accepted_at = fields.String(required=True, validate=MOMENT)
    place = fields.String(required=True, validate=LOCODE)
