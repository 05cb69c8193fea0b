"""Random identifiers, salts and links. Contracts cannot make them, because they have no randomness."""

from __future__ import annotations

import base64
import hashlib

from chaincode.domain.disclosure import disclosures
from gateway.http import context


def public_id(prefix: str) -> str:
    """Return a random identifier: everybody can read identifiers in blocks, so they must reveal nothing."""
    return f"{prefix}-{context.random_bytes(8).hex()}"


def salt() -> str:
    """Return random bytes in base64url, enough to protect a private record with a public hash."""
    return base64.urlsafe_b64encode(context.random_bytes(disclosures.SALT_BYTES)).rstrip(b"=").decode()


def link_token() -> str:
    """Return a shopper's link: 256 random bits. Only its hash ever reaches a ledger."""
    return base64.urlsafe_b64encode(context.random_bytes(32)).rstrip(b"=").decode()


def link_hash(token: str) -> str:
    """Return the hash of a link, as it is on the ledger."""
    return hashlib.sha256(token.encode()).hexdigest()
