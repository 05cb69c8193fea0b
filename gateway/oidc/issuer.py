"""
A small OpenID Connect issuer for development, on this machine only: discovery, keys, and tokens for whoever asks.

It asks for no password, so no gateway in production may trust it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import secrets
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.oidc.bearers import library
from hlf.codec import base64url

_MOST_BYTES = 16 * 1024


class DevelopmentIssuer:
    """Signs tokens with keys that live as long as the process."""

    def __init__(
        self,
        audience: str = "selat",
        clock: Callable[[], float] = time.time,
        claims: Mapping[str, Any] | None = None,
    ) -> None:
        """*claims* are in the access tokens of those who sign in."""
        self.url = ""
        self.claims = claims or {}
        self._jwt = library()
        self._codes: dict[str, dict[str, str]] = {}
        self.audience = audience
        self._clock = clock
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key from now on; the old ones are not published any more."""
        self._keys = {secrets.token_hex(4): ec.generate_private_key(ec.SECP256R1())}

    def discovery(self) -> dict[str, Any]:
        """Return the discovery document."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint": f"{self.url}/token",
            "authorization_endpoint": f"{self.url}/authorize",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }

    def keys(self) -> dict[str, Any]:
        """Return the public keys as a JWK set."""
        as_dict = self._jwt.algorithms.ECAlgorithm.to_jwk
        return {
            "keys": [
                {**as_dict(key.public_key(), as_dict=True), "alg": "ES256", "use": "sig", "kid": kid}
                for kid, key in self._keys.items()
            ]
        }

    def token(self, subject: str, claims: Mapping[str, Any], seconds: int = 3600) -> str:
        """Return a signed access token with *claims* beside the usual ones."""
        now = int(self._clock())
        usual = {"iss": self.url, "aud": self.audience, "sub": subject, "iat": now, "exp": now + seconds}
        return self._signed({**usual, **claims}, "at+jwt")

    def code(self, asked: Mapping[str, str]) -> str:
        """Return a code for the parameters of a request to sign in; everybody is signed in at once."""
        made = secrets.token_urlsafe(16)
        self._codes[made] = dict(asked)
        return made

    def redeemed(self, told: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the tokens for a code, once, to the client that asked for it (RFC 7636); None for anybody else."""
        asked = self._codes.pop(told.get("code", ""), None)
        if asked is None:
            return None
        proof = hashlib.sha256(told.get("code_verifier", "").encode()).digest()
        shown = base64url.encode(proof)
        same = all(asked.get(name) == told.get(name) for name in ("client_id", "redirect_uri"))
        if not same or asked.get("code_challenge") != shown:
            return None
        subject, now = asked.get("login_hint", "somebody"), int(self._clock())
        usual = {"iss": self.url, "aud": asked["client_id"], "sub": subject, "iat": now, "exp": now + 300}
        return {
            "access_token": self.token(subject, self.claims),
            "id_token": self._signed({**usual, "nonce": asked.get("nonce", "")}, "JWT"),
            "token_type": "Bearer",
            "expires_in": 3600,
        }

    def _signed(self, claims: Mapping[str, Any], kind: str) -> str:
        ((kid, key),) = self._keys.items()
        # As bytes, because tests sign claims that a library would refuse.
        made: str = self._jwt.PyJWS().encode(json.dumps(claims).encode(), key, "ES256", {"kid": kid, "typ": kind})
        return made


def server(issuer: DevelopmentIssuer, listen: str) -> ThreadingHTTPServer:
    """
    Return a server of *issuer* that listens; port 0 lets the system choose.

    Raises:
        ValueError: the address is not this machine's own.
        OSError: the port is taken.
    """
    host, _, port = listen.rpartition(":")
    if not ipaddress.ip_address(host.strip("[]")).is_loopback:
        raise ValueError(f"{host} can be reached by others, and this issuer gives a token to everybody")
    made = ThreadingHTTPServer((host, int(port)), type("_Handler", (_IssuerHandler,), {"issuer": issuer}))
    issuer.url = f"http://{host}:{made.server_address[1]}"
    return made


class _IssuerHandler(BaseHTTPRequestHandler):
    issuer: DevelopmentIssuer

    def do_GET(self) -> None:
        answers = {"/.well-known/openid-configuration": self.issuer.discovery, "/keys": self.issuer.keys}
        asked = urlsplit(self.path)
        if asked.path == "/authorize":
            self._authorize({name: values[0] for name, values in parse_qs(asked.query).items()})
            return
        found = answers.get(asked.path)
        self._answer(200, found()) if found else self._answer(404, {"error": "not_found"})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        form = parse_qs(self.rfile.read(min(length, _MOST_BYTES)).decode("utf-8", "replace"))
        told = {name: values[0] for name, values in form.items()}
        grant = told.pop("grant_type", "") if urlsplit(self.path).path == "/token" else ""
        if grant == "authorization_code":
            tokens = self.issuer.redeemed(told)
            self._answer(200, tokens) if tokens else self._answer(400, {"error": "invalid_grant"})
            return
        if grant != "client_credentials":
            self._answer(400, {"error": "unsupported_grant_type"})
            return
        subject = told.pop("client_id", "somebody")
        told.pop("client_secret", None)
        made = self.issuer.token(subject, told)
        self._answer(200, {"access_token": made, "token_type": "Bearer", "expires_in": 3600})

    def _authorize(self, asked: Mapping[str, str]) -> None:
        """Send the browser back with a code, signed in without a question."""
        needed = {"response_type": "code", "code_challenge_method": "S256"}
        if any(asked.get(name) != value for name, value in needed.items()) or "redirect_uri" not in asked:
            self._answer(400, {"error": "invalid_request"})
            return
        back = {"code": self.issuer.code(asked), "state": asked.get("state", ""), "iss": self.issuer.url}
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: an address may hold a code."""
