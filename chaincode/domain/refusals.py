"""
The refusals of the trade: every code with its kind, meaning and cure.

A rule raises a member with a sentence about the case: ``raise Refusal.NOT_OWNER("the claim is Org2MSP's")``. The
gateway's statuses, ``docs/errors.md`` and the page ``/docs/errors`` are made from this table.
"""

from __future__ import annotations

import enum

from hlf.codec.refusals import RefusalKind as Kind
from hlf.codec.refusals import RefusalTable


@enum.unique
class Refusal(RefusalTable):
    """The trade's table of refusals."""

    # Used in several slices.
    NOT_OWNER = (Kind.NOT_ALLOWED, "This belongs to another organisation", "Its owner must make this call.")
    NOT_THE_TAKER = (
        Kind.NOT_ALLOWED,
        "This was offered to another organisation",
        "The organisation named in the offer must answer it.",
    )
    NOT_A_PARTY = (
        Kind.NOT_ALLOWED,
        "The organisation is not a party of this",
        "Make this call as one of the parties.",
    )
    WRONG_ROLE = (
        Kind.NOT_ALLOWED,
        "The role in the certificate does not allow this",
        "Use an identity with the role that `detail` names.",
    )
    WRONG_ORDER = (Kind.NOT_ALLOWED, "The order is between other organisations", "One of them must make this call.")
    WRONG_SIDE = (
        Kind.NOT_ALLOWED,
        "Only organisations on the other side of the trade make such claims",
        "Use a claim of an organisation of that side.",
    )
    NOT_TENDER = (Kind.NOT_ALLOWED, "Only the platform and the auditor may do this", "Ask one of them to do it.")
    NOT_FOUND = (
        Kind.NOT_FOUND,
        "There is no such record, or this organisation may not read it",
        "Check its id, and who may read it.",
    )
    ALREADY_EXISTS = (Kind.CONFLICT, "It exists already", "Use another id: records are added, never overwritten.")
    ALREADY_ANSWERED = (
        Kind.CONFLICT,
        "It has been answered already",
        "Read the answer; ask again with a new id if you need another.",
    )
    WRONG_STATE = (
        Kind.CONFLICT,
        "Its present state does not allow this",
        "Read it again; `detail` names the state that it must be in.",
    )
    SAME_PARTY = (Kind.CONFLICT, "Giver and taker are the same organisation", "Name another taker.")
    ALREADY_PUBLISHED = (Kind.CONFLICT, "It has been published already", "There is nothing to do.")
    DEADLINE_PASSED = (
        Kind.CONFLICT,
        "The deadline for this has passed",
        "For a return, enforce the deadline; for a plan, make a new plan.",
    )
    NOT_AS_STORED = (
        Kind.CONFLICT,
        "The record sent differs from the stored one",
        "Read it again and send exactly these bytes.",
    )
    NOT_CANCELLABLE = (
        Kind.CONFLICT,
        "It can no longer be cancelled, or not by this organisation",
        "Return the goods instead.",
    )
    ATTRIBUTE_MISSING = (
        Kind.INVALID,
        "A required attribute is missing",
        "Send every granted or required attribute.",
    )
    SALT_REUSED = (
        Kind.INVALID,
        "A salt was used before",
        "Make a new salt of 16 random bytes for each record and each change of it.",
    )
    PRE_DATED = (
        Kind.INVALID,
        "The date differs from the transaction's, or is before the order's",
        "Send the true time.",
    )
    EVENT_IN_FUTURE = (Kind.INVALID, "The time given is in the future", "Check the clock and the offset.")
    TOO_LATE = (
        Kind.INVALID,
        "The event is too old to be recorded",
        "Record it sooner; `detail` has the number of days allowed.",
    )
    CURRENCY_MISMATCH = (Kind.INVALID, "The amounts are in different currencies", "Use one currency.")
    ATTRIBUTE_NOT_NEEDED = (
        Kind.INVALID,
        "An attribute is not allowed here",
        "Send only the attributes that this call needs.",
    )
    WRONG_PURPOSE = (
        Kind.INVALID,
        "The grant is for another purpose",
        "Ask for a grant with the purpose that `detail` names.",
    )
    WRONG_TERMS = (
        Kind.INVALID,
        "The terms are not those of the order",
        "Send the merchant's terms that were in force when the order was placed.",
    )
    # Amounts and measures.
    NO_RATE = (Kind.NOT_FOUND, "The table has no rate for this currency", "Publish a table with this currency.")
    UNIT_MISMATCH = (Kind.INVALID, "The units measure different things", "Use a unit of the same kind.")
    NOT_WHOLE = (Kind.INVALID, "The quantity is not a whole number in that unit", "Use a smaller unit.")
    RATES_STALE = (Kind.INVALID, "The rates are too old", "Use rates of a later day.")
    # Participants, stages and amendments.
    NOT_A_PARTICIPANT = (
        Kind.NOT_ALLOWED,
        "The organisation is not in the register",
        "Propose it as a participant: POST /v1/participants/amendments.",
    )
    NOT_A_VOTER = (
        Kind.NOT_ALLOWED,
        "The organisation has no vote on this",
        "Only those who were participants when it was proposed may vote.",
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
    ROLE_VACANT = (
        Kind.CONFLICT,
        "No participant has the required role",
        "Add one first: POST /v1/participants/amendments.",
    )
    LPI_UNKNOWN = (
        Kind.NOT_FOUND,
        "There is no such edition of the index, or no such figure in it",
        "Check the edition, the country and the component.",
    )
    ALREADY_FOUNDED = (Kind.CONFLICT, "The first participants were stored already", "Propose an amendment instead.")
    ALREADY_APPROVED = (Kind.CONFLICT, "The organisation has approved this already", "There is nothing to do.")
    ALREADY_ADOPTED = (Kind.CONFLICT, "The amendment is in force already", "There is nothing to do.")
    CATALOGUE_INSTALLED = (Kind.CONFLICT, "There is a stage catalogue already", "There is nothing to do.")
    OVERTAKEN = (Kind.CONFLICT, "The subject of the amendment has changed since the proposal", "Propose it again.")
    # Claims, grants and the meter.
    OWN_CLAIM = (Kind.INVALID, "An organisation needs no grant to read its own claim", "Read the claim directly.")
    NOT_REQUESTER = (
        Kind.NOT_ALLOWED,
        "Another organisation made the request",
        "The organisation that made it must withdraw it.",
    )
    NOT_AUDITOR = (Kind.NOT_ALLOWED, "Only the auditor may ask this", "Ask the auditor, or read your own list.")
    NOT_COMMITTED = (Kind.NOT_FOUND, "The owner has not committed to this claim", "Check owner, id and revision.")
    NOT_DELIVERED = (Kind.CONFLICT, "Nothing has been delivered yet", "Wait for the delivery.")
    NOT_CUSTOMS = (
        Kind.NOT_ALLOWED,
        "Only the customs organisation of that country does this",
        "The participant with the role customs and that country must make this call.",
    )
    NO_PREFERENCE = (
        Kind.INVALID,
        "The goods do not get the rate of that trade agreement",
        "Leave `preference` out, or name an agreement of origin and destination for which the tariff line has a rate.",
    )
    SUBJECT_CLAIMED = (
        Kind.CONFLICT,
        "Another claim of this owner is about the same thing and time",
        "Commit to a revision of that claim; its recipients see the number of the revision.",
    )
    SUBJECT_NOT_SHOWN = (
        Kind.CONFLICT,
        "The auditor has not compared what the claim is about",
        "Send `Claims:show_subject` (POST /v1/claims/<claim_id>/subject) first.",
    )
    SECRET_MISSING = (
        Kind.CONFLICT,
        "The owner has no secret yet under which the subjects of its claims are named",
        "Send a random `secret` (base64url, 128 bits or more) with the first claim.",
    )
    SECRET_STANDS = (
        Kind.CONFLICT,
        "The owner has committed to another secret",
        "Leave `secret` out: the one that is stored is used.",
    )
    COMMITMENT_CHANGED = (
        Kind.CONFLICT,
        "The claim differs from the one that was granted",
        "Grant the present revision.",
    )
    REVISION_GAP = (Kind.CONFLICT, "A revision is missing before this one", "Commit revisions one after the other.")
    REVOKED = (Kind.GONE, "The grant was revoked", "Ask its owner for a new grant.")
    NOT_YET_TOGETHER = (
        Kind.CONFLICT,
        "Only one of two reciprocal disclosures was delivered",
        "Wait until both are delivered.",
    )
    NOTHING_TO_TELL = (
        Kind.CONFLICT,
        "No figure can be published without giving a party away",
        "The text names the rule for each week: wait until at least 3 parties on each side have contributed and none "
        "of them has two thirds of it, or ask for other weeks.",
    )
    PERIOD_COMPUTED = (
        Kind.CONFLICT,
        "The region has been computed in this period",
        "Wait for the next ISO week: its set of contributions is another.",
    )
    NOT_IN_CLAIM = (
        Kind.INVALID,
        "The value is not one that the owner committed to",
        "Do not trust it; ask the owner again.",
    )
    WRONG_CLAIM = (Kind.INVALID, "The document is about another claim", "Send the document of this claim.")
    ATTRIBUTE_NOT_GRANTED = (Kind.INVALID, "An attribute was not granted", "Deliver only what was granted.")
    ATTRIBUTE_TWICE = (Kind.INVALID, "An attribute is given twice", "Send it once.")
    UNKNOWN_ATTRIBUTE = (
        Kind.INVALID,
        "This kind of claim has no such attribute",
        "See GET /v1/forecasts/attributes.",
    )
    UNKNOWN_KIND = (Kind.INVALID, "There is no such kind of claim", "Use a forecast or a capability.")
    COHORT_TOO_SMALL = (
        Kind.INVALID,
        "The audience is so small that it could reveal single persons",
        "Describe an audience of at least 50 people, with its size.",
    )
    SALT_TOO_SHORT = (Kind.INVALID, "A salt is too short", "Use at least 16 random bytes.")
    NOT_AS_REQUESTED = (Kind.INVALID, "The grant differs from the request", "Grant exactly what the request asks for.")
    NOT_RECIPROCAL = (Kind.INVALID, "The request offers nothing in return", "Use Disclosures:grant.")
    EXPIRED = (
        Kind.INVALID,
        "The grant has expired, or its expiry is in the past",
        "Ask for a new grant, or set a later expiry.",
    )
    # Orders, payments and accounts.
    NOT_PAYMENT_FIRM = (
        Kind.NOT_ALLOWED,
        "Only the order's payment firm may do this",
        "The payment firm must make this call.",
    )
    SELLER_UNKNOWN = (
        Kind.NOT_FOUND,
        "The merchant sells for no such seller",
        "Check its id, or register it: POST /v1/sellers.",
    )
    ORDER_UNKNOWN = (Kind.NOT_FOUND, "There is no such order", "Check its id.")
    ACCOUNT_UNKNOWN = (
        Kind.NOT_FOUND,
        "No journey of that order was opened",
        "Check the order's id, or open a journey: POST /v1/journeys.",
    )
    NO_TARIFF = (Kind.NOT_FOUND, "No tariff is published for that", "Publish it first.")
    PRODUCT_UNKNOWN = (Kind.NOT_FOUND, "The merchant offers no such product", "Check the GTIN and the merchant.")
    RATES_UNKNOWN = (Kind.NOT_FOUND, "No such rates are published", "Publish them first.")
    ALREADY_CAPTURED = (
        Kind.CONFLICT,
        "Another payment has captured the order's money",
        "Settle that payment, and void this one.",
    )
    ALREADY_SETTLED = (
        Kind.CONFLICT,
        "The order's money has been paid out to the merchant",
        "Do not cancel the order: have its goods returned, and refund the payment for that return.",
    )
    ALREADY_REFUNDED = (Kind.CONFLICT, "A payment was refunded for this return already", "Refund each return once.")
    CREDIT_EXCEEDED = (
        Kind.CONFLICT,
        "The buyer has less store credit",
        "Pay with at most the balance: GET /v1/credit.",
    )
    NOT_REFUNDED = (
        Kind.CONFLICT,
        "No payment of the order was refunded for this return, or the proof is of another refund",
        "Have the payment firm refund the payment for the return, and give the hash of that refund as the proof.",
    )
    MORE_THAN_ORDERED = (
        Kind.CONFLICT,
        "The order does not have so many units left",
        "Ship at most the units that `detail` names; see GET /v1/orders/<order_id>/account.",
    )
    ORDER_DIFFERS = (
        Kind.CONFLICT,
        "The facts sent differ from the order's",
        "Send exactly the facts that Orders:facts returns.",
    )
    ORDER_CANCELLED = (Kind.CONFLICT, "The order is cancelled", "Void the payment, or refund what it captured.")
    NOT_PLACED = (
        Kind.CONFLICT,
        "Platform and merchant do not have the same order",
        "Place the order again with the same content at both.",
    )
    AMOUNT_EXCEEDS = (Kind.INVALID, "The amount is larger than what is left", "Send a smaller amount.")
    RATES_NEEDED = (
        Kind.INVALID,
        "The currencies differ and no rates are named",
        "Send the day and base of the rates to use.",
    )
    NOT_ANSWERED = (
        Kind.FAILED,
        "A chaincode on another channel failed, or this peer has not joined that channel",
        "Search that chaincode's log for the transaction id, or ask a peer on both channels; then try again.",
    )
    AMOUNT_DIFFERS = (
        Kind.INVALID,
        "The amount differs from the order's total, or from what the return comes to",
        "Send the order's total, or for a return its due: GET /v1/orders/<order_id>/dues.",
    )
    # Journeys, stages recorded and custody.
    NOT_CUSTODIAN = (
        Kind.NOT_ALLOWED,
        "Another organisation has custody",
        "The organisation that had custody at that time must make this call.",
    )
    NOT_A_SELLER = (Kind.NOT_ALLOWED, "Only the platform or the merchant may do this", "Ask one of them to do it.")
    STAGE_NOT_ENTITLED = (
        Kind.NOT_ALLOWED,
        "The organisation may not record this stage",
        "See its entry in GET /v1/participants.",
    )
    JOURNEY_UNKNOWN = (Kind.NOT_FOUND, "There is no such journey", "Check its id.")
    LINK_UNKNOWN = (
        Kind.NOT_FOUND,
        "The link does not belong to any consignment",
        "Use the link exactly as the seller sent it.",
    )
    EVENT_UNKNOWN = (Kind.NOT_FOUND, "The organisation recorded no such event", "Check the event's id.")
    JOURNEY_EXISTS = (Kind.CONFLICT, "There is a journey with that id already", "Use another id.")
    PARCEL_IN_USE = (
        Kind.CONFLICT,
        "A parcel is on another journey that is not over",
        "Give the parcel a number of its own, or wait until the other journey is delivered, lost or cancelled.",
    )
    PARCEL_UNKNOWN = (
        Kind.NOT_FOUND,
        "The journey has no such parcel",
        "Name parcels by the identifiers in GET /v1/journeys/<journey_id>.",
    )
    ON_HOLD = (
        Kind.CONFLICT,
        "A parcel is on hold",
        "Wait until the stage that `detail` names releases it.",
    )
    PARCEL_LOST = (
        Kind.CONFLICT,
        "A parcel is reported lost",
        "Report first that it was found.",
    )
    IN_UNIT = (
        Kind.CONFLICT,
        "It is packed in a unit",
        "Hand over the unit that `detail` names, or take it out of the unit first.",
    )
    UNIT_UNKNOWN = (Kind.NOT_FOUND, "There is no such unit", "Check its identifier.")
    UNIT_EXISTS = (Kind.CONFLICT, "There is a unit with that identifier already", "Use it, or another identifier.")
    NOT_IN_UNIT = (Kind.CONFLICT, "The unit does not have that in it", "See GET /v1/units.")
    PARCELS_ONLY = (
        Kind.INVALID,
        "Only a parcel is delivered or picked up",
        "Take it out of the unit and record the event on its journey.",
    )
    PACKED_BEFORE_HELD = (
        Kind.INVALID,
        "The time is before the organisation had both the unit and what goes in or out",
        "Send the true time.",
    )
    LINK_EXISTS = (Kind.CONFLICT, "The link is already in use", "Make a new link.")
    ALREADY_IN_HAND = (Kind.CONFLICT, "The goods have been picked up already", "Read the journey again.")
    NOT_OFFERED = (Kind.CONFLICT, "No hand-over was offered", "The custodian must offer it first.")
    NOT_IN_HAND = (Kind.CONFLICT, "Nobody has custody of the goods now", "Read the journey again.")
    CUSTODY_ACCEPTED = (Kind.CONFLICT, "The organisation itself accepted this custody", "Hand the goods over instead.")
    CUSTODY_CONTESTED = (
        Kind.CONFLICT,
        "The named custodian never accepted the goods",
        "That organisation must repudiate the custody, or the giver must offer the goods again.",
    )
    NOTHING_TO_REPUDIATE = (
        Kind.CONFLICT,
        "The first custodian got the goods from nobody",
        "Hand the goods over instead.",
    )
    GATE_CLOSED = (
        Kind.CONFLICT,
        "An earlier stage is not done",
        "First record the stage that `detail` names.",
    )
    STAGE_RECORDED = (
        Kind.CONFLICT,
        "The stage can happen only once, and it is already recorded",
        "There is nothing to do.",
    )
    ALREADY_CORRECTED = (Kind.CONFLICT, "The event has been declared an error already", "There is nothing to do.")
    EVENT_TAKEN_BACK = (
        Kind.CONFLICT,
        "The same event was declared an error",
        "Record the right event instead; this one cannot be recorded again.",
    )
    HANDOVER_STANDS = (
        Kind.CONFLICT,
        "Two parties signed the hand-over",
        "Hand the goods over again; one party alone cannot undo a hand-over.",
    )
    PICKUP_STANDS = (Kind.CONFLICT, "The carrier took custody with this pick-up", "Hand them over instead.")
    CLOCK_WENT_BACK = (
        Kind.INVALID,
        "The transaction's time is before the last recorded change",
        "Check the client's clock.",
    )
    ACCEPTED_BEFORE_HELD = (
        Kind.INVALID,
        "The time of acceptance is before the giver had the goods",
        "Send the true time.",
    )
    RELEASED_BEFORE_HELD = (
        Kind.INVALID,
        "The time of release is before the giver had the goods",
        "Send the true time.",
    )
    STAGE_NOT_IN_JOURNEY = (Kind.INVALID, "Journeys of this type do not have this stage", "See GET /v1/stages.")
    STEP_NOT_OF_STAGE = (Kind.INVALID, "The stage has no such step", "Use a step that `detail` names.")
    DISPOSITION_NOT_OF_STAGE = (
        Kind.INVALID,
        "The stage has no such disposition",
        "Use a disposition that `detail` names.",
    )
    # Terms and returns.
    NOT_THE_SELLER = (Kind.NOT_ALLOWED, "Another organisation is the seller", "The seller must do this.")
    NOT_AN_AGENT = (
        Kind.NOT_ALLOWED,
        "Only the platform or the merchant may request a return",
        "Ask one of them to do it.",
    )
    OWN_RETURN = (
        Kind.NOT_ALLOWED,
        "An organisation cannot answer or decide a return that it requested itself",
        "Enforce the deadline. Next time let another organisation request the return.",
    )
    NOT_THE_AGENT = (
        Kind.NOT_ALLOWED,
        "Another organisation requested the return",
        "The organisation that requested it must make this call.",
    )
    NOT_THE_CARRIER = (
        Kind.NOT_ALLOWED,
        "Another carrier must do this",
        "The carrier that `detail` names must make this call.",
    )
    NOT_THE_ARBITER = (Kind.NOT_ALLOWED, "The terms name another arbiter", "The arbiter must decide.")
    RETURN_UNKNOWN = (Kind.NOT_FOUND, "There is no such return", "Check its id.")
    UNITS_RETURNED = (
        Kind.CONFLICT,
        "Another return covers these units",
        "Request only units that are left; see GET /v1/orders/<order_id>/account.",
    )
    RETURN_EXISTS = (Kind.CONFLICT, "There is a return with that id already", "Use another id.")
    VERSION_NOT_NEXT = (Kind.CONFLICT, "The version is not the next one", "Use the number that `detail` names.")
    ALREADY_ARBITRATED = (
        Kind.CONFLICT,
        "The arbiter has decided already",
        "There is nothing to do: the decision stands.",
    )
    NOT_DUE = (Kind.CONFLICT, "The deadline has not passed", "Wait until the time that `detail` names.")
    NO_DEADLINE = (Kind.CONFLICT, "There is no deadline in this state", "Read the return again.")
    RESOLUTION_DIFFERS = (
        Kind.CONFLICT,
        "The return asks for another resolution",
        "Use the resolution that `detail` names.",
    )
    NOT_IN_ADVANCE = (
        Kind.INVALID,
        "Terms must be published before they apply",
        "Set a later time for them to come into force.",
    )
    WRONG_AWARD = (Kind.INVALID, "The award does not fit the return", "Read the reason in `detail`.")
    BELOW_CONSORTIUM_TERMS = (
        Kind.INVALID,
        "The terms grant less than the floor of the jurisdiction",
        "Grant at least what `detail` names.",
    )
    # Claims against carriers.
    NOT_THE_CLAIMANT = (
        Kind.NOT_ALLOWED,
        "Another organisation made the claim",
        "The organisation that filed it must make this call.",
    )
    CLAIM_UNKNOWN = (Kind.NOT_FOUND, "There is no such claim against a carrier", "Check its id.")
    DRAWBACK_UNKNOWN = (Kind.NOT_FOUND, "There is no such claim for drawback", "Check its id.")
    NO_DRAWBACK = (
        Kind.CONFLICT,
        "Customs of that country gave nothing back for imports of that day",
        "See its terms: GET /v1/drawbacks/terms/<country>.",
    )
    DUTY_NOT_PAID = (
        Kind.CONFLICT,
        "The ledger has no payment of duty for these goods",
        "Have stage S18 recorded on the journey that brought them.",
    )
    NOT_EXPORTED = (
        Kind.CONFLICT,
        "The goods are not recorded outside the country in time",
        "Claim when an event of the journey back is recorded abroad, within the export_days of the terms.",
    )
    LIABILITY_UNKNOWN = (
        Kind.CONFLICT,
        "The carrier had published no terms of its liability",
        "Settle it outside the ledger. Next time choose a carrier with terms: GET /v1/carrier-claims/terms/<carrier>.",
    )
    INCIDENT_UNKNOWN = (
        Kind.CONFLICT,
        "No such loss or damage is reported on the journey",
        "A party of the journey must report it first: POST /v1/journeys/<journey_id>/incidents.",
    )
    # Departures and bookings.
    NOT_A_CARRIER = (Kind.NOT_ALLOWED, "Only a carrier may do this", "Use a carrier's identity.")
    BOOKING_UNKNOWN = (Kind.NOT_FOUND, "The departure has no such booking", "Check its id.")
    ALREADY_BOOKED = (Kind.CONFLICT, "The booking is on this departure already", "There is nothing to do.")
    CAPACITY_EXCEEDED = (
        Kind.CONFLICT,
        "The departure has too little capacity left",
        "Book less, or book another departure.",
    )
    CUT_OFF_PASSED = (Kind.CONFLICT, "The departure is past its cut-off", "Book another departure.")
    # Offers and plans.
    OFFER_UNKNOWN = (Kind.NOT_FOUND, "The offer was not among those compared", "Check the offer's id.")
    STEP_UNKNOWN = (Kind.NOT_FOUND, "The journey has no such step", "Count from 0; `detail` has the number of them.")
    LEG_UNKNOWN = (Kind.NOT_FOUND, "The plan has no such leg", "Count from 0; `detail` has the number of them.")
    PLAN_UNKNOWN = (Kind.NOT_FOUND, "There is no such plan", "Check its id.")
    NO_CHAIN = (
        Kind.CONFLICT,
        "No chain of offers can do every step in time",
        "Wait for more offers, or change the demand.",
    )
    PLAN_STANDS = (
        Kind.CONFLICT,
        "The plan is still in force",
        "Wait until a carrier refuses or does not answer in time, or cancel the plan.",
    )
    ALREADY_AGREED = (
        Kind.CONFLICT,
        "Another plan was agreed for the journey",
        "Cancel that plan first if you need this one.",
    )
    CAPACITY_TAKEN = (Kind.CONFLICT, "There is not enough capacity for the plan", "Plan again.")
    NOT_ALL_ACCEPTED = (
        Kind.CONFLICT,
        "Not every carrier has accepted its leg",
        "Wait for the other carriers, or make a new plan without them.",
    )
    NOT_ASKED = (Kind.CONFLICT, "The carrier did not ask why", "The carrier must ask first.")
    OFFER_GONE = (Kind.CONFLICT, "An offer was withdrawn after the plan was made", "Plan again.")
    PLAN_ENDED = (Kind.CONFLICT, "The plan has ended", "Read the plan again.")
    ALREADY_RELEASED = (Kind.CONFLICT, "The plan has no capacity booked", "There is nothing to do.")
    CERTIFICATE_INVALID = (
        Kind.INVALID,
        "The certificate does not prove that the plan is best",
        "Read in `detail` where it fails.",
    )
    BATCH_TOO_DEAR = (Kind.INVALID, "The total cost of the plans is too far above the bound", "Solve the batch again.")
    CHAIN_NOT_ALLOWED = (
        Kind.INVALID,
        "The chosen chain does not meet the demand",
        "For each step, choose an offer that fits and is in time.",
    )
