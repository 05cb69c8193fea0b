"""
A small OpenID Connect issuer for development, on this machine only: discovery, keys, and tokens for whoever asks.

It asks for no password, so it must never be one that a gateway in use trusts.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import secrets
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_P256_BYTES = 32
_MOST_BYTES = 16 * 1024


class DevelopmentIssuer:
    """Signs tokens with keys that live as long as the process."""

    def __init__(self, audience: str = "selat", clock: Callable[[], float] = time.time) -> None:
        self.url = ""
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
        return {"keys": [_jwk(kid, key.public_key()) for kid, key in self._keys.items()]}

    def token(self, subject: str, claims: Mapping[str, Any], seconds: int = 3600) -> str:
        """Return a signed access token with *claims* beside the usual ones."""
        now = int(self._clock())
        usual = {"iss": self.url, "aud": self.audience, "sub": subject, "iat": now, "exp": now + seconds}
        ((kid, key),) = self._keys.items()
        parts = [_encoded({"alg": "ES256", "kid": kid, "typ": "at+jwt"}), _encoded({**usual, **claims})]
        signature = key.sign(".".join(parts).encode(), ec.ECDSA(hashes.SHA256()))
        r_and_s = b"".join(each.to_bytes(_P256_BYTES, "big") for each in decode_dss_signature(signature))
        return ".".join([*parts, _base64url(r_and_s)])


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
        found = answers.get(urlsplit(self.path).path)
        self._answer(200, found()) if found else self._answer(404, {"error": "not_found"})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        form = parse_qs(self.rfile.read(min(length, _MOST_BYTES)).decode("utf-8", "replace"))
        told = {name: values[0] for name, values in form.items()}
        if urlsplit(self.path).path != "/token" or told.pop("grant_type", "") != "client_credentials":
            self._answer(400, {"error": "unsupported_grant_type"})
            return
        subject = told.pop("client_id", "somebody")
        told.pop("client_secret", None)
        made = self.issuer.token(subject, told)
        self._answer(200, {"access_token": made, "token_type": "Bearer", "expires_in": 3600})

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: an address may hold a code."""


def _jwk(kid: str, key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    x, y = (_base64url(each.to_bytes(_P256_BYTES, "big")) for each in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y}


def _encoded(part: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(part).encode())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
