"""EPCIS documents and capture jobs, with the names that GS1's interface has."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from gateway import bounds
from gateway.http.times import Time


class EventListSchema(Schema):
    """Body of an EPCIS document."""

    events = fields.List(
        fields.Dict(keys=fields.String()), data_key="eventList", required=True, validate=bounds.counted(bounds.BATCH)
    )


class CapturedDocumentSchema(Schema):
    """Body of ``POST /epcis/capture``: an EPCIS 2.0 document."""

    context = fields.Raw(data_key="@context", metadata={"description": "Says what prefixes mean; `selat` is Selat's"})
    document = fields.String(data_key="id")
    created = fields.String(data_key="creationDate", metadata={"description": "When the document was written"})
    type = fields.String(required=True, validate=validate.Equal("EPCISDocument"))
    version = fields.String(
        data_key="schemaVersion", required=True, validate=validate.Regexp(r"^2\.[0-9](?:\.[0-9])?$")
    )
    body = fields.Nested(EventListSchema, data_key="epcisBody", required=True)


class CaptureJobSchema(Schema):
    """A capture job."""

    id = fields.String(data_key="captureID", required=True)
    created_at = Time(data_key="createdAt", required=True)
    finished_at = Time(data_key="finishedAt", required=True, allow_none=True)
    running = fields.Boolean(required=True)
    success = fields.Boolean(required=True)
    behaviour = fields.String(data_key="captureErrorBehaviour", required=True)
    errors = fields.List(
        fields.Dict(keys=fields.String()),
        required=True,
        metadata={"description": "The problem of each event that was refused, with its place as `event`"},
    )
