"""A steady load of submitting callers, who note for each transaction what they were told."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from hlf import errors, identity, profile
from hlf.client import gateway

CHANNEL, CHAINCODE = "mychannel", "lab"
CALLERS = 8
#: Short, so that callers notice a killed process soon; the defaults of the client are longer.
TIMEOUTS = gateway.Timeouts(endorse=5.0, submit=3.0, commit_status=5.0)


@dataclass
class Outcomes:
    """What callers know; each write has a key of its own, so that one that happened twice shows in its history."""

    valid: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    nothing_written: Counter[str] = field(default_factory=Counter)


class Load:
    """Callers in threads of this process, all through one gateway, from ``with`` to its end."""

    def __init__(self, state: Path, msp_id: str = "Org1MSP", function: str = "put") -> None:
        self._function = function
        who = identity.load_user(state / "organisations" / msp_id / "users" / "User1", msp_id)
        self.gateway = gateway.connect(
            profile.Profile.load(state / "profiles" / f"{msp_id}.json"), *who, timeouts=TIMEOUTS
        )
        self.contract = self.gateway.network(CHANNEL).contract(CHAINCODE)
        self.outcomes = Outcomes()
        self._changed = threading.Condition()
        self._over = False
        self._threads = [threading.Thread(target=self._call, args=(index,)) for index in range(CALLERS)]

    def wait_for(self, more: int, patience: float = 60.0) -> None:
        """Return once *more* transactions have been told valid than now."""
        with self._changed:
            wanted = len(self.outcomes.valid) + more
            if not self._changed.wait_for(lambda: len(self.outcomes.valid) >= wanted, patience):
                raise TimeoutError(
                    f"no {more} transactions became valid in {patience} s: {self.outcomes.nothing_written}"
                )

    def stop(self) -> Outcomes:
        """End the callers; return what they were told."""
        self._over = True
        for thread in self._threads:
            thread.join()
        return self.outcomes

    def code(self, transaction_id: str) -> str | None:
        """Return the code of a transaction, or None where none comes before the time-out."""
        try:
            return self.gateway.commit_status(CHANNEL, transaction_id).wait_committed().name
        except errors.CommitStatusError:
            return None

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.gateway.close()

    def _call(self, index: int) -> None:
        number = 0
        while not self._over:
            number += 1
            key = f"caller-{index}-{number}"
            try:
                commit = self.contract.propose(self._function, key, "value").endorse().submit()
                status = commit.wait_committed()
            except errors.EndorseError as refused:
                self.outcomes.nothing_written[f"endorse {refused.status}"] += 1
            except errors.SubmitError as missing:
                if missing.outcome_known:
                    self.outcomes.nothing_written[f"submit {missing.status}"] += 1
                else:
                    self.outcomes.unknown[missing.transaction_id] = key
            except errors.CommitStatusError as missing:
                self.outcomes.unknown[missing.transaction_id] = key
            else:
                with self._changed:
                    assert status.valid, f"{status.name} of a write that conflicts with nothing"
                    self.outcomes.valid[status.transaction_id] = key
                    self._changed.notify_all()
