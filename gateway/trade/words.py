"""Validators for request schemas, made from the bounds and words of the domain."""

from __future__ import annotations

from typing import Any, get_args

from marshmallow import fields, validate

from chaincode.domain.vocabulary import attributes, bounds, goods, identifiers, money, places, weeks
from gateway.http.words import Checked
from gateway.trade import minting
from hlf.codec import moments, names
from hlf.codec.bounds import Bounds


def within(bounds: Bounds) -> validate.Range:
    """Return a validator for a number within *bounds*."""
    return validate.Range(bounds.least, bounds.most)


def counted(bounds: Bounds) -> validate.Length:
    """Return a validator for a text or a list with a length within *bounds*."""
    return validate.Length(bounds.least, bounds.most)


def up_to(bounds: Bounds) -> validate.Length:
    """Return a validator for a list that may be left empty, with at most as many items as *bounds* allows."""
    return validate.Length(0, bounds.most)


def one_of(kind: Any) -> validate.OneOf:
    """Return a validator for the values of *kind*, an enumeration or a Literal of the domain."""
    return validate.OneOf([str(value) for value in (get_args(kind) or kind)])


IDENTIFIER = Checked(identifiers.IDENTIFIER)
STAGE = Checked(identifiers.STAGE)
AMOUNT = Checked(attributes.AMOUNT)
CURRENCY = Checked(money.CURRENCY)
COUNTRY = Checked(places.COUNTRY)
SUBDIVISION = Checked(places.SUBDIVISION)
LOCODE = Checked(places.LOCODE)
AREA = Checked(places.AREA)
HS6 = Checked(goods.HS6)
WEEK = Checked(weeks.WEEK)
DATE = Checked(moments.DATE)
MOMENT = Checked(moments.MOMENT)
SHA256 = Checked(names.SHA256)

# No contract sees these, so the gateway alone has bounds for them.
SOLVER_SECONDS = within(Bounds(1, 60))
TRACKING_TOKEN = counted(Bounds(1, 200))
BASKET = counted(Bounds(1, minting.MOST_ORDERS))


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
