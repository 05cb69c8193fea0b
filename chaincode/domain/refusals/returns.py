"""Refusals about return terms, returns and claims for drawback."""

from __future__ import annotations

from hlf.codec.refusals import RefusalKind as Kind
from hlf.codec.refusals import RefusalRow as Row
from hlf.codec.refusals import RefusalTable


class ReturnRefusal(RefusalTable):
    """Refusals about return terms, returns and claims for drawback."""

    NOT_THE_SELLER = Row(Kind.NOT_ALLOWED, "Another organisation is the seller", "The seller must do this.")
    NOT_AN_AGENT = Row(
        Kind.NOT_ALLOWED,
        "Only the platform or the merchant may request a return",
        "Ask one of them to do it.",
    )
    OWN_RETURN = Row(
        Kind.NOT_ALLOWED,
        "An organisation cannot answer or decide a return that it requested itself",
        "Enforce the deadline. Next time let another organisation request the return.",
    )
    NOT_THE_AGENT = Row(
        Kind.NOT_ALLOWED,
        "Another organisation requested the return",
        "The organisation that requested it must make this call.",
    )
    NOT_THE_CARRIER = Row(
        Kind.NOT_ALLOWED,
        "Another carrier must do this",
        "The carrier that `detail` names must make this call.",
    )
    NOT_THE_ARBITER = Row(Kind.NOT_ALLOWED, "The terms name another arbiter", "The arbiter must decide.")
    RETURN_UNKNOWN = Row(Kind.NOT_FOUND, "There is no such return", "Check its id.")
    UNITS_RETURNED = Row(
        Kind.CONFLICT,
        "Another return covers these units",
        "Request only units that are left; see GET /v1/orders/<order_id>/account.",
    )
    RETURN_EXISTS = Row(Kind.CONFLICT, "There is a return with that id already", "Use another id.")
    VERSION_NOT_NEXT = Row(Kind.CONFLICT, "The version is not the next one", "Use the number that `detail` names.")
    ALREADY_ARBITRATED = Row(
        Kind.CONFLICT,
        "The arbiter has decided already",
        "There is nothing to do: the decision stands.",
    )
    NOT_DUE = Row(Kind.CONFLICT, "The deadline has not passed", "Wait until the time that `detail` names.")
    NO_DEADLINE = Row(Kind.CONFLICT, "There is no deadline in this state", "Read the return again.")
    RESOLUTION_DIFFERS = Row(
        Kind.CONFLICT,
        "The return asks for another resolution",
        "Use the resolution that `detail` names.",
    )
    NOT_IN_ADVANCE = Row(
        Kind.INVALID,
        "Terms must be published before they apply",
        "Set a later time for them to come into force.",
    )
    WRONG_AWARD = Row(Kind.INVALID, "The award does not fit the return", "Read the reason in `detail`.")
    BELOW_CONSORTIUM_TERMS = Row(
        Kind.INVALID,
        "The terms grant less than the floor of the jurisdiction",
        "Grant at least what `detail` names.",
    )
    DRAWBACK_UNKNOWN = Row(Kind.NOT_FOUND, "There is no such claim for drawback", "Check its id.")
    NO_DRAWBACK = Row(
        Kind.CONFLICT,
        "Customs of that country gave nothing back for imports of that day",
        "See its terms: GET /v1/drawbacks/terms/<country>.",
    )
    DUTY_NOT_PAID = Row(
        Kind.CONFLICT,
        "The ledger has no payment of duty for these goods",
        "Have stage S18 recorded on the journey that brought them.",
    )
    NOT_EXPORTED = Row(
        Kind.CONFLICT,
        "The goods are not recorded outside the country in time",
        "Claim when an event of the journey back is recorded abroad, within the export_days of the terms.",
    )
