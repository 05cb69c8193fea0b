"""A ledger that answers as it is told, and remembers what it was asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask

from gateway.app import create_app, serve_with
from gateway.fabric.declarations import Declarations, Functions
from gateway.fabric.ledgercalls import CommittedAnswer, LedgerCall
from gateway.fabric.ordering import OrderedTransaction
from gateway.fabric.planning import CallPlan
from gateway.http.settings import Settings
from hlf import errors
from hlf.client import gateway as fabric
from hlf.client.commit import Status
from hlf.client.session import Session
from hlf.identity import Identity
from hlf.profile import Endpoint
from hlf.steps.budget import Budget
from hlf.steps.choosing import Peers
from hlf.steps.events import BlockAndPrivateData
from tests.unit.hlf.certificates import issue

TRANSACTION = "ab" * 32
CERTIFICATE = issue("user")
"""Of each user, and its key, which the gateway does not have."""


# What a new channel answers to questions that many pages ask.
_NO_GRANTS = b'{"grants": [], "bookmark": ""}'
_NOTHING_YET: dict[str, bytes | Exception] = {
    "Stages:current": b"{}",
    **{f"Disclosures:{which}": _NO_GRANTS for which in ("given", "received", "audit")},
}


@dataclass
class FakeLedgers:
    """Stands in for ``gateway.fabric.ledger.Ledgers``: an answer is bytes or an exception to raise."""

    answers: dict[str, bytes | Exception] = field(default_factory=lambda: dict(_NOTHING_YET))
    asked: list[tuple[str, str, LedgerCall]] = field(default_factory=list)
    carried_on: list[str] = field(default_factory=list)
    looked_at: list[tuple[str, str]] = field(default_factory=list)
    up: set[str] = field(default_factory=set)
    before_commit: Callable[[], None] = lambda: None
    before_answer: Callable[[LedgerCall], None] = lambda _: None
    stream: Any = None
    declarations: Declarations = field(default_factory=Declarations)
    published: Functions = field(default_factory=dict)
    chains: dict[str, list[BlockAndPrivateData]] = field(default_factory=dict)
    previewed: list[LedgerCall] = field(default_factory=list)
    planned: CallPlan | Exception = field(default_factory=lambda: CallPlan(None, ()))

    def evaluate(self, msp_id: str, user: str, call: LedgerCall) -> bytes:
        self.asked.append((msp_id, user, call))
        call.texts()
        self.before_answer(call)
        return self._answer(call)

    def at_hand(self, msp_id: str, user: str) -> None:
        """All is asked in threads, unless a test lets `Services.loop_calls` be ready."""

    def look_again(self, msp_id: str, user: str) -> None:
        self.looked_at.append((msp_id, user))

    def explained(self, msp_id: str, user: str, call: LedgerCall, refused: errors.GatewayError) -> Exception:
        return refused

    def submit(
        self, msp_id: str, user: str, call: LedgerCall, before_sending: Callable[[str, bytes], None]
    ) -> CommittedAnswer:
        self.asked.append((msp_id, user, call))
        call.texts()
        if isinstance(self.answers.get(call.function), errors.EndorseError):
            self._answer(call)
        before_sending(TRANSACTION, call.function.encode())
        self.before_commit()
        return CommittedAnswer(TRANSACTION, 7, self._answer(call))

    def settled(self, msp_id: str, user: str, channel: str, sent: OrderedTransaction) -> CommittedAnswer:
        assert isinstance(sent.found, Exception)
        raise sent.found

    def carry_on(
        self, msp_id: str, user: str, channel: str, kept: bytes, sending: Callable[[str], None]
    ) -> CommittedAnswer:
        self.carried_on.append(kept.decode())
        sending(TRANSACTION)
        return CommittedAnswer(TRANSACTION, 7, self._answer(LedgerCall(channel, "", kept.decode())))

    def plan(self, msp_id: str, user: str, call: LedgerCall) -> CallPlan:
        self.asked.append((msp_id, user, call))
        self.previewed.append(call)
        call.texts()
        if isinstance(self.planned, Exception):
            raise self.planned
        return self.planned

    def keyless(self, msp_id: str, user: str) -> fabric.Gateway:
        session = Session(Identity(msp_id, CERTIFICATE.pem), None)
        return fabric.Gateway(
            session, Peers([Endpoint("nobody", "127.0.0.1:1", None)]), fabric.Timeouts(), fabric.Retry()
        )

    def functions(self, msp_id: str, user: str, channel: str, chaincode: str) -> Functions:
        return self.published

    def status(self, msp_id: str, user: str, channel: str, transaction_id: str, seconds: float) -> Status:
        return Status(transaction_id, 11, 7)

    def check_stream(self, *_: object) -> int:
        return 0

    @contextlib.contextmanager
    def events(self, *_: object) -> Iterator[Any]:
        try:
            yield self.stream
        finally:
            if self.stream is not None:
                self.stream.close()

    def height(self, msp_id: str, user: str, channel: str) -> int:
        if channel not in self.chains:
            raise errors.EvaluateError(f"no channel {channel}")
        return len(self.chains[channel])

    @contextlib.contextmanager
    def blocks(
        self, msp_id: str, user: str, channel: str, first: int, last: int
    ) -> Iterator[list[BlockAndPrivateData]]:
        yield self.chains[channel][first : last + 1]

    def reachable(self, msp_id: str, seconds: float = 2.0) -> bool:
        return msp_id in self.up

    def serves(self, channel: str, organisations: Sequence[str]) -> bool:
        return bool(organisations)

    def _answer(self, call: LedgerCall) -> bytes:
        answer = self.answers.get(call.function, b"null")
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass(frozen=True)
class FakeReadyCall:
    """Stands in for ``gateway.front.loopcalls.ReadyCall``; the ledger answers as in a thread."""

    ledgers: FakeLedgers
    msp_id: str
    user: str
    call: LedgerCall
    decide: Any

    async def evaluate(self) -> bytes:
        return self.ledgers.evaluate(self.msp_id, self.user, self.call)

    async def submit(self, sending: Callable[[str], None]) -> CommittedAnswer | OrderedTransaction:
        try:
            return self.ledgers.submit(
                self.msp_id, self.user, self.call, lambda transaction_id, _: sending(transaction_id)
            )
        except (errors.CommitError, errors.CommitStatusError) as error:
            return settling(error)


def settling(error: errors.CommitError | errors.CommitStatusError) -> OrderedTransaction:
    """Return a transaction with which ``FakeLedgers.settled`` raises *error*."""
    return OrderedTransaction(None, 0, Budget(0), error)  # type: ignore[arg-type]


def application(folder: Path, ledgers: FakeLedgers, **chosen: int | str) -> Flask:
    """
    Return a gateway over *ledgers* whose wallet has two organisations with a user each, in files that nobody reads.

    *chosen* are settings that differ from the defaults.
    """
    wallet = folder / "wallet"
    for msp_id in ("PlatformMSP", "ForwarderMSP"):
        user = wallet / "organisations" / msp_id / "users" / "User1"
        user.mkdir(parents=True)
        (user / "cert.pem").write_text("")
        (wallet / "profiles").mkdir(exist_ok=True)
        (wallet / "profiles" / f"{msp_id}.json").write_text("{}")
    given: dict[str, Any] = {"tracking": "PlatformMSP/User1", "max_body_bytes": 4096, **chosen}
    settings = Settings(wallet=wallet, data=folder / "data", **given)
    app = _application(settings)
    serve_with(app, settings, ledgers)  # type: ignore[arg-type]
    return app


# Made once, since that takes as long as a hundred requests; all that differs between tests stands in its services.
_made: list[Flask] = []


def _application(settings: Settings) -> Flask:
    if not _made:
        _made.append(create_app(settings))
    return _made[0]


ORDER = {
    "platform": "PlatformMSP",
    "merchant": "MerchantMSP",
    "placed_at": "2026-11-22T15:00:00Z",
    "incoterm": "DDP",
    "named_place": "VNHAN",
    "lines": [{"line": 1, "gtin": "0", "hs6": "851830", "quantity": 1, "unit_price": "1", "weight_grm": 1}],
    "currency": "USD",
    "freight": "0",
    "insurance": "0",
    "origin": "CNSZX",
    "destination": "VNHAN",
    "terms": {"terms_id": "t", "version": 1, "digest": "0" * 64},
}
"""The body of an order: placing it takes two transactions."""
