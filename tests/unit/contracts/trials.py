"""
Trials of a story: what everybody else makes of each of its transactions, again and at the same time.

Each transaction of the story is also sent by every other member, with the same arguments and private values: before its
author sends it, after, and endorsed with it and committed behind it. Its author sends it again in the same two ways.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from chaincode.domain.journeys import digitallink
from hlf.shim import api, testing
from tests.unit.contracts.trading import user

NAMING = {
    "order_id", "journey_id", "return_id", "payment_id", "claim_id", "drawback_id", "unit_id", "grant_id", "request_id",
    "counter_grant_id", "seal_id", "meter_id", "plan_id", "booking_id", "agreement_id", "amendment_id", "checkout_id",
    "product_id", "identifier", "epcs", "parcels", "members", "token_hash", "old_hash", "new_hash", "buyer_hash",
    "buyer_token_hash", "seller_id", "terms_id",
}  # fmt: skip
"""Arguments and private values whose text says what a transaction is about."""

Values = dict[tuple[Any, ...], bytes]


@dataclasses.dataclass
class Trials:
    """
    What went through beside the story.

    Attributes:
        played: the functions of the story.
        copied: by function, the other members from whom it was taken before its author sent it.
        repeated: functions that were taken again, whoever sent them.
        moved: those of them that changed any value, public or private.
        raced: functions of which two that were endorsed together both changed something.
        shared: by function, the kinds of its keys that name nothing that the story is about.
        relied: by function, the ranges of keys that it read, and that name nothing so either; a key is a range of one.
        wrote: by function, all its public keys.
    """

    played: set[str] = dataclasses.field(default_factory=set)
    copied: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    repeated: set[str] = dataclasses.field(default_factory=set)
    moved: set[str] = dataclasses.field(default_factory=set)
    raced: set[str] = dataclasses.field(default_factory=set)
    shared: defaultdict[str, set[str]] = dataclasses.field(default_factory=lambda: defaultdict(set))
    relied: defaultdict[str, set[tuple[str, str]]] = dataclasses.field(default_factory=lambda: defaultdict(set))
    wrote: defaultdict[str, set[str]] = dataclasses.field(default_factory=lambda: defaultdict(set))
    tried: int = 0

    def __post_init__(self) -> None:
        self._invoke = testing.Ledger.invoke
        self._names: set[str] = set()

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Try everything that is invoked from now on, on whatever ledger."""

        def invoke(ledger: testing.Ledger, function: str, *args: Any, client: Any, **named: Any) -> Any:
            return self._tried(ledger, (function, *args), client, named)

        patch.setattr(testing.Ledger, "invoke", invoke)

    def _tried(self, ledger: testing.Ledger, call: tuple[Any, ...], client: Any, named: dict[str, Any]) -> Any:
        function = call[0]
        strangers = [user(member) for member in ledger.members if member != client.msp_id]
        together = {sender: self._endorsed(ledger, call, sender, named) for sender in (client, *strangers)}
        for stranger in strangers:
            if self._commits(ledger, together[stranger]):
                self.copied.setdefault(function, set()).add(stranger.msp_id)
        result = self._invoke(ledger, *call, client=client, **named)
        self.played.add(function)
        self._note_keys(ledger, call, named, result)
        self._note_reads(call[0], together[client])
        known = values(ledger)
        for endorsed in together.values():
            if self._commits(ledger, endorsed, known):
                self.raced.add(function)
        for sender in (client, *strangers):
            again = self._endorsed(ledger, call, sender, named)
            if self._commits(ledger, again):
                self.repeated.add(function)
                if self._commits(ledger, again, known):
                    self.moved.add(function)
        return result

    def _endorsed(
        self, ledger: testing.Ledger, call: tuple[Any, ...], sender: Any, named: dict[str, Any]
    ) -> testing.EndorsedTransaction | None:
        self.tried += 1
        try:
            return ledger.endorse(*call, client=sender, **named)
        except testing.Refused:
            return None

    def _commits(
        self, ledger: testing.Ledger, endorsed: testing.EndorsedTransaction | None, known: Values | None = None
    ) -> bool:
        """Return whether it is valid on a copy of the ledger, and writes; with *known*, other values than these."""
        if endorsed is None or not endorsed.effects:
            return False
        kept, ledger.world = ledger.world, ledger.world.copy()
        try:
            ledger.commit(endorsed)
            return known is None or values(ledger) != known
        except testing.TransactionInvalid:
            return False
        finally:
            ledger.world = kept

    def _note_keys(
        self, ledger: testing.Ledger, call: tuple[Any, ...], named: dict[str, Any], result: testing.Result
    ) -> None:
        """Note the kinds of keys that name nothing which this or an earlier transaction was about."""
        chaincode = ledger._chaincodes[ledger._name]
        assert isinstance(chaincode, api.Chaincode)
        parameters = chaincode.functions[call[0]].parameters
        arguments = {each.name: argument for each, argument in zip(parameters, call[1:], strict=False)}
        self._names |= {*_names(arguments), *_names(dict(named.get("transient") or {}))}
        for key in (*result.writes, *(key for _, key in result.private_writes)):
            if not any(name in key for name in self._names):
                self.shared[call[0]].add([*filter(None, key.split("\0"))][0])

    def _note_reads(self, function: str, endorsed: testing.EndorsedTransaction | None) -> None:
        """Note what the transaction depends on, if it writes: a change of it there makes the transaction invalid."""
        if endorsed is None:
            return
        effects = endorsed.effects
        self.wrote[function] |= {key for _, key in effects.writes}
        looked = {(key, f"{key}\0") for _, key in effects.reads} | {(start, end) for _, start, end in effects.ranges}
        self.relied[function] |= {each for each in looked if not any(name in each[0] for name in self._names)}


def values(ledger: testing.Ledger) -> Values:
    """Return every value of the channel, public and private, whenever it was written."""
    world = ledger.world
    return {
        (where, key): value
        for kept in (world.state, world.private)
        for where, held in kept.items()
        for key, (value, _) in held.items()
    }


def _names(value: Any, of: str = "") -> Iterator[str]:
    """Yield what a value names, as it is written and as keys have it."""
    if isinstance(value, bytes):
        with contextlib.suppress(ValueError):
            yield from _names(json.loads(value), of)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _names(each, name)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _names(each, of)
    elif isinstance(value, str) and value and of in NAMING:
        yield value
        yield digitallink.canonical(value)
