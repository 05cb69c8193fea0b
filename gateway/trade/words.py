"""The trade's words as its request schemas use them; the domain says what they are."""

from __future__ import annotations

from chaincode.domain.vocabulary import attributes, goods, identifiers, money, places, weeks
from gateway.http.words import Checked
from hlf.codec import moments, names

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
