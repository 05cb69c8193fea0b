"""Send requests to issuers, with bounds on time and size and without redirects."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter

from gateway.deadlines import Deadline

# Seconds for each read of an answer, and for the whole.
_PIECE_SECONDS = 5.0
SECONDS = 10.0
_PIECE_BYTES = 1 << 14


def answered(method: str, url: str, most_bytes: int, **sent: Any) -> bytes:
    """
    Return the body of an answer with status 200. Redirects are not followed; long and slow answers are refused.

    Raises:
        OSError: there is no such answer.
    """
    with Deadline(SECONDS) as deadline, requests.Session() as session:
        for scheme in ("https://", "http://"):
            session.mount(scheme, _BoundedAdapter(deadline))
        with session.request(method, url, timeout=_PIECE_SECONDS, allow_redirects=False, stream=True, **sent) as answer:
            text = bytearray()
            for piece in answer.iter_content(_PIECE_BYTES):
                text += piece
                if len(text) > most_bytes:
                    raise OSError(f"{url} answers more than {most_bytes} bytes")
            deadline.check()
            if answer.status_code != requests.codes.ok:
                raise OSError(f"{url} answers {answer.status_code}")
    return bytes(text)


class _BoundedAdapter(HTTPAdapter):
    """Makes connections, also to a proxy, that are closed at a deadline."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*given, **named)
        deadline, kind = self._deadline, pool.ConnectionCls

        class BoundedConnection(kind):  # type: ignore[misc, valid-type]
            def _new_conn(self) -> Any:
                made = super()._new_conn()
                deadline.bound(made)
                return made

        pool.ConnectionCls = BoundedConnection
        return pool
