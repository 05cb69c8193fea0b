"""Event streams."""

from __future__ import annotations

from marshmallow import Schema, fields

from gateway import bounds
from gateway.http.words import WordValidator
from gateway.store import checkpoints
from hlf.codec.words import Word

CHECKPOINT = WordValidator(Word(r"[A-Za-z0-9_.-]{1,64}", "a name of 1 to 64 letters, digits and _.-"))

CURSOR = WordValidator(Word(checkpoints.CURSOR, "the id of an event: its block, a colon and its transaction"))

_NAME = Word(r"[A-Za-z0-9_.:-]{1,64}", "a name of 1 to 64 letters, digits and _.:-")

EVENT_NAME = WordValidator(_NAME)

NAMES = WordValidator(
    Word(
        rf"{_NAME.pattern}(,{_NAME.pattern}){{0,{bounds.EVENT_NAMES.most - 1}}}",
        f"1 to {bounds.EVENT_NAMES.most} names of events, separated by commas",
    )
)


class StreamQuerySchema(Schema):
    """Query of ``GET /v1/events/<channel>/<chaincode>``."""

    start_block = fields.Integer(
        validate=bounds.within(bounds.BLOCK),
        metadata={"description": "First block; without it and without a cursor, the next commit"},
    )
    after = fields.String(
        metadata={
            "description": "Id of the last event that the reader has seen; the header Last-Event-ID means the same"
        }
    )
    checkpoint = fields.String(
        validate=CHECKPOINT,
        metadata={"description": "Name under which the gateway remembers the position of this reader"},
    )
    names = fields.String(
        validate=NAMES,
        metadata={
            "description": "Only events of these names, separated by commas; the others still move a checkpoint",
            "example": "CustodyPassed,JourneyClosed",
        },
    )
    limit = fields.Integer(
        validate=bounds.within(bounds.EVENTS), metadata={"description": "End the stream after so many events"}
    )
    idle_seconds = fields.Integer(
        validate=bounds.within(bounds.IDLE_SECONDS),
        metadata={"description": "End the stream after so many seconds without an event"},
    )
