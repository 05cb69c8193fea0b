"""Refusals that several slices use, and those of amounts and measures."""

from __future__ import annotations

from hlf.codec.refusals import RefusalKind as Kind
from hlf.codec.refusals import RefusalRow as Row
from hlf.codec.refusals import RefusalTable


class SharedRefusal(RefusalTable):
    """Refusals that several slices use, and those of amounts and measures."""

    NOT_OWNER = Row(Kind.NOT_ALLOWED, "This belongs to another organisation", "Its owner must make this call.")
    NOT_THE_TAKER = Row(
        Kind.NOT_ALLOWED,
        "This was offered to another organisation",
        "The organisation named in the offer must answer it.",
    )
    NOT_A_PARTY = Row(
        Kind.NOT_ALLOWED,
        "The organisation is not a party of this",
        "Make this call as one of the parties.",
    )
    WRONG_ROLE = Row(
        Kind.NOT_ALLOWED,
        "The role in the certificate does not allow this",
        "Use an identity with the role that `detail` names.",
    )
    WRONG_ORDER = Row(Kind.NOT_ALLOWED, "The order is between other organisations", "One of them must make this call.")
    WRONG_SIDE = Row(
        Kind.NOT_ALLOWED,
        "Only organisations on the other side of the trade make such claims",
        "Use a claim of an organisation of that side.",
    )
    NOT_TENDER = Row(Kind.NOT_ALLOWED, "Only the platform and the auditor may do this", "Ask one of them to do it.")
    NOT_FOUND = Row(
        Kind.NOT_FOUND,
        "There is no such record, or this organisation may not read it",
        "Check its id, and who may read it.",
    )
    ALREADY_EXISTS = Row(Kind.CONFLICT, "It exists already", "Use another id: records are added, never overwritten.")
    ALREADY_ANSWERED = Row(
        Kind.CONFLICT,
        "It has been answered already",
        "Read the answer; ask again with a new id if you need another.",
    )
    WRONG_STATE = Row(
        Kind.CONFLICT,
        "Its present state does not allow this",
        "Read it again; `detail` names the state that it must be in.",
    )
    SAME_PARTY = Row(Kind.CONFLICT, "Giver and taker are the same organisation", "Name another taker.")
    ALREADY_PUBLISHED = Row(Kind.CONFLICT, "It has been published already", "There is nothing to do.")
    DEADLINE_PASSED = Row(
        Kind.CONFLICT,
        "The deadline for this has passed",
        "For a return, enforce the deadline; for a plan, make a new plan.",
    )
    NOT_AS_STORED = Row(
        Kind.CONFLICT,
        "The record sent differs from the stored one",
        "Read it again and send exactly these bytes.",
    )
    NOT_CANCELLABLE = Row(
        Kind.CONFLICT,
        "It can no longer be cancelled, or not by this organisation",
        "Return the goods instead.",
    )
    ATTRIBUTE_MISSING = Row(
        Kind.INVALID,
        "A required attribute is missing",
        "Send every granted or required attribute.",
    )
    SALT_REUSED = Row(
        Kind.INVALID,
        "A salt was used before",
        "Make a new salt of 16 random bytes for each record and each change of it.",
    )
    PRE_DATED = Row(
        Kind.INVALID,
        "The date differs from the transaction's, or is before the order's",
        "Send the true time.",
    )
    EVENT_IN_FUTURE = Row(Kind.INVALID, "The time given is in the future", "Check the clock and the offset.")
    TOO_LATE = Row(
        Kind.INVALID,
        "The event is too old to be recorded",
        "Record it sooner; `detail` has the number of days allowed.",
    )
    CURRENCY_MISMATCH = Row(Kind.INVALID, "The amounts are in different currencies", "Use one currency.")
    ATTRIBUTE_NOT_NEEDED = Row(
        Kind.INVALID,
        "An attribute is not allowed here",
        "Send only the attributes that this call needs.",
    )
    WRONG_PURPOSE = Row(
        Kind.INVALID,
        "The grant is for another purpose",
        "Ask for a grant with the purpose that `detail` names.",
    )
    WRONG_TERMS = Row(
        Kind.INVALID,
        "The terms are not those of the order",
        "Send the merchant's terms that were in force when the order was placed.",
    )
    NO_RATE = Row(Kind.NOT_FOUND, "The table has no rate for this currency", "Publish a table with this currency.")
    UNIT_MISMATCH = Row(Kind.INVALID, "The units measure different things", "Use a unit of the same kind.")
    NOT_WHOLE = Row(Kind.INVALID, "The quantity is not a whole number in that unit", "Use a smaller unit.")
    RATES_STALE = Row(Kind.INVALID, "The rates are too old", "Use rates of a later day.")
