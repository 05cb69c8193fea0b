"""
Claims in receipts: the place of a claim's hash on the channel, and what its disclosures prove.

``hlf.audit.evidence.opening`` checks disclosures by RFC 9901 only, where an owner could hide a second value of a name
among decoys. A claim of the trade has a fixed slot for each name, and this module checks the slots.
"""

from __future__ import annotations

import json
from typing import Any

from chaincode.contracts.disclosure import claims as contract
from chaincode.domain.disclosure import claims as rules
from chaincode.domain.disclosure import disclosures
from chaincode.domain.disclosure.disclosures import Document
from hlf.audit.evidence import documents
from hlf.audit.evidence.opening import ValueOpening
from hlf.audit.records import visible
from hlf.codec.refusals import Refused
from hlf.errors import WireError
from hlf.wire import keys

# Members of the gateway's answers that contain a document and disclosures.
_PLACE = ("namespace", "collection", "key")


def read(data: bytes, chaincode: str) -> ValueOpening:
    """
    Return the disclosure in a file.

    The file is an answer of the gateway's addresses for claims and disclosures, or any JSON object with
    ``document`` and ``disclosures``. If it is not a claim, ``namespace``, ``collection`` and ``key`` name its place
    on the channel.

    Raises:
        WireError: it is not a disclosure, or does not name its place.
    """
    found = documents.loads(data)
    if not isinstance(found, dict):
        raise WireError("the disclosure is no JSON object")
    text = documents.text_of(found.get("document"), "the disclosure's document")
    listed = found.get("disclosures")
    if not isinstance(listed, list):
        raise WireError("the disclosure has no array of disclosures")
    encoded = tuple(documents.text_of(each, "a disclosure") for each in listed)
    if any(name in found for name in _PLACE):
        namespace, collection, key = (documents.text_of(found.get(name), f"the disclosure's {name}") for name in _PLACE)
        return ValueOpening(namespace, collection, key, text, encoded)
    try:
        document = disclosures.read_document(text.encode())
    except Refused as refused:
        words = "the document is no claim, so say where it stands with namespace, collection and key"
        raise WireError(f"{words} ({refused})") from None
    return ValueOpening(chaincode, *_place_of(document), text, encoded)


def refusal(opening: ValueOpening) -> str:
    """
    Return why a claim's disclosures do not bind its owner; empty if they do, or if it is not a claim.

    Each disclosure must be in the slot of its name, and the claim in the collection of its issuer.
    """
    document = _claim(opening)
    if document is None:
        return ""
    try:
        opened = [disclosures.read(each, f"disclosures[{at}]") for at, each in enumerate(opening.disclosures)]
        disclosures.opened(document, opened, rules.kind_of(document).slots)
    except Refused as refused:
        return str(refused)
    if (opening.collection, opening.key) != _place_of(document):
        return "the document stands elsewhere than its issuer, claim and revision say"
    return ""


def shown(opening: ValueOpening, values: dict[str, Any]) -> list[str]:
    """Return text for people: one disclosed value on each line, with the owner that committed to it."""
    owner = keys.msp_of_implicit_collection(opening.collection) or f"collection {opening.collection}"
    lines = [
        f"{visible.text(owner)} committed to {json.dumps(name)} = {json.dumps(value)}"
        for name, value in sorted(values.items())
    ]
    if _claim(opening) is None:
        lines.append("it is no claim of the trade: other values of the same names may be hidden in it")
    return lines


def _claim(opening: ValueOpening) -> Document | None:
    """Return the value as a claim of the trade, if it is one."""
    try:
        document = disclosures.read_document(opening.value.encode())
        rules.kind_of(document)
    except Refused:
        return None
    return document


def _place_of(document: Document) -> tuple[str, str]:
    """Return the collection and key of a claim."""
    key = keys.composite_key(contract.DOCUMENT, contract.attributes(document.claim_id, document.revision))
    return keys.implicit_collection(document.issuer), key
