"""
The one table from what can go wrong to what HTTP answers.

Every problem has a code; the table says which HTTP status it has, what it means and what to do about it.
``docs/errors.md`` and the page ``/docs/errors`` show it, and tests hold it complete: every error of ``hlf`` and every
code a contract refuses with has its line.
"""

from __future__ import annotations

from dataclasses import dataclass


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
    "BODY_MISSING": Kind(
        400,
        "The request has no body, and this address needs one",
        "Send it with Content-Type: application/json; {} if you mean that all its fields are left out.",
    ),
    "BODY_TOO_LARGE": Kind(
        413, "The request body is too large", "Send less; documents go by their SHA-256, not whole."
    ),
    "REQUEST_TIMEOUT": Kind(
        408, "The request did not come to its end in time", "Send it at once, or in smaller parts."
    ),
    "EXPECTATION_FAILED": Kind(417, "What the header Expect asks for cannot be done", "Leave it out."),
    "GATEWAY_BUSY": Kind(
        503,
        "The gateway has as many requests as it bears; this one was not begun",
        "Try again after the seconds in Retry-After.",
    ),
    "CLIENT_GONE": Kind(499, "The client went away before anything was done", "Nothing was written; send it again."),
    "NO_SUCH_ADDRESS": Kind(404, "There is nothing at this address", "See /docs for the addresses there are."),
    "METHOD_NOT_ALLOWED": Kind(405, "This address does not take this method", "See /docs for the methods it takes."),
    "NOT_ACCEPTABLE": Kind(406, "The answer cannot be given in the form asked for", "Accept application/json."),
    "MEDIA_TYPE_UNSUPPORTED": Kind(
        415, "The body is of another kind, so it was not read", "Send Content-Type: application/json."
    ),
    "IDEMPOTENCY_KEY_REUSED": Kind(
        422, "The idempotency key belongs to another request of this user", "Use a new key for each new request."
    ),
    "IDEMPOTENCY_IN_PROGRESS": Kind(
        409, "A request with this idempotency key is being worked on", "Ask again after the seconds in Retry-After."
    ),
    "ORGANISATION_UNKNOWN": Kind(
        503, "The gateway holds no identity of this organisation or user", "Its operator adds it to the wallet."
    ),
    "TRACKING_CLOSED": Kind(503, "This gateway answers no tracking links", "Its operator sets SELAT_TRACKING."),
    "STREAMS_EXHAUSTED": Kind(503, "All event streams of this gateway are taken", "Come back later, with the cursor."),
    "CURSOR_UNKNOWN": Kind(
        422,
        "The cursor is of no event of this stream",
        "Use the id of one of its events, or begin anew with start_block and another checkpoint.",
    ),
    "HISTORY_UNPROVABLE": Kind(
        422, "The contract's history names no transactions", "Its resource lists the versions it keeps."
    ),
    "BATCH_UNSOLVED": Kind(
        409, "No choice was found in which all have room", "Match fewer at once, or for a later day."
    ),
    "NOTHING_TO_WRITE": Kind(
        422, "The call only reads", "Evaluate it instead: the answer of a submitted call stands in a block."
    ),
    "SOLVER_MISSING": Kind(
        503, "This gateway has no solver", "Its operator installs the extra: pip install 'selat[solver]'."
    ),
    "KEY_UNUSABLE": Kind(422, "Nothing can be sealed to that key", "Send the raw public key of the suite named."),
    "TRANSACTION_NOT_FOUND": Kind(404, "The channel has no such transaction", "Check its id and the channel."),
    "GATEWAY_FAULT": Kind(500, "The gateway failed", "Report the request id; the gateway's log has the place."),
}

