"""The threads that run transactions."""

from __future__ import annotations

import threading

from hlf.shim.serving import workers

PATIENCE = 10.0


def test_jobs_that_wait_for_each_other_all_run():
    """A transaction that calls another chaincode of this process waits for that one's thread."""
    pool = workers.Workers()
    together = threading.Barrier(50)
    done = threading.Semaphore(0)

    def job():
        together.wait(PATIENCE)
        done.release()

    for _ in range(50):
        pool.run(job)
    for _ in range(50):
        assert done.acquire(timeout=PATIENCE)


class CountedWorkers(workers.Workers):
    """Tells when a thread has come to rest."""

    def __init__(self):
        super().__init__()
        self.rested = threading.Semaphore(0)

    def rest(self, worker):
        super().rest(worker)
        self.rested.release()


def test_a_thread_is_used_again():
    pool = CountedWorkers()
    names = []
    for _ in range(5):
        pool.run(lambda: names.append(threading.get_ident()))
        assert pool.rested.acquire(timeout=PATIENCE)
    assert len(names) == 5
    assert len(set(names)) == 1


def test_a_thread_that_has_nothing_to_do_ends(monkeypatch):
    monkeypatch.setattr(workers, "_IDLE_SECONDS", 0.01)
    pool = CountedWorkers()
    seen = []
    pool.run(lambda: seen.append(threading.current_thread()))
    assert pool.rested.acquire(timeout=PATIENCE)
    seen[0].join(PATIENCE)
    assert not seen[0].is_alive()
    again = threading.Event()
    pool.run(again.set)
    assert again.wait(PATIENCE)
