"""Commits: the third step, the request for a transaction's status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import transaction_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.steps.call import GatewayCall
from hlf.steps.step import SignableStep

# The seconds to wait for one peer before the next, if there are several.
ONE_PEER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Status:
    """The status of a transaction: its block, and Fabric's validation code."""

    transaction_id: str
    code: int
    block_number: int

    @property
    def valid(self) -> bool:
        return bool(self.code == transaction_pb2.VALID)

    @property
    def name(self) -> str:
        return errors.validation_code_name(self.code)


class CommitStep(SignableStep):
    """A request for the status of a transaction."""

    def __init__(self, message: gateway_pb2.SignedCommitStatusRequest, transaction_id: str) -> None:
        super().__init__(message, message, message.request)
        self.transaction_id = transaction_id

    def question(self) -> GatewayCall[Status]:
        """Return the request as a call; the answer comes when the transaction is in a block, valid or not."""
        return GatewayCall(
            "CommitStatus",
            "commit_status",
            errors.CommitStatusError,
            self.transaction_id,
            self._signed,
            self._status,
        )

    def _creator(self) -> bytes:
        return bytes(gateway_pb2.CommitStatusRequest.FromString(self.message).identity)

    def _status(self, response: Any) -> Status:
        return Status(self.transaction_id, response.result, response.block_number)


def ask(channel_id: str, transaction_id: str, creator: bytes) -> gateway_pb2.SignedCommitStatusRequest:
    """Return *creator*'s request for the status of *transaction_id*."""
    request = gateway_pb2.CommitStatusRequest(transaction_id=transaction_id, channel_id=channel_id, identity=creator)
    return gateway_pb2.SignedCommitStatusRequest(request=request.SerializeToString())


def read(serialized: bytes) -> tuple[gateway_pb2.SignedCommitStatusRequest, str]:
    """
    Return the message in *serialized*, and its transaction id.

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
    return message, str(request.transaction_id)
