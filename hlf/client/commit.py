"""Commits: the third step, waiting for the block."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import transaction_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.client import failures
from hlf.client.step import Step

if TYPE_CHECKING:
    from hlf.client.gateway import Gateway

# Between two questions to a peer that is unavailable, or that answers so.
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a transaction: the block it is in, and Fabric's validation code."""

    transaction_id: str
    code: int
    block_number: int

    @property
    def valid(self) -> bool:
        return bool(self.code == transaction_pb2.VALID)

    @property
    def name(self) -> str:
        return errors.validation_code_name(self.code)


class Commit(Step):
    """
    A question for the outcome of a transaction.

    It can leave this process as ``bytes``, be signed elsewhere, and come back by ``gateway.commit_from_bytes``.
    """

    def __init__(self, gateway: Gateway, message: gateway_pb2.SignedCommitStatusRequest, transaction_id: str) -> None:
        super().__init__(gateway, message, message, message.request)
        self.transaction_id = transaction_id

    @classmethod
    def of(cls, gateway: Gateway, channel_id: str, transaction_id: str) -> Commit:
        """The question for the outcome of *transaction_id*, in the name of the gateway's identity."""
        request = gateway_pb2.CommitStatusRequest(
            transaction_id=transaction_id, channel_id=channel_id, identity=gateway.session.creator
        )
        message = gateway_pb2.SignedCommitStatusRequest(request=request.SerializeToString())
        return cls(gateway, message, transaction_id)

    @classmethod
    def from_bytes(cls, gateway: Gateway, serialized: bytes, signature: bytes | None = None) -> Commit:
        """
        The commit in *serialized*, signed with *signature* if that is given.

        Raises:
            WireError: the bytes are no commit status request.
        """
        try:
            message = gateway_pb2.SignedCommitStatusRequest.FromString(serialized)
            request = gateway_pb2.CommitStatusRequest.FromString(message.request)
        except DecodeError as malformed:
            raise errors.WireError("not a commit status request") from malformed
        if not request.transaction_id:
            raise errors.WireError("a commit status request without a transaction id")
        commit = cls(gateway, message, request.transaction_id)
        return commit if signature is None else commit.sign(signature)

    def wait_committed(self) -> Status:
        """
        What became of the transaction, once it is in a block; valid or not, this does not raise for it.

        While the peer is unreachable the question is asked again (asking changes nothing) until the time-out for
        commit status is over. A transaction that was never ordered is waited for just as long.

        Raises:
            CommitStatusError: no answer came, so the outcome is unknown.
        """
        self._ensure_signed()
        deadline = time.monotonic() + self._gateway.timeouts.commit_status
        method = self._gateway.stub.CommitStatus
        pause = _FIRST_PAUSE
        while True:
            try:
                answer = failures.call(
                    errors.CommitStatusError, method, self._signed, deadline - time.monotonic(), self.transaction_id
                )
            except errors.CommitStatusError as failure:
                away = failure.status is grpc.StatusCode.UNAVAILABLE
                if not away or time.monotonic() + pause > deadline or not self._gateway.wait_reachable(deadline):
                    raise
            else:
                return Status(self.transaction_id, answer.result, answer.block_number)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
