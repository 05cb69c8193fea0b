"""A bound on the time of a whole exchange with a foreign server."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Deadline:
    """
    Ends the connections that it is given so many seconds after ``with`` began.

    A socket's time-out counts for each read: a server that sends a byte a second would hold a thread forever.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._connected: list[socket.socket] = []
        self._passed = False

    def check(self) -> None:
        """
        Raise if the time is over: what was read may look complete and be only a part.

        Raises:
            TimeoutError
        """
        if self._passed:
            raise TimeoutError(f"the answer was not complete within {self._seconds:g} seconds")

    def bound(self, connected: socket.socket) -> None:
        """End this connection too; to be called before TLS takes its socket over."""
        with self._lock:
            self._connected.append(connected.dup())
        if self._passed:
            self._cut()

    def _pass(self) -> None:
        self._passed = True
        self._cut()

    def _cut(self) -> None:
        with self._lock:
            for each in self._connected:
                # Not by TLS's closing handshake, which would wait for the other side.
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for each in self._connected:
                each.close()
            self._connected.clear()
