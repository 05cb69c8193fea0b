"""
Verify whole channels for auditors, in each process of the gateway, one after the other.

A verification reads every block from the auditor's own peer and replays it (``hlf.audit``). If its process dies,
another one begins it again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from gateway.fabric.ledgercalls import LedgerCall
from gateway.http.context import Services
from gateway.store.processes import RepeatedWork
from gateway.store.verifications import MOST_ATTEMPTS, Verification, Verifications
from hlf import audit, errors

_EVERY_SECONDS = 1.0
# Longer than a peer takes for a block.
_LEASE_SECONDS = 60
_NOTED_SECONDS = 0.5
_LOG = logging.getLogger("gateway")


class _LeftError(Exception):
    """This process is stopping, or another one has taken the verification over."""


class VerificationRunner:
    """Works on the verifications of one database; several runners share them."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._process = services.process
        self._asked = Verifications(services.store)
        self._clock = clock
        self._rounds = RepeatedWork("verifications", _EVERY_SECONDS, self.work)
        self._noted = 0.0

    def start(self) -> None:
        """Work until ``stop``."""
        self._rounds.start()

    def stop(self) -> None:
        """Stop the present verification and leave it to another process."""
        self._rounds.stop()

    def work(self) -> None:
        """Do the waiting verifications."""
        while not self._rounds.ending.is_set():
            taken = self._asked.take(self._process, _LEASE_SECONDS)
            if taken is None:
                return
            try:
                self._verify(taken)
            finally:
                self._process.leave(taken.id)

    def _verify(self, taken: Verification) -> None:
        if taken.attempts > MOST_ATTEMPTS:
            # Every attempt ended with its process.
            self._asked.finish(taken.id, self._process.name, 0, {})
            return
        done = 0

        def advance(_number: int) -> None:
            nonlocal done
            done += 1
            self._note(taken, done)

        try:
            genesis = self._services.wallet.genesis(taken.channel)
            report = audit.verify(self._blocks(taken), trusted=genesis, processes=0, on_block=advance)
        except _LeftError:
            return
        except (errors.HlfError, OSError) as error:
            # The content of a block raises no error, so it was the peer or the disk; the next attempt may succeed.
            _LOG.warning("%s stopped: %s", taken.id, type(error).__name__)
            if taken.attempts >= MOST_ATTEMPTS:
                self._asked.finish(taken.id, self._process.name, done, {})
            return
        self._asked.finish(taken.id, self._process.name, done, report.document())

    def _blocks(self, taken: Verification) -> Iterator[bytes]:
        """Yield the blocks from the auditor's own peer."""
        for number in range(taken.height):
            if self._rounds.ending.is_set():
                raise _LeftError
            call = LedgerCall(taken.channel, "qscc", "GetBlockByNumber", (taken.channel, str(number)))
            yield self._services.ledgers.evaluate(taken.msp_id, taken.user, call)

    def _note(self, taken: Verification, done: int) -> None:
        if self._clock() - self._noted < _NOTED_SECONDS:
            return
        self._noted = self._clock()
        if not self._asked.note(taken.id, self._process.name, done, _LEASE_SECONDS):
            raise _LeftError
