"""Validators for request schemas, made from the bounds and words of the domain."""

from __future__ import annotations

from typing import Any, get_args

from marshmallow import fields, validate

from chaincode.domain.vocabulary import attributes, bounds, goods, identifiers, money, places, weeks
from gateway import bounds as own
from gateway.bounds import counted as counted
from gateway.bounds import up_to as up_to
from gateway.bounds import within as within
from gateway.http.words import WordValidator
from hlf.codec import moments, names


def one_of(kind: Any) -> validate.OneOf:
    """Return a validator for the values of *kind*, an enumeration or a Literal of the domain."""
    return validate.OneOf([str(value) for value in (get_args(kind) or kind)])


IDENTIFIER = WordValidator(identifiers.IDENTIFIER)
STAGE = WordValidator(identifiers.STAGE)
AMOUNT = WordValidator(attributes.AMOUNT)
CURRENCY = WordValidator(money.CURRENCY)
COUNTRY = WordValidator(places.COUNTRY)
SUBDIVISION = WordValidator(places.SUBDIVISION)
LOCODE = WordValidator(places.LOCODE)
AREA = WordValidator(places.AREA)
HS6 = WordValidator(goods.HS6)
WEEK = WordValidator(weeks.WEEK)
DATE = WordValidator(moments.DATE)
MOMENT = WordValidator(moments.MOMENT)
SHA256 = WordValidator(names.SHA256)

# No contract sees these.
SOLVER_SECONDS = within(own.SOLVER_SECONDS)
TRACKING_TOKEN = counted(own.TEXT)
BASKET = counted(own.BASKET)


def hash_of(what: str) -> fields.String:
    """Return the field for the hash of *what*, a document that stays outside the ledger."""
    return fields.String(
        required=True, validate=SHA256, metadata={"description": f"SHA-256 of {what}, which is kept outside the ledger"}
    )


def serials(what: str) -> fields.List[str]:
    """Return the field for the serials of units; *what* says which."""
    return fields.List(
        fields.String(), load_default=list, validate=counted(bounds.SERIALS), metadata={"description": what}
    )
