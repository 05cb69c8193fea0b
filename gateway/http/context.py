"""The current request: the gateway's services, the caller, and calls as the caller."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request, current_app, g, request

from chaincode.domain import channels
from chaincode.domain.vocabulary import bounds
from gateway.events.slots import ListenerSlots
from gateway.fabric import results
from gateway.fabric.ledger import Ledgers
from gateway.fabric.ledgercalls import CommittedAnswer, LedgerCall
from gateway.fabric.planning import CallPlan
from gateway.fabric.turns import FairLocks
from gateway.fabric.wallet import Wallet
from gateway.front import presence as presences
from gateway.front.loopcalls import LoopCalls
from gateway.front.presence import Presence
from gateway.http import freshness
from gateway.http.budgets import Budgets, RateLimitState
from gateway.http.problems import Problem, of
from gateway.http.settings import Settings
from gateway.oidc.acceptedtokens import AcceptedTokens
from gateway.oidc.signin import SignIns
from gateway.readmodel.feeding import Feeder
from gateway.readmodel.model import Model
from gateway.store.database import Store
from gateway.store.keys import ClaimedKey, Keys
from gateway.store.processes import GatewayProcess
from gateway.store.tokens import TokenCaller, Tokens
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.traces import Traces
from gateway.tokens.clientcertificates import ClientCertificates
from hlf import errors
from hlf.client.commit import Status

EXTENSION = "selat"
COMMITTED = "committed"
"""The outcome of a valid transaction, as it is counted."""
_TRIED = "selat.tried"

CONFLICTS = frozenset({"MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT", "KEY_POLICY_CONFLICT", "ENDORSERS_DISAGREE"})
_RACES = frozenset({"KEY_POLICY_CONFLICT"})
_ATTEMPTS = 5
Transient = Mapping[str, bytes]


@dataclass(frozen=True)
class TradeChaincode:
    """A chaincode of the trade, and its channel in the default consortium."""

    channel: str
    name: str

    @property
    def place(self) -> tuple[str, str]:
        """Channel and name."""
        return self.channel, self.name

    def call(
        self,
        function: str,
        arguments: Iterable[Any],
        transient: Transient | None = None,
        endorsers: tuple[str, ...] = (),
    ) -> LedgerCall:
        """Return a call of one of its functions; the function's declaration plans it unless *endorsers* are named."""
        return LedgerCall(self.channel, self.name, function, tuple(arguments), transient or {}, endorsers)


COMMERCE = TradeChaincode(*channels.COMMERCE)
CARRIAGE = TradeChaincode(*channels.CARRIAGE)
TRADE = TradeChaincode(*channels.TRADE)
CHAINCODES = (COMMERCE, CARRIAGE, TRADE)


@dataclass(frozen=True)
class Services:
    """The services of one gateway process; ``create_app`` makes them."""

    settings: Settings
    store: Store
    process: GatewayProcess
    tokens: Tokens
    bearers: AcceptedTokens
    certificates: ClientCertificates
    sign_ins: SignIns
    wallet: Wallet
    ledgers: Ledgers
    loop_calls: LoopCalls
    keys: Keys
    listener_slots: ListenerSlots
    turns: FairLocks
    metrics: Metrics
    traces: Traces | None
    budgets: Budgets
    model: Model
    feeder: Feeder


@dataclass(frozen=True)
class CallAttempt:
    """
    What was done for a call before the application got its request.

    Attributes:
        started: when the request came, on the monotonic clock.
        spent: what is left of the caller's budgets.
        error: why it failed; None if the application must do the rest.
        sent: the id of a transaction that was sent; empty if there is none.
        held: the idempotency key of the request, if it was taken.
    """

    caller: TokenCaller
    started: float
    spent: list[RateLimitState]
    error: Exception | None
    sent: str
    held: ClaimedKey | None = None

    def leave_in(self, environ: dict[str, Any]) -> None:
        """Pass this on to the application, in the request's WSGI environment."""
        environ[_TRIED] = self


def tried() -> CallAttempt | None:
    """Return what was done for the request's call before; None if nothing was."""
    found: CallAttempt | None = request.environ.get(_TRIED)
    return found


def _take_tried() -> None:
    """Raise the error of a call that was tried before the application got the request."""
    done: CallAttempt | None = request.environ.pop(_TRIED, None)
    if done is not None and done.error is not None:
        g.in_flight = done.sent
        raise done.error


