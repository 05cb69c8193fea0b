"""Bearer tokens: made here, shown once, kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gateway.store import scopes as scope_texts
from gateway.store.database import Store
from gateway.store.scopes import SCOPES
from gateway.store.statements import PreparedStatement
from gateway.store.tables import tokens

_PREFIX = "selat"
# How many seconds a found token is accepted without asking the database again, and how many tokens are cached.
_LATELY = 0.5
_MOST = 10_000
# How many tokens one statement asks for.
_ASKED = 500
_CREATE = PreparedStatement(
    sa.insert(tokens), "id", "digest", "msp_id", "user", "scopes", "created_at", "expires_at", "account"
)
_FIND = PreparedStatement(sa.select(tokens).where(tokens.c.id == sa.bindparam("token")))
_REVOKE = PreparedStatement(
    sa.update(tokens)
    .where(tokens.c.id == sa.bindparam("token"))
    .values(revoked_at=sa.func.coalesce(tokens.c.revoked_at, sa.bindparam("now")))
)
_END = PreparedStatement(
    sa.update(tokens)
    .where(tokens.c.id == sa.bindparam("token"), tokens.c.expires_at > sa.bindparam("ends"))
    .values(expires_at=sa.bindparam("ends"))
)
_ALL = PreparedStatement(sa.select(tokens).order_by(tokens.c.created_at.desc(), tokens.c.id))
_OF_USER = PreparedStatement(
    sa.select(tokens)
    .where(tokens.c.msp_id == sa.bindparam("of_msp_id"), tokens.c.user == sa.bindparam("of_user"))
    .order_by(tokens.c.created_at.desc(), tokens.c.id)
)


class TokenError(Exception):
    """
    A token is not accepted.

    Attributes:
        reason: ``malformed``, ``unknown``, ``expired``, ``revoked`` or, for a token of another issuer, ``invalid``.
        words: why another issuer's token is invalid.
    """

    def __init__(self, reason: str, expires_at: datetime | None = None, words: str = "") -> None:
        self.reason = reason
        self.expires_at = expires_at
        self.words = words
        super().__init__(f"token {reason}")


class IssuerUnavailableError(Exception):
    """The keys of a trusted issuer cannot be read, so none of its tokens can be checked."""


@dataclass(frozen=True)
class TokenCaller:
    """The user that a token acts for, and its scopes."""

    token_id: str
    msp_id: str
    user: str
    scopes: frozenset[str]
    expires_at: datetime
    account: str = ""

    @property
    def name(self) -> str:
        """Who it is, for people: organisation and user, and the service account that acts for it."""
        return f"{self.msp_id}/{self.user}" + (f" ({self.account})" if self.account else "")

    def may(self, scope: str) -> bool:
        """Return whether the token has *scope*, by itself or as a part of one of its own."""
        return scope_texts.covers(self.scopes, scope)


@dataclass(frozen=True)
class Token:
    """One row of ``selat gateway token list``; it cannot be used as a token. *account* is empty for a person's."""

    id: str
    msp_id: str
    user: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked: bool
    account: str


@dataclass
class _FoundToken:
    """Whom a token acts for, when the database was asked, and whether a request is asking again."""

    caller: TokenCaller
    asked_at: float
    asked_again: bool = False


