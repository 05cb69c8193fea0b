"""
The orderers of one channel: who joined it, who agrees on its blocks, and who makes them.

With Raft the leader makes the blocks. Orderers of one process agree at once, so
another one leads as soon as the leader stops, leaves or is about to be removed.
As with Raft, nobody leads unless more than half of the consenters run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from hlf.network.engines.embedded.order import consenters
from hlf.network.engines.embedded.order.orderers import OrdererState
from hlf.wire.config import channelconfig

_LOG = logging.getLogger(__name__)


class Leadership:
    """
    The orderers that joined a channel.

    Attributes:
        names: theirs, also of those that are not part of the process at the moment.
        agreeing: those that are consenters.
    """

    def __init__(self, channel_id: str, names: Iterable[str], ordering: channelconfig.OrderingConfig | None) -> None:
        self._channel_id = channel_id
        self.names = set(names)
        self._joined: dict[str, OrdererState] = {}
        self._leader: OrdererState | None = None
        self.use(ordering)

    def use(self, ordering: channelconfig.OrderingConfig | None) -> None:
        """Go by another configuration."""
        self._ordering = ordering
        self._count()

    def add(self, orderer: OrdererState) -> None:
        """Let an orderer that joined take part; in place of one of the same name, if there is one."""
        self._joined[orderer.name] = orderer
        self._count()

    def discard(self, name: str) -> None:
        """Do without an orderer that is not part of the process any more."""
        self._joined.pop(name, None)
        self._count()

    def __contains__(self, orderer: OrdererState) -> bool:
        return self._joined.get(orderer.name) is orderer

    @property
    def led(self) -> bool:
        """Whether enough consenters run to agree on a leader."""
        return 2 * sum(each.running for each in self.agreeing) > self._consenters

    @property
    def leader(self) -> OrdererState:
        """
        The orderer that makes the blocks: it stays the same while it runs.

        What was accepted is ordered even if too many have stopped since.
        """
        able = [each for each in self.agreeing if each.running] or self.agreeing
        if able and self._leader not in able:
            self._lead(able[0])
        if self._leader is None:
            raise RuntimeError(f"no orderer ever took part in channel {self._channel_id}")
        return self._leader

    def hand_over(self, successor: channelconfig.OrderingConfig) -> bool:
        """
        Let another one lead if the next configuration removes the leader or replaces its certificate.

        Return False if there is no other: a leader does not order its own replacement.
        """
        leader = self.leader
        if self._ordering is None or not leader.own.is_replaced(self._ordering, successor):
            return True
        others = [each for each in self.agreeing if each is not leader and each.running]
        if others:
            self._lead(others[0])
        return bool(others)

    def _lead(self, orderer: OrdererState) -> None:
        _LOG.info("%s: %s leads", self._channel_id, orderer.name)
        self._leader = orderer

    def _count(self) -> None:
        ordering = self._ordering
        self.agreeing = [
            each for each in self._joined.values() if ordering is not None and each.own.is_consenter(ordering)
        ]
        self._consenters = consenters.count(ordering) if ordering is not None and self.agreeing else 0
