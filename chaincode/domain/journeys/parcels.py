"""
Identifiers of consignments: GS1's in EPC URIs and Digital Links, postal items (UPU S10), a carrier's own numbers.

An identifier without a URI of its own gets one of Selat's: ``.../voc/s10/RR473124829GB``
for a postal item, ``.../voc/parcel/CarrierMSP/4711-08`` for the number that a
carrier gave, ``.../voc/return/R1`` for the goods of a return, which have no label before the carrier fetches them. A
check digit is verified wherever the scheme has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from chaincode.domain.journeys import digitallink
from chaincode.domain.vocabulary import goods
from hlf.codec import names
from hlf.codec.refusals import invalid
from hlf.codec.words import Word

VOCABULARY = "https://selat.test/voc/"
S10 = f"{VOCABULARY}s10/"
NUMBER = f"{VOCABULARY}parcel/"
RETURN = f"{VOCABULARY}return/"

_SSCC = f"{digitallink.ROOT}/00/"
_GTIN = f"{digitallink.ROOT}/01/"
_URI = re.compile(r"(urn:epc:id:[a-z]+:|https?://)[!-~]{3,200}")
_OF_A_CARRIER = Word(r"[A-Za-z0-9][A-Za-z0-9_.-]{2,39}", "a carrier's number of 3 to 40 letters and digits")


def identified(identifier: str, field: str) -> str:
    """
    Return *identifier* if it can name goods, and its check digit is right where its scheme has one.

    Raises:
        Refused: INVALID_ARGUMENT.
    """
    if not _URI.fullmatch(identifier):
        raise invalid(field, "must be an EPC URI (urn:epc:id:...), a GS1 Digital Link or a parcel's URI")
    known = digitallink.canonical(identifier)
    if known.startswith(("urn:epc:id:sscc:", "urn:epc:id:sgtin:")):
        raise invalid(field, "has no company prefix and reference as an EPC URI has them")
    if known.startswith(_SSCC):
        goods.check_sscc(field, known.removeprefix(_SSCC))
    elif known.startswith(_GTIN):
        goods.check_gtin(field, known.removeprefix(_GTIN).split("/")[0])
    elif known.startswith(S10):
        goods.check_s10(field, known.removeprefix(S10))
    elif known.startswith(NUMBER):
        carrier, _, number = known.removeprefix(NUMBER).partition("/")
        names.MSP_ID.check(field, carrier)
        _OF_A_CARRIER.check(field, number)
    if not digitallink.well_formed(identifier):
        raise invalid(field, "has not the parts, digits or signs of its GS1 key: see the GS1 General Specifications")
    return identifier


def of(identifiers: Iterable[str]) -> tuple[str, ...]:
    """Return the parcels among *identifiers*, each once in its canonical spelling; leave out units."""
    known = dict.fromkeys(digitallink.canonical(each) for each in identifiers)
    return tuple(each for each in known if each.startswith((_SSCC, S10, NUMBER, RETURN)))
