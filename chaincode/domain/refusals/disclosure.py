"""Refusals about claims, grants and the meter."""

from __future__ import annotations

from hlf.codec.refusals import RefusalKind as Kind
from hlf.codec.refusals import RefusalRow as Row
from hlf.codec.refusals import RefusalTable


class DisclosureRefusal(RefusalTable):
    """Refusals about claims, grants and the meter."""

    OWN_CLAIM = Row(Kind.INVALID, "An organisation needs no grant to read its own claim", "Read the claim directly.")
    NOT_REQUESTER = Row(
        Kind.NOT_ALLOWED,
        "Another organisation made the request",
        "The organisation that made it must withdraw it.",
    )
    NOT_AUDITOR = Row(Kind.NOT_ALLOWED, "Only the auditor may ask this", "Ask the auditor, or read your own list.")
    NOT_COMMITTED = Row(Kind.NOT_FOUND, "The owner has not committed to this claim", "Check owner, id and revision.")
    NOT_DELIVERED = Row(Kind.CONFLICT, "Nothing has been delivered yet", "Wait for the delivery.")
    SUBJECT_CLAIMED = Row(
        Kind.CONFLICT,
        "Another claim of this owner is about the same thing and time",
        "Commit to a revision of that claim; its recipients see the number of the revision.",
    )
    SUBJECT_NOT_SHOWN = Row(
        Kind.CONFLICT,
        "The auditor has not compared what the claim is about",
        "Send `Claims:show_subject` (POST /v1/claims/<claim_id>/subject) first.",
    )
    SECRET_MISSING = Row(
        Kind.CONFLICT,
        "The owner has no secret yet under which the subjects of its claims are named",
        "Send a random `secret` (base64url, 128 bits or more) with the first claim.",
    )
    SECRET_STANDS = Row(
        Kind.CONFLICT,
        "The owner has committed to another secret",
        "Leave `secret` out: the one that is stored is used.",
    )
    COMMITMENT_CHANGED = Row(
        Kind.CONFLICT,
        "The claim differs from the one that was granted",
        "Grant the present revision.",
    )
    REVISION_GAP = Row(Kind.CONFLICT, "A revision is missing before this one", "Commit revisions one after the other.")
    REVOKED = Row(Kind.GONE, "The grant was revoked", "Ask its owner for a new grant.")
    NOT_YET_TOGETHER = Row(
        Kind.CONFLICT,
        "Only one of two reciprocal disclosures was delivered",
        "Wait until both are delivered.",
    )
    NOTHING_TO_TELL = Row(
        Kind.CONFLICT,
        "No figure can be published without giving a party away",
        "The text names the rule for each week: wait until at least 3 parties on each side have contributed and none "
        "of them has two thirds of it, or ask for other weeks.",
    )
    PERIOD_COMPUTED = Row(
        Kind.CONFLICT,
        "The region has been computed in this period",
        "Wait for the next ISO week: its set of contributions is another.",
    )
    STILL_COUNTED = Row(
        Kind.CONFLICT,
        "The figures belong to the set that this period's sums are made of",
        "Purge them in the next ISO week, after the grant has been revoked or has expired.",
    )
    NOT_IN_CLAIM = Row(
        Kind.INVALID,
        "The value is not one that the owner committed to",
        "Do not trust it; ask the owner again.",
    )
    WRONG_CLAIM = Row(Kind.INVALID, "The document is about another claim", "Send the document of this claim.")
    ATTRIBUTE_NOT_GRANTED = Row(Kind.INVALID, "An attribute was not granted", "Deliver only what was granted.")
    ATTRIBUTE_TWICE = Row(Kind.INVALID, "An attribute is given twice", "Send it once.")
    UNKNOWN_ATTRIBUTE = Row(
        Kind.INVALID,
        "This kind of claim has no such attribute",
        "See GET /v1/forecasts/attributes.",
    )
    UNKNOWN_KIND = Row(Kind.INVALID, "There is no such kind of claim", "Use a forecast or a capability.")
    COHORT_TOO_SMALL = Row(
        Kind.INVALID,
        "The audience is so small that it could reveal single persons",
        "Describe an audience of at least 50 people, with its size.",
    )
    SALT_TOO_SHORT = Row(Kind.INVALID, "A salt is too short", "Use at least 16 random bytes.")
    NOT_AS_REQUESTED = Row(
        Kind.INVALID, "The grant differs from the request", "Grant exactly what the request asks for."
    )
    NOT_RECIPROCAL = Row(Kind.INVALID, "The request offers nothing in return", "Use Disclosures:grant.")
    EXPIRED = Row(
        Kind.INVALID,
        "The grant has expired, or its expiry is in the past",
        "Ask for a new grant, or set a later expiry.",
    )
