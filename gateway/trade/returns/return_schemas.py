"""Returns."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.returns import terms
from chaincode.domain.vocabulary import bounds
from gateway import bounds as own
from gateway.fabric.call_schemas import Base64
from gateway.trade import words
from gateway.trade.receipts import CommittedSchema
from gateway.trade.returns.shownphotos import PhotoSize
from gateway.trade.words import IDENTIFIER, SHA256, TRACKING_TOKEN, counted, one_of, within


def photo_files() -> fields.List[bytes]:
    """Return the field for the photos that come with a request."""
    return fields.List(
        Base64(),
        load_default=list,
        validate=counted(own.PHOTOS),
        metadata={
            "description": "Photographs, each a JPEG, PNG or WebP file in base64, 12 MB together at most; only the "
            "pixels are kept, encrypted and for some months; what they hash to is added to `evidence`"
        },
    )


class ReturnSchema(Schema):
    """Body of ``POST /v1/returns/preview``."""

    return_id = fields.String(validate=IDENTIFIER, metadata={"description": "Made at random if it is not given"})
    journey_id = fields.String(required=True, validate=IDENTIFIER)
    line = fields.String(required=True, metadata={"example": "1"})
    quantity = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))
    reason = fields.String(required=True, metadata={"example": "DEFECTIVE"})
    resolution = fields.String(required=True, validate=one_of(terms.Resolution))
    condition = fields.String(required=True, validate=one_of(terms.Condition))
    tracking_token = fields.String(
        required=True,
        validate=TRACKING_TOKEN,
        metadata={
            "description": "The shopper's link, which proves that the buyer asks. Only its hash leaves the gateway"
        },
    )
    evidence = fields.List(
        fields.String(validate=SHA256),
        load_default=list,
        validate=counted(bounds.EVIDENCE),
        metadata={"description": "SHA-256 of photographs and other evidence, which are kept outside the ledger"},
    )
    serials = words.serials("The units' own identifiers, one for each, where the parcels were sent with serials")


class SentReturnSchema(ReturnSchema):
    """Body of ``POST /v1/returns`` and ``POST /v1/returns/drafts``."""

    photos = photo_files()


class PhotosSchema(Schema):
    """The photos of a return that this gateway keeps."""

    photos = fields.List(
        fields.String(), metadata={"description": "SHA-256 of each, as in the return's evidence; in the order as sent"}
    )


class PhotoQuerySchema(Schema):
    """Query of ``GET /v1/returns/<return_id>/photos/<digest>``."""

    size = fields.String(validate=one_of(PhotoSize), metadata={"description": "One with fewer pixels"})


class OfJourneyQuerySchema(Schema):
    """Query of ``GET /v1/returns``."""

    journey_id = fields.String(required=True, validate=IDENTIFIER)


class DecidedSchema(CommittedSchema):
    """A decided return. A rejection is an answer too; ``result.decision`` has the result of every rule."""

    return_id = fields.String()
