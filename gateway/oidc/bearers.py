"""
Bearer tokens of trusted issuers: JWTs (RFC 9068, RFC 8725), and whom they act for here.

The issuer's entry in the file and the type of its key decide which algorithm a token must have, never the token itself.
Keys in a token, and addresses of keys, are ignored.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.oidc.keys import Fetch, IssuerKeys, fetched
from gateway.oidc.trust import TrustedIssuer
from gateway.store.scopes import FORM
from gateway.store.tokens import IssuerUnavailableError, TokenCaller, TokenError

_MOST = 16 * 1024
_KINDS = {"JWT", "AT+JWT", "APPLICATION/AT+JWT", ""}
_NEEDED = ["iss", "aud", "exp", "iat", "sub"]
# The algorithms for each type of key; an EC key has one for its curve.
_FITTING = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
_LEAST_RSA = 2048


class MissingLibraryError(Exception):
    """PyJWT is not installed; the message says how to install it."""


def library() -> Any:
    """
    Return PyJWT.

    Raises:
        MissingLibraryError: it is not installed.
    """
    try:
        return importlib.import_module("jwt")
    except ImportError:
        raise MissingLibraryError("OpenID Connect needs PyJWT: pip install 'selat[oidc]'") from None


class Issuers:
    """The trusted issuers of one gateway process."""

    def __init__(self, trusted: Iterable[TrustedIssuer], fetch: Fetch = fetched) -> None:
        self._trusted = {each.url: (each, IssuerKeys(each.url, fetch)) for each in trusted}
        self._jwt: Any = library() if self._trusted else None

    def __bool__(self) -> bool:
        return bool(self._trusted)

    def reached(self) -> dict[str, bool]:
        """Return for each issuer whether its keys can be read."""
        found = {}
        for url, (_, keys) in self._trusted.items():
            try:
                keys.of("")
            except IssuerUnavailableError:
                found[url] = False
            else:
                found[url] = True
        return found

    def caller(self, text: str) -> TokenCaller:
        """
        Return the user that the JWT *text* acts for.

        Raises:
            TokenError: it is not accepted; the error says why.
            IssuerUnavailableError: the issuer's keys cannot be read.
        """
        return _caller(*self.proven(text))

    def proven(self, text: str, audience: str = "") -> tuple[TrustedIssuer, dict[str, Any]]:
        """
        Return the issuer of the JWT *text* and its claims; it is for the gateway, or for another *audience*.

        Raises:
            TokenError: it is not accepted; the error says why.
            IssuerUnavailableError: the issuer's keys cannot be read.
        """
        if len(text) > _MOST:
            raise _invalid(f"it is longer than {_MOST} characters")
        try:
            header, unproven = self._jwt.get_unverified_header(text), _unproven(self._jwt, text)
        except (self._jwt.PyJWTError, ValueError, RecursionError):
            raise TokenError("malformed") from None
        issuer = unproven.get("iss")
        if not isinstance(issuer, str) or issuer not in self._trusted:
            raise _invalid("this gateway does not trust its issuer")
        trusted, keys = self._trusted[issuer]
        key, algorithm = _key(self._jwt, trusted, keys, header)
        return trusted, self._claims(text, trusted, key, algorithm, audience or trusted.audience)

    def _claims(self, text: str, trusted: TrustedIssuer, key: Any, algorithm: str, audience: str) -> dict[str, Any]:
        """Return the claims of a token that *key* signed and that is for *audience*, now."""
        jwt = self._jwt
        try:
            claims: dict[str, Any] = jwt.decode(
                text,
                key,
                algorithms=[algorithm],
                audience=audience,
                issuer=trusted.url,
                leeway=trusted.leeway_seconds,
                options={"require": _NEEDED},
            )
        except jwt.ExpiredSignatureError:
            raise TokenError("expired", _moment(_unproven(jwt, text).get("exp"))) from None
        except jwt.InvalidAudienceError:
            raise _invalid(f"it is not for the audience {audience}") from None
        except jwt.ImmatureSignatureError:
            raise _invalid("it is not valid yet; compare the clocks of issuer and gateway") from None
        except jwt.InvalidSignatureError:
            raise _invalid("its signature is not by the key that it names") from None
        except jwt.MissingRequiredClaimError as error:
            raise _invalid(f"it has no claim {error.claim}") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise _invalid("a claim has another form than its standard says") from None
        return claims


def _unproven(jwt: Any, text: str) -> Mapping[str, Any]:
    """Return the claims of an unchecked token, only to choose the issuer and to tell when it expired."""
    claims: Mapping[str, Any] = jwt.decode(text, options={"verify_signature": False})
    return claims


def _key(jwt: Any, trusted: TrustedIssuer, keys: IssuerKeys, header: Mapping[str, Any]) -> tuple[Any, str]:
    """Return the issuer's key that a token names, and the algorithm to check it with."""
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
    if "crit" in header or not isinstance(kind, str) or kind.upper() not in _KINDS:
        raise _invalid("it is of another kind than an access token")
    if algorithm not in trusted.algorithms:
        raise _invalid(f"its algorithm is not one of {', '.join(trusted.algorithms)}")
    if not isinstance(kid, str):
        raise _invalid("it names no key (kid)")
    listed = keys.of(kid)
    if listed is None:
        raise _invalid("its issuer has no key of the name that it gives (kid)")
    fitting = _FITTING.get((str(listed.get("kty")), listed.get("crv")), ())
    if algorithm not in fitting or listed.get("alg", algorithm) != algorithm:
        raise _invalid("the key that it names is for another algorithm")
    try:
        key = jwt.PyJWK.from_dict(dict(listed), algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError):
        raise _invalid("the key that it names cannot be used") from None
    if getattr(key, "key_size", _LEAST_RSA) < _LEAST_RSA and listed["kty"] == "RSA":
        raise _invalid(f"the key that it names has fewer than {_LEAST_RSA} bits")
    return key, str(algorithm)


def _caller(trusted: TrustedIssuer, claims: Mapping[str, Any]) -> TokenCaller:
    """Return whom a proven token acts for."""
    msp_id = trusted.organisation or _meaning(claims, trusted.organisation_claim, trusted.organisations)
    if not msp_id:
        raise _invalid(f"its claim {trusted.organisation_claim} names no organisation of this gateway")
    user = _meaning(claims, trusted.user_claim, trusted.users) or trusted.user
    values = set(_values(claims, trusted.scope_claim))
    allowed = {scope for value in values for scope in trusted.scopes.get(value, ())} if trusted.scopes else values
    named = hashlib.sha256(f"{trusted.url} {claims['sub']}".encode()).hexdigest()
    expires_at = _moment(claims["exp"])
    if expires_at is None:
        raise _invalid("a claim has another form than its standard says")
    return TokenCaller(f"oidc-{named[:16]}", msp_id, user, frozenset(filter(FORM.fullmatch, allowed)), expires_at)


def _meaning(claims: Mapping[str, Any], claim: str, meanings: Mapping[str, str]) -> str:
    """Return what the values of a claim are mapped to; empty unless exactly one of them is in the mapping."""
    found = {meanings[value] for value in _values(claims, claim) if value in meanings}
    return found.pop() if len(found) == 1 else ""


def _values(claims: Mapping[str, Any], claim: str) -> list[str]:
    """Return the values of a claim: a list of texts, or a text with blanks between them, as of ``scope``."""
    found = claims.get(claim)
    if isinstance(found, str):
        return [found, *found.split()]
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _moment(seconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _invalid(words: str) -> TokenError:
    return TokenError("invalid", words=words)
