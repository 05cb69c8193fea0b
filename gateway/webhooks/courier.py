"""
Deliver the messages of webhooks, in each process of the gateway.

Once a second the courier looks for webhooks that no other process delivers, and gives each a turn: take over new
blocks, queue the events that pass its filters, and post them one after the other. A slow receiver holds only the thread
of its own turn. Three seconds after a process died, others take over its webhooks; a message that it had posted but not
stored as delivered is posted again under the same id.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from gateway.fabric.wallet import WalletError
from gateway.http import context
from gateway.readmodel import queries
from gateway.store.database import StoreError
from gateway.store.deliveries import Attempt, Deliveries, WebhookMessage
from gateway.store.processes import RepeatedWork
from gateway.store.webhooks import Subscription, Webhook
from gateway.trade.epcis import subscriptions
from gateway.webhooks import messages, signing
from gateway.webhooks.posting import Poster, PostOutcome

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
# Seconds from each failed attempt to the next one; after the last the message is a dead letter, after 31 hours.
BACK_OFF = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 57600)
_JITTER = 0.2
# Messages in a row that were given up, after which the webhook is stopped.
_MOST_GIVEN_UP = 3
_GONE = 410
# Longer than an attempt may take, with a margin for clocks that differ.
_LEASE_SECONDS = 60
_THREADS = 8
_EVERY_SECONDS = 1.0
_FORGET_SECONDS = 600.0
_EVENTS_AT_ONCE = 100
_LOG = logging.getLogger("gateway")


class Courier:
    """Delivers for the webhooks of one database; several couriers share them."""

    def __init__(
        self, services: context.Services, poster: Poster | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._services = services
        self._process = services.process
        self._deliveries = Deliveries(services.store, clock)
        self._poster = poster or Poster(services.settings.allowed_networks)
        self._clock = clock
        self._turns: dict[str, Future[None]] = {}
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="webhooks")
        self._rounds = RepeatedWork("webhooks", _EVERY_SECONDS, self._begin_turns)
        self._forgot = 0.0

    def start(self) -> None:
        """Deliver until ``stop``."""
        self._rounds.start()

    def stop(self) -> None:
        """Finish the present attempts, and leave the webhooks to other processes at once."""
        self._rounds.stop()
        self._pool.shutdown()
        try:
            self._deliveries.leave(self._process.name)
        except StoreError as error:
            _LOG.error("webhooks were not left to other processes: %s", error)

    def _begin_turns(self) -> None:
        """Give a turn to each webhook that has none at the moment."""
        for webhook in self._deliveries.open(self._process.name):
            running = self._turns.get(webhook.id)
            if running is None or running.done():
                self._turns[webhook.id] = self._pool.submit(self._turn_logged, webhook)
        if self._clock() - self._forgot > _FORGET_SECONDS:
            self._forgot = self._clock()
            self._turns = {name: each for name, each in self._turns.items() if not each.done()}
            self._deliveries.forget_old()

    def _turn_logged(self, webhook: Webhook) -> None:
        try:
            self.turn(webhook)
        except Exception as error:  # noqa: BLE001  The next turn tries again; no webhook may end the others.
            _LOG.error("a turn of webhook %s failed: %s", webhook.id, type(error).__name__)

    def turn(self, webhook: Webhook) -> None:
        """Queue new events of one webhook and deliver what is due, unless another process does."""
        try:
            self._turn(webhook)
        finally:
            # The next turn is a second away, and reports itself that the process is alive.
            self._process.leave(webhook.id)

    def _turn(self, webhook: Webhook) -> None:
        if not self._keep(webhook):
            return
        try:
            known = webhook.user in self._services.wallet.users(webhook.msp_id)
        except WalletError:
            known = False
        if not known:
            self._deliveries.stop(webhook.id, "the gateway has no identity for its user any more")
            return
        self._queue(webhook)
        while not self._rounds.ending.is_set():
            message = self._deliveries.next(webhook.id)
            if message is None or message.next_at > self._milliseconds() or not self._keep(webhook):
                return
            if not self._deliver(webhook, message):
                return

    def _keep(self, webhook: Webhook) -> bool:
        """Take or renew the lease."""
        return self._deliveries.take(webhook.id, self._process, _LEASE_SECONDS)

    def _queue(self, webhook: Webhook) -> None:
        """Queue the events that pass the webhook's filters, as far as there is room."""
        room = min(self._deliveries.room(webhook.id), _EVENTS_AT_ONCE)
        if not room:
            return
        model, filters = self._services.model, webhook.filters
        if webhook.subscription and not subscriptions.due(webhook, webhook.subscription, self._milliseconds()):
            return
        self._services.feeder.refresh(webhook.msp_id, webhook.user, [webhook.channel], {})
        last = model.next_block(webhook.msp_id, webhook.channel) - 1
        if webhook.subscription:
            self._queue_standing(webhook, webhook.subscription, room, last)
            return
        after = (webhook.place.block_number, webhook.place.index)
        found = queries.following(
            model,
            webhook.msp_id,
            webhook.channel,
            after,
            chaincode=filters.chaincode,
            names=filters.names,
            limit=room,
        )
        place = messages.place_after(webhook, found, room, last)
        if place != webhook.place:
            self._deliveries.queue(webhook, self._process.name, messages.of(webhook, found), place)

    def _queue_standing(self, webhook: Webhook, asked: Subscription, room: int, last: int) -> None:
        """Queue what a standing query finds."""
        end, now = messages.end_of(last), self._milliseconds()
        found = subscriptions.queued(self._services.model, webhook, asked, room, end, now)
        if (found.place, found.due_at) != (webhook.place, webhook.due_at):
            self._deliveries.queue(webhook, self._process.name, found.messages, found.place, found.due_at)

    def _deliver(self, webhook: Webhook, message: WebhookMessage) -> bool:
        """Post one message; return whether the next one may follow at once."""
        now = self._milliseconds()
        body = message.body.encode()
        headers = signing.headers(message.id, now // 1000, body, webhook.secrets)
        kind = subscriptions.CONTENT_TYPE if message.type == subscriptions.TYPE else CONTENT_TYPE
        headers |= {"Content-Type": kind, "User-Agent": "selat"}
        headers |= subscriptions.signature(webhook.subscription, body) if webhook.subscription else {}
        posted = self._poster.post(webhook.url, body, headers)
        self._services.metrics.posted(posted.good)
        attempt = Attempt(message.id, now, posted.status, posted.words, posted.milliseconds)
        if posted.good:
            self._deliveries.delivered(message, attempt)
            return True
        if message.type == messages.TEST:
            # The user looks at the outcome of a test itself; events must not wait for another attempt.
            self._deliveries.give_up(message, attempt, webhook.given_up)
            return True
        if posted.status == _GONE:
            self._deliveries.again(message, attempt, 0)
            self._deliveries.stop(webhook.id, "the receiver answered 410 Gone")
        elif message.attempts < len(BACK_OFF):
            self._deliveries.again(message, attempt, now + self._pause(message.attempts, posted))
        else:
            self._give_up(webhook, message, attempt)
        return False

    def _give_up(self, webhook: Webhook, message: WebhookMessage, attempt: Attempt) -> None:
        self._deliveries.give_up(message, attempt, webhook.given_up + 1)
        if webhook.given_up + 1 >= _MOST_GIVEN_UP:
            self._deliveries.stop(webhook.id, f"{_MOST_GIVEN_UP} messages in a row could not be delivered")

    def _pause(self, attempts: int, posted: PostOutcome) -> int:
        """Return the milliseconds to the next attempt, partly random, so that retries do not come all at once."""
        seconds = max(BACK_OFF[attempts], posted.retry_after)
        return int(seconds * 1000 * random.uniform(1, 1 + _JITTER))  # noqa: S311  It protects nothing.

    def _milliseconds(self) -> int:
        return int(self._clock() * 1000)
