"""A closed loop through `hlf`, as an application uses it."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.callers import loop
from hlf import identity, profile
from hlf.client import gateway
from hlf.wire import keys

CHANNEL = "bench"


def main() -> None:
    """Run what the arguments ask for."""
    profile_file, user, msp_id, mode, callers, seconds = sys.argv[1:]
    who, signer = identity.load_user(Path(user), msp_id)
    with gateway.connect(profile.Profile.load(Path(profile_file)), who, signer) as fabric:
        network = fabric.network(CHANNEL)
        one, majority = network.contract("one"), network.contract("majority")
        own = keys.implicit_collection(msp_id)

        def private(number: int) -> None:
            one.submit("putpvt", own, transient={"key": b"key-%d" % number, "value": b"v" * 64})

        calls: dict[str, loop.Call] = {
            "evaluate": lambda number: one.evaluate("get", "warm"),
            "submit": lambda number: one.submit("put", f"key-{number}", "v" * 64),
            "submit2": lambda number: majority.submit("put", f"key-{number}", "v" * 64),
            "private": private,
        }
        loop.run(calls[mode], int(callers), float(seconds))


if __name__ == "__main__":
    main()
