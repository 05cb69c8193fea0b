"""Problems (RFC 9457): the error answers, and the problem for each exception. ``problemtypes`` has the table."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.exceptions import HTTPException

from gateway.fabric import channels, ledgercalls, planning, wallet
from gateway.http import freshness
from gateway.http.problemtypes import COMMIT, PROBLEM_TYPES, REFUSALS
from gateway.offline import steps
from gateway.store import tokens
from gateway.store.database import StoreError
from gateway.trade.matching import batches
from hlf import errors
from hlf.codec.refusals import Refused

_RETRY_SECONDS = {
    "BLOCK_NOT_REACHED": 1,
    "CHAINCODE_UNAVAILABLE": 5,
    "ENDORSERS_MISSING": 5,
    "FABRIC_BUSY": 1,
    "FABRIC_TIMEOUT": 1,
    "FABRIC_UNAVAILABLE": 5,
    "GATEWAY_BUSY": 1,
    "IDEMPOTENCY_IN_PROGRESS": 1,
    "ISSUER_UNAVAILABLE": 15,
    "JOBS_EXHAUSTED": 10,
    "STORE_UNAVAILABLE": 1,
    "STREAMS_EXHAUSTED": 10,
}


class Problem(Exception):  # noqa: N818  RFC 9457 calls it so.
    """
    An error answer; ``members`` are further members of the problem document.

    Attributes:
        outcome_open: True if the request may still have written something.
        sent: headers of this answer, besides those of its status.
    """

    def __init__(self, code: str, detail: str = "", **members: Any) -> None:
        self.code = code
        self.sent: dict[str, str] = {}
        self.kind = PROBLEM_TYPES[code]
        self.detail = detail or self.kind.title
        self.members = members
        super().__init__(f"{code}: {self.detail}")

    @property
    def outcome_open(self) -> bool:
        return self.code in {"OUTCOME_UNKNOWN", "GATEWAY_FAULT"}

    def headers(self) -> dict[str, str]:
        """Return the headers of the status: how to authenticate, when to try again."""
        if self.kind.status == 401:
            error = (
                "" if self.code == "TOKEN_MISSING" else f', error="invalid_token", error_description="{self.detail}"'
            )
            return {"WWW-Authenticate": f'Bearer realm="selat"{error}', **self.sent}
        seconds = _RETRY_SECONDS.get(self.code)
        return self.sent if seconds is None else {"Retry-After": str(seconds), **self.sent}

    def document(self, request_id: str) -> dict[str, Any]:
        """Return the body of ``application/problem+json``."""
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


# Errors whose text becomes the problem's detail; a class stands before its base class.
_CODES: dict[type[Exception], str] = {
    batches.UnsolvedError: "BATCH_UNSOLVED",
    batches.SolverMissingError: "SOLVER_MISSING",
    ledgercalls.ArgumentError: "REQUEST_INVALID",
    ledgercalls.CursorError: "CURSOR_UNKNOWN",
    ledgercalls.NothingToWriteError: "NOTHING_TO_WRITE",
    planning.UnplannedError: "ENDORSERS_UNRESOLVED",
    wallet.KeyElsewhereError: "KEY_ELSEWHERE",
    wallet.WalletError: "ORGANISATION_UNKNOWN",
}


def of(error: Exception) -> Problem:
    """
    Return the problem for an error of ``hlf``, of Flask and its libraries, or of the gateway.

    An error that no table has becomes GATEWAY_FAULT.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, tokens.TokenError):
        return _of_token(error)
    if isinstance(error, tokens.IssuerUnavailableError):
        return Problem("ISSUER_UNAVAILABLE", str(error))
    if isinstance(error, StoreError):
        return Problem("STORE_UNAVAILABLE")
    if isinstance(error, Refused):
        return _refused(error.code, error.text, {})
    if isinstance(error, ledgercalls.GoneError):
        return Problem("CLIENT_GONE")
    if isinstance(error, freshness.NotReachedError):
        return Problem("BLOCK_NOT_REACHED", str(error), block_number=error.block, height=error.height)
    if isinstance(error, steps.StepError):
        return Problem(error.code, str(error))
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return Problem(code, str(error))
    if isinstance(error, errors.CommitError):
        code = error.name if error.name in COMMIT else "TRANSACTION_INVALID"
        if isinstance(error, ledgercalls.PolicyChangedError):
            code = "KEY_POLICY_CONFLICT"
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
    if isinstance(error, errors.SealingError):
        return Problem("KEY_UNUSABLE", str(error))
    if isinstance(error, errors.WireError | errors.PolicyError):
        return Problem("FABRIC_ANSWER_UNREADABLE", str(error))
    if isinstance(error, errors.HlfError):
        return Problem("FABRIC_REFUSED", str(error))
    return Problem("GATEWAY_FAULT")


_BY_STATUS = {
    400: "REQUEST_MALFORMED",
    404: "NO_SUCH_ADDRESS",
    405: "METHOD_NOT_ALLOWED",
    413: "BODY_TOO_LARGE",
    415: "MEDIA_TYPE_UNSUPPORTED",
    422: "REQUEST_INVALID",
}


def _of_http(error: HTTPException) -> Problem:
    """Return the problem for an error of Flask, Werkzeug or webargs."""
    status = error.code or 500
    code = _BY_STATUS.get(status, "REQUEST_MALFORMED" if status < 500 else "GATEWAY_FAULT")
    messages = (getattr(error, "data", None) or {}).get("messages")
    if messages:
        problem = Problem(code, _first(messages), errors=messages)
    else:
        problem = Problem(code, "" if code == "GATEWAY_FAULT" else error.description or "")
    problem.sent = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return problem


def _first(messages: dict[str, Any]) -> str:
    """Return the first of webargs' nested messages, as ``json.lines.0.gtin: Not a GTIN``."""
    path: list[str] = []
    found: Any = messages
    while isinstance(found, dict) and found:
        name, found = next(iter(found.items()))
        path.append(str(name))
    words = found[0] if isinstance(found, list) and found else found
    return f"{'.'.join(path)}: {words}"


def _of_token(error: tokens.TokenError) -> Problem:
    if error.reason == "expired" and error.expires_at:
        return Problem("TOKEN_EXPIRED", f"The access token expired at {error.expires_at:%Y-%m-%dT%H:%M:%SZ}")
    if error.words:
        return Problem("TOKEN_INVALID", f"The access token is not accepted: {error.words}")
    return Problem("TOKEN_REVOKED" if error.reason == "revoked" else "TOKEN_INVALID")


# Fabric's gateway uses one gRPC status for several causes, so its fixed phrases (docs/conformance.md) decide; the first
# match counts. If no phrase matches, the status alone decides.
_PHRASES = (
    (r"too many requests for /", "FABRIC_BUSY"),
    (r"Failed to get policy manager for channel|Invalid chain ID", "CHAINCODE_NOT_FOUND"),
    (
        r"proposal client identity expired|access denied|creator org|implicit policy evaluation failed",
        "IDENTITY_REFUSED",
    ),
    (r"to protect transient data", "TRANSIENT_UNPROTECTED"),
    (r"ProposalResponsePayloads do not match", "ENDORSERS_DISAGREE"),
    (errors.CHAINCODE_RESPONSE, "CONTRACT_FAILED"),
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
    if isinstance(error, channels.ExplainedError):
        return Problem(error.code, error.explanation, **members)
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
    """Return the problem for a refusal, by a peer or by the gateway."""
    if code in REFUSALS:
        return Problem(code, text, **members)
    return Problem("CONTRACT_REFUSED", text, contract_code=code, **members)
