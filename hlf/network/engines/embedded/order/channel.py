"""
One channel: it orders messages, and commits the blocks to its ledger.

Messages are accepted on the event loop, collected by one task, and validated and
written on the channel's own thread, so that the services go on meanwhile.
If a block cannot be written, the channel refuses new messages, and ends all waits for transactions, with the reason.
If the cause can pass, such as a full disk, it keeps the block and tries again until it succeeds; after a defect it
needs a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from fabric_protos.common import common_pb2
from fabric_protos.orderer.etcdraft import metadata_pb2

from hlf.network.engines.embedded.order import consenterids, ordering
from hlf.network.engines.embedded.order.leadership import Leadership
from hlf.network.engines.embedded.order.orderers import OrdererState
from hlf.network.engines.embedded.order.ordering import BlockCutter, Message, NotOrderedError
from hlf.network.engines.embedded.state import blocklog, lifecycle, privatedata, troubles
from hlf.network.engines.embedded.state.endorsement import member_msp_ids
from hlf.network.engines.embedded.state.ledger import ChannelLedger, WrittenBlock
from hlf.network.engines.embedded.state.snapshots import Snapshot
from hlf.network.engines.embedded.state.troubles import Trouble, TroubleError
from hlf.network.engines.embedded.state.validation import BlockValidator, ValidatedBlock
from hlf.network.engines.embedded.state.waiting import TransactionRecord
from hlf.network.engines.embedded.wire import statuses
from hlf.wire import keys
from hlf.wire.config import channelconfig, configvalues

_LOG = logging.getLogger(__name__)
Written = Sequence[Callable[["OrderedChannel", int], None]]
Done = TypeVar("Done")
_RETRY_SECONDS = 1.0
# The most messages that wait to be ordered; senders of more must wait.
_MOST_WAITING = 10_000


class OrderedChannel:
    """
    A channel of its orderers and all members' peers.

    Attributes:
        id, ledger: name and ledger.
        bundle: the configuration in force.
        peers: names of the peers that joined, with their organisations.
        defined_at: the ledger's height at the last approval or definition of a chaincode.
        orderers: those that joined, and who of them leads.
        trouble: the reason why nothing is committed at the moment, or None.
    """

    def __init__(
        self,
        ledger: ChannelLedger,
        bundle: channelconfig.Bundle,
        joined: Iterable[str] = (),
        written: Written = (),
    ) -> None:
        """
        Open a channel; the commit thread calls the functions *written* after each block.

        Each of the orderers that *joined* takes part once :meth:`admit` has it.
        """
        self.id = bundle.channel_id
        self.ledger = ledger
        self.peers: dict[str, str] = ledger.members()
        self.orderers = Leadership(self.id, joined, bundle.ordering)
        self.trouble: Trouble | None = None
        # Set when senders that wait to queue a message should try again.
        self._moved = asyncio.Event()
        self._consenters = consenterids.of_block(ledger.stored(ledger.height - 1))
        self._written = written
        self._definitions: dict[str, lifecycle.ChaincodeDefinition | None] = {}
        self._definitions_height = ledger.height
        self.defined_at = ledger.height
        self._queue: asyncio.Queue[Message] = asyncio.Queue(_MOST_WAITING)
        self._cutter = BlockCutter()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"commit-{self.id}")
        self._task: asyncio.Task[None] | None = None
        self._use(bundle)

    def _use(self, bundle: channelconfig.Bundle) -> None:
        self.bundle = bundle
        self.orderers.use(bundle.ordering)
        self._admission = ordering.AdmissionRules(bundle, lambda: self.orderers.leader.signer)
        self._validator = BlockValidator(bundle, self.definition)

    # What is committed -------------------------------------------------------------------------------------------

    def definition(self, chaincode: str, snapshot: Snapshot) -> lifecycle.ChaincodeDefinition | None:
        """
        Return the definition of a chaincode in *snapshot*, or None.

        Raises:
            LayoutError: the stored definition is damaged.
        """
        current = snapshot.height >= self._definitions_height
        if current and chaincode in self._definitions:
            return self._definitions[chaincode]

        def read(key: str) -> bytes | None:
            found = snapshot.state(lifecycle.NAMESPACE, key)
            return None if found is None else found[0]

        definition = lifecycle.definition(read, chaincode)
        if current and snapshot.height >= self._definitions_height:
            self._definitions[chaincode] = definition
        return definition

    def between_blocks(self, act: Callable[[], Done]) -> asyncio.Future[Done]:
        """Call a function on the commit thread, so that no block is written meanwhile; return its result."""
        return asyncio.get_running_loop().run_in_executor(self._thread, act)

    # What is ordered ---------------------------------------------------------------------------------------------

    @property
    def ordering(self) -> bool:
        """Whether one of its consenters has joined, and so messages are accepted."""
        return bool(self.orderers.agreeing)

    async def join(self, orderer: OrdererState) -> None:
        """Let an orderer join; it has all earlier blocks at once."""
        self.orderers.names.add(orderer.name)
        await self.between_blocks(functools.partial(self.ledger.set_orderers, sorted(self.orderers.names)))
        self.admit(orderer)

    def admit(self, orderer: OrdererState) -> None:
        """Take an orderer up again, if it has joined; needs the running event loop."""
        if orderer.name in self.orderers.names:
            self.orderers.add(orderer)
        if self._task is None and self.ordering:
            self._task = asyncio.get_running_loop().create_task(self._run(), name=f"order-{self.id}")

    async def leave(self, orderer: OrdererState) -> None:
        """Go on without an orderer; without any other consenter, drop what is not in a block yet."""
        self.orderers.names.discard(orderer.name)
        self.orderers.discard(orderer.name)
        if not self.ordering:
            await self._stop()
        await self.between_blocks(functools.partial(self.ledger.set_orderers, sorted(self.orderers.names)))

    async def order(self, envelope: Any, raw: bytes) -> None:
        """
        Queue a message for a block.

        Raises:
            NotOrderedError: a rule of the orderer refuses it, or nothing can be written at the moment.
        """
        if not self.ordering:
            raise NotOrderedError(common_pb2.BAD_REQUEST, "channel does not exist")
        message = self._admission.admit(envelope, raw, time.monotonic())
        while self._queue.full() and self.ordering and self.trouble is None:
            self._moved.clear()
            await self._moved.wait()
        if self.trouble is not None:
            raise NotOrderedError(common_pb2.SERVICE_UNAVAILABLE, str(self.trouble))
        if not self.ordering:
            raise NotOrderedError(common_pb2.BAD_REQUEST, "channel does not exist")
        if not self.orderers.led:
            raise NotOrderedError(common_pb2.SERVICE_UNAVAILABLE, "no Raft leader")
        self._queue.put_nowait(message)

    async def wait_transaction(self, tx_id: str) -> TransactionRecord:
        """
        Wait until a transaction is in a block, without a limit; return its record.

        Raises:
            TroubleError: it is in no block, and at the moment none can be written.
        """
        if self.trouble is not None and self.ledger.published(tx_id) is None:
            raise TroubleError(self.trouble)
        return await self.ledger.wait_transaction(tx_id)

    async def _stop(self) -> None:
        """Finish the block being written, and drop waiting messages."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._queue, self._cutter = asyncio.Queue(_MOST_WAITING), BlockCutter()
        self.trouble = None
        self._moved.set()

    async def close(self) -> None:
        """Stop, and close the ledger."""
        for name in self.orderers.names:
            self.orderers.discard(name)
        await self._stop()
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)
        self.ledger.close()

    async def _run(self) -> None:
        try:
            while True:
                for batch in await self._gather():
                    await self._commit(batch)
        except Exception as error:  # noqa: BLE001 - a defect must be reported; it must not stop the channel silently.
            self._enter_trouble(error)

    async def _gather(self) -> list[list[Message]]:
        """Wait for the next complete batches, by count, size or time."""
        while True:
            message = await self._next()
            self._moved.set()
            if message is None:
                return self._cutter.cut()
            current = self._renew(message)
            if current is None:
                continue
            if current.successor is not None and not self.orderers.hand_over(current.successor):
                _LOG.warning("%s: an update of the leader's own place is dropped: nobody else can lead", self.id)
                continue
            if current.update is not None:
                # A configuration is alone in its block.
                return [*self._cutter.cut(), [current]]
            complete = self._cutter.add(current, self.bundle.batch)
            if complete:
                return complete

    async def _next(self) -> Message | None:
        """Return the next message, or None if the batch time-out has passed."""
        if not self._queue.empty():
            # Messages that have arrived join the block even after the time-out.
            return self._queue.get_nowait()
        base = self._cutter.deadline_base
        if base is None:
            return await self._queue.get()
        left = base + self.bundle.batch.timeout - time.monotonic()
        if left <= 0:
            return None
        try:
            return await asyncio.wait_for(self._queue.get(), left)
        except TimeoutError:
            return None

    def _renew(self, message: Message) -> Message | None:
        """Check a message again if the configuration changed while it waited; return None if it is refused now."""
        if message.sequence == self.bundle.sequence:
            return message
        try:
            if message.update is not None:
                return self._admission.admit_update(message.update, message.arrived)
            return self._admission.admit(common_pb2.Envelope.FromString(message.raw), message.raw, message.arrived)
        except NotOrderedError as refused:
            _LOG.warning("%s: a message was let in before the configuration changed, not after: %s", self.id, refused)
            return None

    async def _commit(self, batch: Sequence[Message]) -> None:
        while True:
            renewed = [current for current in map(self._renew, batch) if current is not None]
            if not renewed:
                return
            try:
                await self._write_and_publish(renewed)
                return
            except troubles.PASSING as error:
                self._enter_trouble(error)
                await asyncio.sleep(_RETRY_SECONDS)

    def _enter_trouble(self, error: Exception) -> None:
        """Give the reason why nothing is committed to all present and later callers."""
        trouble = troubles.of(error, self.id, self.ledger.height, self.ledger.path)
        if trouble != self.trouble:
            # The place, but not the text of the error, which may quote private values.
            _LOG.error("%s: %s\n%s", self.id, trouble, statuses.where(error))
        self.trouble = trouble
        self._moved.set()
        self.ledger.give_up(TroubleError(trouble))

    async def _write_and_publish(self, batch: Sequence[Message]) -> None:
        writing = asyncio.get_running_loop().run_in_executor(self._thread, self._write, batch)
        try:
            self._publish(*await asyncio.shield(writing))
        except asyncio.CancelledError:
            # A block that is being written when the channel stops still becomes part of the ledger.
            with contextlib.suppress(Exception):
                self._publish(*await writing)
            raise

    def _publish(self, committed: WrittenBlock, bundle: channelconfig.Bundle | None, defines: bool) -> None:
        if self.trouble is not None:
            _LOG.warning("%s: block %s could be written after all", self.id, committed.number)
            self.trouble = None
        if bundle is not None:
            self._use(bundle)
        if defines:
            self.defined_at = committed.number + 1
        self.ledger.publish(committed)

    # On the commit thread ----------------------------------------------------------------------------------------

    def _write(self, batch: Sequence[Message]) -> tuple[WrittenBlock, channelconfig.Bundle | None, bool]:
        """Make, validate and write a block; return it, its configuration if any, and whether it defines chaincodes."""
        number = self.ledger.height
        raws = [message.raw for message in batch]
        is_config = batch[0].update is not None
        bundle = self._bundle_of(raws[0]) if is_config else None
        last_config = number if is_config else self.ledger.config_block
        consenters = self._following(number, bundle or self.bundle)
        block = ordering.make_block(
            number,
            self.ledger.current_hash,
            raws,
            last_config,
            self.orderers.leader.signer,
            consenters.SerializeToString(),
        )
        with self.ledger.committing() as committed_state:
            validated = self._validator.validate(
                number, raws, committed_state, self.ledger.known_ids, [message.verified for message in batch]
            )
            collections = privatedata.Collections(
                self.bundle.application_msp_ids, lambda name: self.definition(name, committed_state)
            )
            private = privatedata.collect(number, validated.verdicts, self.ledger.staged_private, collections)
            crashes = blocklog.crashes(raws, validated, lambda name, each: self._has(name, each, committed_state))
            changed = _changed_definitions(validated)
            before = {name: self.definition(name, committed_state) for name in changed}
            committed = self.ledger.write(block, validated, private)
            if changed:
                self._redefine(committed_state, before, number)
        self._consenters = consenters
        self.ledger.forget_staged(committed)
        for told in self._written:
            told(self, number)
        blocklog.of_block(self.id, number, validated, crashes)
        return committed, bundle, _defines(validated)

    def _has(self, namespace: str, collection: str, state: Snapshot) -> bool:
        """Return whether a namespace has a collection before a block; as at real peers, it has every implicit one."""
        implicit = keys.msp_of_implicit_collection(collection) is not None
        if namespace == lifecycle.NAMESPACE:
            return implicit
        definition = self.definition(namespace, state)
        return definition is not None and (implicit or definition.collection(collection) is not None)

    def _redefine(self, state: Snapshot, before: dict[str, lifecycle.ChaincodeDefinition | None], number: int) -> None:
        """Drop cached data of changed definitions, and give new members of collections their values."""
        self._definitions_height = number + 1
        self._definitions = {name: known for name, known in self._definitions.items() if name not in before}

        def read(key: str) -> bytes | None:
            found = state.state(lifecycle.NAMESPACE, key)
            return None if found is None else found[0]

        for name, old in before.items():
            new = lifecycle.definition(read, name)
            for config in new.static_collections if new is not None else ():
                known = old.collection(config.name) if old is not None else None
                if known is None:
                    continue
                for member in member_msp_ids(config) - member_msp_ids(known):
                    self.ledger.admit(name, config.name, member)

    def _bundle_of(self, raw: bytes) -> channelconfig.Bundle:
        return channelconfig.Bundle.from_envelope(common_pb2.Envelope.FromString(raw))

    def _following(self, number: int, bundle: channelconfig.Bundle) -> metadata_pb2.BlockMetadata:
        """Return the metadata of Raft for a block after which a configuration is in force; nothing without Raft."""
        present, successor = self.bundle.ordering, bundle.ordering
        if present is None or successor is None or successor.consensus_type != configvalues.RAFT:
            return metadata_pb2.BlockMetadata()
        return consenterids.following(self._consenters, present, successor, number + 1)


def _defines(validated: ValidatedBlock) -> bool:
    """Return whether a block's valid transactions approve or define a chaincode."""
    changes = validated.updates
    return any(namespace == lifecycle.NAMESPACE for namespace, *_ in (*changes.public, *changes.hashed))


def _changed_definitions(validated: ValidatedBlock) -> set[str]:
    """Return the chaincodes whose definition a block's valid transactions write."""
    written = (key for namespace, key in validated.updates.public if namespace == lifecycle.NAMESPACE)
    return {name for name in map(lifecycle.name_in, written) if name}
