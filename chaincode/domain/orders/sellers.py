"""
Sellers: the shops that an organisation sells for.

An organisation of the channel may sell for many sellers. A seller is data under its organisation, not an
organisation: it has no peer and signs nothing. An order may name one of its merchant's sellers, and then pins the
return terms of this seller.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers, places
from hlf.codec import names, texts


@dataclasses.dataclass(frozen=True)
class SellerEntry:
    """A merchant's input to register a seller, or to change one; ``terms_id`` names its return terms."""

    seller_id: str
    name: str
    country: str
    terms_id: str

    def __post_init__(self) -> None:
        identifiers.check("seller.seller_id", self.seller_id)
        texts.check("seller.name", self.name)
        places.check_country("seller.country", self.country)
        identifiers.check("seller.terms_id", self.terms_id)


@dataclasses.dataclass(frozen=True)
class Seller:
    """A seller as the channel has it, under the organisation that sells for it; every version stays in the history."""

    merchant: str
    version: int
    entry: SellerEntry

    def changed(self, entry: SellerEntry) -> Seller:
        """Return the next version."""
        return dataclasses.replace(self, version=self.version + 1, entry=entry)

    def check_pins(self, terms_id: str) -> None:
        """
        Refuse the terms of another seller.

        Raises:
            Refused: WRONG_TERMS.
        """
        if terms_id != self.entry.terms_id:
            raise Refusal.WRONG_TERMS(f"{self.entry.seller_id} sells under {self.entry.terms_id}, not {terms_id}")


def registered(merchant: str, entry: SellerEntry) -> Seller:
    """Return a seller that is registered for the first time."""
    return Seller(names.MSP_ID.check("merchant", merchant), 1, entry)
