"""The closed loop that the Python callers share."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable

#: Seconds in which connections open and caches fill, before anything counts.
WARM_UP = 1.0

Call = Callable[[int], None]


def run(call: Call, callers: int, seconds: float) -> None:
    """
    Call from *callers* threads, each as soon as its last call ended; print the JSON line.

    What ends within *seconds* after the warm-up counts, so that a call that
    hangs until its time-out stretches nothing.
    """
    times: list[list[float]] = [[] for _ in range(callers)]
    uncounted = [0] * callers
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
                ended = time.perf_counter()
                if begin <= ended <= end:
                    times[index].append((ended - started) * 1000)
                else:
                    uncounted[index] += 1
            number += callers

    threads = [threading.Thread(target=loop, args=(index,)) for index in range(callers)]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, begin - time.perf_counter()))
    before = time.process_time()
    time.sleep(max(0.0, end - time.perf_counter()))
    processor = time.process_time() - before
    for thread in threads:
        thread.join()
    told = {
        "times": [round(each, 3) for of_caller in times for each in of_caller],
        "seconds": seconds,
        "uncounted": sum(uncounted),
        "failed": sum(failed),
        "processor": processor,
    }
    print(json.dumps(told))