# Fabric was asked and said no, or could not be asked. Codes marked "unknown" leave the outcome open.
FABRIC = {
    "CHAINCODE_NOT_FOUND": Kind(
        404,
        "No such channel or chaincode for this organisation",
        "Check both names, and that the organisation is a member of the channel.",
    ),
    "ENDORSER_UNKNOWN": Kind(
        422,
        "An organisation that must endorse is not a member of the channel",
        "Check its MSP id; the detail names the members.",
    ),
    "BLOCK_NOT_REACHED": Kind(
        412,
        "A peer does not have the block that the request builds on; nothing was asked or written",
        "Try again after the seconds in Retry-After, or compare Selat-After with the Selat-Block of an earlier answer.",
    ),
    "ENDORSERS_MISSING": Kind(
        503,
        "The peers whose endorsement is needed cannot be reached",
        "Check the endorsing organisations named, and that their peers and chaincodes run.",
    ),
    "ENDORSERS_DISAGREE": Kind(
        409,
        "The endorsers computed different results",
        "Try again: something changed between them. If it stays, the contract is not deterministic.",
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
    "KEY_POLICY_CONFLICT": Kind(
        409,
        "Who must agree to a change of this was changed at the same moment",
        "Read it again, and retry.",
    ),
    "ENDORSEMENT_POLICY_FAILURE": Kind(
        403,
        "The endorsements do not satisfy the policy",
        "Those who must agree did not: the holder of what is changed, or the owner of a collection.",
    ),
    "DUPLICATE_TXID": Kind(409, "The transaction was committed before", "Ask for its status."),
    "TRANSACTION_INVALID": Kind(502, "The transaction was marked invalid", "The validation code is under fabric."),
}

# A contract's refusal, or that of a rule the gateway tried before asking a contract.
_REFUSALS = {
    "INVALID_ARGUMENT": (422, "An argument cannot be accepted", "The detail names the field."),
    "UNKNOWN_FUNCTION": (404, "The chaincode has no such function", "See docs/contracts.md."),
    "INTERNAL": (502, "The contract failed unexpectedly", "Its log has the place, by the transaction id."),
    # Who may.
    "NOT_OWNER": (403, "The claim is another organisation's", "Its owner must ask."),
    "NOT_CUSTODIAN": (
        403,
        "Another organisation has custody",
        "The custodian at that time must record it or hand over.",
    ),
    "NOT_THE_TAKER": (
        403,
        "The goods are offered to another organisation",
        "The organisation named in the offer must accept.",
    ),
    "NOT_THE_SELLER": (403, "The terms are another seller's", "The seller itself publishes them."),
    "NOT_A_SELLER": (403, "Only a platform or a merchant may do this", "Ask one that takes part."),
    "NOT_A_PARTY": (403, "The organisation takes no part in this", "Use an organisation that is named as a party."),
    "NOT_A_PARTICIPANT": (
        403,
        "The organisation is not in the register",
        "Have it admitted: POST /v1/participants/amendments.",
    ),
    "NOT_A_VOTER": (
        403,
        "The organisation has no vote on this",
        "Only those who were participants when it was proposed vote.",
    ),
    "NOT_AN_AGENT": (403, "Only the platform or the merchant lodges a buyer's request", "Ask one of them."),
    "WRONG_ROLE": (403, "The certificate's role does not allow this", "Use an identity with the role named."),
    "STAGE_NOT_ENTITLED": (403, "The organisation may not record this stage", "See its entry in GET /v1/participants."),
    "OWN_CLAIM": (422, "A grant to oneself means nothing", "Read the claim directly."),
    "OWN_RETURN": (403, "Who lodged a return cannot answer it", "The seller or another of its people answers."),
    "WRONG_ORDER": (403, "The order is between other organisations", "Ask one of them."),
    "WRONG_SIDE": (403, "Such claims are made by the other side of the trade", "Ask an organisation of that side."),
    "NOT_TENDER": (403, "Only platform and auditor keep the tender", "Ask one of them."),
    "NOT_PAYMENT_FIRM": (403, "Only the payment firm does this", "Ask it."),
    "NOT_REQUESTER": (403, "The request is another organisation's", "Who asked withdraws it."),
    "NOT_AUDITOR": (403, "Only the auditor asks this", "Ask it, or read your own list."),
    "NOT_THE_AGENT": (403, "Another organisation lodged the return", "Who lodged it does this."),
    "NOT_THE_CARRIER": (403, "Another carrier fetches the return", "The carrier assigned does this."),
    "NOT_THE_ARBITER": (403, "The terms name another arbiter", "The arbiter decides."),
    "NOT_A_CARRIER": (403, "Only a carrier does this", "Use a carrier's identity."),
    # What there is not.
    "NOT_FOUND": (404, "There is no such record, or not for this organisation", "Check its id, and who may read it."),
    "JOURNEY_UNKNOWN": (404, "There is no such journey", "Check its id."),
    "ORDER_UNKNOWN": (404, "There is no such order", "Check its id."),
    "ACCOUNT_UNKNOWN": (404, "No journey of that order was opened", "Check its id, or open one: POST /v1/journeys."),
    "RETURN_UNKNOWN": (404, "There is no such return", "Check its id."),
    "TERMS_UNKNOWN": (404, "There are no such return terms", "Publish them first: POST /v1/terms."),
    "STAGE_UNKNOWN": (404, "The stage is not in the catalogue", "See GET /v1/stages."),
    "LINK_UNKNOWN": (404, "The link leads to no consignment", "Use the link exactly as the seller sent it."),
    "NO_CATALOGUE": (
        409,
        "There is no stage catalogue yet",
        "An administrator installs it: POST /v1/stages/installation.",
    ),
    "NOT_FOUNDED": (
        409,
        "There are no participants yet",
        "An administrator founds them: POST /v1/participants/founding.",
    ),
    "NOT_COMMITTED": (404, "Its owner committed to no such claim", "Check owner, id and revision."),
    "NOT_DELIVERED": (409, "Nothing was delivered so far", "Wait for the delivery."),
    "NO_RATE": (404, "The table has no such rate", "Publish rates of that date."),
    "ROLE_VACANT": (409, "No participant has the role needed", "Admit one first."),
    "NO_TARIFF": (404, "No tariff is published for that", "Publish it first."),
    "PRODUCT_UNKNOWN": (404, "The merchant offers no such product", "Check GTIN and merchant."),
    "RATES_UNKNOWN": (404, "No such rates are published", "Publish them first."),
    "EVENT_UNKNOWN": (404, "The organisation recorded no such event", "Check the event's id."),
    "BOOKING_UNKNOWN": (404, "The departure has no such booking", "Check its id."),
    "LPI_UNKNOWN": (404, "No such edition of the index is kept", "Check its name."),
    "OFFER_UNKNOWN": (404, "The offer was not among those compared", "Check its id."),
    "STEP_UNKNOWN": (404, "The journey has no such step", "Count from 1 to the number in the detail."),
    "LEG_UNKNOWN": (404, "The plan has no such leg", "Count from 1 to the number in the detail."),
    "PLAN_UNKNOWN": (404, "There is no such plan", "Check its id."),
    # What stands in the way.
    "ALREADY_EXISTS": (409, "It exists already", "Records are added, never overwritten: use another id."),
    "ALREADY_CAPTURED": (
        409,
        "Another payment has taken the order's money",
        "Move that payment on, and void this one.",
    ),
    "ALREADY_SETTLED": (
        409,
        "The order's money is paid out to the merchant",
        "What the buyer is due from now on, the merchant pays; give money back before a payment is settled.",
    ),
    "MORE_THAN_ORDERED": (
        409,
        "The order has fewer units left for a journey",
        "Allot at most what the detail says; see GET /v1/orders/<order_id>/account.",
    ),
    "ORDER_DIFFERS": (
        409,
        "The order was placed with other facts",
        "Send what platform and merchant hold of it, exactly (Orders:facts).",
    ),
    "UNITS_RETURNED": (
        409,
        "The units have come back by another return",
        "Nothing is left to claim for them; see GET /v1/orders/<order_id>/account.",
    ),
    "ORDER_CANCELLED": (
        409,
        "The order is cancelled",
        "Void the payment, or refund what it captured; nothing is taken or paid out for it any more.",
    ),
    "JOURNEY_EXISTS": (409, "There is a journey of that id", "Use another id."),
    "RETURN_EXISTS": (409, "There is a return of that id", "Use another id."),
    "LINK_EXISTS": (409, "That link is in use", "Make a new one."),
    "ALREADY_FOUNDED": (409, "The participants are named already", "Propose an amendment instead."),
    "ALREADY_APPROVED": (409, "The organisation has approved this already", "Nothing is to be done."),
    "ALREADY_ADOPTED": (409, "The amendment is in force", "Nothing is to be done."),
    "ALREADY_ANSWERED": (409, "The request was answered", "Make a new one."),
    "ALREADY_IN_HAND": (409, "The goods have been picked up", "Read the journey again."),
    "CATALOGUE_INSTALLED": (409, "There is a stage catalogue already", "Nothing is to be done."),
    "OVERTAKEN": (409, "It has changed since it was proposed", "Propose it again on what is in force now."),
    "COMMITMENT_CHANGED": (409, "The claim is not the one that was granted", "Grant the present revision."),
    "WRONG_STATE": (409, "Its present state does not allow this", "Read it again; the detail says what comes before."),
    "REVISION_GAP": (409, "A revision is missing before this one", "Commit revisions one after the other."),
    "VERSION_NOT_NEXT": (409, "It is not the next version", "Use the number in the detail."),
    "REVOKED": (410, "The grant is revoked", "Ask its owner for a new one."),
    "NOT_OFFERED": (409, "No hand-over is offered", "The custodian offers it first."),
    "NOT_IN_HAND": (409, "The goods are not in anybody's hands now", "Read the journey again."),
    "SAME_PARTY": (409, "The organisation holds the goods already", "Name another taker."),
    "CUSTODY_ACCEPTED": (409, "The organisation accepted custody itself", "Hand the goods over instead."),
    "CUSTODY_CONTESTED": (
        409,
        "The named custodian never accepted",
        "It repudiates the custody, or the giver offers again.",
    ),
    "NOTHING_TO_REPUDIATE": (409, "It is the first custodian", "Hand the goods over instead."),
    "GATE_CLOSED": (409, "A stage that must come before is not done", "Record the stage named in the detail first."),
    "STAGE_RECORDED": (409, "The stage happens once, and is recorded", "Nothing is to be done."),
    "NOT_PLACED": (409, "Platform and merchant do not hold the same order", "Place it at both."),
    "NOT_YET_TOGETHER": (409, "Reciprocal disclosures open together", "Wait until both are delivered."),
    "ALREADY_ARBITRATED": (409, "The arbiter has decided", "Its decision stands."),
    "ALREADY_PUBLISHED": (409, "That figure was published", "Nothing is to be done."),
    "DEADLINE_PASSED": (409, "The time for that has ended", "Enforce the deadline instead."),
    "NOTHING_TO_TELL": (
        409,
        "Too few parties stand behind any figure",
        "Wait until at least 3 on each side have contributed.",
    ),
    "NOT_AS_STORED": (409, "The record sent is not the one that is kept", "Read it again and send exactly that."),
    "NOT_DUE": (409, "Its deadline has not come", "Wait until the time in the detail."),
    "NO_DEADLINE": (409, "Nothing is due in this state", "Read it again."),
    "RESOLUTION_DIFFERS": (409, "The return is for another resolution", "Use the one in the detail."),
    "ALREADY_CORRECTED": (409, "The event was declared an error before", "Nothing is to be done."),
    "EVENT_TAKEN_BACK": (
        409,
        "The same event was declared an error",
        "It cannot be recorded again; record what is right.",
    ),
    "HANDOVER_STANDS": (409, "A hand-over was signed by two parties", "Neither takes it back alone: hand over again."),
    "NOT_CANCELLABLE": (409, "It can no longer be cancelled", "Return the goods instead."),
    "PICKUP_STANDS": (409, "The pick-up is arranged already", "Read the return again."),
    "ALREADY_BOOKED": (409, "The booking is on this departure already", "Nothing is to be done."),
    "CAPACITY_EXCEEDED": (409, "The departure has not enough room left", "Book less, or another one."),
    "CUT_OFF_PASSED": (409, "The departure takes no more goods", "Book another one."),
    "NO_CHAIN": (409, "Nobody can do one of the steps", "Ask for more offers, or change the demand."),
    "PLAN_STANDS": (409, "The plan stands", "Nobody refused it and there is time to answer."),
    "ALREADY_AGREED": (409, "The journey goes by another plan", "Nothing is to be done, or plan it again."),
    "CAPACITY_TAKEN": (409, "There is no room left for the plan", "Plan again."),
    "NOT_ALL_ACCEPTED": (
        409,
        "Not every carrier has accepted its leg",
        "Wait for the others, or plan again without them.",
    ),
    "NOT_ASKED": (409, "The carrier did not ask", "It asks first."),
    "OFFER_GONE": (409, "An offer was withdrawn since it was compared", "Plan again."),
    "PLAN_ENDED": (409, "The plan has ended", "Read it again."),
    "ALREADY_RELEASED": (409, "The plan has no capacity booked", "Nothing is to be done."),
    # What is not right about what was sent.
    "NOT_IN_CLAIM": (422, "The value is not what its owner committed to", "Whoever showed it did not show the truth."),
    "WRONG_CLAIM": (422, "The document is about another claim", "Send the document that belongs to it."),
    "ATTRIBUTE_MISSING": (422, "A granted attribute is missing", "Deliver all that was granted."),
    "ATTRIBUTE_NOT_GRANTED": (422, "An attribute was not granted", "Deliver only what was granted."),
    "ATTRIBUTE_TWICE": (422, "An attribute is given twice", "Give it once."),
    "UNKNOWN_ATTRIBUTE": (422, "Such a claim has no attribute of that name", "See GET /v1/forecasts/attributes."),
    "UNKNOWN_KIND": (422, "There is no such kind of claim", "Use a forecast or a capability."),
    "COHORT_TOO_SMALL": (422, "The audience is small enough to know single persons", "Describe a larger one."),
    "SALT_TOO_SHORT": (422, "A salt is too short to hide anything", "Use 128 random bits or more."),
    "SALT_REUSED": (422, "A salt was used before", "Make a new one for each record."),
    "NOT_AS_REQUESTED": (422, "The grant is not what was asked for", "Grant what the request names."),
    "NOT_RECIPROCAL": (422, "The request offers nothing in return", "Use a plain grant."),
    "EXPIRED": (422, "The expiry lies in the past", "Name a later one."),
    "PRE_DATED": (422, "The date is not that of the transaction, or before the order", "Send the true time."),
    "EVENT_IN_FUTURE": (422, "The event lies in the future", "Check the clock and the offset."),
    "TOO_LATE": (422, "The event is too old to be recorded", "The detail says how long one may be."),
    "CLOCK_WENT_BACK": (422, "The transaction's time lies before what is recorded", "Check the client's clock."),
    "ACCEPTED_BEFORE_HELD": (422, "It is accepted before the giver had it", "Send the true time."),
    "RELEASED_BEFORE_HELD": (422, "It is released before the giver had it", "Send the true time."),
    "STAGE_NOT_IN_JOURNEY": (422, "Such journeys do not have this stage", "See GET /v1/stages."),
    "STEP_NOT_OF_STAGE": (422, "The stage has no such step", "Use one of those in the detail."),
    "DISPOSITION_NOT_OF_STAGE": (422, "The stage has no such disposition", "Use one of those in the detail."),
    "NOT_IN_ADVANCE": (422, "Terms are published before they apply", "Name a time to come."),
    "CURRENCY_MISMATCH": (422, "The amounts are in different currencies", "Use one currency."),
    "UNIT_MISMATCH": (422, "The units measure different things", "Use a unit of the same kind."),
    "NOT_WHOLE": (422, "The quantity is no whole number in that unit", "Use a smaller unit."),
    "AMOUNT_EXCEEDS": (422, "There is less left than that", "Name at most what is left."),
    "ATTRIBUTE_NOT_NEEDED": (422, "An attribute is not needed for this", "Send only what is needed."),
    "RATES_NEEDED": (422, "The currencies differ and no rates are named", "Name the day whose rates count."),
    "RATES_STALE": (422, "The rates are too old", "Publish rates of a later day."),
    "WRONG_AWARD": (422, "The award does not fit the return", "The detail says why."),
    "WRONG_PURPOSE": (422, "The grant was given for another purpose", "Ask for one with the purpose named."),
    "PEER_REFUSED": (
        422,
        "The peer refused what the contract asked of it",
        "Private data are read on the peer of an organisation that holds them.",
    ),
    "WRONG_TERMS": (
        422,
        "The terms are not the order's",
        "Send the terms that it pins: its merchant's, in force when it was placed.",
    ),
    "NOT_ANSWERED": (
        502,
        "A chaincode of another channel failed at a question",
        "Its log has the place, by the transaction id; then try again.",
    ),
    "BELOW_CONSORTIUM_TERMS": (
        422,
        "The terms grant less than the consortium's own",
        "Grant at least what the detail names.",
    ),
    "OTHER_SUBJECT": (422, "The amendment changes something else", "Check its id."),
    "AMOUNT_DIFFERS": (422, "The order comes to another sum", "Name the order's total."),
    "CERTIFICATE_INVALID": (422, "The certificate does not prove the plan", "The detail says where it fails."),
    "BATCH_TOO_DEAR": (422, "The plans are too far above their bound", "Solve the batch again."),
    "CHAIN_NOT_ALLOWED": (422, "A step is given to somebody who cannot do it", "Choose among the offers that fit."),
}
REFUSALS = {code: Kind(*row) for code, row in _REFUSALS.items()}

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
