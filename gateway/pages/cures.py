"""
What a person can do about a problem, in the words of a page.

The table of problems says what a program can do: which member to send, at which address. Where that is nothing that a
person could do in a form, this table says it otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.http.problemtypes import PROBLEM_TYPES
from gateway.pages.languages import gettext
from gateway.pages.states import N_

_DETAIL, _BELOW = "`detail`", N_("the text below")
_ENTER = N_("Log in again.")
_LATER = N_("Wait a moment, and try again.")
_AGAIN = N_("Load the page again, and send its form.")
_CORRECT = N_("Correct what the text below names.")
_OPERATOR = N_("Ask the operator of your gateway.")
_STAGE = N_("Choose a stage that the journey has.")
_LEFT = N_("Take no more pieces than are left of the order.")
_ADMINISTRATOR = N_("An administrator of the consortium does this once, before anything else.")
_PROGRAM = N_("The program that sent it has to send it otherwise.")

CURES: Mapping[str, str] = {
    **dict.fromkeys(("TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_REVOKED"), _ENTER),
    **dict.fromkeys(
        (
            "ISSUER_UNAVAILABLE",
            "GATEWAY_BUSY",
            "STORE_UNAVAILABLE",
            "BUDGET_EXHAUSTED",
            "LINK_EXHAUSTED",
            "IDEMPOTENCY_IN_PROGRESS",
            "BLOCK_NOT_REACHED",
            "FABRIC_BUSY",
            "FABRIC_UNAVAILABLE",
            "FABRIC_TIMEOUT",
        ),
        _LATER,
    ),
    **dict.fromkeys(
        (
            "BODY_MISSING",
            "EXPECTATION_FAILED",
            "NO_SUCH_ADDRESS",
            "METHOD_NOT_ALLOWED",
            "NOT_ACCEPTABLE",
            "MEDIA_TYPE_UNSUPPORTED",
            "CURSOR_UNKNOWN",
        ),
        _AGAIN,
    ),
    **dict.fromkeys(("REQUEST_MALFORMED", "REQUEST_INVALID", "INVALID_ARGUMENT"), _CORRECT),
    **dict.fromkeys(
        (
            "TRACKING_CLOSED",
            "SOLVER_MISSING",
            "FUNCTION_NOT_FOUND",
            "UNKNOWN_FUNCTION",
            "ENDORSERS_UNRESOLVED",
            "KEY_ELSEWHERE",
            "CONTRACT_FAILED",
            "CONTRACT_REFUSED",
            "FABRIC_REFUSED",
            "ORDERING_REFUSED",
            "TRANSACTION_INVALID",
        ),
        _OPERATOR,
    ),
    **dict.fromkeys(
        ("STEP_UNREADABLE", "SIGNATURE_INVALID", "KEY_UNUSABLE", "SECRET_MISSING", "SECRET_STANDS"), _PROGRAM
    ),
    **dict.fromkeys(("STAGE_UNKNOWN", "STAGE_NOT_IN_JOURNEY"), _STAGE),
    **dict.fromkeys(("MORE_THAN_ORDERED", "UNITS_RETURNED"), _LEFT),
    **dict.fromkeys(("NO_CATALOGUE", "NOT_FOUNDED"), _ADMINISTRATOR),
    "SCOPE_MISSING": N_("Ask the operator of your gateway for the right to do this."),
    "BODY_TOO_LARGE": N_("Send less, or a smaller file."),
    "JOBS_EXHAUSTED": N_("Wait until one of those that run has ended, and try again."),
    "ENDORSERS_MISSING": N_("Try again when the peers of the companies that must endorse it run."),
    "OUTCOME_UNKNOWN": N_("Look at its page whether it is done, before you send it again."),
    "NOT_A_PARTICIPANT": N_("Have the company proposed as a participant."),
    "ROLE_VACANT": N_("Have a company with this role proposed as a participant."),
    "TERMS_UNKNOWN": N_("Publish return terms first."),
    "STAGE_NOT_ENTITLED": N_("See among the companies what each of them does."),
    "PARCEL_UNKNOWN": N_("Give the number of a parcel as the page of the journey shows it."),
    "NOT_IN_UNIT": N_("Look which unit it is packed in."),
    "NO_PREFERENCE": N_(
        "Leave the trade agreement out, or name one of origin and destination for which the goods have a rate."
    ),
    "SUBJECT_NOT_SHOWN": N_("Show the auditor first what the figures are about."),
    "UNKNOWN_ATTRIBUTE": N_("Choose a figure that this kind of claim has."),
    "SELLER_UNKNOWN": N_("Check the name of the shop, or register it first."),
    "ACCOUNT_UNKNOWN": N_("Check the id of the order, or have a journey of it opened."),
    "CREDIT_EXCEEDED": N_("Take at most what the buyer has."),
    "AMOUNT_DIFFERS": N_("Give the total of the order, or for a return what is due for it."),
    "LIABILITY_UNKNOWN": N_("Settle it outside the ledger. Next time choose a carrier that says what it answers for."),
    "INCIDENT_UNKNOWN": N_("A party of the journey must report it first, on the page of the journey."),
    "NO_DRAWBACK": N_("See what customs of that country has published."),
    "NOT_EXPORTED": N_("Claim when the journey back is recorded abroad, within the days that customs has published."),
}
"""Of problems whose cure in the table is one for programs, what a person can do."""

TITLES: Mapping[str, str] = {
    "BLOCK_NOT_REACHED": N_("A peer is behind; nothing was asked or written"),
}
"""Of problems whose meaning in the table is one for programs, what has happened."""


def text(code: str) -> str:
    """Return the English words of what a person can do about a problem."""
    return CURES.get(code) or PROBLEM_TYPES[code].cure


def title(code: str) -> str:
    """Return the English words of what has happened."""
    return TITLES.get(code) or PROBLEM_TYPES[code].title


def told(code: str) -> str:
    """Return what a person can do about a problem, in the reader's language; a page shows the detail below it."""
    return gettext(text(code)).replace(_DETAIL, gettext(_BELOW))


def happened(code: str) -> str:
    """Return what has happened, in the reader's language."""
    return gettext(title(code))
