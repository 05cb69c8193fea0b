"""Random identifiers, salts and links. Contracts cannot make them, because they have no randomness."""

from __future__ import annotations

import hashlib
import hmac

from chaincode.domain.disclosure import disclosures
from gateway import bounds
from gateway.http import context
from hlf.codec import base64url


def public_id(prefix: str) -> str:
    """Return a random identifier. Everybody can read identifiers in blocks, so they must reveal nothing."""
    return f"{prefix}-{context.random_bytes(8).hex()}"


def salt() -> str:
    """Return random bytes in base64url, enough to protect a private record with a public hash."""
    return base64url.encode(context.random_bytes(disclosures.SALT_BYTES))


def link_token() -> str:
    """Return a shopper's link: 256 random bits. Only its hash ever reaches a ledger."""
    return base64url.encode(context.random_bytes(32))


def link_hash(token: str) -> str:
    """Return the hash of a link, as it is on the ledger."""
    return hashlib.sha256(token.encode()).hexdigest()


def basket_token(orders: int) -> str:
    """
    Return a shopper's link to a basket of so many orders.

    The links of its orders are derived from it by a one-way function. So it needs no record, and nobody who reads the
    ledger or has the link of one order learns which orders were bought together.
    """
    return f"{link_token()}.{orders}"


def links_in(basket: str) -> tuple[str, ...]:
    """Return the links of a basket's orders, in the sequence in which they were placed; none for any other text."""
    secret, _, number = basket.partition(".")
    if number not in {str(each) for each in range(1, bounds.BASKET.most + 1)}:
        return ()
    made = (hmac.digest(secret.encode(), str(each).encode(), "sha256") for each in range(int(number)))
    return tuple(map(base64url.encode, made))
