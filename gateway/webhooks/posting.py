"""Post a message once, to an address that was checked, within a time limit and without redirects."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.deadlines import Deadline
from gateway.webhooks import targets

# For the whole attempt, however slowly the receiver answers.
SECONDS = 15.0
_MOST_RETRY_SECONDS = 3600


@dataclass(frozen=True)
class PostOutcome:
    """
    The outcome of an attempt.

    Attributes:
        status: of the answer; None if none came.
        words: why no answer came, or the reason phrase of the status.
        retry_after: the seconds in the receiver's ``Retry-After``.
    """

    status: int | None
    words: str
    milliseconds: int
    retry_after: int = 0

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Poster:
    """Posts to the public internet and to the networks that are *allowed*."""

    def __init__(
        self, allowed: Sequence[targets.Network], resolve: targets.Resolve | None = None, seconds: float = SECONDS
    ) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._seconds = seconds
        self._trusted = ssl.create_default_context()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PostOutcome:
        """Return the outcome of posting *body*. Redirects are not followed: they count as failures."""
        began = time.monotonic()
        try:
            target = targets.parse(url)
            address = targets.address_of(target, self._allowed, self._resolve)
            status, words, retry = self._answer(target, address, body, headers)
        except targets.TargetError as refused:
            return PostOutcome(None, str(refused), _since(began))
        except (OSError, http.client.HTTPException, ValueError) as failed:
            return PostOutcome(None, f"{type(failed).__name__}: {failed}"[:200], _since(began))
        return PostOutcome(status, words, _since(began), retry)

    def _answer(
        self, target: targets.Target, address: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, str, int]:
        with Deadline(self._seconds) as deadline, contextlib.ExitStack() as open_ones:
            connected = open_ones.enter_context(socket.create_connection((address, target.port), self._seconds))
            deadline.bound(connected)
            if target.scheme == "https":
                connected = open_ones.enter_context(self._trusted.wrap_socket(connected, server_hostname=target.host))
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.sock = connected
            connection.request("POST", target.path, body, {**headers, "Host": target.authority, "Connection": "close"})
            answer = open_ones.enter_context(connection.getresponse())
            deadline.check()
            retry = answer.getheader("Retry-After", "")
            seconds = min(int(retry), _MOST_RETRY_SECONDS) if retry.isascii() and retry.isdecimal() else 0
            return answer.status, answer.reason[:100], seconds


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
