"""A TCP path to a server that a test can cut, and let swallow what goes over it."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
from collections.abc import Callable

from hlf.profile import Endpoint, Profile


class CuttablePath:
    """
    Forwards every connection to a port of this machine.

    Attributes:
        port: where it listens.
        accepted: how many connections there were.
        cuts: how many of them broke because they had carried what they may.
    """

    def __init__(self, to: int, carries: Callable[[], int] | None = None) -> None:
        """Listen; each connection breaks after as many bytes as *carries* says for it, in the middle of whatever."""
        self._to = to
        self._carries = carries
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.accepted = self.cuts = 0
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def through(self, profile: Profile) -> Profile:
        """Return *profile* with its first peer's address replaced by this path."""
        first: Endpoint = dataclasses.replace(profile.peers[0], address=f"127.0.0.1:{self.port}")
        return dataclasses.replace(profile, peers=(first, *profile.peers[1:]))

    def cut(self) -> int:
        """Break every connection; return how many there were."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.close()
        return len(pairs)

    def mend(self) -> None:
        """Let every connection carry what it likes from now on."""
        self._carries = None
        self.cut()

    def swallow(self) -> None:
        """Forward nothing more on the connections there are; both ends stay open, and new ones work."""
        with self._lock:
            for pair in self._pairs:
                pair.swallows.set()

    def close(self) -> None:
        """Break every connection and listen no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                near.close()
                continue
            pair = _Pair(near, far, self._carries() if self._carries else None, self._count)
            with self._lock:
                self._pairs = [each for each in self._pairs if each.open] + [pair]

    def _count(self) -> None:
        with self._lock:
            self.cuts += 1


class _Pair:
    """One connection through the path, and the two threads that carry its bytes."""

    def __init__(
        self, near: socket.socket, far: socket.socket, carries: int | None, broken: Callable[[], None]
    ) -> None:
        self._ends = (near, far)
        self._left = carries
        self._broken = broken
        self._lock = threading.Lock()
        self.swallows = threading.Event()
        self.open = True
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def close(self) -> None:
        self.open = False
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _spend(self, wanted: int) -> int:
        """Return how many of the *wanted* bytes may still pass; the first time that these are fewer, it is a cut."""
        with self._lock:
            if self._left is None:
                return wanted
            allowed, before = min(wanted, self._left), self._left
            self._left -= allowed
            if allowed < wanted and before >= 0:
                self._left = -1
                self._broken()
            return max(0, allowed)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while received := source.recv(1 << 16):
                allowed = self._spend(len(received))
                if not self.swallows.is_set():
                    target.sendall(received[:allowed])
                if allowed < len(received):
                    break
        except OSError:
            pass  # The other thread, or a cut, closed it.
        self.close()
