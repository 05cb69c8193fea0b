"""
What the units of an order line are, as commitments that the channel keeps and values that some may read.

Every member reads journeys and accounts. If the product stood there, anybody could count what a seller sells where,
and a hidden forecast would be worth nothing. So each line has a digest for each of ATTRIBUTES, in its own slot, in
the form of claims (`disclosures`): the contract makes them when the order is placed, with salts derived from the
order's salt. Only platform and merchant have that salt; the others get the disclosures of what they need.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

from chaincode.domain.disclosure import disclosures
from chaincode.domain.disclosure.disclosures import Disclosure
from chaincode.domain.refusals import Refusal
from hlf.codec import canonical
from hlf.codec.refusals import invalid

ATTRIBUTES = ("hs6", "ahtn8", "gtin14", "weight_grm", "unit_price", "currency")
"""The names of the slots, in their order. Further ones may only be appended."""

Readers = Literal["logistics", "customs", "auditor"]

SHOWN: Mapping[Readers, frozenset[str]] = {
    "logistics": frozenset({"hs6", "ahtn8", "weight_grm"}),
    "customs": frozenset(ATTRIBUTES),
    "auditor": frozenset(ATTRIBUTES),
}
"""What each kind of reader needs: carriers what they carry, customs and auditor also what it is worth."""


@dataclasses.dataclass(frozen=True)
class DisclosedLine:
    """
    What one organisation was shown of an order line.

    ``disclosures`` prove ``values`` to anybody, against the line's digests on the channel.
    """

    line: str
    values: Mapping[str, str]
    disclosures: tuple[str, ...]


def committed(values: Mapping[str, str], salt: str, what: str) -> tuple[tuple[str, ...], tuple[Disclosure, ...]]:
    """
    Return the digests and the disclosures of a line; *what* names the line, so that no two have a salt in common.

    The salts follow from *salt*, so that everybody who has the order gets the same.
    """
    drawn = iter(range(len(ATTRIBUTES)))

    def derived(size: int) -> bytes:
        return hashlib.sha256(f"{salt}/{what}/{next(drawn)}".encode()).digest()[:size]

    return disclosures.slotted(values, ATTRIBUTES, derived)


def check_digests(field: str, digests: Iterable[str]) -> None:
    """Refuse values that are not the digests of a line."""
    listed = list(digests)
    if len(listed) != len(ATTRIBUTES) or not all(map(disclosures.is_digest, listed)):
        raise invalid(field, f"must be {len(ATTRIBUTES)} base64url SHA-256 digests")


def read(data: bytes, digests: Mapping[str, tuple[str, ...]], readers: Readers) -> tuple[DisclosedLine, ...]:
    """
    Return what *data* shows of lines with these *digests*: a JSON object of arrays of disclosures, by line.

    Raises:
        Refused: INVALID_ARGUMENT, UNKNOWN_ATTRIBUTE, ATTRIBUTE_TWICE, NOT_IN_CLAIM, ATTRIBUTE_NOT_GRANTED for what
            *readers* do not need.
    """
    try:
        told = canonical.loads(data)
    except canonical.CanonicalError as error:
        raise invalid("transient.goods", error.reason) from None
    if not isinstance(told, dict) or not told or not set(told) <= set(digests):
        raise invalid("transient.goods", "must be an object of disclosures, by lines of the journey")
    found = []
    for line, encoded in sorted(told.items()):
        if not isinstance(encoded, list) or not all(isinstance(each, str) for each in encoded):
            raise invalid("transient.goods", "must have an array of texts for each line")
        opened = [disclosures.read(each, "transient.goods") for each in encoded]
        values = disclosures.opened_in(digests[line], opened, ATTRIBUTES, "a line of an order")
        if not set(values) <= SHOWN[readers]:
            raise Refusal.ATTRIBUTE_NOT_GRANTED(f"{readers} needs of goods only {', '.join(sorted(SHOWN[readers]))}")
        found.append(DisclosedLine(line, {name: str(value) for name, value in values.items()}, tuple(encoded)))
    return tuple(found)
