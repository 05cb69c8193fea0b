"""
Budgets: how many requests a token, an organisation or an address may send in a minute.

A budget is a bucket that holds the requests of one minute and fills evenly. Each process counts for itself
and has an equal part of each budget. Answers say what is left (IETF draft-ietf-httpapi-ratelimit-headers).
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.http.problems import Problem

TOKEN, ORGANISATION, ADDRESS = "token", "organisation", "address"  # noqa: S105  No token, but the name of a budget.
POLICY, LEFT = "RateLimit-Policy", "RateLimit"
_SECONDS = 60
# How many buckets of each kind are kept; one that is dropped starts full again.
_MOST = 10_000


@dataclass(frozen=True)
class RateLimitState:
    """What a budget still has: *requests* now, all of *quota* after *seconds*."""

    budget: str
    quota: int
    requests: int
    seconds: int


class Budgets:
    """The buckets of one process."""

    def __init__(
        self, *, token: int, organisation: int, address: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take each budget's requests a minute."""
        self._quotas = {TOKEN: token, ORGANISATION: organisation, ADDRESS: address}
        self._clock = clock
        self._lock = threading.Lock()
        # By owner: when the bucket will be full again. A full one need not be kept.
        self._full_at: dict[str, OrderedDict[str, float]] = {budget: OrderedDict() for budget in self._quotas}

    def take(self, budget: str, whose: str) -> RateLimitState:
        """
        Take one request from a budget, and return what is left.

        Raises:
            Problem: BUDGET_EXHAUSTED.
        """
        quota = self._quotas[budget]
        each = _SECONDS / quota
        with self._lock:
            now, buckets = self._clock(), self._full_at[budget]
            full_at = max(now, buckets.get(whose, now)) + each
            if full_at - now > _SECONDS:
                raise _exhausted(
                    RateLimitState(budget, quota, 0, math.ceil(full_at - each - now)), full_at - now - _SECONDS
                )
            buckets[whose] = full_at
            buckets.move_to_end(whose)
            if len(buckets) > _MOST:
                buckets.popitem(last=False)
        missing = full_at - now
        return RateLimitState(budget, quota, math.floor((_SECONDS - missing) / each + 1e-6), math.ceil(missing))


def headers(budgets: Iterable[RateLimitState]) -> dict[str, str]:
    """Return the headers with these budgets; none if there are no budgets."""
    told = list(budgets)
    if not told:
        return {}
    return {
        POLICY: ", ".join(f'"{each.budget}";q={each.quota};w={_SECONDS}' for each in told),
        LEFT: ", ".join(f'"{each.budget}";r={each.requests};t={each.seconds}' for each in told),
    }


def network_of(address: str) -> str:
    """Return the address that a budget is for: an IPv6 host has a whole /64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))


def _exhausted(left: RateLimitState, wait: float) -> Problem:
    problem = Problem(
        "BUDGET_EXHAUSTED",
        f"The budget of this {left.budget} is {left.quota} requests in {_SECONDS} seconds",
        budget=left.budget,
    )
    problem.sent = {"Retry-After": str(max(1, math.ceil(wait))), **headers([left])}
    return problem
