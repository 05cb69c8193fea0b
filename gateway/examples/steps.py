"""
Examples of every address, as one story whose steps work in order when they are sent.

A step names its sender, the request, and what later steps use of the answer. ``$now+30s`` and ``$today`` are moments
counted from when the step is sent, and ``$<name>`` stands for what an earlier step kept.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from importlib import resources
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import yaml

CHAPTERS = (
    "register", "carriage", "disclosure", "matching", "orders", "journeys", "returns", "carrierclaims", "service",
)  # fmt: skip
# The reference to a document in a file of its own.
DIGEST = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
_REFERENCE = re.compile(r"\$([a-z][a-z-]*)(?:\+([0-9]+)([sdh]))?")
# A calendar day is one at a place: tariffs of Viet Nam apply from a day there.
_DAYS: Mapping[str, tzinfo] = {"today": UTC, "today-in-hanoi": ZoneInfo("Asia/Ho_Chi_Minh")}
_UNITS = {"s": "seconds", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class ExampleStep:
    """
    One request of the story.

    Attributes:
        by: ``<MSP>`` or ``<MSP>/<user>`` that sends it; empty if it needs no token.
        address: path and query.
        keep: parts of the answer that later steps use: a name, and the path in the answer with dots.
        sign: signatures that later steps use: a name, and the path of what the sender's key signs.
        refused: the code of its problem, if it is an example of a refusal; *because* says why.
    """

    by: str
    method: str
    address: str
    body: Any = None
    keep: Mapping[str, str] = field(default_factory=dict)
    sign: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    because: str = ""

    def filled(self, known: Mapping[str, Any], now: datetime) -> ExampleStep:
        """Return this step with its references replaced by what is *known* and by moments counted from *now*."""
        return ExampleStep(
            self.by,
            self.method,
            _REFERENCE.sub(lambda found: quote(str(_value(found, known, now)), safe=""), self.address),
            _filled(self.body, known, now),
            self.keep,
            self.sign,
            self.refused,
            self.because,
        )

    def kept(self, answer: Any) -> dict[str, Any]:
        """Return what later steps take of this step's *answer*."""
        return {name: _at(answer, place) for name, place in self.keep.items()}

    def signed(self, answer: Any, sign: Callable[[bytes], bytes]) -> dict[str, str]:
        """Return the signatures, in base64, of what later steps take signed of this step's *answer*."""
        return {
            name: base64.b64encode(sign(base64.b64decode(_at(answer, place)))).decode()
            for name, place in self.sign.items()
        }


@functools.cache
def story() -> tuple[ExampleStep, ...]:
    """Return all steps, in order."""
    return tuple(_step(told) for chapter in CHAPTERS for told in _read(chapter))


@functools.cache
def samples() -> dict[str, Any]:
    """Return a sample of everything that a step keeps, by its name."""
    kept = [name for step in story() for name in (*step.keep, *step.sign)]
    named: dict[str, Any] = {name: f"{name}-5d41402abc4b2a76" for name in kept}
    named.update(_read("samples"))
    return named


def references(node: Any) -> set[str]:
    """Return the names of what *node* takes from earlier steps."""
    if isinstance(node, dict):
        return set().union(*(references(each) for each in node.values()))
    if isinstance(node, list):
        return set().union(*(references(each) for each in node))
    if not isinstance(node, str):
        return set()
    return {found for found, *_ in _REFERENCE.findall(node)} - {"now", "digest", *_DAYS}


def _read(name: str) -> Any:
    return yaml.safe_load(resources.files(__package__).joinpath(f"{name}.yaml").read_text("utf-8"))


def _step(told: Any) -> ExampleStep:
    """Read a step; one without a body may be a text: who, method and address."""
    if isinstance(told, str):
        *by, method, address = told.split(" ")
        return ExampleStep("".join(by), method, address)
    method, _, address = told.pop("send").partition(" ")
    return ExampleStep(method=method, address=address, **{"by": "", **told})


def _filled(node: Any, known: Mapping[str, Any], now: datetime) -> Any:
    if isinstance(node, dict):
        return {name: _filled(each, known, now) for name, each in node.items()}
    if isinstance(node, list):
        return [_filled(each, known, now) for each in node]
    if not isinstance(node, str):
        return node
    if whole := _REFERENCE.fullmatch(node):
        return _value(whole, known, now)
    return _REFERENCE.sub(lambda found: str(_value(found, known, now)), node)


def _value(found: re.Match[str], known: Mapping[str, Any], now: datetime) -> Any:
    name, count, unit = found.groups()
    if name == "now":
        later = now + (timedelta(**{_UNITS[unit]: int(count)}) if count else timedelta())
        return later.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    days = {each: now.astimezone(zone).date().isoformat() for each, zone in _DAYS.items()}
    return {**days, "digest": DIGEST, **known}[name]


def _at(answer: Any, place: str) -> Any:
    for name in place.split("."):
        answer = answer[int(name) if isinstance(answer, list) else name]
    return answer
