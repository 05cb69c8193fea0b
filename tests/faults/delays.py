"""Where the time of a request went that was repeated until it was answered: its tries, and what was away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# What was away shortly before may be what a key waited for: others find each other again only after its start.
_AFTER_SECONDS = 20.0


@dataclass(frozen=True)
class Outage:
    """A part of the service that was killed, and when it was started again; times of the monotonic clock."""

    part: str
    begun: float
    ended: float


@dataclass(frozen=True)
class Try:
    """One try that was repeated, and how it was answered."""

    begun: float
    ended: float
    told: str


@dataclass(frozen=True)
class AnsweredKey:
    """A key's request, from its first try to its answer."""

    key: str
    begun: float
    ended: float
    tries: Sequence[Try]

    @property
    def seconds(self) -> float:
        """How long its caller waited."""
        return self.ended - self.begun

    def account(self, outages: Sequence[Outage]) -> str:
        """Return a line that says where the time went: how its tries were answered, and which parts were away."""
        rows = [f"{self.key} was answered after {self.seconds:.1f} s"]
        for told in dict.fromkeys(each.told for each in self.tries):
            same = [each for each in self.tries if each.told == told]
            took = sum(each.ended - each.begun for each in same)
            rows.append(f"{told} {len(same)} times, {self._span(same[0].begun, same[-1].ended)}, taking {took:.1f} s")
        last = self.tries[-1].ended if self.tries else self.begun
        rows.append(f"the answer took {self.ended - last:.1f} s")
        rows += [
            f"{each.part} away {self._span(each.begun, each.ended)}"
            for each in outages
            if each.begun < self.ended and each.ended > self.begun - _AFTER_SECONDS
        ]
        return "; ".join(rows)

    def _span(self, begun: float, ended: float) -> str:
        return f"from {begun - self.begun:.1f} to {ended - self.begun:.1f} s"


def report(answered: Sequence[AnsweredKey], outages: Sequence[Outage], most: int = 10) -> str:
    """Return how long keys waited, and where the time of the slowest went."""
    ordered = sorted(answered, key=lambda each: each.seconds)
    shares = (("half", 0.5), ("95 %", 0.95), ("99 %", 0.99), ("all", 1))
    within = [
        f"{name} within {ordered[min(int(len(ordered) * share), len(ordered) - 1)].seconds:.2f} s"
        for name, share in shares
    ]
    slowest = [each.account(outages) for each in reversed(ordered[-most:])]
    return "\n".join([f"{len(ordered)} keys: {', '.join(within)}", *slowest, ""])
