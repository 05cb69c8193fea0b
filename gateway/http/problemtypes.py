"""
The one table from what can go wrong to what HTTP answers.

Every problem has a code; the table says which HTTP status it has, what it means and what to do about it.
What contracts refuse stands in the tables of the runtime and of the trade; here each kind of refusal gets its status.
``docs/errors.md`` and the page ``/docs/errors`` show the whole, and tests hold it complete: every error of ``hlf`` has
its line.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaincode.domain.refusals import Refusal
from hlf.codec.refusals import RefusalKind, RuntimeRefusal


@dataclass(frozen=True)
class ProblemType:
    """What one code means."""

    status: int
    title: str
    cure: str


# Asked of the gateway itself; nothing was sent to Fabric.
REQUEST = {
    "TOKEN_MISSING": ProblemType(401, "No access token", "Send the header Authorization: Bearer <token>."),
    "TOKEN_INVALID": ProblemType(
        401, "The access token is not one of this gateway's", "Ask its operator for one (selat gateway token create)."
    ),
    "TOKEN_EXPIRED": ProblemType(401, "The access token has expired", "Ask the gateway's operator for a new one."),
    "TOKEN_REVOKED": ProblemType(401, "The access token was revoked", "Ask the gateway's operator for a new one."),
    "SCOPE_MISSING": ProblemType(403, "The access token does not allow this", "Use a token that has the scope named."),
    "REQUEST_MALFORMED": ProblemType(400, "The request cannot be read", "Mend what the detail names."),
    "REQUEST_INVALID": ProblemType(
        422, "The request has fields that cannot be accepted", "Mend the fields under errors."
    ),
    "BODY_MISSING": ProblemType(
        400,
        "The request has no body, and this address needs one",
        "Send it with Content-Type: application/json; {} if you mean that all its fields are left out.",
    ),
    "BODY_TOO_LARGE": ProblemType(
        413, "The request body is too large", "Send less; documents go by their SHA-256, not whole."
    ),
    "REQUEST_TIMEOUT": ProblemType(
        408, "The request did not come to its end in time", "Send it at once, or in smaller parts."
    ),
    "EXPECTATION_FAILED": ProblemType(417, "What the header Expect asks for cannot be done", "Leave it out."),
    "GATEWAY_BUSY": ProblemType(
        503,
        "The gateway has as many requests as it bears; this one was not begun",
        "Try again after the seconds in Retry-After.",
    ),
    "CLIENT_GONE": ProblemType(
        499, "The client went away before anything was done", "Nothing was written; send it again."
    ),
    "NO_SUCH_ADDRESS": ProblemType(404, "There is nothing at this address", "See /docs for the addresses there are."),
    "METHOD_NOT_ALLOWED": ProblemType(
        405, "This address does not take this method", "See /docs for the methods it takes."
    ),
    "NOT_ACCEPTABLE": ProblemType(406, "The answer cannot be given in the form asked for", "Accept application/json."),
    "MEDIA_TYPE_UNSUPPORTED": ProblemType(
        415, "The body is of another kind, so it was not read", "Send Content-Type: application/json."
    ),
    "IDEMPOTENCY_KEY_REUSED": ProblemType(
        422, "The idempotency key belongs to another request of this user", "Use a new key for each new request."
    ),
    "IDEMPOTENCY_IN_PROGRESS": ProblemType(
        409, "A request with this idempotency key is being worked on", "Ask again after the seconds in Retry-After."
    ),
    "ORGANISATION_UNKNOWN": ProblemType(
        503, "The gateway holds no identity of this organisation or user", "Its operator adds it to the wallet."
    ),
    "TRACKING_CLOSED": ProblemType(503, "This gateway answers no tracking links", "Its operator sets SELAT_TRACKING."),
    "STREAMS_EXHAUSTED": ProblemType(
        503, "All event streams of this gateway are taken", "Come back later, with the cursor."
    ),
    "CURSOR_UNKNOWN": ProblemType(
        422,
        "The cursor is of no event of this stream",
        "Use the id of one of its events, or begin anew with start_block and another checkpoint.",
    ),
    "HISTORY_UNPROVABLE": ProblemType(
        422, "The contract's history names no transactions", "Its resource lists the versions it keeps."
    ),
    "BATCH_UNSOLVED": ProblemType(
        409, "No choice was found in which all have room", "Match fewer at once, or for a later day."
    ),
    "ENDORSERS_UNRESOLVED": ProblemType(
        422,
        "Who may see the private values cannot be found out; nothing was sent",
        "Send the arguments and transient fields that the function declares; the address preflight shows them.",
    ),
    "NOTHING_TO_WRITE": ProblemType(
        422, "The call only reads", "Evaluate it instead: the answer of a submitted call stands in a block."
    ),
    "SOLVER_MISSING": ProblemType(
        503, "This gateway has no solver", "Its operator installs the extra: pip install 'selat[solver]'."
    ),
    "KEY_UNUSABLE": ProblemType(
        422, "Nothing can be sealed to that key", "Send the raw public key of the suite named."
    ),
    "TRANSACTION_NOT_FOUND": ProblemType(404, "The channel has no such transaction", "Check its id and the channel."),
    "GATEWAY_FAULT": ProblemType(500, "The gateway failed", "Report the request id; the gateway's log has the place."),
}

# Fabric was asked and said no, or could not be asked. Codes marked "unknown" leave the outcome open.
FABRIC = {
    "CHAINCODE_NOT_FOUND": ProblemType(
        404,
        "No such channel or chaincode for this organisation",
        "Check both names, and that the organisation is a member of the channel.",
    ),
    "ENDORSER_UNKNOWN": ProblemType(
        422,
        "An organisation that must endorse is not a member of the channel",
        "Check its MSP id; the detail names the members.",
    ),
    "BLOCK_NOT_REACHED": ProblemType(
        412,
        "A peer does not have the block that the request builds on; nothing was asked or written",
        "Try again after the seconds in Retry-After, or compare Selat-After with the Selat-Block of an earlier answer.",
    ),
    "ENDORSERS_MISSING": ProblemType(
        503,
        "The peers whose endorsement is needed cannot be reached",
        "Check the endorsing organisations named, and that their peers and chaincodes run.",
    ),
    "ENDORSERS_DISAGREE": ProblemType(
        409,
        "The endorsers computed different results",
        "Try again: something changed between them. If it stays, the contract is not deterministic.",
    ),
    "IDENTITY_REFUSED": ProblemType(
        403, "Fabric refuses the identity", "The certificate is expired, revoked or not of this channel: renew it."
    ),
    "IDENTITY_UNUSABLE": ProblemType(
        503, "The identity or connection profile in the wallet cannot be used", "Its operator mends what is named."
    ),
    "CONTRACT_FAILED": ProblemType(
        422, "The contract answered with an error that has no code", "Its words are in the detail."
    ),
    "CONTRACT_REFUSED": ProblemType(
        422, "The contract refused with a code this gateway does not know", "The code is under contract_code."
    ),
    "CHAINCODE_UNAVAILABLE": ProblemType(
        503, "The chaincode did not answer its peer", "Check that the chaincode server runs; then try again."
    ),
    "TRANSIENT_UNPROTECTED": ProblemType(
        422,
        "Private values would go to an organisation not named for them",
        "Name the endorsing organisations that may see them.",
    ),
    "FABRIC_TOO_LARGE": ProblemType(413, "Fabric takes no message this large", "Send less."),
    "FABRIC_BUSY": ProblemType(503, "The peer has too many requests", "Try again after the seconds in Retry-After."),
    "FABRIC_UNAVAILABLE": ProblemType(503, "The peer or orderer cannot be reached", "Check that the network is up."),
    "FABRIC_TIMEOUT": ProblemType(504, "Fabric did not answer in time; nothing was written", "Try again."),
    "FABRIC_REFUSED": ProblemType(502, "Fabric refused the request", "Its words are under fabric."),
    "ORDERING_REFUSED": ProblemType(502, "The orderer refused; nothing was written", "Its words are under fabric."),
    "OUTCOME_UNKNOWN": ProblemType(
        504,
        "Whether the transaction was committed is unknown",
        "Ask /v1/channels/<channel>/transactions/<transaction_id>/status; do not send the request again before.",
    ),
    "FABRIC_ANSWER_UNREADABLE": ProblemType(
        502, "Fabric's answer cannot be read", "Report it with the transaction id."
    ),
}

# In a block but marked invalid: nothing was written.
COMMIT = {
    "MVCC_READ_CONFLICT": ProblemType(
        409, "Somebody changed the same thing at the same moment", "Read it again, and retry."
    ),
    "PHANTOM_READ_CONFLICT": ProblemType(
        409, "A list this depends on changed at the same moment", "Read it again and retry."
    ),
    "KEY_POLICY_CONFLICT": ProblemType(
        409,
        "Who must agree to a change of this was changed at the same moment",
        "Read it again, and retry.",
    ),
    "ENDORSEMENT_POLICY_FAILURE": ProblemType(
        403,
        "The endorsements do not satisfy the policy",
        "Those who must agree did not: the holder of what is changed, or the owner of a collection.",
    ),
    "DUPLICATE_TXID": ProblemType(409, "The transaction was committed before", "Ask for its status."),
    "TRANSACTION_INVALID": ProblemType(
        502, "The transaction was marked invalid", "The validation code is under fabric."
    ),
}

# A contract's refusal, or that of a rule the gateway tried before asking a contract.
STATUSES = {
    RefusalKind.INVALID: 422,
    RefusalKind.NOT_ALLOWED: 403,
    RefusalKind.NOT_FOUND: 404,
    RefusalKind.CONFLICT: 409,
    RefusalKind.GONE: 410,
    RefusalKind.FAILED: 502,
}
REFUSALS = {
    refusal.code: ProblemType(STATUSES[refusal.kind], refusal.meaning, refusal.cure)
    for refusal in (*RuntimeRefusal, *Refusal)
}

SECTIONS = {
    "Asked of the gateway; nothing was sent to Fabric": REQUEST,
    "Fabric's answer": FABRIC,
    "In a block, but marked invalid: nothing was written": COMMIT,
    "A contract's refusal": REFUSALS,
}
KINDS = {**REQUEST, **FABRIC, **COMMIT, **REFUSALS}


def markdown() -> str:
    """The table as ``docs/errors.md`` has it."""
    lines = [
        "# Errors over HTTP",
        "",
        "Every failure is a problem document (RFC 9457, `application/problem+json`). `code` is stable: decide by it.",
        "`detail` is for people. Where Fabric was asked, `fabric` keeps its own words, endorser by endorser, and",
        "`transaction_id` names the transaction. Only `OUTCOME_UNKNOWN` and `GATEWAY_FAULT` leave open whether",
        "something was written. After every other problem nothing was, unless `committed` lists transactions: a",
        "request of two transactions that failed at the second. `selat gateway errors` prints this table.",
    ]
    for section, kinds in SECTIONS.items():
        lines += ["", f"## {section}", "", "| code | HTTP | meaning | cure |", "|---|---|---|---|"]
        lines += [f"| `{code}` | {kind.status} | {kind.title} | {kind.cure} |" for code, kind in kinds.items()]
    return "\n".join(lines) + "\n"
