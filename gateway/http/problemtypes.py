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
    """What one code means, its HTTP status, and what to do about it."""

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
    "REQUEST_MALFORMED": ProblemType(400, "The request cannot be read", "Fix the field named in `detail`."),
    "REQUEST_INVALID": ProblemType(
        422, "The request has fields that cannot be accepted", "Fix the fields named in `errors`."
    ),
    "BODY_MISSING": ProblemType(
        400,
        "The request has no body, and this address needs one",
        "Send one with Content-Type: application/json; send {} to leave out all its fields.",
    ),
    "BODY_TOO_LARGE": ProblemType(413, "The request body is too large", "Send less; of a document, send the SHA-256."),
    "REQUEST_TIMEOUT": ProblemType(408, "The request did not arrive in time", "Send it faster, or send less."),
    "EXPECTATION_FAILED": ProblemType(
        417, "The gateway cannot do what the header Expect asks for", "Leave the header out."
    ),
    "GATEWAY_BUSY": ProblemType(
        503,
        "The gateway is busy and did not start this request",
        "Try again after the seconds in Retry-After.",
    ),
    "CLIENT_GONE": ProblemType(
        499, "The client closed the connection before anything was done", "Send it again: nothing was written."
    ),
    "NO_SUCH_ADDRESS": ProblemType(404, "There is nothing at this address", "See /docs for all addresses."),
    "METHOD_NOT_ALLOWED": ProblemType(405, "This address does not take this method", "See /docs for its methods."),
    "NOT_ACCEPTABLE": ProblemType(406, "The gateway cannot answer in the form asked for", "Accept application/json."),
    "MEDIA_TYPE_UNSUPPORTED": ProblemType(
        415, "The body is of another media type, so it was not read", "Send Content-Type: application/json."
    ),
    "IDEMPOTENCY_KEY_REUSED": ProblemType(
        422, "The idempotency key belongs to another request of this user", "Use a new key for each new request."
    ),
    "IDEMPOTENCY_IN_PROGRESS": ProblemType(
        409, "A request with this idempotency key is still running", "Ask again after the seconds in Retry-After."
    ),
    "ORGANISATION_UNKNOWN": ProblemType(
        503, "The gateway holds no identity of this organisation or user", "Ask its operator to add it to the wallet."
    ),
    "TRACKING_CLOSED": ProblemType(
        503, "This gateway does not serve tracking links", "Ask its operator to set SELAT_TRACKING."
    ),
    "STREAMS_EXHAUSTED": ProblemType(
        503, "All event streams of this gateway are in use", "Try again later, with the cursor."
    ),
    "CURSOR_UNKNOWN": ProblemType(
        422,
        "No event of this stream has that cursor",
        "Use the id of one of its events, or start again with start_block and another checkpoint.",
    ),
    "HISTORY_UNPROVABLE": ProblemType(
        422, "The contract's history names no transactions", "Read the versions at the resource itself."
    ),
    "BATCH_UNSOLVED": ProblemType(
        409, "The solver found no room for all plans", "Match fewer at once, or for a later day."
    ),
    "ENDORSERS_UNRESOLVED": ProblemType(
        422,
        "Who may see the private values cannot be found out; nothing was sent",
        "Send the arguments and transient fields that the function declares; the address preflight shows them.",
    ),
    "NOTHING_TO_WRITE": ProblemType(
        422, "The call only reads", "Evaluate it instead; submitting would put the answer into a block."
    ),
    "SOLVER_MISSING": ProblemType(
        503, "This gateway has no solver", "Ask its operator to run pip install 'selat[solver]'."
    ),
    "KEY_UNUSABLE": ProblemType(422, "Nothing can be sealed to this key", "Send a raw public key of the suite named."),
    "TRANSACTION_NOT_FOUND": ProblemType(404, "The channel has no such transaction", "Check its id and the channel."),
    "GATEWAY_FAULT": ProblemType(500, "The gateway failed", "Report the request id; the gateway's log says where."),
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
        "Try again: something may have changed in between. If it stays so, the contract is not deterministic.",
    ),
    "IDENTITY_REFUSED": ProblemType(
        403, "Fabric refuses the identity", "Renew the certificate: it is expired, revoked or not of this channel."
    ),
    "IDENTITY_UNUSABLE": ProblemType(
        503,
        "The identity or connection profile in the wallet cannot be used",
        "Ask its operator to fix what the detail names.",
    ),
    "CONTRACT_FAILED": ProblemType(
        422, "The contract answered with an error that has no code", "Read its words in `detail`."
    ),
    "CONTRACT_REFUSED": ProblemType(
        422, "The contract refused with a code this gateway does not know", "Read the code in `contract_code`."
    ),
    "CHAINCODE_UNAVAILABLE": ProblemType(
        503, "The chaincode did not answer its peer", "Check that the chaincode server runs; then try again."
    ),
    "TRANSIENT_UNPROTECTED": ProblemType(
        422,
        "Private values would go to an organisation not named for them",
        "Name the endorsing organisations that may see them.",
    ),
    "FABRIC_TOO_LARGE": ProblemType(413, "The message is too large for Fabric", "Send less."),
    "FABRIC_BUSY": ProblemType(503, "The peer has too many requests", "Try again after the seconds in Retry-After."),
    "FABRIC_UNAVAILABLE": ProblemType(503, "The peer or orderer cannot be reached", "Check that the network is up."),
    "FABRIC_TIMEOUT": ProblemType(504, "Fabric did not answer in time; nothing was written", "Try again."),
    "FABRIC_REFUSED": ProblemType(502, "Fabric refused the request", "Read its words in `fabric`."),
    "ORDERING_REFUSED": ProblemType(502, "The orderer refused; nothing was written", "Read its words in `fabric`."),
    "OUTCOME_UNKNOWN": ProblemType(
        504,
        "It is unknown whether the transaction was committed",
        "Ask /v1/channels/<channel>/transactions/<transaction_id>/status; send the request again only if it was not.",
    ),
    "FABRIC_ANSWER_UNREADABLE": ProblemType(
        502, "Fabric's answer cannot be read", "Report it with the transaction id."
    ),
}

