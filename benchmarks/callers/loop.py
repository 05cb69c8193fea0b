"""The closed loop that the Python callers share, of threads or of tasks."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable

#: Seconds in which connections open and caches fill, before anything counts.
WARM_UP = 1.0

Call = Callable[[int], object]


class Tally:
    """What the callers of one program did, and when it counts."""

    def __init__(self, callers: int, seconds: float) -> None:
        self.callers = callers
        self.seconds = seconds
        self.begin = time.perf_counter() + WARM_UP
        self.end = self.begin + seconds
        self._times: list[float] = []
        # Lists, since threads add to them at once.
        self._uncounted: list[float] = []
        self._failed: list[Exception] = []
        self._processor = 0.0

    def ended(self, started: float) -> None:
        """Note a call that has just been answered."""
        now = time.perf_counter()
        if self.begin <= now <= self.end:
            self._times.append((now - started) * 1000)
        else:
            self._uncounted.append(now)

    def failed(self, error: Exception) -> None:
        """Note a call that failed, and show why; the caller goes on."""
        self._failed.append(error)
        sys.stderr.write(f"{error}\n")

    def left(self, moment: float) -> float:
        """Return the seconds until *moment*."""
        return max(0.0, moment - time.perf_counter())

    def processor(self, seconds: float) -> None:
        """Note the program's processor time within the seconds that count."""
        self._processor = seconds

    def tell(self) -> None:
        """Print the JSON line."""
        told = {
            "times": [round(each, 3) for each in self._times],
            "seconds": self.seconds,
            "uncounted": len(self._uncounted),
            "failed": len(self._failed),
            "processor": self._processor,
        }
        print(json.dumps(told))


def run(call: Call, callers: int, seconds: float) -> None:
    """
    Call from *callers* threads, each as soon as its last call ended; print the JSON line.

    What ends within *seconds* after the warm-up counts, so that a call that
    hangs until its time-out stretches nothing.
    """
    tally = Tally(callers, seconds)

    def loop(index: int) -> None:
        number = index
        while (started := time.perf_counter()) < tally.end:
            try:
                call(number)
            except Exception as error:  # noqa: BLE001 - a failure is counted and shown, and the loop goes on.
                tally.failed(error)
            else:
                tally.ended(started)
            number += callers

    threads = [threading.Thread(target=loop, args=(index,)) for index in range(callers)]
    for thread in threads:
        thread.start()
    time.sleep(tally.left(tally.begin))
    before = time.process_time()
    time.sleep(tally.left(tally.end))
    tally.processor(time.process_time() - before)
    for thread in threads:
        thread.join()
    tally.tell()


async def run_tasks(call: Callable[[int], Awaitable[object]], callers: int, seconds: float) -> None:
    """Do the same with tasks of the running event loop instead of threads."""
    tally = Tally(callers, seconds)

    async def loop(index: int) -> None:
        number = index
        while (started := time.perf_counter()) < tally.end:
            try:
                await call(number)
            except Exception as error:  # noqa: BLE001 - a failure is counted and shown, and the loop goes on.
                tally.failed(error)
            else:
                tally.ended(started)
            number += callers

    tasks = [asyncio.create_task(loop(index)) for index in range(callers)]
    await asyncio.sleep(tally.left(tally.begin))
    before = time.process_time()
    await asyncio.sleep(tally.left(tally.end))
    tally.processor(time.process_time() - before)
    await asyncio.gather(*tasks)
    tally.tell()