def take_tried_key() -> ClaimedKey | None:
    """
    Return the idempotency key that was taken before the application got the request; None if none was.

    Raises the error of a call that failed without it: then there is nothing for which a key is needed.
    """
    done = tried()
    if done is not None and done.held is None:
        _take_tried()
    return None if done is None else done.held


def current() -> Request:
    """Return the current request itself; the proxy `request` would look it up at each use."""
    found: Request = request._get_current_object()  # type: ignore[attr-defined]
    return found


def services() -> Services:
    """Return the services of the current application."""
    found: Services = current_app.extensions[EXTENSION]
    return found


def caller() -> TokenCaller:
    """Return the user that the request's token acts for; only in views with ``auth.needs``."""
    found: TokenCaller = g.caller
    return found


def evaluate(call: LedgerCall) -> bytes:
    """Return a query's answer, asked as the caller; raises what ``Ledgers.evaluate`` raises."""
    asking = caller()
    _take_tried()
    return services().ledgers.evaluate(asking.msp_id, asking.user, building_on(call))


def submit(call: LedgerCall) -> CommittedAnswer:
    """
    Return a committed transaction, submitted as the caller; raises what ``Ledgers.submit`` raises.

    A conflict wrote nothing, and usually the caller reads again and decides. There are two exceptions. If an earlier
    transaction of the same request is committed, this one is tried again, because the caller cannot repeat the whole
    request. A lost race for a key's policy is tried again too, one call after the other for one subject: calls that add
    to one record, such as scans of one parcel, lose that race though they do not contradict each other.
    """
    raced, left = bool(transactions()), _ATTEMPTS
    with contextlib.ExitStack() as turn:
        while True:
            left -= 1
            try:
                receipt = _sent(call)
            except (errors.CommitError, errors.EndorseError) as error:
                code = of(error).code
                if isinstance(error, errors.CommitError):
                    services().metrics.sent(call.channel, code)
                if not left or code not in (CONFLICTS if raced else _RACES):
                    raise
                if code in _RACES and not raced:
                    turn.enter_context(services().turns.take(_subject(call)))
                raced = True
                continue
            services().metrics.sent(call.channel, COMMITTED)
            g.setdefault("receipts", []).append((call.channel, receipt))
            return receipt


def _subject(call: LedgerCall) -> tuple[str, str, str]:
    """Return the subject of a call: in the trade's functions the first argument names the record."""
    first = call.texts()[:1]
    return call.channel, call.chaincode, first[0] if first else ""


def _sent(call: LedgerCall) -> CommittedAnswer:
    """
    Submit once. ``in_flight`` names the transaction from just before it is sent until its outcome is known.
    """
    asking = caller()
    held: ClaimedKey | None = g.get("idempotency_key")
    try:
        _take_tried()
        if held is not None and (signed := held.steps.pop(len(transactions()), None)) is not None:
            receipt = services().ledgers.carry_on(asking.msp_id, asking.user, call.channel, signed, _sending)
        else:
            receipt = services().ledgers.submit(asking.msp_id, asking.user, building_on(call), _before_sending)
    except (errors.EndorseError, errors.SubmitError, errors.CommitError) as error:
        if getattr(error, "outcome_known", True):
            g.in_flight = ""
        raise
    except Exception as error:
        if not in_flight() or of(error).outcome_open:
            raise
        raise Problem("OUTCOME_UNKNOWN", str(error), transaction_id=in_flight()) from error
    g.in_flight = ""
    return receipt


def plan(call: LedgerCall) -> CallPlan:
    """
    Return who must endorse *call* and who would see it, if the caller sent it; raises what ``Ledgers.plan`` raises.
    """
    return services().ledgers.plan(caller().msp_id, reader(), building_on(call))


def reader() -> str:
    """
    Return the user who asks the organisation's own peer what the gateway itself must know: the caller, or another one
    if the caller's key is not here.
    """
    asking = caller()
    return services().wallet.signing_user(asking.msp_id, asking.user) or asking.user


def transactions() -> list[str]:
    """Return the ids of the transactions that the current request has committed so far."""
    return [receipt.transaction_id for _, receipt in g.get("receipts", [])]


def in_flight() -> str:
    """Return the id of a sent transaction with an unknown outcome; empty if there is none."""
    sent: str = g.get("in_flight", "")
    return sent


def may_have_written() -> bool:
    """Return whether the current request has written something, or may still have."""
    return bool(transactions() or in_flight())