class Tokens:
    """
    The tokens of one gateway.

    A token is 256 random bits, so its plain SHA-256 cannot be searched for and needs no slow hash.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        # By the digests of their texts. A revocation replaces the whole dictionary, so that nothing read before stays.
        self._found: dict[bytes, _FoundToken] = {}

    def create(self, msp_id: str, user: str, scopes: Sequence[str], seconds: int, account: str = "") -> str:
        """
        Return a new token's text, of the service *account* if it is not a person's. Only its hash is kept.

        Raises:
            ValueError: unknown scope, no scope, or valid for less than a second.
        """
        unknown = sorted(each for each in set(scopes) if not scope_texts.FORM.fullmatch(each))
        if unknown or not scopes:
            known = ", ".join(SCOPES)
            raise ValueError(f"scopes must be some of {known}, or parts of them; got {', '.join(unknown) or 'none'}")
        if seconds < 1:
            raise ValueError("a token must live for at least a second")
        identifier, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        now = int(self._clock())
        with self._store.connection() as database:
            database.execute(
                _CREATE,
                {
                    "id": identifier,
                    "digest": _digest(secret),
                    "msp_id": msp_id,
                    "user": user,
                    "scopes": " ".join(sorted(set(scopes))),
                    "created_at": now,
                    "expires_at": now + seconds,
                    "account": account,
                },
            )
        return f"{_PREFIX}_{identifier}_{secret}"

    def caller(self, text: str) -> TokenCaller:
        """
        Return the user that the token *text* acts for.

        Raises:
            TokenError: malformed, unknown, expired or revoked.
        """
        found, asked_at = self._found, self._clock()
        prefix, _, rest = text.partition("_")
        identifier, _, secret = rest.partition("_")
        if prefix != _PREFIX or not identifier or not secret or not text.isascii():
            raise TokenError("malformed")
        with self._store.reading() as database:
            row = database.execute(_FIND, {"token": identifier}).fetchone()
        # Compare even if there is no row, so that the response time does not reveal which ids exist.
        matches = hmac.compare_digest(row["digest"] if row else bytes(32), _digest(secret))
        if row is None or not matches:
            raise TokenError("unknown")
        expires_at = _moment(row["expires_at"])
        if row["revoked_at"] is not None:
            raise TokenError("revoked")
        if row["expires_at"] <= self._clock():
            raise TokenError("expired", expires_at)
        scopes = frozenset(row["scopes"].split())
        caller = TokenCaller(row["id"], row["msp_id"], row["user"], scopes, expires_at, row["account"])
        if len(found) >= _MOST:
            found.clear()
        found[_digest(text)] = _FoundToken(caller, asked_at)
        return caller

    def found_lately(self, text: str) -> TokenCaller | None:
        """
        Return what ``caller`` has returned within the last half second, without the database; None if it must be asked.

        So a token that another process revokes may be accepted for half a second more, and one revoked here is not.
        """
        found, now = self._found.get(_digest(text)), self._clock()
        if found is None or not found.asked_at <= now < min(
            found.asked_at + _LATELY, found.caller.expires_at.timestamp()
        ):
            return None
        return found.caller

    def is_due(self, text: str) -> bool:
        """
        Return whether ``caller`` should be asked again, so that this token is still found lately half a second later.

        Only one asks: the answer is no until that one has come back, or the half second is over.
        """
        found = self._found.get(_digest(text))
        if found is None or found.asked_again or self._clock() < found.asked_at + _LATELY / 2:
            return False
        found.asked_again = True
        return True

    def check(self, identifier: str) -> None:
        """Raise TokenError if the token of this id was revoked; another issuer's is not known here."""
        with self._store.reading() as database:
            row = database.execute(_FIND, {"token": identifier}).fetchone()
        if row is not None and row["revoked_at"] is not None:
            raise TokenError("revoked")

    def ended(self, identifiers: Collection[str]) -> dict[str, TokenError]:
        """Return those of these tokens that are not accepted any more, and why; another issuer's are not known here."""
        found: dict[str, TokenError] = {}
        wanted, now = sorted(identifiers), self._clock()
        with self._store.reading() as database:
            for begin in range(0, len(wanted), _ASKED):
                asked = tokens.c.id.in_(wanted[begin : begin + _ASKED])
                for row in database.execute(sa.select(tokens).where(asked)).fetchall():
                    if row["revoked_at"] is not None:
                        found[row["id"]] = TokenError("revoked")
                    elif row["expires_at"] <= now:
                        found[row["id"]] = TokenError("expired", _moment(row["expires_at"]))
        return found

    def revoke(self, identifier: str) -> bool:
        """Revoke the token of this id; return False if there is none."""
        with self._store.connection() as database:
            changed = database.execute(_REVOKE, {"token": identifier, "now": int(self._clock())})
        self._found = {}
        return bool(changed.rowcount == 1)

    def end(self, identifier: str, seconds: int) -> None:
        """Let the token of this id expire after so many seconds, or earlier if it would have."""
        with self._store.connection() as database:
            database.execute(_END, {"token": identifier, "ends": int(self._clock()) + seconds})
        self._found = {}

    def all(self) -> list[Token]:
        """Return every token, newest first, without its secret."""
        with self._store.reading() as database:
            return [_token(row) for row in database.execute(_ALL).fetchall()]

    def of_user(self, msp_id: str, user: str) -> list[Token]:
        """Return the tokens of one user, newest first, without their secrets."""
        with self._store.reading() as database:
            return [
                _token(row) for row in database.execute(_OF_USER, {"of_msp_id": msp_id, "of_user": user}).fetchall()
            ]


def _token(row: Any) -> Token:
    return Token(
        row["id"],
        row["msp_id"],
        row["user"],
        tuple(row["scopes"].split()),
        _moment(row["created_at"]),
        _moment(row["expires_at"]),
        row["revoked_at"] is not None,
        row["account"],
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
