"""The closed loop that the Python callers share."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable

from benchmarks.figures import percentile

#: Seconds in which connections open and caches fill, before anything counts.
WARM_UP = 1.0

Call = Callable[[int], None]


def run(call: Call, callers: int, seconds: float) -> None:
    """Call from *callers* threads, each as soon as its last call ended; print the JSON line."""
    times: list[list[float]] = [[] for _ in range(callers)]
    failed = [0] * callers
    begin = time.perf_counter() + WARM_UP
    end = begin + seconds

    def loop(index: int) -> None:
        number = index
        while (started := time.perf_counter()) < end:
            try:
                call(number)
            except Exception as error:  # noqa: BLE001 - a failure is counted and shown, and the loop goes on.
                failed[index] += 1
                sys.stderr.write(f"{error}\n")
            else:
                if started >= begin:
                    times[index].append(time.perf_counter() - started)
            number += callers

    threads = [threading.Thread(target=loop, args=(index,)) for index in range(callers)]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, begin - time.perf_counter()))
    processor = time.process_time()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begin
    every = [each for of_caller in times for each in of_caller]
    print(
        json.dumps(
            {
                "calls": len(every),
                "seconds": elapsed,
                "p50": percentile(every, 0.5) * 1000,
                "p95": percentile(every, 0.95) * 1000,
                "failed": sum(failed),
                "processor": time.process_time() - processor,
            }
        )
    )
