"""Calls of functions of any chaincode."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from marshmallow import Schema, ValidationError, fields

from gateway import bounds
from gateway.http.words import MSP_ID

# Fabric's own rules for names of channels and chaincodes.


class Base64(fields.Field[bytes]):
    """Bytes, as base64 text; the error never quotes the text, which may be private."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:
        try:
            return base64.b64decode(value.encode("ascii"), validate=True)
        except (AttributeError, UnicodeEncodeError, binascii.Error):
            raise ValidationError("Not base64 text.") from None

    def _serialize(self, value: bytes | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else base64.b64encode(value).decode()


class CallSchema(Schema):
    """Body of ``POST /v1/channels/<channel>/chaincodes/<chaincode>/{evaluate,submit}``."""

    function = fields.String(
        required=True,
        validate=bounds.counted(bounds.NAME),
        metadata={"description": "With the contract's name in front, if it has one", "example": "Journeys:read"},
    )
    arguments = fields.List(
        fields.Raw(allow_none=True),
        load_default=list,
        metadata={"description": "Text is sent as it is, any other value as canonical JSON", "example": ["J1"]},
    )
    transient = fields.Dict(
        keys=fields.String(validate=bounds.counted(bounds.NAME)),
        values=Base64(),
        load_default=dict,
        metadata={"description": "Private values by name, in base64; only the endorsers see them"},
    )
    endorsing_organizations = fields.List(
        fields.String(validate=MSP_ID),
        load_default=list,
        metadata={
            "description": "MSP ids of organisations that must endorse; by default Fabric plans by the policies",
            "example": ["PlatformMSP"],
        },
    )


class TypedCallSchema(Schema):
    """Body of a call of one function, whose chaincode publishes what it takes."""

    arguments = fields.Dict(
        keys=fields.String(validate=bounds.counted(bounds.NAME)),
        values=fields.Raw(allow_none=True),
        load_default=dict,
        metadata={"description": "By the names of the function's parameters", "example": {"journey_id": "J1"}},
    )
    transient = fields.Dict(
        keys=fields.String(validate=bounds.counted(bounds.NAME)),
        values=fields.Raw(allow_none=True),
        load_default=dict,
        metadata={
            "description": "Private values by name: text as it is, any other value as canonical JSON; only the "
            "endorsers see them"
        },
    )
    endorsing_organizations = fields.List(
        fields.String(validate=MSP_ID),
        load_default=list,
        metadata={"description": "MSP ids of organisations that must endorse; by default as the function declares"},
    )


class AnswerSchema(Schema):
    """The answer of a contract."""

    result = fields.Raw(allow_none=True, metadata={"description": "The answer as JSON or text; null if it is neither"})
    result_base64 = Base64(metadata={"description": "The exact bytes of the answer"})


class ReceiptSchema(AnswerSchema):
    """A committed transaction."""

    transaction_id = fields.String()
    block_number = fields.Integer()


class PreflightSchema(Schema):
    """The organisations that a call would go to, and the declaration of its function."""

    function = fields.String()
    declared = fields.Boolean(metadata={"description": "Whether the chaincode publishes what the function declares"})
    query = fields.Boolean(metadata={"description": "Whether the function is evaluated; then nobody endorses"})
    must_endorse = fields.List(
        fields.String(),
        metadata={
            "description": "Organisations that endorse, or that answer a query; none if Fabric plans by the policies"
        },
    )
    will_see = fields.List(fields.String(), metadata={"description": "Organisations that get the private values"})
    private = fields.List(fields.String(), metadata={"description": "Names of the transient fields in the call"})
    endorsed_by = fields.List(fields.String(), allow_none=True, metadata={"description": "As declared"})
    transient = fields.List(
        fields.String(), allow_none=True, metadata={"description": "Transient fields that the function takes"}
    )
    called_by = fields.List(fields.String(), metadata={"description": "Who may call it"})
    read_on = fields.List(
        fields.String(), metadata={"description": "Organisations whose peers have the answer of a query"}
    )


class StatusQuerySchema(Schema):
    """Query of ``GET /v1/channels/<channel>/transactions/<id>/status``."""

    wait_seconds = fields.Integer(
        load_default=5,
        validate=bounds.within(bounds.WAIT_SECONDS),
        metadata={"description": "How long to wait for its commit"},
    )


class StatusSchema(Schema):
    """The status of a transaction."""

    transaction_id = fields.String()
    valid = fields.Boolean()
    validation_code = fields.String(metadata={"example": "VALID"})
    block_number = fields.Integer()
