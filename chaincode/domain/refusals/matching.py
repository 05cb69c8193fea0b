"""Refusals about offers, plans and their certificates."""

from __future__ import annotations

from hlf.codec.refusals import RefusalKind as Kind
from hlf.codec.refusals import RefusalRow as Row
from hlf.codec.refusals import RefusalTable


class MatchingRefusal(RefusalTable):
    """Refusals about offers, plans and their certificates."""

    OFFER_UNKNOWN = Row(Kind.NOT_FOUND, "The offer was not among those compared", "Check the offer's id.")
    STEP_UNKNOWN = Row(Kind.NOT_FOUND, "The journey has no such step", "Count from 0; `detail` has the number of them.")
    LEG_UNKNOWN = Row(Kind.NOT_FOUND, "The plan has no such leg", "Count from 0; `detail` has the number of them.")
    PLAN_UNKNOWN = Row(Kind.NOT_FOUND, "There is no such plan", "Check its id.")
    NO_CHAIN = Row(
        Kind.CONFLICT,
        "No chain of offers can do every step in time",
        "Wait for more offers, or change the demand.",
    )
    PLAN_STANDS = Row(
        Kind.CONFLICT,
        "The plan is still in force",
        "Wait until a carrier refuses or does not answer in time, or cancel the plan.",
    )
    ALREADY_AGREED = Row(
        Kind.CONFLICT,
        "Another plan was agreed for the journey",
        "Cancel that plan first if you need this one.",
    )
    CAPACITY_TAKEN = Row(Kind.CONFLICT, "There is not enough capacity for the plan", "Plan again.")
    NOT_ALL_ACCEPTED = Row(
        Kind.CONFLICT,
        "Not every carrier has accepted its leg",
        "Wait for the other carriers, or make a new plan without them.",
    )
    NOT_ASKED = Row(Kind.CONFLICT, "The carrier did not ask why", "The carrier must ask first.")
    OFFER_GONE = Row(Kind.CONFLICT, "An offer was withdrawn after the plan was made", "Plan again.")
    PLAN_ENDED = Row(Kind.CONFLICT, "The plan has ended", "Read the plan again.")
    ALREADY_RELEASED = Row(Kind.CONFLICT, "The plan has no capacity booked", "There is nothing to do.")
    CERTIFICATE_INVALID = Row(
        Kind.INVALID,
        "The certificate does not prove that the plan is best",
        "Read in `detail` where it fails.",
    )
    BATCH_TOO_DEAR = Row(
        Kind.INVALID, "The total cost of the plans is too far above the bound", "Solve the batch again."
    )
    CHAIN_NOT_ALLOWED = Row(
        Kind.INVALID,
        "The chosen chain does not meet the demand",
        "For each step, choose an offer that fits and is in time.",
    )
