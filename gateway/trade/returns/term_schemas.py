"""Return terms."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.returns import simulation, terms
from chaincode.domain.vocabulary import bounds
from gateway.http.words import MSP_ID
from gateway.trade.words import AMOUNT, AREA, CURRENCY, IDENTIFIER, counted, one_of, within


class CoverSchema(Schema):
    """The terms for one reason."""

    resolutions = fields.List(
        fields.String(validate=one_of(terms.Resolution)),
        required=True,
        validate=counted(terms.RESOLUTIONS),
    )
    evidence_min = fields.Integer(strict=True, validate=within(bounds.EVIDENCE))
    payer = fields.String(validate=one_of(terms.Payer))
    restocking_bps = fields.Integer(strict=True, validate=within(bounds.BASIS_POINTS))
    condition = fields.String(validate=one_of(terms.Condition))
    despite = fields.List(fields.String(), metadata={"description": "Rejections that do not apply to this reason"})
    referred = fields.Boolean(metadata={"description": "The seller decides such requests itself"})


class CoverageSchema(Schema):
    """The carrier that fetches returns in an area."""

    area = fields.String(
        required=True, validate=AREA, metadata={"description": "Beginning of a UN/LOCODE", "example": "VN"}
    )
    carrier = fields.String(required=True, validate=MSP_ID)


class TermsSchema(Schema):
    """Body of ``POST /v1/terms``; the seller is the caller's organisation."""

    terms_id = fields.String(required=True, validate=IDENTIFIER)
    version = fields.Integer(strict=True, required=True, validate=within(terms.BOUNDS["version"]))
    jurisdiction = fields.String(required=True, metadata={"example": "VN"})
    effective_from = fields.String(required=True, metadata={"example": "2026-12-01T00:00:00Z"})
    languages = fields.List(fields.String(), required=True, metadata={"example": ["vi", "en"]})
    window_days = fields.Integer(strict=True, required=True, validate=within(terms.BOUNDS["window_days"]))
    reasons = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(CoverSchema),
        required=True,
        metadata={"description": "By reason, as DEFECTIVE or CHANGE_OF_MIND"},
    )
    arbiter = fields.String(required=True, validate=MSP_ID)
    coverage = fields.List(fields.Nested(CoverageSchema), required=True)
    basis = fields.String(validate=one_of(terms.Basis))
    roll = fields.Boolean()
    holidays = fields.List(fields.String())
    excluded_hs = fields.List(fields.String(), metadata={"description": "Beginnings of HS codes", "example": ["6108"]})
    final_sale = fields.Boolean(metadata={"description": "Nothing sold under these terms can be returned"})
    max_returns_per_90d = fields.Integer(strict=True, validate=within(terms.BOUNDS["max_returns_per_90d"]))
    returnless_below = fields.String(validate=AMOUNT)
    currency = fields.String(validate=CURRENCY)
    refund_trigger = fields.String(validate=one_of(terms.RefundTrigger))
    seller_answer_hours = fields.Integer(strict=True, validate=within(terms.BOUNDS["seller_answer_hours"]))
    pickup_sla_hours = fields.Integer(strict=True, validate=within(terms.BOUNDS["pickup_sla_hours"]))
    handover_days = fields.Integer(strict=True, validate=within(terms.BOUNDS["handover_days"]))
    settle_hours = fields.Integer(strict=True, validate=within(terms.BOUNDS["settle_hours"]))
    dispute_days = fields.Integer(strict=True, validate=within(terms.BOUNDS["dispute_days"]))
    arbitration_days = fields.Integer(strict=True, validate=within(terms.BOUNDS["arbitration_days"]))
    lost_after_days = fields.Integer(strict=True, validate=within(terms.BOUNDS["lost_after_days"]))


class ScenarioSchema(Schema):
    """Body of ``POST /v1/terms/<id>/versions/<number>/simulation``: an imagined order and request."""

    hs6 = fields.String(required=True, metadata={"example": "851830"})
    ordered = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))
    ordered_at = fields.String(required=True)
    delivered_at = fields.String(load_default="", metadata={"description": "Empty if the goods never arrive"})
    destination = fields.String(required=True, metadata={"example": "VNHAN"})
    asked_at = fields.String(required=True)
    reason = fields.String(required=True)
    resolution = fields.String(required=True)
    quantity = fields.Integer(strict=True, validate=within(bounds.MANY))
    condition = fields.String()
    evidence = fields.Integer(strict=True, validate=within(simulation.EVIDENCE))
    unit_price = fields.String(
        validate=AMOUNT,
        metadata={
            "description": "Minor units of the terms' currency; without it, no return is below `returnless_below`, "
            "and the answer has no amount"
        },
    )
    carriage = fields.String(
        validate=AMOUNT, metadata={"description": "What is paid for carriage of all units; left out, it is not counted"}
    )
    tax = fields.String(validate=AMOUNT, metadata={"description": "The same of duty and tax paid with the order"})


class MinimumSchema(Schema):
    """The minimum for one reason."""

    resolution = fields.String(required=True, validate=one_of(terms.Resolution))
    condition = fields.String(validate=one_of(terms.Condition))
    evidence_most = fields.Integer(strict=True, validate=within(bounds.EVIDENCE))
    free = fields.Boolean(metadata={"description": "The buyer pays nothing"})


class FloorSchema(Schema):
    """Body of ``POST /v1/terms/floors``: what every seller of a jurisdiction must grant at least."""

    jurisdiction = fields.String(required=True, metadata={"example": "VN"})
    window_days = fields.Integer(strict=True, required=True, validate=within(terms.BOUNDS["window_days"]))
    reasons = fields.Dict(keys=fields.String(), values=fields.Nested(MinimumSchema), required=True)
    seller_answer_hours = fields.Integer(strict=True, validate=within(terms.BOUNDS["seller_answer_hours"]))
    settle_hours = fields.Integer(strict=True, validate=within(terms.BOUNDS["settle_hours"]))
    dispute_days = fields.Integer(strict=True, validate=within(terms.BOUNDS["dispute_days"]))
