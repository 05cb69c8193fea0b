"""
Programs measured by turns, in several short rounds.

What else a machine does comes and goes, and so does its speed. So programs
that are compared take turns, each round begins with another of them, and the
ratio of two is the median of the rounds' ratios: both of a ratio's sides were
measured within seconds of each other.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from benchmarks.figures import Figure, percentile
from benchmarks.processes import Programs, difference

ROUNDS = 5
#: How long callers of one round are counted, after their warm-up.
SECONDS = 3.0
_PATIENCE = 180


@dataclass(frozen=True)
class Round:
    """
    What a closed loop of callers did in one round.

    Attributes:
        times: of each call that ended within the *seconds* that count, in milliseconds.
        uncounted: calls that ended before, in the warm-up, or after.
        processor: seconds that the callers' own program used within these seconds.
        network: seconds that each program of the network used, for all calls.
    """

    times: Sequence[float]
    seconds: float
    uncounted: int
    failed: int
    processor: float
    network: Mapping[str, float]

    @property
    def calls(self) -> int:
        """All calls, also those that do not count: the network worked for each."""
        return len(self.times) + self.uncounted + self.failed

    @property
    def rate(self) -> float:
        """Calls a second; never quite 0, so that it can be divided by."""
        return max(len(self.times), 0.1) / self.seconds

    def of_client(self) -> float:
        """Return the processor milliseconds a call of the callers' own program; never quite 0."""
        return max(self.processor, 1e-6) / max(len(self.times), 1) * 1000


@dataclass(frozen=True)
class Rounds:
    """All rounds of one program."""

    rounds: tuple[Round, ...]

    @property
    def rates(self) -> list[float]:
        """Calls a second in each round."""
        return [each.rate for each in self.rounds]

    def time(self, share: float) -> float:
        """Return the milliseconds that *share* of the calls of all rounds did not exceed."""
        return percentile([time for each in self.rounds for time in each.times], share)

    def of_client(self) -> float:
        """Return the processor milliseconds a call of the callers' own program."""
        calls = sum(len(each.times) for each in self.rounds)
        return sum(each.processor for each in self.rounds) / max(calls, 1) * 1000

    def of_network(self) -> dict[str, float]:
        """Return the processor milliseconds a call of each program of the network; peers, and orderers, in one."""
        calls = sum(each.calls for each in self.rounds)
        spent: dict[str, float] = {}
        for each in self.rounds:
            for name, seconds in sorted(each.network.items()):
                part = f"{name.partition('.')[0].rstrip('0123456789')}s" if "." in name else name
                spent[part] = spent.get(part, 0.0) + seconds / max(calls, 1) * 1000
        return spent

    def figures(self, name: str, bound: str = "", *, ours: bool, profile: bool = False) -> Iterator[Figure]:
        """
        Return rate and times, the failures if there are any, and with *profile* where the processor's time goes.

        A failure counts as missed where the program is *ours*.
        """
        rates = self.rates
        yield Figure(name, statistics.median(rates), "/s", bound, (min(rates), max(rates)))
        yield Figure(f"{name} p50", self.time(0.5), "ms")
        yield Figure(f"{name} p95", self.time(0.95), "ms")
        if failed := sum(each.failed for each in self.rounds):
            yield Figure(f"{name} failed", failed, "calls", "at most 0" if ours else "")
        if profile:
            yield Figure(f"{name} processor, client", self.of_client(), "ms a call")
            for program, spent in self.of_network().items():
                if spent > 0.01:
                    yield Figure(f"{name} processor, {program}", spent, "ms a call")


def by_turns(programs: Mapping[str, Callable[[], Round]], rounds: int = ROUNDS) -> dict[str, Rounds]:
    """Return what each of *programs* measured in each round."""
    names = list(programs)
    measured: dict[str, list[Round]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            measured[name].append(programs[name]())
    return {name: Rounds(tuple(of_program)) for name, of_program in measured.items()}


def ratio(
    name: str, one: Rounds, other: Rounds, bound: str = "", *, of: Callable[[Round], float] = attrgetter("rate")
) -> Figure:
    """Return how many times as fast *one* is as *other*, or as much of something else, round by round."""
    ratios = [of(mine) / of(theirs) for mine, theirs in zip(one.rounds, other.rounds, strict=True)]
    return Figure(name, statistics.median(ratios), "times", bound, (min(ratios), max(ratios)))


def run(
    command: Sequence[str], environment: Mapping[str, str], state: Path, mode: str, callers: int, *folders: Path
) -> Round:
    """
    Let a program of `benchmarks.callers` call as User1 of Org1MSP for one round.

    *folders* are those of programs beside the network's whose processor time counts.

    Raises:
        RuntimeError: it did not end well; the error has its last words.
    """
    user = state / "organisations" / "Org1MSP" / "users" / "User1"
    profile = state / "profiles" / "Org1MSP.json"
    before = Programs.of(state, *folders).processor_seconds()
    done = subprocess.run(
        [*command, str(profile), str(user), "Org1MSP", mode, str(callers), str(SECONDS)],
        env=dict(environment), capture_output=True, text=True, timeout=_PATIENCE, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    used = difference(before, Programs.of(state, *folders).processor_seconds())
    return Round(network=used, **json.loads(done.stdout))
