"""Refusals about journeys, the stages recorded on them and custody."""

from __future__ import annotations

from hlf.codec.refusals import RefusalKind as Kind
from hlf.codec.refusals import RefusalRow as Row
from hlf.codec.refusals import RefusalTable


class JourneyRefusal(RefusalTable):
    """Refusals about journeys, the stages recorded on them and custody."""

    NOT_CUSTODIAN = Row(
        Kind.NOT_ALLOWED,
        "Another organisation has custody",
        "The organisation that had custody at that time must make this call.",
    )
    NOT_A_SELLER = Row(Kind.NOT_ALLOWED, "Only the platform or the merchant may do this", "Ask one of them to do it.")
    STAGE_NOT_ENTITLED = Row(
        Kind.NOT_ALLOWED,
        "The organisation may not record this stage",
        "See its entry in GET /v1/participants.",
    )
    JOURNEY_UNKNOWN = Row(Kind.NOT_FOUND, "There is no such journey", "Check its id.")
    LINK_UNKNOWN = Row(
        Kind.NOT_FOUND,
        "The link does not belong to any consignment",
        "Use the link exactly as the seller sent it.",
    )
    EVENT_UNKNOWN = Row(Kind.NOT_FOUND, "The organisation recorded no such event", "Check the event's id.")
    JOURNEY_EXISTS = Row(Kind.CONFLICT, "There is a journey with that id already", "Use another id.")
    PARCEL_IN_USE = Row(
        Kind.CONFLICT,
        "A parcel is on another journey that is not over",
        "Give the parcel a number of its own, or wait until the other journey is delivered, lost or cancelled.",
    )
    PARCEL_UNKNOWN = Row(
        Kind.NOT_FOUND,
        "The journey has no such parcel",
        "Name parcels by the identifiers in GET /v1/journeys/<journey_id>.",
    )
    ON_HOLD = Row(
        Kind.CONFLICT,
        "A parcel is on hold",
        "Wait until the stage that `detail` names releases it.",
    )
    PARCEL_LOST = Row(
        Kind.CONFLICT,
        "A parcel is reported lost",
        "Report first that it was found.",
    )
    IN_UNIT = Row(
        Kind.CONFLICT,
        "It is packed in a unit",
        "Hand over the unit that `detail` names, or take it out of the unit first.",
    )
    UNIT_UNKNOWN = Row(Kind.NOT_FOUND, "There is no such unit", "Check its identifier.")
    UNIT_EXISTS = Row(Kind.CONFLICT, "There is a unit with that identifier already", "Use it, or another identifier.")
    NOT_IN_UNIT = Row(Kind.CONFLICT, "The unit does not have that in it", "See GET /v1/units.")
    PARCELS_ONLY = Row(
        Kind.INVALID,
        "Only a parcel is delivered or picked up",
        "Take it out of the unit and record the event on its journey.",
    )
    PACKED_BEFORE_HELD = Row(
        Kind.INVALID,
        "The time is before the organisation had both the unit and what goes in or out",
        "Send the true time.",
    )
    LINK_EXISTS = Row(Kind.CONFLICT, "The link is already in use", "Make a new link.")
    ALREADY_IN_HAND = Row(Kind.CONFLICT, "The goods have been picked up already", "Read the journey again.")
    NOT_OFFERED = Row(Kind.CONFLICT, "No hand-over was offered", "The custodian must offer it first.")
    NOT_IN_HAND = Row(Kind.CONFLICT, "Nobody has custody of the goods now", "Read the journey again.")
    CUSTODY_ACCEPTED = Row(
        Kind.CONFLICT, "The organisation itself accepted this custody", "Hand the goods over instead."
    )
    CUSTODY_CONTESTED = Row(
        Kind.CONFLICT,
        "The named custodian never accepted the goods",
        "That organisation must repudiate the custody, or the giver must offer the goods again.",
    )
    NOTHING_TO_REPUDIATE = Row(
        Kind.CONFLICT,
        "The first custodian got the goods from nobody",
        "Hand the goods over instead.",
    )
    GATE_CLOSED = Row(
        Kind.CONFLICT,
        "An earlier stage is not done",
        "First record the stage that `detail` names.",
    )
    STAGE_RECORDED = Row(
        Kind.CONFLICT,
        "The stage can happen only once, and it is already recorded",
        "There is nothing to do.",
    )
    ALREADY_CORRECTED = Row(Kind.CONFLICT, "The event has been declared an error already", "There is nothing to do.")
    EVENT_TAKEN_BACK = Row(
        Kind.CONFLICT,
        "The same event was declared an error",
        "Record the right event instead; this one cannot be recorded again.",
    )
    HANDOVER_STANDS = Row(
        Kind.CONFLICT,
        "Two parties signed the hand-over",
        "Hand the goods over again; one party alone cannot undo a hand-over.",
    )
    PICKUP_STANDS = Row(Kind.CONFLICT, "The carrier took custody with this pick-up", "Hand them over instead.")
    CLOCK_WENT_BACK = Row(
        Kind.INVALID,
        "The transaction's time is before the last recorded change",
        "Check the client's clock.",
    )
    ACCEPTED_BEFORE_HELD = Row(
        Kind.INVALID,
        "The time of acceptance is before the giver had the goods",
        "Send the true time.",
    )
    RELEASED_BEFORE_HELD = Row(
        Kind.INVALID,
        "The time of release is before the giver had the goods",
        "Send the true time.",
    )
    STAGE_NOT_IN_JOURNEY = Row(Kind.INVALID, "Journeys of this type do not have this stage", "See GET /v1/stages.")
    STEP_NOT_OF_STAGE = Row(Kind.INVALID, "The stage has no such step", "Use a step that `detail` names.")
    DISPOSITION_NOT_OF_STAGE = Row(
        Kind.INVALID,
        "The stage has no such disposition",
        "Use a disposition that `detail` names.",
    )
