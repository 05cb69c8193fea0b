"""An orderer for its administrator: blocks of a channel, and the submission of envelopes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
from fabric_protos.common import common_pb2

from hlf import errors
from hlf.admin.connection import Connection
from hlf.wire import enumerations, envelopes


class Orderer(Connection):
    """One orderer, called in the name of *identity*; updates go out as that identity's."""

    def broadcast(self, envelope: Any) -> None:
        """
        Submit a signed envelope; return when it is accepted, before it is in a block.

        Raises:
            ConfigError: refused, with the orderer's words.
        """
        call = self.session.broadcast(self.endpoint).Broadcast(
            iter([envelope]), timeout=self.timeout, wait_for_ready=True
        )
        try:
            answer = next(call)
        except StopIteration as ended:
            raise errors.ConfigError("the stream ended without an answer", address=self.name) from ended
        except grpc.RpcError as failure:
            raise self.failure(failure, errors.ConfigError) from failure
        finally:
            call.cancel()
        if answer.status != common_pb2.SUCCESS:
            words = answer.info or enumerations.name(common_pb2.Status, answer.status)
            raise errors.ConfigError(words, address=self.name, status=answer.status)

    def blocks(
        self, channel_id: str, start: envelopes.Position, stop: envelopes.Position
    ) -> Iterator[common_pb2.Block]:
        """Return the blocks of a channel, both ends included."""
        return self.deliver(self.session.broadcast(self.endpoint).Deliver, channel_id, start, stop)
