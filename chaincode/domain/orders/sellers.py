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
from hlf.codec.bounds import Bounds
from hlf.codec.words import Word

_HOST = r"[a-z0-9-]+([.][a-z0-9-]+)+"
COLOUR = Word(r"(#[0-9a-f]{6})?", "a colour such as #0a6570, in small letters, or empty")
CONTACT = Word(
    rf"(https://{_HOST}(/[A-Za-z0-9._~%/?=&-]{{0,100}})?"
    rf"|mailto:[A-Za-z0-9._+-]{{1,64}}@{_HOST}"
    r"|tel:[+][0-9]{6,15})?",
    "an address as https://shop.example/help, mailto:help@shop.example or tel:+6561234567, or empty",
)
"""Where a buyer reaches the seller. Neither a user name nor a port can hide another host in it."""
CONTACT_LENGTH = Bounds(0, 200)


@dataclasses.dataclass(frozen=True)
class SellerEntry:
    """
    A merchant's input to register a seller, or to change one; ``terms_id`` names its return terms.

    ``colour`` and ``contact`` are for the pages of its buyers.
    """

    seller_id: str
    name: str
    country: str
    terms_id: str
    colour: str = ""
    contact: str = ""

    def __post_init__(self) -> None:
        identifiers.check("seller.seller_id", self.seller_id)
        texts.check("seller.name", self.name)
        places.check_country("seller.country", self.country)
        identifiers.check("seller.terms_id", self.terms_id)
        COLOUR.check("seller.colour", self.colour)
        CONTACT.check("seller.contact", self.contact)
        texts.check("seller.contact", self.contact, CONTACT_LENGTH)


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
