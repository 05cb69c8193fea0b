"""Matching: demands, plans, answers and questions."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.matching import batches, demands
from chaincode.domain.register.stages import JourneyType
from chaincode.domain.vocabulary import bounds
from gateway.http.paging import PageQuerySchema
from gateway.http.words import MSP_ID
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import AMOUNT, CURRENCY, IDENTIFIER, LOCODE, SOLVER_SECONDS, STAGE, counted, one_of, within


class StepSchema(Schema):
    """One stage of the way, at one place or from one to another."""

    stage = fields.String(required=True, validate=STAGE)
    regions = fields.List(
        fields.String(), required=True, validate=counted(demands.STEP_PLACES), metadata={"example": ["VN-HN"]}
    )
    locodes = fields.List(fields.String(validate=LOCODE), required=True, validate=counted(demands.STEP_PLACES))


class DemandSchema(Schema):
    """One consignment to carry; only platform and auditor see it."""

    kind = fields.String(load_default="forward", validate=one_of(JourneyType))
    steps = fields.List(fields.Nested(StepSchema), required=True, validate=counted(demands.STEPS))
    ready_at = fields.String(required=True, metadata={"example": "2026-12-01T08:00:00+08:00"})
    deadline_hours = fields.Integer(strict=True, required=True, validate=within(demands.DEADLINE_HOURS))
    answer_hours = fields.Integer(strict=True, required=True, validate=within(demands.ANSWER_HOURS))
    parcels = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))
    weight_grm = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))
    heaviest_grm = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))
    dimensions_mmt = fields.List(
        fields.Integer(strict=True, validate=within(bounds.MANY)), required=True, validate=counted(bounds.SIDES)
    )
    currency = fields.String(required=True, validate=CURRENCY)
    goods_value = fields.String(required=True, validate=AMOUNT, metadata={"description": "Cost of losing all goods"})
    late = fields.String(required=True, validate=AMOUNT, metadata={"description": "Cost of one late carrier"})
    hour = fields.String(required=True, validate=AMOUNT, metadata={"description": "Cost of an hour"})
    dangerous_goods_un = fields.String()
    temperature_min_cel = fields.Integer(strict=True)
    temperature_max_cel = fields.Integer(strict=True)
    cash_on_delivery = fields.Boolean()
    operating_types = fields.List(fields.String())


class MatchSchema(Schema):
    """Body of ``POST /v1/matching/plans``."""

    plan_id = fields.String(validate=IDENTIFIER, metadata={"description": "Made at random if it is not given"})
    journey_id = fields.String(
        required=True, validate=IDENTIFIER, metadata={"description": "The journey need not be open yet"}
    )
    demand = fields.Nested(DemandSchema, required=True)


class MatchedSchema(CommittedSchema):
    """A plan as stored by platform and auditor; publish it to ask its carriers."""

    plan_id = fields.String()


class ProposedPlanSchema(MatchSchema):
    """One plan of a batch, with the chosen offer for each step."""

    chain = fields.List(fields.String(validate=IDENTIFIER), required=True, validate=counted(demands.STEPS))


class BatchSchema(Schema):
    """Body of ``POST /v1/matching/batches``: plans that were computed together outside, for the contract to check."""

    plans = fields.List(fields.Nested(ProposedPlanSchema), required=True, validate=counted(batches.PLANS))
    most_gap_bps = fields.Integer(strict=True, required=True, validate=within(bounds.BASIS_POINTS))


class SolveSchema(Schema):
    """Body of ``POST /v1/matching/solutions``: consignments to match together."""

    demands = fields.Dict(
        keys=fields.String(validate=IDENTIFIER),
        values=fields.Nested(DemandSchema),
        required=True,
        validate=counted(batches.PLANS),
        metadata={"description": "By any name, for example the journey's id"},
    )
    seconds = fields.Integer(strict=True, load_default=10, validate=SOLVER_SECONDS)


class SolvedSchema(Schema):
    """A chain of offers for each; send it to ``POST /v1/matching/batches``, where the contract checks it."""

    chains = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    total = fields.String(metadata={"description": "Total cost, minor units"})
    bound = fields.String(metadata={"description": "Total cost if capacity were unlimited"})
    gap_bps = fields.Integer(metadata={"description": "Distance of the total from the bound"})


class ReplanSchema(Schema):
    """Body of ``POST /v1/matching/plans/<id>/replacement``."""

    failed = fields.List(
        fields.Integer(strict=True), load_default=list, metadata={"description": "Numbers of legs that failed"}
    )
    done = fields.Integer(
        strict=True,
        load_default=0,
        validate=within(demands.PLACES),
        metadata={"description": "Number of legs that are done"},
    )


class AnswerLegSchema(Schema):
    """Body of ``POST /v1/matching/plans/<id>/legs/<number>/answer``."""

    accept = fields.Boolean(required=True)
    reason = fields.String(load_default="", metadata={"description": "Reason for a refusal, one word"})


class FailLegSchema(Schema):
    """Body of ``POST /v1/matching/plans/<id>/legs/<number>/failure``."""

    reason = fields.String(required=True, validate=IDENTIFIER, metadata={"description": "One word"})


class QuestionSchema(Schema):
    """A question: why was an offer not chosen for a step of a plan?"""

    grant_id = fields.String(required=True, validate=IDENTIFIER, metadata={"description": "The offer"})
    step = fields.Integer(
        strict=True, required=True, validate=within(demands.PLACES), metadata={"description": "From 0"}
    )


class QuestionQuerySchema(Schema):
    """Query of ``GET /v1/matching/plans/<id>/why-not-me``."""

    grant_id = fields.String(required=True, validate=IDENTIFIER)
    step = fields.Integer(required=True, validate=within(demands.PLACES))


class ExplainedSchema(Schema):
    """An answer, computed by platform and auditor and delivered to the carrier that asked."""

    explanation = fields.Nested(CommittedSchema)
    delivery = fields.Nested(CommittedSchema)


class TenderQuerySchema(Schema):
    """Query of the records in a platform's tender."""

    platform = fields.String(
        load_default="",
        validate=MSP_ID,
        metadata={"description": "The platform of the tender; by default the caller, or the acting platform"},
    )


class TenderPageSchema(PageQuerySchema, TenderQuerySchema):
    """Query of ``GET /v1/matching/offers``."""


class KindQuerySchema(TenderQuerySchema):
    """Query of ``GET /v1/matching/journeys/<id>``."""

    kind = fields.String(load_default="forward", validate=one_of(JourneyType))
