"""
All errors of the library, as one tree; their attributes are for programs.

::

    HlfError
     ├ ProfileError         a connection profile cannot be used
     ├ IdentityError        a certificate or private key cannot be used
     ├ WireError            bytes are not the message they should be
     │   ├ YamlError        a text is not YAML, or more than a plain document
     │   └ DocumentError    a document that organisations send each other cannot be used
     ├ PolicyError          a policy's text or message cannot be used
     ├ SealingError         a ciphertext does not open, or a key cannot be sealed to
     ├ GatewayError         a peer or orderer refused, or could not be asked
     │   ├ EvaluateError    a query failed; it writes nothing
     │   ├ EndorseError     nothing was sent to the orderer, and nothing is written
     │   ├ SubmitError      not ordered, or unknown: see ``outcome_known``
     │   ├ CommitStatusError  ordered, but whether valid is unknown
     │   └ EventsError      an event stream ended and cannot be healed
     ├ CommitError          in a block, but marked invalid: nothing is written
     └ AdminError
         ├ LifecycleError   a chaincode operation was refused
         ├ ParticipationError  an orderer's channel-participation interface refused
         ├ AuthorityError   a Fabric CA refused, or its answer cannot be trusted
         └ ConfigError      a channel configuration or its update cannot be used
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from fabric_protos.peer import transaction_pb2

from hlf import causes

CHAINCODE_RESPONSE = r"chaincode response \d+"
"""A regular expression for the phrase that a peer puts before a chaincode's own message."""

# The only reader of refusals in messages. The peer puts its own text before a contract's message, and the gateway
# puts its own before that. So the mark counts only at the start or after the peer's fixed phrase: a contract that
# quotes another's refusal in a sentence has not refused with that code.
_REFUSAL = re.compile(rf"(?:\A|{CHAINCODE_RESPONSE}, )refused/([A-Z][A-Z0-9_]*): (.*)\Z", re.DOTALL)

# The error of Go's protobuf, and so of every node, for bytes that are not the expected message.
INVALID_WIRE = "proto: cannot parse invalid wire-format data"


class HlfError(Exception):
    """Root of all errors this package raises."""


class ProfileError(HlfError):
    """A connection profile is missing, malformed or incomplete."""


class IdentityError(HlfError):
    """A certificate or a private key is missing, malformed, or they do not belong together."""


class WireError(HlfError):
    """Bytes are not the expected Fabric message."""


class YamlError(WireError):
    """
    A text is not YAML, or more than a plain document.

    Attributes:
        line: the line, counted from 1; 0 if it is unknown.
        problem: the fault, as the end of a sentence that names the file.
        cure: what to do.
    """

    def __init__(self, problem: str, cure: str = "", line: int = 0) -> None:
        self.line = line
        self.problem = problem
        self.cure = cure
        super().__init__(problem, cure, line)

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.problem}. {self.cure}" if self.cure else f"{place}{self.problem}"


class DocumentError(WireError):
    """
    A document that organisations send each other cannot be used.

    Attributes:
        problem: the fault, as the end of a sentence that names the document.
        cure: what to do.
    """

    def __init__(self, problem: str, cure: str) -> None:
        self.problem = problem
        self.cure = cure
        super().__init__(problem, cure)

    def __str__(self) -> str:
        return f"{self.problem}. {self.cure}"


class PolicyError(HlfError):
    """A signature policy is malformed."""


class SealingError(HlfError):
    """A ciphertext does not open with this key and binding, or bytes are not a key of their suite."""


@dataclass(frozen=True, slots=True)
class Detail:
    """The answer of one peer or orderer behind the gateway."""

    address: str
    msp_id: str
    message: str


def contract_refusal(message: str) -> tuple[str, str] | None:
    """Return the code and text of a contract's refusal in *message*; None if it has none."""
    found = _REFUSAL.search(message)
    return (found[1], found[2]) if found else None


class GatewayError(HlfError):
    """
    A call to a Fabric service failed.

    Attributes:
        transaction_id: the transaction's id; empty if there is none.
        status: the gRPC status; None when the failure arose in this process.
        message: the service's own message.
        details: the messages of each endorser or orderer behind the service.
        contract_code: code of the contract's refusal, if it was one.
        contract_message: its text.
        cure: what to do if the connection could not be made; else empty.
    """

    stage = "call"

    def __init__(
        self,
        message: str,
        *,
        transaction_id: str = "",
        status: grpc.StatusCode | None = None,
        details: Sequence[Detail] = (),
        cure: str = "",
    ) -> None:
        self.message = message
        self.transaction_id = transaction_id
        self.status = status
        self.details = tuple(details)
        refusal = next(filter(None, map(contract_refusal, [*(d.message for d in self.details), message])), None)
        self.contract_code: str | None = refusal[0] if refusal else None
        self.contract_message: str | None = refusal[1] if refusal else None
        unconnected = status is grpc.StatusCode.UNAVAILABLE and causes.could_not_connect(message)
        self.cure = cure or (causes.cure(message) if unconnected else "")
        super().__init__(message)

    def __str__(self) -> str:
        status = f" ({self.status.name})" if self.status is not None else ""
        subject = f" of transaction {self.transaction_id}" if self.transaction_id else ""
        details = "".join(f"\n  {d.msp_id} {d.address}: {d.message}" for d in self.details)
        cure = f"; {self.cure}" if self.cure else ""
        return f"{self.stage}{subject} failed{status}: {self.message}{cure}{self._advice()}{details}"

    def _advice(self) -> str:
        """Return what is known of the outcome and what to do, for stages with an uncertain outcome."""
        return ""


