"""Journeys, their stages and custody."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.journeys import contents, epcis, pages
from chaincode.domain.vocabulary import bounds
from gateway.http.words import MSP_ID
from gateway.trade import words
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import IDENTIFIER, LOCODE, MOMENT, SHA256, STAGE, counted, one_of, up_to, within


def _parcels() -> fields.List[str]:
    """Return the field that names parcels of a journey."""
    return fields.List(
        fields.String(),
        load_default=list,
        validate=counted(contents.PARCELS),
        metadata={"description": "Identifiers of parcels of the journey; by default all that it concerns"},
    )


def bound_for() -> fields.String:
    """Return the field that says where the taker of goods is to bring them."""
    return fields.String(
        validate=LOCODE,
        metadata={
            "description": "Where the taker is to bring the goods; a loss counts on the lane to this place. The "
            "journey's destination if it is not given",
            "example": "VNHPH",
        },
    )


class ContentSchema(Schema):
    """Units of one line in a parcel."""

    line = fields.String(required=True, validate=IDENTIFIER)
    quantity = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))
    serials = words.serials("The units' own identifiers: of each unit, or of none")


class ParcelSchema(Schema):
    """A parcel of a journey."""

    identifier = fields.String(
        required=True, metadata={"description": "SSCC, UPU S10 or carrier's own number, as in `epcs`"}
    )
    contents = fields.List(fields.Nested(ContentSchema), required=True, validate=counted(bounds.LINES))
    weight_grams = fields.Integer(strict=True, validate=within(bounds.MANY))
    sides_mm = fields.List(
        fields.Integer(strict=True, validate=within(bounds.MANY)),
        validate=counted(bounds.SIDES),
        metadata={"description": "Length, width and height"},
    )


class OpenSchema(Schema):
    """Body of ``POST /v1/journeys``."""

    order_id = fields.String(required=True, validate=IDENTIFIER)
    journey_id = fields.String(validate=IDENTIFIER, metadata={"description": "Made at random if it is not given"})
    parties = fields.List(
        fields.String(validate=MSP_ID),
        required=True,
        validate=counted(bounds.PARTIES),
        metadata={"description": "MSP ids of the parties of the journey", "example": ["MerchantMSP", "ForwarderMSP"]},
    )
    custodian = fields.String(
        required=True, validate=MSP_ID, metadata={"description": "MSP id of the party that has the goods first"}
    )
    epcs = fields.List(
        fields.String(),
        load_default=list,
        validate=up_to(bounds.LINES),
        metadata={
            "description": "EPC URIs, GS1 Digital Links, or Selat's URIs of other parcels; the first is the parcel's. "
            "Needed if no `parcels` are given",
            "example": ["https://id.gs1.org/00/106141412345678908"],
        },
    )
    lines = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(strict=True, validate=within(bounds.MANY)),
        load_default=dict,
        metadata={
            "description": "Units of each line of the order; by default what is in the parcels, or the whole order",
            "example": {"1": 2, "2": 1},
        },
    )
    parcels = fields.List(
        fields.Nested(ParcelSchema),
        load_default=list,
        validate=counted(contents.PARCELS),
        metadata={"description": "What is in each parcel; by default everything is in the first of `epcs`"},
    )


class OpenedSchema(Schema):
    """A journey, and the shopper's link to it."""

    journey_id = fields.String()
    opening = fields.Nested(CommittedSchema)
    linking = fields.Nested(
        CommittedSchema,
        allow_none=True,
        metadata={"description": "Connects the order's link with this journey; null if it leads to an earlier one"},
    )


class ObservationSchema(Schema):
    """Body of ``POST /v1/journeys/<id>/events``: one event, in GS1's terms."""

    stage_id = fields.String(
        required=True,
        validate=STAGE,
        metadata={"example": "S11"},
    )
    step = fields.String(
        required=True, metadata={"description": "A business step of CBV or Selat's own", "example": "departing"}
    )
    event_time = fields.String(required=True, validate=MOMENT)
    place = fields.String(required=True, validate=LOCODE, metadata={"example": "CNSZX"})
    disposition = fields.String(load_default="")
    epcs = fields.List(
        fields.String(),
        load_default=list,
        validate=up_to(bounds.LINES),
        metadata={"description": "The parcels or units that it is about; by default all of the journey"},
    )
    details = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        load_default=dict,
        metadata={"description": "Public facts of the stage, such as seal; what the goods are is none"},
    )


class ObservationsSchema(Schema):
    """Body of ``POST /v1/journeys/<id>/events/batch``."""

    observations = fields.List(fields.Nested(ObservationSchema), required=True, validate=counted(epcis.AT_ONCE))


class HandOverSchema(Schema):
    """Body of ``POST /v1/journeys/<id>/custody/offer``."""

    taker = fields.String(required=True, validate=MSP_ID, metadata={"example": "ForwarderMSP"})
    released_at = fields.String(required=True, validate=MOMENT)
    place = fields.String(required=True, validate=LOCODE)
    bound_for = bound_for()
    parcels = _parcels()


class AcceptSchema(Schema):
    """Body of ``POST /v1/journeys/<id>/custody/acceptance``."""

    accepted_at = fields.String(required=True, validate=MOMENT)
    place = fields.String(required=True, validate=LOCODE)
    parcels = _parcels()


class OfOrderQuerySchema(Schema):
    """Query of ``GET /v1/journeys``."""

    order_id = fields.String(required=True, validate=IDENTIFIER)


class LinkSchema(CommittedSchema):
    """A further link; the token is shown once."""

    tracking_token = fields.String()
    tracking_path = fields.String()


class CorrectionSchema(Schema):
    """Body of ``POST /v1/journeys/<id>/corrections``: an EPCIS error declaration."""

    event_id = fields.String(required=True, validate=counted(epcis.EVENT_ID))
    reason = fields.String(required=True, validate=one_of(pages.ErrorReason))
    corrective = fields.Nested(
        ObservationSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "The correct event, if there was one"},
    )


class TimeSchema(Schema):
    """Body of ``POST /v1/journeys/<id>/times``. The first time for a stage is its plan, later ones are estimates."""

    stage_id = fields.String(required=True, validate=STAGE)
    at = fields.String(required=True, validate=MOMENT)


class IncidentSchema(Schema):
    """Body of ``POST /v1/journeys/<id>/incidents``."""

    kind = fields.String(
        required=True,
        validate=one_of(pages.IncidentKind),
    )
    stage_id = fields.String(required=True, validate=STAGE)
    at = fields.String(required=True, validate=MOMENT)
    note_hash = fields.String(
        validate=SHA256, metadata={"description": "SHA-256 of a note that is kept outside the ledger"}
    )
    parcels = _parcels()
