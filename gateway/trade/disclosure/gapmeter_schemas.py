"""The capacity-gap meter."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.disclosure import disclosures, gapmeter, prepositioning
from chaincode.domain.vocabulary import bounds
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import IDENTIFIER, LOCODE, SUBDIVISION, WEEK, counted, within


class ContributionSchema(Schema):
    """Body of ``POST /v1/gap-meter/contributions``: a grant that consents, and the figures it shows."""

    grant_id = fields.String(required=True, validate=IDENTIFIER)
    document = fields.String(metadata={"description": "As the owner sent it; by default read from the delivery"})
    disclosures = fields.List(fields.String(), validate=counted(disclosures.SHOWN))


class ContributedSchema(CommittedSchema):
    """A contribution."""

    grant_id = fields.String()


class ComputeSchema(Schema):
    """Body of ``POST /v1/gap-meter``."""

    region = fields.String(required=True, validate=SUBDIVISION)
    first_week = fields.String(required=True, validate=WEEK)
    weeks = fields.Integer(strict=True, required=True, validate=within(gapmeter.WEEKS))


class ComputedSchema(CommittedSchema):
    """A meter as stored by platform and auditor; publish it to show it to all."""

    meter_id = fields.String()


class CellsQuerySchema(Schema):
    """Query of ``GET /v1/gap-meter``."""

    region = fields.String(required=True, validate=SUBDIVISION)
    first_week = fields.String(required=True, validate=WEEK)
    weeks = fields.Integer(load_default=1, validate=within(gapmeter.WEEKS))


class WarehouseSchema(Schema):
    """An overseas warehouse."""

    locode = fields.String(required=True, validate=LOCODE)
    reaches = fields.Dict(keys=fields.String(), values=fields.Integer(strict=True), required=True)
    inbound_p95_hur = fields.Integer(strict=True, required=True, validate=within(bounds.HOURS))
    room_h87 = fields.Integer(strict=True, required=True, validate=within(bounds.ROOM))


class PrepositionSchema(Schema):
    """Body of ``POST /v1/gap-meter/pre-positioning``."""

    grant_ids = fields.List(fields.String(validate=IDENTIFIER), required=True, validate=counted(prepositioning.GRANTS))
    warehouses = fields.List(fields.Nested(WarehouseSchema), required=True, validate=counted(prepositioning.WAREHOUSES))
    safety_bps = fields.Integer(strict=True, load_default=0, validate=within(bounds.BASIS_POINTS))
