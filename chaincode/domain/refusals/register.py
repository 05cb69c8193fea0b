"""Refusals about participants, stages, customs, the logistics index and amendments."""

from __future__ import annotations

from hlf.codec.refusals import RefusalKind as Kind
from hlf.codec.refusals import RefusalRow as Row
from hlf.codec.refusals import RefusalTable


class RegisterRefusal(RefusalTable):
    """Refusals about participants, stages, customs, the logistics index and amendments."""

    NOT_A_PARTICIPANT = Row(
        Kind.NOT_ALLOWED,
        "The organisation is not in the register",
        "Propose it as a participant: POST /v1/participants/amendments.",
    )
    NOT_A_VOTER = Row(
        Kind.NOT_ALLOWED,
        "The organisation has no vote on this",
        "Only those who were participants when it was proposed may vote.",
    )
    TERMS_UNKNOWN = Row(Kind.NOT_FOUND, "There are no such return terms", "Publish them first: POST /v1/terms.")
    STAGE_UNKNOWN = Row(Kind.NOT_FOUND, "The stage is not in the catalogue", "See GET /v1/stages.")
    NO_CATALOGUE = Row(
        Kind.CONFLICT,
        "There is no stage catalogue yet",
        "An administrator installs it: POST /v1/stages/installation.",
    )
    NOT_FOUNDED = Row(
        Kind.CONFLICT,
        "There are no participants yet",
        "An administrator founds them: POST /v1/participants/founding.",
    )
    ROLE_VACANT = Row(
        Kind.CONFLICT,
        "No participant has the required role",
        "Add one first: POST /v1/participants/amendments.",
    )
    LPI_UNKNOWN = Row(
        Kind.NOT_FOUND,
        "There is no such edition of the index, or no such figure in it",
        "Check the edition, the country and the component.",
    )
    ALREADY_FOUNDED = Row(Kind.CONFLICT, "The first participants were stored already", "Propose an amendment instead.")
    ALREADY_APPROVED = Row(Kind.CONFLICT, "The organisation has approved this already", "There is nothing to do.")
    ALREADY_ADOPTED = Row(Kind.CONFLICT, "The amendment is in force already", "There is nothing to do.")
    CATALOGUE_INSTALLED = Row(Kind.CONFLICT, "There is a stage catalogue already", "There is nothing to do.")
    OVERTAKEN = Row(Kind.CONFLICT, "The subject of the amendment has changed since the proposal", "Propose it again.")
    NOT_CUSTOMS = Row(
        Kind.NOT_ALLOWED,
        "Only the customs organisation of that country does this",
        "The participant with the role customs and that country must make this call.",
    )
    NO_PREFERENCE = Row(
        Kind.INVALID,
        "The goods do not get the rate of that trade agreement",
        "Leave `preference` out, or name an agreement of origin and destination for which the tariff line has a rate.",
    )
