"""
What the rules and contracts of the trade refuse: every code with its kind, its meaning and its cure.

A rule raises a member with the sentence of the case: ``raise Refusal.NOT_OWNER("the claim is Org2MSP's")``. The
gateway's statuses, ``docs/errors.md`` and the page ``/docs/errors`` follow from this table.
"""

from __future__ import annotations

import enum

from hlf.codec.refusals import RefusalKind as Kind
from hlf.codec.refusals import RefusalTable


@enum.unique
class Refusal(RefusalTable):
    """The trade's table of refusals."""

    # Said in several slices.
    NOT_OWNER = (Kind.NOT_ALLOWED, "The claim is another organisation's", "Its owner must ask.")
    NOT_THE_TAKER = (
        Kind.NOT_ALLOWED,
        "The goods are offered to another organisation",
        "The organisation named in the offer must accept.",
    )
    NOT_A_PARTY = (
        Kind.NOT_ALLOWED,
        "The organisation takes no part in this",
        "Use an organisation that is named as a party.",
    )
    WRONG_ROLE = (
        Kind.NOT_ALLOWED,
        "The certificate's role does not allow this",
        "Use an identity with the role named.",
    )
    WRONG_ORDER = (Kind.NOT_ALLOWED, "The order is between other organisations", "Ask one of them.")
    WRONG_SIDE = (
        Kind.NOT_ALLOWED,
        "Such claims are made by the other side of the trade",
        "Ask an organisation of that side.",
    )
    NOT_TENDER = (Kind.NOT_ALLOWED, "Only platform and auditor keep the tender", "Ask one of them.")
    NOT_FOUND = (
        Kind.NOT_FOUND,
        "There is no such record, or not for this organisation",
        "Check its id, and who may read it.",
    )
    ALREADY_EXISTS = (Kind.CONFLICT, "It exists already", "Records are added, never overwritten: use another id.")
    ALREADY_ANSWERED = (Kind.CONFLICT, "The request was answered", "Make a new one.")
    WRONG_STATE = (
        Kind.CONFLICT,
        "Its present state does not allow this",
        "Read it again; the detail says what comes before.",
    )
    SAME_PARTY = (Kind.CONFLICT, "The organisation holds the goods already", "Name another taker.")
    ALREADY_PUBLISHED = (Kind.CONFLICT, "That figure was published", "Nothing is to be done.")
    DEADLINE_PASSED = (Kind.CONFLICT, "The time for that has ended", "Enforce the deadline instead.")
    NOT_AS_STORED = (
        Kind.CONFLICT,
        "The record sent is not the one that is kept",
        "Read it again and send exactly that.",
    )
    NOT_CANCELLABLE = (Kind.CONFLICT, "It can no longer be cancelled", "Return the goods instead.")
    ATTRIBUTE_MISSING = (Kind.INVALID, "A granted attribute is missing", "Deliver all that was granted.")
    SALT_REUSED = (Kind.INVALID, "A salt was used before", "Make a new one for each record.")
    PRE_DATED = (Kind.INVALID, "The date is not that of the transaction, or before the order", "Send the true time.")
    EVENT_IN_FUTURE = (Kind.INVALID, "The event lies in the future", "Check the clock and the offset.")
    TOO_LATE = (Kind.INVALID, "The event is too old to be recorded", "The detail says how long one may be.")
    CURRENCY_MISMATCH = (Kind.INVALID, "The amounts are in different currencies", "Use one currency.")
    ATTRIBUTE_NOT_NEEDED = (Kind.INVALID, "An attribute is not needed for this", "Send only what is needed.")
    WRONG_PURPOSE = (Kind.INVALID, "The grant was given for another purpose", "Ask for one with the purpose named.")
    WRONG_TERMS = (
        Kind.INVALID,
        "The terms are not the order's",
        "Send the terms that it pins: its merchant's, in force when it was placed.",
    )
    # Amounts and measures.
    NO_RATE = (Kind.NOT_FOUND, "The table has no such rate", "Publish rates of that date.")
    UNIT_MISMATCH = (Kind.INVALID, "The units measure different things", "Use a unit of the same kind.")
    NOT_WHOLE = (Kind.INVALID, "The quantity is no whole number in that unit", "Use a smaller unit.")
    RATES_STALE = (Kind.INVALID, "The rates are too old", "Publish rates of a later day.")
    # Participants, stages and amendments.
    NOT_A_PARTICIPANT = (
        Kind.NOT_ALLOWED,
        "The organisation is not in the register",
        "Have it admitted: POST /v1/participants/amendments.",
    )
    NOT_A_VOTER = (
        Kind.NOT_ALLOWED,
        "The organisation has no vote on this",
        "Only those who were participants when it was proposed vote.",
    )
    TERMS_UNKNOWN = (Kind.NOT_FOUND, "There are no such return terms", "Publish them first: POST /v1/terms.")
    STAGE_UNKNOWN = (Kind.NOT_FOUND, "The stage is not in the catalogue", "See GET /v1/stages.")
    NO_CATALOGUE = (
        Kind.CONFLICT,
        "There is no stage catalogue yet",
        "An administrator installs it: POST /v1/stages/installation.",
    )
    NOT_FOUNDED = (
        Kind.CONFLICT,
        "There are no participants yet",
        "An administrator founds them: POST /v1/participants/founding.",
    )
    ROLE_VACANT = (Kind.CONFLICT, "No participant has the role needed", "Admit one first.")
    LPI_UNKNOWN = (Kind.NOT_FOUND, "No such edition of the index is kept", "Check its name.")
    ALREADY_FOUNDED = (Kind.CONFLICT, "The participants are named already", "Propose an amendment instead.")
    ALREADY_APPROVED = (Kind.CONFLICT, "The organisation has approved this already", "Nothing is to be done.")
    ALREADY_ADOPTED = (Kind.CONFLICT, "The amendment is in force", "Nothing is to be done.")
    CATALOGUE_INSTALLED = (Kind.CONFLICT, "There is a stage catalogue already", "Nothing is to be done.")
    OVERTAKEN = (Kind.CONFLICT, "It has changed since it was proposed", "Propose it again on what is in force now.")
    # Claims, grants and the meter.
    OWN_CLAIM = (Kind.INVALID, "A grant to oneself means nothing", "Read the claim directly.")
    NOT_REQUESTER = (Kind.NOT_ALLOWED, "The request is another organisation's", "Who asked withdraws it.")
    NOT_AUDITOR = (Kind.NOT_ALLOWED, "Only the auditor asks this", "Ask it, or read your own list.")
    NOT_COMMITTED = (Kind.NOT_FOUND, "Its owner committed to no such claim", "Check owner, id and revision.")
    NOT_DELIVERED = (Kind.CONFLICT, "Nothing was delivered so far", "Wait for the delivery.")
    COMMITMENT_CHANGED = (Kind.CONFLICT, "The claim is not the one that was granted", "Grant the present revision.")
    REVISION_GAP = (Kind.CONFLICT, "A revision is missing before this one", "Commit revisions one after the other.")
    REVOKED = (Kind.GONE, "The grant is revoked", "Ask its owner for a new one.")
    NOT_YET_TOGETHER = (Kind.CONFLICT, "Reciprocal disclosures open together", "Wait until both are delivered.")
    NOTHING_TO_TELL = (
        Kind.CONFLICT,
        "Too few parties stand behind any figure",
        "Wait until at least 3 on each side have contributed.",
    )
    NOT_IN_CLAIM = (
        Kind.INVALID,
        "The value is not what its owner committed to",
        "Whoever showed it did not show the truth.",
    )
    WRONG_CLAIM = (Kind.INVALID, "The document is about another claim", "Send the document that belongs to it.")
    ATTRIBUTE_NOT_GRANTED = (Kind.INVALID, "An attribute was not granted", "Deliver only what was granted.")
    ATTRIBUTE_TWICE = (Kind.INVALID, "An attribute is given twice", "Give it once.")
    UNKNOWN_ATTRIBUTE = (
        Kind.INVALID,
        "Such a claim has no attribute of that name",
        "See GET /v1/forecasts/attributes.",
    )
    UNKNOWN_KIND = (Kind.INVALID, "There is no such kind of claim", "Use a forecast or a capability.")
    COHORT_TOO_SMALL = (Kind.INVALID, "The audience is small enough to know single persons", "Describe a larger one.")
    SALT_TOO_SHORT = (Kind.INVALID, "A salt is too short to hide anything", "Use 128 random bits or more.")
    NOT_AS_REQUESTED = (Kind.INVALID, "The grant is not what was asked for", "Grant what the request names.")
    NOT_RECIPROCAL = (Kind.INVALID, "The request offers nothing in return", "Use a plain grant.")
    EXPIRED = (Kind.INVALID, "The expiry lies in the past", "Name a later one.")
    # Orders, payments and accounts.
    NOT_PAYMENT_FIRM = (Kind.NOT_ALLOWED, "Only the payment firm does this", "Ask it.")
    ORDER_UNKNOWN = (Kind.NOT_FOUND, "There is no such order", "Check its id.")
    ACCOUNT_UNKNOWN = (
        Kind.NOT_FOUND,
        "No journey of that order was opened",
        "Check its id, or open one: POST /v1/journeys.",
    )
    NO_TARIFF = (Kind.NOT_FOUND, "No tariff is published for that", "Publish it first.")
    PRODUCT_UNKNOWN = (Kind.NOT_FOUND, "The merchant offers no such product", "Check GTIN and merchant.")
    RATES_UNKNOWN = (Kind.NOT_FOUND, "No such rates are published", "Publish them first.")
    ALREADY_CAPTURED = (
        Kind.CONFLICT,
        "Another payment has taken the order's money",
        "Move that payment on, and void this one.",
    )
    ALREADY_SETTLED = (
        Kind.CONFLICT,
        "The order's money is paid out to the merchant",
        "What the buyer is due from now on, the merchant pays; give money back before a payment is settled.",
    )
    MORE_THAN_ORDERED = (
        Kind.CONFLICT,
        "The order has fewer units left for a journey",
        "Allot at most what the detail says; see GET /v1/orders/<order_id>/account.",
    )
    ORDER_DIFFERS = (
        Kind.CONFLICT,
        "The order was placed with other facts",
        "Send what platform and merchant hold of it, exactly (Orders:facts).",
    )
    ORDER_CANCELLED = (
        Kind.CONFLICT,
        "The order is cancelled",
        "Void the payment, or refund what it captured; nothing is taken or paid out for it any more.",
    )
    NOT_PLACED = (Kind.CONFLICT, "Platform and merchant do not hold the same order", "Place it at both.")
    AMOUNT_EXCEEDS = (Kind.INVALID, "There is less left than that", "Name at most what is left.")
    RATES_NEEDED = (Kind.INVALID, "The currencies differ and no rates are named", "Name the day whose rates count.")
    NOT_ANSWERED = (
        Kind.FAILED,
        "A chaincode of another channel failed at a question",
        "Its log has the place, by the transaction id; then try again.",
    )
    AMOUNT_DIFFERS = (Kind.INVALID, "The order comes to another sum", "Name the order's total.")
    # Journeys, stages recorded and custody.
    NOT_CUSTODIAN = (
        Kind.NOT_ALLOWED,
        "Another organisation has custody",
        "The custodian at that time must record it or hand over.",
    )
    NOT_A_SELLER = (Kind.NOT_ALLOWED, "Only a platform or a merchant may do this", "Ask one that takes part.")
    STAGE_NOT_ENTITLED = (
        Kind.NOT_ALLOWED,
        "The organisation may not record this stage",
        "See its entry in GET /v1/participants.",
    )
    JOURNEY_UNKNOWN = (Kind.NOT_FOUND, "There is no such journey", "Check its id.")
    LINK_UNKNOWN = (Kind.NOT_FOUND, "The link leads to no consignment", "Use the link exactly as the seller sent it.")
    EVENT_UNKNOWN = (Kind.NOT_FOUND, "The organisation recorded no such event", "Check the event's id.")
    JOURNEY_EXISTS = (Kind.CONFLICT, "There is a journey of that id", "Use another id.")
    LINK_EXISTS = (Kind.CONFLICT, "That link is in use", "Make a new one.")
    ALREADY_IN_HAND = (Kind.CONFLICT, "The goods have been picked up", "Read the journey again.")
    NOT_OFFERED = (Kind.CONFLICT, "No hand-over is offered", "The custodian offers it first.")
    NOT_IN_HAND = (Kind.CONFLICT, "The goods are not in anybody's hands now", "Read the journey again.")
    CUSTODY_ACCEPTED = (Kind.CONFLICT, "The organisation accepted custody itself", "Hand the goods over instead.")
    CUSTODY_CONTESTED = (
        Kind.CONFLICT,
        "The named custodian never accepted",
        "It repudiates the custody, or the giver offers again.",
    )
    NOTHING_TO_REPUDIATE = (Kind.CONFLICT, "It is the first custodian", "Hand the goods over instead.")
    GATE_CLOSED = (
        Kind.CONFLICT,
        "A stage that must come before is not done",
        "Record the stage named in the detail first.",
    )
    STAGE_RECORDED = (Kind.CONFLICT, "The stage happens once, and is recorded", "Nothing is to be done.")
    ALREADY_CORRECTED = (Kind.CONFLICT, "The event was declared an error before", "Nothing is to be done.")
    EVENT_TAKEN_BACK = (
        Kind.CONFLICT,
        "The same event was declared an error",
        "It cannot be recorded again; record what is right.",
    )
    HANDOVER_STANDS = (
        Kind.CONFLICT,
        "A hand-over was signed by two parties",
        "Neither takes it back alone: hand over again.",
    )
    PICKUP_STANDS = (Kind.CONFLICT, "The pick-up is arranged already", "Read the return again.")
    CLOCK_WENT_BACK = (Kind.INVALID, "The transaction's time lies before what is recorded", "Check the client's clock.")
    ACCEPTED_BEFORE_HELD = (Kind.INVALID, "It is accepted before the giver had it", "Send the true time.")
    RELEASED_BEFORE_HELD = (Kind.INVALID, "It is released before the giver had it", "Send the true time.")
    STAGE_NOT_IN_JOURNEY = (Kind.INVALID, "Such journeys do not have this stage", "See GET /v1/stages.")
    STEP_NOT_OF_STAGE = (Kind.INVALID, "The stage has no such step", "Use one of those in the detail.")
    DISPOSITION_NOT_OF_STAGE = (Kind.INVALID, "The stage has no such disposition", "Use one of those in the detail.")
    # Terms and returns.
    NOT_THE_SELLER = (Kind.NOT_ALLOWED, "The terms are another seller's", "The seller itself publishes them.")
    NOT_AN_AGENT = (Kind.NOT_ALLOWED, "Only the platform or the merchant lodges a buyer's request", "Ask one of them.")
    OWN_RETURN = (
        Kind.NOT_ALLOWED,
        "Who lodged a return cannot answer it",
        "The seller or another of its people answers.",
    )
    NOT_THE_AGENT = (Kind.NOT_ALLOWED, "Another organisation lodged the return", "Who lodged it does this.")
    NOT_THE_CARRIER = (Kind.NOT_ALLOWED, "Another carrier fetches the return", "The carrier assigned does this.")
    NOT_THE_ARBITER = (Kind.NOT_ALLOWED, "The terms name another arbiter", "The arbiter decides.")
    RETURN_UNKNOWN = (Kind.NOT_FOUND, "There is no such return", "Check its id.")
    UNITS_RETURNED = (
        Kind.CONFLICT,
        "The units have come back by another return",
        "Nothing is left to claim for them; see GET /v1/orders/<order_id>/account.",
    )
    RETURN_EXISTS = (Kind.CONFLICT, "There is a return of that id", "Use another id.")
    VERSION_NOT_NEXT = (Kind.CONFLICT, "It is not the next version", "Use the number in the detail.")
    ALREADY_ARBITRATED = (Kind.CONFLICT, "The arbiter has decided", "Its decision stands.")
    NOT_DUE = (Kind.CONFLICT, "Its deadline has not come", "Wait until the time in the detail.")
    NO_DEADLINE = (Kind.CONFLICT, "Nothing is due in this state", "Read it again.")
    RESOLUTION_DIFFERS = (Kind.CONFLICT, "The return is for another resolution", "Use the one in the detail.")
    NOT_IN_ADVANCE = (Kind.INVALID, "Terms are published before they apply", "Name a time to come.")
    WRONG_AWARD = (Kind.INVALID, "The award does not fit the return", "The detail says why.")
    BELOW_CONSORTIUM_TERMS = (
        Kind.INVALID,
        "The terms grant less than the consortium's own",
        "Grant at least what the detail names.",
    )
    # Departures and bookings.
    NOT_A_CARRIER = (Kind.NOT_ALLOWED, "Only a carrier does this", "Use a carrier's identity.")
    BOOKING_UNKNOWN = (Kind.NOT_FOUND, "The departure has no such booking", "Check its id.")
    ALREADY_BOOKED = (Kind.CONFLICT, "The booking is on this departure already", "Nothing is to be done.")
    CAPACITY_EXCEEDED = (Kind.CONFLICT, "The departure has not enough room left", "Book less, or another one.")
    CUT_OFF_PASSED = (Kind.CONFLICT, "The departure takes no more goods", "Book another one.")
    # Offers and plans.
    OFFER_UNKNOWN = (Kind.NOT_FOUND, "The offer was not among those compared", "Check its id.")
    STEP_UNKNOWN = (Kind.NOT_FOUND, "The journey has no such step", "Count from 1 to the number in the detail.")
    LEG_UNKNOWN = (Kind.NOT_FOUND, "The plan has no such leg", "Count from 1 to the number in the detail.")
    PLAN_UNKNOWN = (Kind.NOT_FOUND, "There is no such plan", "Check its id.")
    NO_CHAIN = (Kind.CONFLICT, "Nobody can do one of the steps", "Ask for more offers, or change the demand.")
    PLAN_STANDS = (Kind.CONFLICT, "The plan stands", "Nobody refused it and there is time to answer.")
    ALREADY_AGREED = (Kind.CONFLICT, "The journey goes by another plan", "Nothing is to be done, or plan it again.")
    CAPACITY_TAKEN = (Kind.CONFLICT, "There is no room left for the plan", "Plan again.")
    NOT_ALL_ACCEPTED = (
        Kind.CONFLICT,
        "Not every carrier has accepted its leg",
        "Wait for the others, or plan again without them.",
    )
    NOT_ASKED = (Kind.CONFLICT, "The carrier did not ask", "It asks first.")
    OFFER_GONE = (Kind.CONFLICT, "An offer was withdrawn since it was compared", "Plan again.")
    PLAN_ENDED = (Kind.CONFLICT, "The plan has ended", "Read it again.")
    ALREADY_RELEASED = (Kind.CONFLICT, "The plan has no capacity booked", "Nothing is to be done.")
    CERTIFICATE_INVALID = (Kind.INVALID, "The certificate does not prove the plan", "The detail says where it fails.")
    BATCH_TOO_DEAR = (Kind.INVALID, "The plans are too far above their bound", "Solve the batch again.")
    CHAIN_NOT_ALLOWED = (
        Kind.INVALID,
        "A step is given to somebody who cannot do it",
        "Choose among the offers that fit.",
    )
