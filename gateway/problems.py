"""
The one table from what can go wrong to what HTTP answers (RFC 9457).

Every problem has a code. ``KINDS`` says of each code which HTTP status it has, what it means and what to do about it;
``docs/errors.md`` and the page ``/docs/errors`` are made from it. ``of`` finds the code for an error of ``hlf``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from chaincode.domain.refusals import Refused
from gateway import ledger, tokens, wallet
from hlf import errors


@dataclass(frozen=True)
class Kind:
    """What one code means."""

    status: int
    title: str
    cure: str


# Asked of the gateway itself; nothing was sent to Fabric.
REQUEST = {
    "TOKEN_MISSING": Kind(401, "No access token", "Send the header Authorization: Bearer <token>."),
    "TOKEN_INVALID": Kind(
        401, "The access token is not one of this gateway's", "Ask its operator for one (selat gateway token create)."
    ),
    "TOKEN_EXPIRED": Kind(401, "The access token has expired", "Ask the gateway's operator for a new one."),
    "TOKEN_REVOKED": Kind(401, "The access token was revoked", "Ask the gateway's operator for a new one."),
    "SCOPE_MISSING": Kind(403, "The access token does not allow this", "Use a token that has the scope named."),
    "REQUEST_MALFORMED": Kind(400, "The request cannot be read", "Mend what the detail names."),
    "REQUEST_INVALID": Kind(422, "The request has fields that cannot be accepted", "Mend the fields under errors."),
    "BODY_TOO_LARGE": Kind(
        413, "The request body is too large", "Send less; documents go by their SHA-256, not whole."
    ),
    "NOT_FOUND": Kind(404, "There is nothing at this address", "See /docs for the addresses there are."),
    "METHOD_NOT_ALLOWED": Kind(405, "This address does not take this method", "See /docs for the methods it takes."),
    "NOT_ACCEPTABLE": Kind(406, "The answer cannot be given in the form asked for", "Accept application/json."),
    "MEDIA_TYPE_UNSUPPORTED": Kind(415, "The body is of another kind", "Send Content-Type: application/json."),
    "IDEMPOTENCY_KEY_REUSED": Kind(
        422, "The idempotency key belongs to another request", "Use a new key for each new request."
    ),
    "IDEMPOTENCY_IN_PROGRESS": Kind(
        409, "A request with this idempotency key is being worked on", "Ask again after the seconds in Retry-After."
    ),
    "ORGANISATION_UNKNOWN": Kind(
        503, "The gateway holds no identity of this organisation or user", "Its operator adds it to the wallet."
    ),
    "TRACKING_CLOSED": Kind(503, "This gateway answers no tracking links", "Its operator sets SELAT_TRACKING."),
    "STREAMS_EXHAUSTED": Kind(503, "All event streams of this gateway are taken", "Come back later, with the cursor."),
    "TRANSACTION_NOT_FOUND": Kind(404, "The channel has no such transaction", "Check its id and the channel."),
    "LINK_UNKNOWN": Kind(404, "The link leads to no consignment", "Use the link exactly as the seller sent it."),
    "GATEWAY_FAULT": Kind(500, "The gateway failed", "Report the request id; the gateway's log has the place."),
}

# Fabric was asked and said no, or could not be asked. Codes marked "unknown" leave the outcome open.
FABRIC = {
    "CHAINCODE_NOT_FOUND": Kind(
        404,
        "No such channel or chaincode for this organisation",
        "Check both names, and that the organisation is a member of the channel.",
    ),
    "ENDORSERS_MISSING": Kind(
        503,
        "The peers whose endorsement is needed cannot be reached",
        "Check the endorsing organisations named, and that their peers and chaincodes run.",
    ),
    "ENDORSERS_DISAGREE": Kind(
        502, "The endorsers computed different results", "Try again; if it stays, the contract is not deterministic."
    ),
    "IDENTITY_REFUSED": Kind(
        403, "Fabric refuses the identity", "The certificate is expired, revoked or not of this channel: renew it."
    ),
    "IDENTITY_UNUSABLE": Kind(
        503, "The identity or connection profile in the wallet cannot be used", "Its operator mends what is named."
    ),
    "CONTRACT_FAILED": Kind(
        422, "The contract answered with an error that has no code", "Its words are in the detail."
    ),
    "CONTRACT_REFUSED": Kind(
        422, "The contract refused with a code this gateway does not know", "The code is under contract_code."
    ),
    "CHAINCODE_UNAVAILABLE": Kind(
        503, "The chaincode did not answer its peer", "Check that the chaincode server runs; then try again."
    ),
    "TRANSIENT_UNPROTECTED": Kind(
        422,
        "Private values would go to an organisation not named for them",
        "Name the endorsing organisations that may see them.",
    ),
    "FABRIC_TOO_LARGE": Kind(413, "Fabric takes no message this large", "Send less."),
    "FABRIC_BUSY": Kind(503, "The peer has too many requests", "Try again after the seconds in Retry-After."),
    "FABRIC_UNAVAILABLE": Kind(503, "The peer or orderer cannot be reached", "Check that the network is up."),
    "FABRIC_TIMEOUT": Kind(504, "Fabric did not answer in time; nothing was written", "Try again."),
    "FABRIC_REFUSED": Kind(502, "Fabric refused the request", "Its words are under fabric."),
    "ORDERING_REFUSED": Kind(502, "The orderer refused; nothing was written", "Its words are under fabric."),
    "OUTCOME_UNKNOWN": Kind(
        504,
        "Whether the transaction was committed is unknown",
        "Ask /v1/channels/<channel>/transactions/<transaction_id>/status; do not send the request again before.",
    ),
    "FABRIC_ANSWER_UNREADABLE": Kind(502, "Fabric's answer cannot be read", "Report it with the transaction id."),
}

# In a block but marked invalid: nothing was written.
COMMIT = {
    "MVCC_READ_CONFLICT": Kind(409, "Somebody changed the same thing at the same moment", "Read it again, and retry."),
    "PHANTOM_READ_CONFLICT": Kind(409, "A list this depends on changed at the same moment", "Read it again and retry."),
    "ENDORSEMENT_POLICY_FAILURE": Kind(
        403,
        "The endorsements do not satisfy the policy",
        "Those who must agree did not: the holder of what is changed, or the owner of a collection.",
    ),
    "DUPLICATE_TXID": Kind(409, "The transaction was committed before", "Ask for its status."),
    "TRANSACTION_INVALID": Kind(502, "The transaction was marked invalid", "The validation code is under fabric."),
}

# What a contract's code means over HTTP.
REFUSALS = {
    "INVALID_ARGUMENT": Kind(422, "The contract cannot take an argument", "The detail names the field."),
    "UNKNOWN_FUNCTION": Kind(404, "The chaincode has no such function", "See docs/contracts.md."),
    "INTERNAL": Kind(502, "The contract failed unexpectedly", "Its log has the place, by the transaction id."),
}

KINDS = {**REQUEST, **FABRIC, **COMMIT, **REFUSALS}

_RETRY_SECONDS = {"FABRIC_BUSY": 1, "IDEMPOTENCY_IN_PROGRESS": 1, "STREAMS_EXHAUSTED": 10}


class Problem(Exception):  # noqa: N818  RFC 9457 calls it so.
    """
    What a request fails with; ``members`` are further members of the problem document.

    Attributes:
        outcome_open: True if the request may still have written something.
    """

    def __init__(self, code: str, detail: str = "", **members: Any) -> None:
        self.code = code
        self.kind = KINDS[code]
        self.detail = detail or self.kind.title
        self.members = members
        super().__init__(f"{code}: {self.detail}")

    @property
    def outcome_open(self) -> bool:
        return self.code in {"OUTCOME_UNKNOWN", "GATEWAY_FAULT"}

    def headers(self) -> dict[str, str]:
        """Those that belong to the status: how to authenticate, when to come back."""
        if self.kind.status == 401:
            error = (
                "" if self.code == "TOKEN_MISSING" else f', error="invalid_token", error_description="{self.detail}"'
            )
            return {"WWW-Authenticate": f'Bearer realm="selat"{error}'}
        seconds = _RETRY_SECONDS.get(self.code)
        return {} if seconds is None else {"Retry-After": str(seconds)}

    def document(self, request_id: str) -> dict[str, Any]:
        """The body of ``application/problem+json``."""
        return {
            "type": f"/docs/errors#{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "code": self.code,
            "cure": self.kind.cure,
            "request_id": request_id,
            **self.members,
        }


def of(error: Exception) -> Problem:
    """The problem for an error of ``hlf`` or of the gateway's own; GATEWAY_FAULT for one that is in no table."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, tokens.TokenError):
        return _of_token(error)
    if isinstance(error, wallet.WalletError):
        return Problem("ORGANISATION_UNKNOWN", str(error))
    if isinstance(error, Refused):
        return _refused(error.code, error.text, {})
    if isinstance(error, ledger.ArgumentError):
        return Problem("REQUEST_INVALID", str(error))
    if isinstance(error, errors.CommitError):
        code = error.name if error.name in COMMIT else "TRANSACTION_INVALID"
        return Problem(
            code,
            str(error),
            transaction_id=error.transaction_id,
            fabric={"validation_code": error.name, "block_number": error.block_number},
        )
    if isinstance(error, errors.GatewayError):
        return _of_gateway(error)
    if isinstance(error, errors.ProfileError | errors.IdentityError):
        return Problem("IDENTITY_UNUSABLE", str(error))
    if isinstance(error, errors.WireError | errors.PolicyError):
        return Problem("FABRIC_ANSWER_UNREADABLE", str(error))
    if isinstance(error, errors.HlfError):
        return Problem("FABRIC_REFUSED", str(error))
    return Problem("GATEWAY_FAULT")


