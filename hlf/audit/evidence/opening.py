"""
Openings of private values: the value behind a hash on the channel, and disclosures of its members (RFC 9901).

A channel holds SHA-256 of a private key and of its value. Where that value is a document of digests (``_sd``), its
owner can disclose members one by one: each disclosure is ``base64url(JSON [salt, name, value])``, and the document has
the SHA-256 of that text. Only members at the top of the document are opened here; RFC 9901 allows deeper ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hlf.audit.evidence import documents
from hlf.codec import base64url
from hlf.errors import WireError
from hlf.wire import blocks, keys


@dataclass(frozen=True, slots=True)
class ValueOpening:
    """
    An opening: the place of the hash on the channel, the private value, and disclosures of its members.

    Without *disclosures* only the value itself is shown.
    """

    namespace: str
    collection: str
    key: str
    value: str
    disclosures: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the opening in the form of a receipt."""
        return {
            "namespace": self.namespace,
            "collection": self.collection,
            "key": self.key,
            "value": self.value,
            "disclosures": list(self.disclosures),
        }

    @classmethod
    def from_document(cls, value: Any) -> ValueOpening:
        """
        Return the opening in a receipt.

        Raises:
            WireError: it is none.
        """
        fields = documents.Fields(value, "the disclosure")
        opening = cls(
            namespace=fields.text("namespace"),
            collection=fields.text("collection"),
            key=fields.text("key"),
            value=fields.text("value"),
            disclosures=fields.list("disclosures", documents.text_of),
        )
        fields.end()
        return opening

    @property
    def value_hash(self) -> bytes:
        """The hash of the value on the channel."""
        return hashlib.sha256(self.value.encode()).digest()

    def written_by(self, transaction: blocks.BlockTransaction) -> bool:
        """Return whether *transaction* writes exactly this value under exactly this key."""
        key_hash = keys.hash_key(self.key.encode())
        return any(
            write.key_hash == key_hash and write.value_hash == self.value_hash and not write.is_delete
            for action in transaction.actions
            for part in action.rwset.namespaces
            if part.namespace == self.namespace
            for collection in part.collections
            if collection.name == self.collection
            for write in collection.writes
        )

    def opened(self) -> Mapping[str, Any]:
        """
        Return the disclosed members of the value, by name.

        Raises:
            WireError: a disclosure is malformed or repeated, or the value does not commit to it.
        """
        if not self.disclosures:
            return {}
        document = documents.loads(self.value.encode())
        digests = _digests(document)
        found: dict[str, Any] = {}
        for number, encoded in enumerate(self.disclosures, start=1):
            name, value = _disclosed(encoded, number)
            if name in found or name in document:
                raise WireError(f"{name[:80]!r} is disclosed twice")
            if digests.get(_digest(encoded)) != 1:
                raise WireError(f"disclosure {number} is not one that the value commits to")
            found[name] = value
        return found


def _digests(document: Any) -> dict[str, int]:
    """Return how often each digest stands in the document; more than once is against RFC 9901, 7.1."""
    if not isinstance(document, dict) or not isinstance(document.get("_sd"), list):
        raise WireError("the value is no document with an array _sd of digests")
    if document.get("_sd_alg", "sha-256") != "sha-256":
        raise WireError("the document's digests are of another kind than sha-256")
    counted: dict[str, int] = {}
    for digest in document["_sd"]:
        text = documents.text_of(digest, "a digest of the document")
        counted[text] = counted.get(text, 0) + 1
    return counted


def _disclosed(encoded: str, number: int) -> tuple[str, Any]:
    try:
        decoded = base64url.decode(encoded)
    except ValueError:
        raise WireError(f"disclosure {number} is not base64url") from None
    try:
        parts = documents.loads(decoded)
    except WireError as malformed:
        raise WireError(f"disclosure {number} is malformed: {malformed}") from None
    if not isinstance(parts, list) or len(parts) != 3 or not all(isinstance(each, str) for each in parts[:2]):
        raise WireError(f"disclosure {number} is not [salt, name, value]")
    if parts[1] in ("_sd", "..."):
        raise WireError(f"disclosure {number} has a name that RFC 9901 keeps for itself")
    return parts[1], parts[2]


def _digest(encoded: str) -> str:
    return base64url.encode(hashlib.sha256(encoded.encode()).digest())


def text(value: Any) -> str:
    """Return a disclosed value as JSON on one line, in ASCII, whatever it is."""
    return json.dumps(value, ensure_ascii=True)
