"""
The table of all problems: code, HTTP status, meaning and cure.

The refusals of contracts are in the tables of the runtime and of the trade; here each kind of refusal gets its
status. ``docs/errors.md`` and the page ``/docs/errors`` show all of them. A test checks that every error of ``hlf``
has its line.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaincode.domain.refusals import Refusal
from hlf.codec.refusals import RefusalKind, RuntimeRefusal


@dataclass(frozen=True)
class ProblemType:
    """The meaning of one code, its HTTP status and its cure."""

    status: int
    title: str
    cure: str


# Errors of the gateway itself; nothing was sent to Fabric.
REQUEST = {
    "TOKEN_MISSING": ProblemType(401, "No access token", "Send the header Authorization: Bearer <token>."),
    "TOKEN_INVALID": ProblemType(
        401,
        "This gateway does not know the access token",
        "Ask the gateway's operator for a token (selat gateway token create), or the issuer for one as `detail` says.",
    ),
    "TOKEN_EXPIRED": ProblemType(401, "The access token has expired", "Ask the gateway's operator for a new one."),
    "TOKEN_REVOKED": ProblemType(401, "The access token was revoked", "Ask the gateway's operator for a new one."),
    "ISSUER_UNAVAILABLE": ProblemType(
        503,
        "The issuer of the access token cannot be asked for its keys",
        "Try again after the seconds in Retry-After; let the gateway's operator run selat gateway check.",
    ),
    "SCOPE_MISSING": ProblemType(
        403, "The access token does not allow this", "Use a token with the scope that `detail` names."
    ),
    "REQUEST_MALFORMED": ProblemType(400, "The request cannot be read", "Fix the field named in `detail`."),
    "REQUEST_INVALID": ProblemType(
        422, "The request has fields that cannot be accepted", "Fix the fields named in `errors`."
    ),
    "BODY_MISSING": ProblemType(
        400,
        "The request has no body, and this address needs one",
        "Send a body with Content-Type: application/json; send {} to leave out all optional fields.",
    ),
    "BODY_TOO_LARGE": ProblemType(
        413, "The request body is too large", "Send less. Instead of a document, send its SHA-256."
    ),
    "REQUEST_TIMEOUT": ProblemType(408, "The request did not arrive in time", "Send it faster, or send less."),
    "EXPECTATION_FAILED": ProblemType(
        417, "The gateway does not support the value of the header Expect", "Send the request without this header."
    ),
    "GATEWAY_BUSY": ProblemType(
        503,
        "The gateway is busy and did not start this request",
        "Try again after the seconds in Retry-After.",
    ),
    "STORE_UNAVAILABLE": ProblemType(
        503,
        "The gateway's own database cannot be used at the moment",
        "Try again after the seconds in Retry-After, with the same Idempotency-Key.",
    ),
    "BUDGET_EXHAUSTED": ProblemType(
        429,
        "Too many requests in a minute",
        "Try again after the seconds in Retry-After; `budget` says whose budget it is.",
    ),
    "LINK_EXHAUSTED": ProblemType(
        429,
        "Too many returns were requested by shoppers' links in the last hour",
        "Try again after the seconds in Retry-After.",
    ),
    "CLIENT_GONE": ProblemType(
        499, "The client closed the connection before anything was done", "Send it again: nothing was written."
    ),
    "NO_SUCH_ADDRESS": ProblemType(404, "There is nothing at this address", "See all addresses at /docs."),
    "METHOD_NOT_ALLOWED": ProblemType(405, "This address does not take this method", "See its methods at /docs."),
    "NOT_ACCEPTABLE": ProblemType(
        406,
        "The gateway does not answer in this version, format or media type",
        "Ask for one that the address tells by OPTIONS, or leave the header out.",
    ),
    "QUERY_TOO_LARGE": ProblemType(
        413, "The query finds more than it allows", "Ask for less, or for pages without maxEventCount."
    ),
    "QUERY_EXISTS": ProblemType(409, "You have a query of this name", "Choose another name, or delete the other."),
    "QUERIES_EXHAUSTED": ProblemType(
        409, "You have as many named queries as one may have", "Delete one that is not needed any more."
    ),
    "MEDIA_TYPE_UNSUPPORTED": ProblemType(
        415, "The body has another media type, so it was not read", "Send Content-Type: application/json."
    ),
    "IDEMPOTENCY_KEY_REUSED": ProblemType(
        422, "The idempotency key belongs to another request of this user", "Use a new key for each new request."
    ),
    "IDEMPOTENCY_IN_PROGRESS": ProblemType(
        409, "A request with this idempotency key is still running", "Ask again after the seconds in Retry-After."
    ),
    "ORGANISATION_UNKNOWN": ProblemType(
        503,
        "The gateway has no identity for this organisation or user",
        "Ask the gateway's operator to add it to the wallet.",
    ),
    "KEY_ELSEWHERE": ProblemType(
        409,
        "The gateway has this user's certificate, and not its key",
        "Prepare the call at .../offline/proposals, and sign each step where the key is.",
    ),
    "STEP_UNREADABLE": ProblemType(
        422, "The step cannot be used here", "Send `step` as the gateway gave it, to the address that they are for."
    ),
    "STEP_EXPIRED": ProblemType(
        422, "The step is too old, or from the future", "Prepare the call again; a proposal lives for 15 minutes."
    ),
    "SIGNER_FOREIGN": ProblemType(
        403,
        "The step belongs to another identity than the token's user",
        "Prepare it with this token, or send it with a token of its own user.",
    ),
    "SIGNATURE_INVALID": ProblemType(
        422,
        "The signature is not by the user's key over this step",
        "Sign `digest` (ECDSA) or `message` (Ed25519) of exactly this step with the key of the user's certificate.",
    ),
    "TRACKING_CLOSED": ProblemType(
        503, "This gateway does not serve tracking links", "Ask the gateway's operator to set SELAT_TRACKING."
    ),
    "STREAMS_EXHAUSTED": ProblemType(
        503, "All event streams of this gateway are in use", "Try again later, with the id of the last event."
    ),
    "STREAM_BEHIND": ProblemType(
        503,
        "Events came faster than this reader took them",
        "Return with the id of the last event, and read faster.",
    ),
    "JOBS_EXHAUSTED": ProblemType(
        429,
        "The organisation has as many jobs waiting as one may have",
        "Try again after the seconds in Retry-After, when some are done.",
    ),
    "WEBHOOKS_EXHAUSTED": ProblemType(
        409, "The organisation has as many webhooks as one may have", "Delete one that is not needed any more."
    ),
    "CURSOR_UNKNOWN": ProblemType(
        422,
        "The cursor is not an event of this stream",
        "Use the id of an event of this stream, or start again with start_block and another checkpoint.",
    ),
    "HISTORY_UNPROVABLE": ProblemType(
        422, "The contract's history does not name its transactions", "Read the versions at the object's own address."
    ),
    "BATCH_UNSOLVED": ProblemType(
        409, "The solver found no capacity for all plans", "Match fewer plans at once, or choose a later day."
    ),
    "FUNCTION_NOT_FOUND": ProblemType(
        404,
        "The chaincode publishes no such function",
        "Read the chaincode's openapi.json; a chaincode without metadata is called by evaluate and submit alone.",
    ),
    "ENDORSERS_UNRESOLVED": ProblemType(
        422,
        "The gateway cannot find out who may see the private values; nothing was sent",
        "Send the arguments and transient fields that the function declares; see them at the address preflight.",
    ),
    "NOTHING_TO_WRITE": ProblemType(
        422, "The call only reads", "Evaluate it instead; submitting would put the answer into a block."
    ),
    "SOLVER_MISSING": ProblemType(
        503, "This gateway has no solver", "Ask the gateway's operator to run pip install 'selat[solver]'."
    ),
    "KEY_UNUSABLE": ProblemType(
        422, "The key cannot be used to seal values", "Send a raw public key for the suite that `detail` names."
    ),
    "TRANSACTION_NOT_FOUND": ProblemType(404, "The channel has no such transaction", "Check its id and the channel."),
    "GATEWAY_FAULT": ProblemType(
        500,
        "Something failed inside the gateway",
        "Report the request id to its operator; the gateway's log has the place.",
    ),
}

# Fabric refused, or could not be asked. Codes with "unknown" in their meaning leave the outcome open.
FABRIC = {
    "CHAINCODE_NOT_FOUND": ProblemType(
        404,
        "This organisation's peer knows no such channel or chaincode",
        "Check both names, and that the organisation is a member of the channel.",
    ),
    "ENDORSER_UNKNOWN": ProblemType(
        422,
        "An organisation that must endorse is not a member of the channel",
        "Check its MSP id; `detail` names the members.",
    ),
    "BLOCK_NOT_REACHED": ProblemType(
        412,
        "A peer does not have the block in Selat-After; nothing was asked or written",
        "Try again after the seconds in Retry-After, or compare Selat-After with the Selat-Block of an earlier answer.",
    ),
    "ENDORSERS_MISSING": ProblemType(
        503,
        "The gateway cannot reach peers that must endorse",
        "Check `endorsing_organizations`, and that the peers and chaincodes of those organisations run.",
    ),
    "ENDORSERS_DISAGREE": ProblemType(
        409,
        "The endorsers computed different results",
        "Try again: the data may have changed in between. If it happens again, the contract is not deterministic.",
    ),
    "IDENTITY_REFUSED": ProblemType(
        403,
        "Fabric refuses the identity",
        "Renew the certificate: it is expired, revoked or not valid on this channel.",
    ),
    "IDENTITY_UNUSABLE": ProblemType(
        503,
        "The identity or connection profile in the wallet cannot be used",
        "Ask the gateway's operator to fix what `detail` names.",
    ),
    "CONTRACT_FAILED": ProblemType(
        422, "The contract failed with an error that has no code", "Read its words in `detail`."
    ),
    "CONTRACT_REFUSED": ProblemType(
        422, "The contract refused with a code this gateway does not know", "Read the code in `contract_code`."
    ),
    "CHAINCODE_UNAVAILABLE": ProblemType(
        503, "The chaincode did not answer its peer", "Check that the chaincode server runs; then try again."
    ),
    "TRANSIENT_UNPROTECTED": ProblemType(
        422,
        "Private values would go to an organisation that was not named for them",
        "Name the endorsing organisations that may see them.",
    ),
    "FABRIC_TOO_LARGE": ProblemType(413, "The message is larger than Fabric allows", "Send less."),
    "FABRIC_BUSY": ProblemType(
        503, "The peer has too many requests at the moment", "Try again after the seconds in Retry-After."
    ),
    "FABRIC_UNAVAILABLE": ProblemType(
        503,
        "The peer or orderer cannot be reached",
        "Try again after the seconds in Retry-After; check that the network is up.",
    ),
    "FABRIC_TIMEOUT": ProblemType(
        504,
        "Fabric did not answer in time; nothing was written",
        "Try again after the seconds in Retry-After.",
    ),
    "FABRIC_REFUSED": ProblemType(502, "Fabric refused the request", "Read its words in `fabric`."),
    "ORDERING_REFUSED": ProblemType(502, "The orderer refused; nothing was written", "Read its words in `fabric`."),
    "OUTCOME_UNKNOWN": ProblemType(
        504,
        "It is unknown whether the transaction was committed",
        "Repeat the request with its Idempotency-Key. If it had none, ask "
        "/v1/channels/<channel>/transactions/<transaction_id>/status, and send it again only if it was not.",
    ),
    "FABRIC_ANSWER_UNREADABLE": ProblemType(
        502, "Fabric's answer cannot be read", "Report it with the transaction id."
    ),
}

# In a block but marked invalid: nothing was written.
COMMIT = {
    "MVCC_READ_CONFLICT": ProblemType(
        409, "Another transaction changed the same record at the same time", "Read it again and retry."
    ),
    "PHANTOM_READ_CONFLICT": ProblemType(
        409, "Another transaction changed a list that this one read", "Read it again and retry."
    ),
    "KEY_POLICY_CONFLICT": ProblemType(
        409,
        "Another transaction changed who must endorse this record",
        "Read it again and retry.",
    ),
    "ENDORSEMENT_POLICY_FAILURE": ProblemType(
        403,
        "The endorsements do not satisfy the policy",
        "Let the right organisations endorse it: the holder of the record, or the owner of the collection.",
    ),
    "DUPLICATE_TXID": ProblemType(409, "The transaction was committed already", "Ask for its status."),
    "TRANSACTION_INVALID": ProblemType(
        502, "The transaction was marked invalid", "Read the validation code in `fabric`."
    ),
}

# Refusals by a contract, or by a rule that the gateway checked before it asked a contract.
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
    "Errors of the gateway; nothing was sent to Fabric": REQUEST,
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
        "Every failure is a problem document (RFC 9457, `application/problem+json`). Programs read the stable `code`.",
        "`detail` is for people. If Fabric was asked, `fabric` has its own messages for each endorser, and",
        "`transaction_id` names the transaction. Only `OUTCOME_UNKNOWN` and `GATEWAY_FAULT` leave open whether",
        "something was written. After any other problem nothing was written, unless `committed` lists transactions: a",
        "request of two transactions that failed at the second. `selat gateway errors` prints this table.",
    ]
    for section, types in SECTIONS.items():
        lines += ["", f"## {section}", "", "| code | HTTP | meaning | cure |", "|---|---|---|---|"]
        lines += [f"| `{code}` | {one.status} | {one.title} | {one.cure} |" for code, one in types.items()]
    return "\n".join(lines) + "\n"