def _of_token(error: tokens.TokenError) -> Problem:
    if error.reason == "expired" and error.expires_at:
        return Problem("TOKEN_EXPIRED", f"The access token expired at {error.expires_at:%Y-%m-%dT%H:%M:%SZ}")
    return Problem("TOKEN_REVOKED" if error.reason == "revoked" else "TOKEN_INVALID")


# Fabric's gateway gives several causes one gRPC status, so its fixed phrases (docs/conformance.md) decide, first match
# first. A status alone decides where no phrase matches.
_PHRASES = (
    (r"too many requests for /", "FABRIC_BUSY"),
    (
        r"proposal client identity expired|access denied|creator org|implicit policy evaluation failed",
        "IDENTITY_REFUSED",
    ),
    (r"to protect transient data", "TRANSIENT_UNPROTECTED"),
    (r"ProposalResponsePayloads do not match", "ENDORSERS_DISAGREE"),
    (r"chaincode response \d+", "CONTRACT_FAILED"),
    (r"failed to get config for channel|no peers available to evaluate|No metadata was found", "CHAINCODE_NOT_FOUND"),
    (r"no combination of peers|failed to find any endorsing peers", "ENDORSERS_MISSING"),
    (
        r"failed to execute transaction|could not launch chaincode|failed to connect to .*chaincode",
        "CHAINCODE_UNAVAILABLE",
    ),
    (r"chaincode registration failed|connection to .* failed with", "CHAINCODE_UNAVAILABLE"),
    (r"code = Unavailable", "ENDORSERS_MISSING"),
    (r"code = DeadlineExceeded", "FABRIC_TIMEOUT"),
)
_STATUSES = {
    "RESOURCE_EXHAUSTED": "FABRIC_TOO_LARGE",
    "UNAVAILABLE": "FABRIC_UNAVAILABLE",
    "DEADLINE_EXCEEDED": "FABRIC_TIMEOUT",
    "PERMISSION_DENIED": "IDENTITY_REFUSED",
    "UNAUTHENTICATED": "IDENTITY_REFUSED",
    "INVALID_ARGUMENT": "FABRIC_REFUSED",
}


