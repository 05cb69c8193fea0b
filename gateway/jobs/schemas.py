"""Jobs and batches in requests and answers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from gateway import bounds
from gateway.http.times import Time


class JobQuerySchema(Schema):
    """Query of the list of jobs."""

    limit = fields.Integer(load_default=100, validate=bounds.within(bounds.PAGE))


class JobSchema(Schema):
    """A request that is answered later."""

    id = fields.String(required=True)
    path = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["waiting", "done"]))
    attempts = fields.Integer(required=True, metadata={"description": "How often it was done"})
    created_at = Time(required=True)
    finished_at = Time(required=True, allow_none=True)
    status = fields.Integer(required=True, allow_none=True, metadata={"description": "Of its answer; null until then"})
    answer = fields.String(required=True, metadata={"description": "Address of its answer"})


class BatchedSchema(Schema):
    """One request of a batch."""

    path = fields.String(
        required=True,
        validate=bounds.counted(bounds.ADDRESS),
        metadata={"description": "Address of a write", "example": "/v1/orders"},
    )
    body = fields.Raw(allow_none=True, metadata={"description": "Its body, as the address takes it"})


class NewBatchSchema(Schema):
    """Body of ``POST /v1/batches``."""

    requests = fields.List(fields.Nested(BatchedSchema), required=True, validate=bounds.counted(bounds.BATCH))
    conflicts = fields.String(
        load_default="report",
        validate=validate.OneOf(["report", "retry"]),
        metadata={"description": "Whether a request is done again if another transaction changed the same thing"},
    )


class MadeBatchSchema(Schema):
    """A batch that was accepted."""

    id = fields.String(required=True)
    requests = fields.Integer(required=True)


class OutcomeSchema(JobSchema):
    """The outcome of one request of a batch."""

    number = fields.Integer(required=True, metadata={"description": "Its place in the batch, from 0"})
    body = fields.Raw(required=True, allow_none=True, metadata={"description": "The answer's body; null until then"})


class BatchOutcomeSchema(Schema):
    """The outcomes of a batch."""

    id = fields.String(required=True)
    done = fields.Boolean(required=True)
    good = fields.Integer(required=True, metadata={"description": "Requests that were answered 2xx"})
    bad = fields.Integer(required=True, metadata={"description": "Requests that were refused"})
    waiting = fields.Integer(required=True)
    outcomes = fields.List(fields.Nested(OutcomeSchema), required=True)
