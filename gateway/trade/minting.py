"""What contracts cannot make, for they have no randomness: identifiers, salts and links."""

from __future__ import annotations

import base64
import hashlib
import secrets

from chaincode.domain.disclosure import disclosures


def public_id(prefix: str) -> str:
    """Return an identifier that says nothing: identifiers stand in blocks for everybody to read."""
    return f"{prefix}-{secrets.token_hex(8)}"


def salt() -> str:
    """Return random bytes in base64url, enough for a private record whose hash stands on a channel."""
    return base64.urlsafe_b64encode(secrets.token_bytes(disclosures.SALT_BYTES)).rstrip(b"=").decode()


def link_token() -> str:
    """Return a shopper's link: 256 random bits. Only its hash ever reaches a ledger."""
    return secrets.token_urlsafe(32)


def link_hash(token: str) -> str:
    """Return what the ledger knows of a link."""
    return hashlib.sha256(token.encode()).hexdigest()
