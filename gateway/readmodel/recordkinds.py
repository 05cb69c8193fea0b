"""Which records of the ledger the model keeps, by the first part of their keys, and the numbers in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chaincode.domain.journeys import digitallink, parcels
from gateway import bounds

# The kind's name in addresses, and the object type of the keys that the contracts write.
KINDS = {
    "orders": "order",
    "order-contents": "order.content",
    "journeys": "journey",
    "parcels": "custody",
    "units": "unit",
    "returns": "return",
    "disclosures": "grant",
    "payments": "payment",
    "carrier-claims": "carrier-claim",
    "drawbacks": "drawback",
}
# Records that are read for the events in them, and are not listed themselves.
PAGES, UNIT_PAGES = "pages", "unit-pages"
_READ = {PAGES: "page", UNIT_PAGES: "unit-page"}
BY_TYPE = {object_type: kind for kind, object_type in (KINDS | _READ).items()}

LONGEST = bounds.TEXT.most
"""How long a text may be by which something is found; an index cannot hold a longer one."""
_LINK = f"{digitallink.ROOT}/"
# Members with random values, which nobody searches for.
_PASSED_OVER = frozenset({"salt", "salts", "secret"})
_IGNORED = str.maketrans("", "", " \t()-\0")


def label(text: str) -> str:
    """
    Return a number or name in the form in which it is compared, whether a scanner or a person typed it.

    Case, blanks, hyphens, the parentheses of GS1's application identifiers and leading zeros do not count: a GTIN of 13
    digits equals the same GTIN with 14.
    """
    found = text.upper().translate(_IGNORED)
    return found.lstrip("0") or "0" if found.isdecimal() else found


def labels(document: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each value in a document that may be on a label; a name is a path of members."""
    if isinstance(document, dict):
        for member, value in document.items():
            if member not in _PASSED_OVER:
                yield from labels(value, f"{name}.{member}" if name else str(member))
    elif isinstance(document, list):
        for value in document:
            yield from labels(value, name)
    elif isinstance(document, str | int) and not isinstance(document, bool):
        for text in map(label, _printed(str(document))):
            if text and max(len(text), len(name)) <= LONGEST and storable(text) and storable(name):
                yield name, text


def _printed(text: str) -> Iterator[str]:
    """Yield a value, and of an identifier that is a URI the numbers in it: labels show these to people."""
    yield text
    known = digitallink.canonical(text)
    if known.startswith(_LINK):
        yield from known.removeprefix(_LINK).split("/")[1::2]
    elif known.startswith((parcels.S10, parcels.NUMBER)):
        yield known.rpartition("/")[2]


def storable(text: str) -> bool:
    """Return whether every database takes the text: without U+0000 and lone surrogates."""
    try:
        return "\0" not in text and bool(text.encode())
    except UnicodeEncodeError:
        return False
