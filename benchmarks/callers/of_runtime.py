"""A closed loop that evaluates one chaincode through `hlf`; MODE is the chaincode's name."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.callers import loop
from hlf import identity, profile
from hlf.client import gateway


def main() -> None:
    """Run what the arguments ask for."""
    profile_file, user, msp_id, chaincode, callers, seconds = sys.argv[1:]
    who, signer = identity.load_user(Path(user), msp_id)
    with gateway.connect(profile.Profile.load(Path(profile_file)), who, signer) as fabric:
        contract = fabric.network("bench").contract(chaincode)
        contract.submit("put", "warm", "value")

        def evaluate(_number: int) -> None:
            contract.evaluate("get", "warm")

        loop.run(evaluate, int(callers), float(seconds))


if __name__ == "__main__":
    main()