def blocks_written() -> dict[str, int]:
    """Return the last block that the current request wrote to, for each channel."""
    return {channel: receipt.block_number for channel, receipt in g.get("receipts", [])}


def blocks_needed() -> dict[str, int]:
    """Return the block of each channel that the answer must build on, by the header ``Selat-After``."""
    try:
        return freshness.parse(request.headers.get(freshness.AFTER, ""))
    except ValueError as error:
        raise Problem("REQUEST_MALFORMED", str(error)) from None


def building_on(call: LedgerCall) -> LedgerCall:
    """Return *call* with the blocks that it must build on: those the request wrote to, and those in ``Selat-After``."""
    blocks = [found[call.channel] for found in (blocks_needed(), blocks_written()) if call.channel in found]
    return dataclasses.replace(call, after=max(blocks) if blocks else call.after, gone=gone)


def gone() -> bool:
    """Return whether the client has gone before anything was written for it; then no more work is needed."""
    return presence().left and not may_have_written()


def presence() -> Presence:
    """Return whether the request's client is still connected."""
    return presences.of(request.environ)


def ask(chaincode: TradeChaincode, function: str, *arguments: Any, transient: Transient | None = None) -> Any:
    """
    Return a contract's answer as JSON values. Only the peer of the caller's organisation is asked and sees
    *transient*.
    """
    return results.read(evaluate(chaincode.call(function, arguments, transient, (caller().msp_id,))))


def ask_record(
    chaincode: TradeChaincode, function: str, *arguments: Any, transient: Transient | None = None
) -> dict[str, Any]:
    """Return the answer of a function that returns an object; see ``ask``."""
    return results.record(ask(chaincode, function, *arguments, transient=transient))


def ask_optional(chaincode: TradeChaincode, function: str, *arguments: Any) -> dict[str, Any] | None:
    """Return the answer of a function that returns an object or nothing; see ``ask``."""
    found = ask(chaincode, function, *arguments)
    return None if found is None else results.record(found)


def ask_list(chaincode: TradeChaincode, function: str, *arguments: Any) -> list[Any]:
    """Return the answer of a function that returns a list; see ``ask``."""
    return results.listing(ask(chaincode, function, *arguments))


def ask_pages(
    chaincode: TradeChaincode,
    function: str,
    member: str,
    *arguments: Any,
    after: tuple[Any, ...] = (),
    most: int | None = None,
) -> Iterator[Any]:
    """
    Yield the entries of a function that answers by pages, asking for the next page when it is needed; see ``ask``.

    The entries are the *member* of each page. The function takes size and bookmark after *arguments*, and then those
    *after* them. Not more than *most* pages are asked for.
    """
    bookmark = ""
    for _ in itertools.count() if most is None else range(most):
        page = ask_record(chaincode, function, *arguments, bounds.PAGE.most, bookmark, *after)
        yield from results.listing(page[member])
        bookmark = page["bookmark"]
        if not bookmark:
            return


def act(
    chaincode: TradeChaincode,
    function: str,
    *arguments: Any,
    transient: Transient | None = None,
) -> dict[str, Any]:
    """
    Return a committed transaction: ``transaction_id``, ``block_number`` and the contract's answer as ``result``.

    It goes to the organisations that the function declares, and *transient* values to nobody else.
    """
    receipt = submit(chaincode.call(function, arguments, transient))
    return {
        "transaction_id": receipt.transaction_id,
        "block_number": receipt.block_number,
        "result": results.plain(receipt.result),
    }


def status(channel: str, transaction_id: str, wait_seconds: float) -> Status:
    """Return the status of a transaction; raises what ``Ledgers.status`` raises."""
    asking = caller()
    return services().ledgers.status(asking.msp_id, asking.user, channel, transaction_id, wait_seconds)


def random_bytes(size: int) -> bytes:
    """Return bytes that nobody can guess. Under an idempotency key, each attempt at the request gets the same ones."""
    held: ClaimedKey | None = g.get("idempotency_key")
    return secrets.token_bytes(size) if held is None else held.random(size)


def _before_sending(transaction_id: str, signed: bytes) -> None:
    """Store the transaction with the idempotency key, if there is one, before it can take effect."""
    held: ClaimedKey | None = g.get("idempotency_key")
    if held is not None:
        services().keys.note_step(held, len(transactions()), transaction_id, signed)
    _sending(transaction_id)


def _sending(transaction_id: str) -> None:
    g.in_flight = transaction_id
