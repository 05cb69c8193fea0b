"""
Check the signatures of later blocks ahead of the replay, on every core.

The processes start when there is enough to do. Without them, or if one is lost, this process makes the same checks,
so that a report does not depend on the number of cores.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from hlf.audit.signatures import worker
from hlf.audit.signatures.signing import IdentityKeys, SignatureClaims, SignedBlock
from hlf.audit.signatures.worker import Checker, Claim
from hlf.wire import blocks

# From about this many checks on, starting processes is faster (half a second of checks).
_WORTH_STARTING = 5_000
# A lot is large enough that sending it costs little, and small enough that all cores have one.
_LOT = 1_200
# How far to run ahead: blocks in memory are bounded by lots and by bytes.
_LOTS_EACH = 3
_MOST_BYTES = 64 << 20


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LookaheadChecker:
    """Checks blocks' signatures; closes its processes at the end of the ``with``."""

    def __init__(self, processes: int | None = None) -> None:
        """Check in *processes*, by default one for each core; 0 checks everything here."""
        wanted = cores() if processes is None else processes
        self._processes = wanted if wanted > 1 or processes is not None else 0
        self._keys, self._checker = IdentityKeys(), Checker()
        self._pool: _Pool | None = None
        self._seen = 0

    def __enter__(self) -> LookaheadChecker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.close()

    def check(self, block: blocks.Block, orderers: Sequence[bytes]) -> SignedBlock:
        """Return *block* with its signatures checked; *orderers* are the identities that signed it."""
        wanted = SignatureClaims(block, orderers, self._keys)
        return wanted.answered(self._checker.check(wanted.claims))

    def run(
        self, chain: Iterable[blocks.Block], orderers: Callable[[blocks.Block], Sequence[bytes]]
    ) -> Iterator[SignedBlock]:
        """
        Yield the blocks of *chain* in order with their signatures checked, running some blocks ahead.

        An exception of *chain* is raised after all blocks before it have been yielded.
        """
        pending: deque[_ClaimBatch] = deque()
        lot, rest, failure = _ClaimBatch(), iter(chain), None
        while failure is None:
            try:
                block = next(rest, None)
            except Exception as error:  # noqa: BLE001 - whatever it is, it has its place behind the blocks before it.
                failure = error
                break
            if block is None:
                break
            wanted = SignatureClaims(block, orderers(block), self._keys)
            self._seen += len(wanted.claims)
            if self._seen < _WORTH_STARTING or not self._processes:
                yield wanted.answered(self._checker.check(wanted.claims))
                continue
            lot.add(wanted)
            if len(lot.claims) >= _LOT or lot.size > _MOST_BYTES // 4:
                pending.append(self._hand_over(lot))
                lot = _ClaimBatch()
            while len(pending) > _LOTS_EACH * self._processes or sum(each.size for each in pending) > _MOST_BYTES:
                yield from pending.popleft().answered()
        if lot.claims:
            pending.append(self._hand_over(lot))
        while pending:
            yield from pending.popleft().answered()
        if failure is not None:
            raise failure

    def _hand_over(self, lot: _ClaimBatch) -> _ClaimBatch:
        if self._pool is None:
            self._pool = _Pool(self._processes)
        lot.answers = self._pool.submit(lot.claims)
        return lot


class _ClaimBatch:
    """Blocks whose claims are checked together."""

    def __init__(self) -> None:
        self._wanted: list[SignatureClaims] = []
        self.claims: list[Claim] = []
        self.size = 0
        self.answers: Future[bytes] = Future()

    def add(self, wanted: SignatureClaims) -> None:
        self._wanted.append(wanted)
        self.claims += wanted.claims
        self.size += wanted.size

    def answered(self) -> Iterator[SignedBlock]:
        answers, place = self.answers.result(), 0
        for wanted in self._wanted:
            end = place + len(wanted.claims)
            yield wanted.answered(answers[place:end])
            place = end


class _Pool:
    """Processes that check claims, with a thread each that waits for it."""

    def __init__(self, processes: int) -> None:
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes] | None] = queue.SimpleQueue()
        self._started = [_start() for _ in range(processes)]
        for process in self._started:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="signatures")

    def submit(self, claims: list[Claim]) -> Future[bytes]:
        return self._threads.submit(self._check, claims)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        for process in self._started:
            if process is not None:
                process.kill()
                process.communicate()

    def _check(self, claims: list[Claim]) -> bytes:
        process = self._idle.get()
        try:
            answers = _asked(process, claims) if process is not None else None
            if answers is None:
                # The process could not be started, or has ended: this process does its work.
                process = None
                answers = Checker().check(claims)
            return answers
        finally:
            self._idle.put(process)


def _start() -> subprocess.Popen[bytes] | None:
    # By its file, so that it need not import all of this package; -P keeps the package's folder off its path.
    command = [sys.executable, "-P", worker.__file__]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603
    except OSError:
        return None


def _asked(process: subprocess.Popen[bytes], claims: list[Claim]) -> bytes | None:
    """Return the process's answers; None if it has ended."""
    if process.stdin is None or process.stdout is None:
        return None
    try:
        worker.send(process.stdin, pickle.dumps(claims, pickle.HIGHEST_PROTOCOL))
        answers = worker.receive(process.stdout)
    except OSError:
        return None
    return answers if answers is not None and len(answers) == len(claims) else None
