"""
Sign in at an issuer: OpenID Connect's authorization code flow with PKCE, state and nonce (RFC 9700).

The gateway stores nothing between the two requests of a browser. The state is in an encrypted cookie, so only the
browser that began the sign-in can complete it; a link in another browser cannot.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.exceptions import InvalidTag

from gateway.oidc import asking, keys
from gateway.oidc.bearers import Issuers
from gateway.oidc.keys import Fetch, fetched
from gateway.oidc.trust import ConsoleClient, TrustedIssuer
from gateway.store import seals
from gateway.store.tokens import IssuerUnavailableError, TokenCaller, TokenError
from hlf.codec import base64url

BACK = "/console/signed-in"
SECONDS = 600
"""How long a browser may stay at the issuer."""

_ROW = b"sign-in"
_WORD = re.compile(r"[a-z_]{1,40}")
_MOST_BYTES = 64 * 1024

Post = Callable[[str, Mapping[str, str], tuple[str, str] | None], bytes]


class SignInError(Exception):
    """The sign-in cannot be completed; the message says why, and the cure is to begin again."""


@dataclass(frozen=True)
class _BegunSignIn:
    number: int
    state: str
    nonce: str
    verifier: str
    at: int


class SignIns:
    """The issuers at which people can sign in."""

    def __init__(
        self,
        trusted: tuple[TrustedIssuer, ...],
        issuers: Issuers,
        secret: bytes,
        *,
        fetch: Fetch = fetched,
        post: Post | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._offers = [(each, each.sign_in) for each in trusted if each.sign_in is not None]
        self._issuers = issuers
        self._key = seals.key(secret, "sign-in")
        self._fetch = fetch
        self._post = post or posted
        self._clock = clock

    def names(self) -> list[str]:
        """Return the names of the issuers, in the order of their numbers."""
        return [client.name for _, client in self._offers]

    def begin(self, number: int) -> tuple[str, str]:
        """
        Return the issuer's address to send the browser to, and the content of the browser's cookie.

        Raises:
            SignInError: there is no such issuer.
            IssuerUnavailableError: it cannot be asked where that is.
        """
        issuer, client = self._offer(number)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        begun = _BegunSignIn(number, state, nonce, verifier, int(self._clock()))
        challenge = hashlib.sha256(begun.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": _back(client),
            "scope": "openid",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": base64url.encode(challenge),
            "code_challenge_method": "S256",
        }
        place = self._endpoint(issuer, "authorization_endpoint")
        sealed = seals.sealed(self._key, json.dumps(vars(begun)).encode(), _ROW)
        joined = "&" if urlsplit(place).query else "?"
        return f"{place}{joined}{urlencode(asked)}", base64.urlsafe_b64encode(sealed).decode()

    def end(self, kept: str, told: Mapping[str, str]) -> TokenCaller:
        """
        Return who has signed in, from the browser's cookie and the parameters that it brings from the issuer.

        Raises:
            SignInError, TokenError: somebody else began it, it took too long, or the issuer's answer cannot be used.
            IssuerUnavailableError: the issuer cannot be asked.
        """
        begun = self._begun(kept)
        issuer, client = self._offer(begun.number)
        if not hmac.compare_digest(begun.state.encode(), told.get("state", "").encode("utf-8", "replace")):
            raise SignInError("this browser did not begin this sign-in (state)")
        if told.get("iss", issuer.url) != issuer.url:
            raise SignInError("another issuer answers than was asked (iss)")
        if "code" not in told:
            word = told.get("error", "")
            raise SignInError(f"the issuer refused: {word if _WORD.fullmatch(word) else 'it gave no code'}")
        answer = self._redeemed(issuer, client, begun, told["code"])
        who, claims = self._issuers.proven(_text(answer, "id_token"), client.client_id)
        if who.url != issuer.url or claims.get("azp", client.client_id) != client.client_id:
            raise SignInError("the issuer's answer is for somebody else (azp)")
        if not hmac.compare_digest(begun.nonce.encode(), str(claims.get("nonce", "")).encode("utf-8", "replace")):
            raise SignInError("the issuer's answer is to another request (nonce)")
        access = _text(answer, "access_token")
        if self._issuers.proven(access)[1]["sub"] != claims["sub"]:
            raise SignInError("the issuer's two tokens are about different people (sub)")
        return self._issuers.caller(access)

    def _offer(self, number: int) -> tuple[TrustedIssuer, ConsoleClient]:
        if not 0 <= number < len(self._offers):
            raise SignInError("there is no such issuer")
        return self._offers[number]

    def _begun(self, kept: str) -> _BegunSignIn:
        try:
            found = _BegunSignIn(**json.loads(seals.unsealed(self._key, base64.urlsafe_b64decode(kept), _ROW)))
        except (InvalidTag, ValueError, TypeError):
            raise SignInError("this browser began no sign-in; it must accept cookies") from None
        if not 0 <= self._clock() - found.at <= SECONDS:
            raise SignInError(f"it took longer than {SECONDS // 60} minutes")
        return found

    def _endpoint(self, issuer: TrustedIssuer, name: str) -> str:
        try:
            return keys.discovered(issuer.url, name, self._fetch)
        except (OSError, ValueError):
            raise IssuerUnavailableError(f"{issuer.url} does not say where its {name} is") from None

    def _redeemed(self, issuer: TrustedIssuer, client: ConsoleClient, begun: _BegunSignIn, code: str) -> dict[str, Any]:
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": _back(client),
            "client_id": client.client_id,
            "code_verifier": begun.verifier,
        }
        try:
            secret = Path(client.client_secret_file).read_text("utf-8").strip() if client.client_secret_file else ""
            own = (client.client_id, secret) if secret else None
            answer = json.loads(self._post(self._endpoint(issuer, "token_endpoint"), asked, own))
        except (OSError, ValueError, RecursionError) as error:
            # The text of an error may hold the code.
            raise IssuerUnavailableError(f"{issuer.url} gave no tokens ({type(error).__name__})") from None
        if not isinstance(answer, dict):
            raise SignInError("the issuer's answer is no JSON object")
        return answer


def posted(url: str, form: Mapping[str, str], own: tuple[str, str] | None) -> bytes:
    """
    Return the answer to a form.

    Raises:
        OSError: there is no such answer; see ``asking``.
    """
    return asking.answered("POST", url, _MOST_BYTES, data=dict(form), auth=own)


def _back(client: ConsoleClient) -> str:
    return client.gateway_url.rstrip("/") + BACK


def _text(answer: Mapping[str, Any], name: str) -> str:
    found = answer.get(name)
    if not isinstance(found, str):
        raise TokenError("invalid", words=f"the issuer gave no {name}")
    return found
