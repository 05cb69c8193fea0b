"""The public keys of an issuer: found by its discovery document, cached, and fetched again when it has new ones."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from gateway.oidc import asking
from gateway.store.tokens import IssuerUnavailableError

Fetch = Callable[[str], bytes]

# Keys are fetched again after this many seconds, so that a key that the issuer dropped is dropped here, too.
FRESH = 600
# How long keys are used if they cannot be fetched again.
KEPT = 3600
# For a token with an unknown key, the issuer is asked at most once in this many seconds.
PAUSE = 15
_MOST_BYTES = 256 * 1024
# How long to wait for the first keys: two requests, discovery and keys.
_SECONDS = 2 * asking.SECONDS


def fetched(url: str) -> bytes:
    """
    Return what is at *url*.

    Raises:
        OSError: there is no such answer; see ``asking``.
    """
    return asking.answered("GET", url, _MOST_BYTES)


def discovered(issuer: str, name: str, fetch: Fetch) -> str:
    """
    Return the address called *name* in the discovery document of an issuer, which is asked.

    Raises:
        OSError, ValueError: it has none, or one without TLS; only an issuer on this machine may (see ``trust``).
    """
    try:
        document = json.loads(fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        place = document[name]
        if document["issuer"] != issuer:
            raise ValueError("the discovery document is another issuer's")
        if not place.startswith(("https://", f"{urlsplit(issuer).scheme}://")):
            raise ValueError(f"{name} is not at an https address")
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("the discovery document has another form than its standard says") from error
    return str(place)


class IssuerKeys:
    """The keys of one issuer; threads may share it."""

    def __init__(self, url: str, fetch: Fetch = fetched, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = url
        self._fetch = fetch
        self._clock = clock
        self._deciding, self._reading = threading.Lock(), threading.Lock()
        self._keys: Mapping[str, Mapping[str, Any]] = {}
        self._read_at: float | None = None
        self._asked_at: float | None = None

    def of(self, kid: str) -> Mapping[str, Any] | None:
        """
        Return the key named *kid* as a JWK; None if the issuer has none of this name.

        One thread asks the issuer while others use the earlier keys. Others wait for the first keys only, and not for
        long, so that an issuer that does not answer holds one thread.

        Raises:
            IssuerUnavailableError: its keys cannot be read, and the earlier ones are too old.
        """
        with self._deciding:
            asking = self._due(kid)
        if (asking or self._read_at is None) and self._reading.acquire(timeout=_SECONDS):
            try:
                if asking:
                    self._read()
            finally:
                self._reading.release()
        if self._read_at is None or self._clock() - self._read_at > KEPT:
            raise IssuerUnavailableError(f"The keys of {self._issuer} cannot be read at the moment")
        return self._keys.get(kid)

    def _due(self, kid: str) -> bool:
        """Return whether to ask the issuer now; if so, nobody else does for a while."""
        now = self._clock()
        old = self._read_at is None or now - self._read_at > FRESH
        due = (old or kid not in self._keys) and (self._asked_at is None or now - self._asked_at >= PAUSE)
        if due:
            self._asked_at = now
        return due

    def _read(self) -> None:
        """Read the keys; after a failure the earlier ones stay."""
        try:
            listed = json.loads(self._fetch(discovered(self._issuer, "jwks_uri", self._fetch)))["keys"]
            self._keys = {each["kid"]: each for each in listed if each.get("use", "sig") == "sig" and "kid" in each}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        self._read_at = self._clock()
