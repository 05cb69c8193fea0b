"""What carriers may agree with each other about a hand-over; nobody else sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import url_for

from gateway.console import companies
from gateway.console.acts import actfields
from gateway.console.acts.actfields import CHOICE, ID, TIME, ActField, PersonAct, Values
from gateway.fabric.ledgercalls import LedgerCall
from gateway.http.context import CARRIAGE
from gateway.pages import localformats
from gateway.pages.states import N_
from gateway.trade import minting
from gateway.trade.carriage import carriage

_AGREEMENT = ActField("agreement_id", N_("Agreement"), ID)
# The default length of a hand-over.
_WINDOW = timedelta(hours=4)


def _agreements(_values: Values) -> str:
    return url_for("console.agreements")


def _known(values: Values) -> Values:
    """Return the first values of the form: a window that begins now, in the zone of the place."""
    now = datetime.now(localformats.zone(values.get("place", ""))).replace(tzinfo=None)
    return {
        **values,
        "opens_at": values.get("opens_at") or now.isoformat(timespec="minutes"),
        "closes_at": values.get("closes_at") or (now + _WINDOW).isoformat(timespec="minutes"),
    }


def _propose(values: Values) -> LedgerCall:
    draft = {
        "taker": values["taker"],
        "consignments": actfields.listed(values["consignments"]),
        "place": values["place"],
        "opens_at": actfields.moment(values, values["place"], "opens_at"),
        "closes_at": actfields.moment(values, values["place"], "closes_at"),
        "seals": actfields.listed(values.get("seals", "")),
        "conditions": values.get("conditions", ""),
    }
    return CARRIAGE.call("Agreements:propose", [minting.public_id("agreement")], carriage.proposing(draft))


def _answer(values: Values) -> LedgerCall:
    agreement_id = values["agreement_id"]
    agree = values["agree"] == "true"
    return CARRIAGE.call("Agreements:answer", [agreement_id, agree], carriage.changing(agreement_id))


def _cancel(values: Values) -> LedgerCall:
    return CARRIAGE.call("Agreements:cancel", [values["agreement_id"]], carriage.changing(values["agreement_id"]))


HANDOVER_ACTS: Mapping[str, PersonAct] = {
    "propose-hand-over": PersonAct(
        N_("Propose a hand-over"),
        N_("The other carrier agrees or declines. Nobody else sees what you two agree."),
        "swap",
        (
            ActField("taker", N_("To whom"), CHOICE, companies.others, private=True),
            ActField("consignments", N_("Journeys, with blanks between them"), private=True),
            ActField("place", N_("Place (UN/LOCODE)"), actfields.PLACE, private=True),
            ActField("opens_at", N_("From when, by the clock of the place"), TIME, private=True),
            ActField("closes_at", N_("Until when, by the clock of the place"), TIME, private=True),
            ActField("seals", N_("Numbers of the seals"), optional=True, private=True),
            ActField("conditions", N_("Conditions, as the temperature"), optional=True, private=True),
        ),
        _propose,
        _agreements,
        start=_known,
    ),
    "answer-hand-over": PersonAct(
        N_("Answer the proposal"),
        N_("If you agree, you take the goods over at that place and time."),
        "swap",
        (
            _AGREEMENT,
            ActField("agree", N_("Answer"), CHOICE, actfields.yes_or_no(N_("Agree"), N_("Decline"))),
        ),
        _answer,
        _agreements,
    ),
    "cancel-hand-over": PersonAct(
        N_("Cancel the hand-over"),
        N_("Either of the two may do this until the goods are handed over."),
        "cross",
        (_AGREEMENT,),
        _cancel,
        _agreements,
    ),
}