class EvaluateError(GatewayError):
    """A query was refused or not answered; a query writes nothing, so it may be asked again."""

    stage = "evaluate"


class EndorseError(GatewayError):
    """The endorsements could not be collected; nothing was sent to the orderer and nothing is written."""

    stage = "endorse"


# Answers that the gateway gives before or instead of sending the transaction to an orderer, and ABORTED, which
# repeats an orderer's own refusal. After all others (time-outs, broken connections, UNAVAILABLE after orderers were
# tried) an orderer may have it.
_NOT_ORDERED = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
    }
)
# A peer answers this before it reads a request, with a status that does not show it.
_TOO_MANY = "too many requests for /gateway.Gateway"


class SubmitError(GatewayError):
    """
    The orderer's acceptance is missing.

    Attributes:
        outcome_known: True when the transaction was certainly refused and is written nowhere. False when it may still
            be ordered: ask for its commit status, or submit the very same transaction again; it can commit only once.
    """

    stage = "submit"

    @property
    def outcome_known(self) -> bool:
        return self.status in _NOT_ORDERED or self.message.startswith(_TOO_MANY)

    def _advice(self) -> str:
        if self.outcome_known:
            return "; the transaction was not ordered and nothing is written"
        return (
            "; whether it was ordered is UNKNOWN. Ask for its commit status, "
            "or submit the same transaction again: it can commit only once. A new proposal could write twice"
        )


class CommitStatusError(GatewayError):
    """
    The transaction was sent to the orderer, but no answer says whether it is valid.

    It may be committed already, later or never. Ask again with its transaction id.
    """

    stage = "commit status"

    def _advice(self) -> str:
        return (
            "; whether it was committed is UNKNOWN. This client did not submit it again. Ask for the commit status "
            "again with this transaction id. A new proposal could write twice"
        )


class EventsError(GatewayError):
    """An event stream was refused, or broke with an error that a new connection does not cure."""

    stage = "events"


class CommitError(HlfError):
    """
    A transaction is in a block, marked invalid; it wrote nothing.

    Attributes:
        transaction_id: the transaction's id.
        block_number: the block that it is in; None if unknown.
        code: Fabric's validation code as a number, ``name`` its name, for example ``MVCC_READ_CONFLICT``.
    """

    def __init__(self, transaction_id: str, code: int, block_number: int | None = None) -> None:
        self.transaction_id = transaction_id
        self.code = code
        self.name = validation_code_name(code)
        self.block_number = block_number
        super().__init__(transaction_id, code, block_number)

    def __str__(self) -> str:
        where = "" if self.block_number is None else f" in block {self.block_number}"
        return f"transaction {self.transaction_id} is marked {self.name} (code {self.code}){where}; nothing is written"


def validation_code_name(code: int) -> str:
    """Return Fabric's name of a transaction validation code; ``CODE_<n>`` for one this version does not know."""
    value = transaction_pb2.TxValidationCode.DESCRIPTOR.values_by_number.get(code)
    return value.name if value is not None else f"CODE_{code}"


class AdminError(HlfError):
    """
    An administrative operation failed.

    Attributes:
        address: the address of the node; empty if the failure arose in this process.
        status: the HTTP or chaincode status of the answer, or the name of a gRPC one; None without an answer.
        message: the node's own message.
    """

    def __init__(self, message: str, *, address: str = "", status: int | str | None = None) -> None:
        super().__init__(f"{address}: {message}" if address else message)
        self.address = address
        self.status = status
        self.message = message


class LifecycleError(AdminError):
    """A chaincode package, approval or definition was refused."""


class ParticipationError(AdminError):
    """An orderer's channel-participation interface refused or could not be reached."""


class AuthorityError(AdminError):
    """
    A Fabric CA refused, could not be reached, or gave an unusable answer.

    Attributes:
        status: the HTTP status; None without an answer.
        code: the server's own number of the error, None if there is none. 20 (authentication) and 71
            (authorization) have many causes; the reason is only in the server's log.
        cure: what to check; empty if the message says it.
    """

    def __init__(
        self, message: str, *, address: str = "", status: int | None = None, code: int | None = None, cure: str = ""
    ) -> None:
        super().__init__(message, address=address, status=status)
        self.code = code
        self.cure = cure

    def __str__(self) -> str:
        code = f" (code {self.code})" if self.code is not None else ""
        cure = f". {self.cure}" if self.cure else ""
        return f"{super().__str__()}{code}{cure}"


class ConfigError(AdminError):
    """A channel configuration, or an update to it, cannot be used."""