def _of_gateway(error: errors.GatewayError) -> Problem:
    members: dict[str, Any] = {
        "fabric": {
            "stage": error.stage,
            "status": error.status.name if error.status else None,
            "message": error.message,
            "details": [{"address": d.address, "msp_id": d.msp_id, "message": d.message} for d in error.details],
        }
    }
    if error.transaction_id:
        members["transaction_id"] = error.transaction_id
    if error.contract_code is not None:
        return _refused(error.contract_code, error.contract_message or "", members)
    if isinstance(error, errors.CommitStatusError):
        return Problem("OUTCOME_UNKNOWN", error.message, **members)
    if isinstance(error, errors.SubmitError):
        return Problem("ORDERING_REFUSED" if error.outcome_known else "OUTCOME_UNKNOWN", error.message, **members)
    words = " ".join([error.message, *(detail.message for detail in error.details)])
    for phrase, code in _PHRASES:
        if re.search(phrase, words):
            said = error.details[0].message if error.details else error.message
            return Problem(code, said, **members)
    status = error.status.name if error.status else ""
    return Problem(_STATUSES.get(status, "FABRIC_REFUSED"), error.message, **members)


def _refused(code: str, text: str, members: dict[str, Any]) -> Problem:
    """A rule said no, at a peer or already here."""
    if code in REFUSALS:
        return Problem(code, text, **members)
    return Problem("CONTRACT_REFUSED", text, contract_code=code, **members)
