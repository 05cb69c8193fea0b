"""Products of merchants on `ecommerce`, with the data that carriers and customs need."""

from __future__ import annotations

import dataclasses
from typing import Literal

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds, goods, money, places
from chaincode.domain.vocabulary.attributes import LANGUAGE
from hlf.codec import names, texts
from hlf.codec.records import Amount
from hlf.codec.refusals import invalid


@dataclasses.dataclass(frozen=True)
class Product:
    """
    One article of one merchant.

    Attributes:
        titles: by BCP 47 language.
        list_price: in minor units; the price of an order may differ and stays private.
        origin: country of origin, ISO 3166-1.
    """

    gtin: str
    titles: dict[str, str]
    hs6: str
    category: str
    weight_grm: int
    volume_cmq: int
    list_price: Amount
    currency: str
    origin: str
    ahtn8: str = ""
    dg_un: str = ""

    def __post_init__(self) -> None:
        goods.check_gtin("product.gtin", self.gtin)
        goods.check_hs6("product.hs6", self.hs6)
        if self.ahtn8 and goods.check_ahtn8("product.ahtn8", self.ahtn8)[:6] != self.hs6:
            raise invalid("product.ahtn8", "must begin with hs6")
        if self.dg_un:
            goods.check_un_number("product.dg_un", self.dg_un)
        money.check_currency("product.currency", self.currency)
        money.MINOR.check("product.list_price", self.list_price)
        places.check_country("product.origin", self.origin)
        texts.check("product.category", self.category)
        for field in ("weight_grm", "volume_cmq"):
            bounds.MANY.check(f"product.{field}", getattr(self, field))
        if not self.titles:
            raise invalid("product.titles", "must have a title in at least one language")
        for language, title in self.titles.items():
            LANGUAGE.check("product.titles", language)
            texts.check("product.titles", title, bounds.SENTENCE)


@dataclasses.dataclass(frozen=True)
class Listing:
    """A product as the channel stores it; only its merchant changes it, and every version stays in its history."""

    merchant: str
    version: int
    state: Literal["offered", "withdrawn"]
    product: Product

    def amended(self, product: Product) -> Listing:
        """Return the next version, in state offered."""
        return dataclasses.replace(self, version=self.version + 1, state="offered", product=product)

    def withdrawn(self) -> Listing:
        """
        Return the product as withdrawn.

        Raises:
            Refused: WRONG_STATE.
        """
        if self.state == "withdrawn":
            raise Refusal.WRONG_STATE(f"{self.product.gtin} is withdrawn")
        return dataclasses.replace(self, version=self.version + 1, state="withdrawn")


def listed(merchant: str, product: Product) -> Listing:
    """Return a product that is offered for the first time."""
    return Listing(names.MSP_ID.check("merchant", merchant), 1, "offered", product)
