"""The same closed loop through `hlf.aio`: each caller is a task of one event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.callers import loop
from hlf import aio, identity, profile
from hlf.wire import keys

CHANNEL = "bench"


async def main() -> None:
    """Run what the arguments ask for."""
    profile_file, user, msp_id, mode, callers, seconds = sys.argv[1:]
    who, signer = identity.load_user(Path(user), msp_id)
    async with aio.connect(profile.Profile.load(Path(profile_file)), who, signer) as fabric:
        network = fabric.network(CHANNEL)
        one, majority = network.contract("one"), network.contract("majority")
        own = keys.implicit_collection(msp_id)
        calls: dict[str, Callable[[int], Awaitable[object]]] = {
            "evaluate": lambda number: one.evaluate("get", "warm"),
            "submit": lambda number: one.submit("put", f"key-{number}", "v" * 64),
            "submit2": lambda number: majority.submit("put", f"key-{number}", "v" * 64),
            "private": lambda number: one.submit(
                "putpvt", own, transient={"key": b"key-%d" % number, "value": b"v" * 64}
            ),
        }
        await loop.run_tasks(calls[mode], int(callers), float(seconds))


if __name__ == "__main__":
    asyncio.run(main())
