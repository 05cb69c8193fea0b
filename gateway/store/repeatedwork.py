"""Work that a process of the gateway does again and again on its database, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from gateway.store.database import StoreError

_LOG = logging.getLogger("gateway")


class RepeatedWork:
    """
    Calls *work* every so many seconds; while the database cannot be used, the work waits for it.

    Attributes:
        ending: set once the work should end.
    """

    def __init__(self, name: str, every_seconds: float, work: Callable[[], None]) -> None:
        self.ending = threading.Event()
        self._name = name
        self._every = every_seconds
        self._work = work
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin the rounds."""
        self._thread.start()

    def stop(self) -> None:
        """Let the present round be the last, and return when it has ended."""
        self.ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self.ending.wait(self._every):
            try:
                self._work()
            except StoreError as error:
                _LOG.error("%s wait for the database: %s", self._name, error)