# In a block but marked invalid: nothing was written.
COMMIT = {
    "MVCC_READ_CONFLICT": ProblemType(
        409, "Somebody else changed the same record at the same time", "Read it again and retry."
    ),
    "PHANTOM_READ_CONFLICT": ProblemType(
        409, "A list that this depends on changed at the same time", "Read it again and retry."
    ),
    "KEY_POLICY_CONFLICT": ProblemType(
        409,
        "The rule of who must endorse this record was changed at the same time",
        "Read it again and retry.",
    ),
    "ENDORSEMENT_POLICY_FAILURE": ProblemType(
        403,
        "The endorsements do not satisfy the policy",
        "Have it endorsed by those who must: the holder of the record, or the owner of the collection.",
    ),
    "DUPLICATE_TXID": ProblemType(409, "The transaction was committed already", "Ask for its status."),
    "TRANSACTION_INVALID": ProblemType(
        502, "The transaction was marked invalid", "Read the validation code in `fabric`."
    ),
}

# A contract's refusal, or that of a rule that the gateway applied before it asked a contract.
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
PROBLEM_TYPES = {**REQUEST, **FABRIC, **COMMIT, **REFUSALS}


def markdown() -> str:
    """Return the table as ``docs/errors.md`` has it."""
    lines = [
        "# Errors over HTTP",
        "",
        "Every failure is a problem document (RFC 9457, `application/problem+json`). `code` is stable: decide by it.",
        "`detail` is for people. Where Fabric was asked, `fabric` keeps its own words, endorser by endorser, and",
        "`transaction_id` names the transaction. Only `OUTCOME_UNKNOWN` and `GATEWAY_FAULT` leave open whether",
        "something was written. After every other problem nothing was, unless `committed` lists transactions: a",
        "request of two transactions that failed at the second. `selat gateway errors` prints this table.",
    ]
    for section, types in SECTIONS.items():
        lines += ["", f"## {section}", "", "| code | HTTP | meaning | cure |", "|---|---|---|---|"]
        lines += [f"| `{code}` | {one.status} | {one.title} | {one.cure} |" for code, one in types.items()]
    return "\n".join(lines) + "\n"
