"""Threads that run transactions; idle ones are kept for the next transactions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

_IDLE_SECONDS = 30.0


class Workers:
    """
    Runs each job in a thread of its own, and uses the thread that became idle last first.

    There is no upper bound: a transaction that calls another chaincode of this
    process waits for a second thread, and in a full pool both would wait for
    ever. The peers' own limits on concurrency limit the number.
    """

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()

    def run(self, job: Callable[[], None]) -> None:
        """Start *job* now, in some thread."""
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None:
            worker = _Worker(self)
            worker.start()
        worker.jobs.put(job)

    def rest(self, worker: _Worker) -> None:
        """Take *worker* back."""
        with self._lock:
            self._idle.append(worker)

    def dismiss(self, worker: _Worker) -> bool:
        """Return whether *worker* may end; not if a job is on its way to it."""
        with self._lock:
            if worker in self._idle:
                self._idle.remove(worker)
                return True
            return False


class _Worker(threading.Thread):
    """A daemon thread, so that a contract that never returns cannot keep the process alive."""

    def __init__(self, workers: Workers) -> None:
        super().__init__(name="transaction", daemon=True)
        self.jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._workers = workers

    def run(self) -> None:
        while True:
            try:
                job = self.jobs.get(timeout=_IDLE_SECONDS)
            except Empty:
                if self._workers.dismiss(self):
                    return
                continue
            job()
            self._workers.rest(self)
