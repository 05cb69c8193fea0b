"""What a person may do with orders and with goods on their way."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for

from gateway.console import companies
from gateway.console.acts import actfields
from gateway.console.acts.actfields import CHOICE, HASHED, ID, PLACE_FIELD, TIME_FIELD, ActField, PersonAct, Values
from gateway.fabric.ledgercalls import LedgerCall
from gateway.http.context import COMMERCE, TRADE
from gateway.pages import states
from gateway.pages.states import N_

_JOURNEY = ActField("journey_id", N_("Journey"), ID)
_EVENT = ActField("event_id", N_("Event"), ID)
_ORDER = ActField("order_id", N_("Order"), ID)
_STAGE = ActField("stage_id", N_("Stage"), CHOICE, actfields.stages)
_NOTE = ActField("note", N_("What happened; only its fingerprint is sent, so keep the text"), HASHED, optional=True)


def _journey(values: Values) -> str:
    return url_for("console.journey", journey_id=values["journey_id"])


def _orders(_values: Values) -> str:
    return url_for("console.orders")


def _report(values: Values) -> LedgerCall:
    note = actfields.fingerprint(values["note"]) if values.get("note") else ""
    at = actfields.moment(values, values["place"])
    return TRADE.call("Journeys:report", [values["journey_id"], values["kind"], values["stage_id"], at, note, []])


GOODS_ACTS: Mapping[str, PersonAct] = {
    "hand-over": PersonAct(
        N_("Hand the goods over"),
        N_("They stay in your hands until the other company confirms."),
        "truck",
        (_JOURNEY, ActField("taker", N_("To whom"), CHOICE, companies.others), PLACE_FIELD, TIME_FIELD),
        lambda v: TRADE.call(
            "Journeys:offer_custody",
            [v["journey_id"], v["taker"], actfields.moment(v, v["place"]), v["place"], []],
        ),
        _journey,
    ),
    "take-over": PersonAct(
        N_("Confirm that you have the goods"),
        N_("From this moment you answer for them."),
        "check",
        (_JOURNEY, PLACE_FIELD, TIME_FIELD),
        lambda v: TRADE.call(
            "Journeys:accept_custody", [v["journey_id"], actfields.moment(v, v["place"]), v["place"], []]
        ),
        _journey,
    ),
    "take-back": PersonAct(
        N_("Take the hand-over back"),
        N_("The other company can no longer confirm it."),
        "return",
        (_JOURNEY,),
        lambda v: TRADE.call("Journeys:withdraw_custody", [v["journey_id"]]),
        _journey,
    ),
    "deny-custody": PersonAct(
        N_("Say that you never took the goods"),
        N_("You are named as holder without having confirmed it."),
        "cross",
        (_JOURNEY,),
        lambda v: TRADE.call("Journeys:repudiate_custody", [v["journey_id"]]),
        _journey,
    ),
    "report": PersonAct(
        N_("Report that something went wrong"),
        N_("Everybody on this journey sees it at once, the buyer too."),
        "alert",
        (
            _JOURNEY,
            ActField("kind", N_("What went wrong"), CHOICE, actfields.words_of(states.INCIDENTS)),
            _STAGE,
            PLACE_FIELD,
            TIME_FIELD,
            _NOTE,
        ),
        _report,
        _journey,
    ),
    "correct-event": PersonAct(
        N_("Say that an event was recorded by mistake"),
        N_("It stays readable, with your word beside it. Record the right one again with your scanner or program."),
        "cross",
        (_JOURNEY, _EVENT, ActField("reason", N_("What is wrong"), CHOICE, actfields.words_of(states.MISTAKES))),
        lambda v: TRADE.call("Journeys:correct", [v["journey_id"], v["event_id"], v["reason"]]),
        _journey,
    ),
    "state-time": PersonAct(
        N_("Say when a stage will be done"),
        N_("The first time that you say is its plan; a later one is your new estimate."),
        "clock",
        (_JOURNEY, _STAGE, PLACE_FIELD, TIME_FIELD),
        lambda v: TRADE.call("Journeys:state_time", [v["journey_id"], v["stage_id"], actfields.moment(v, v["place"])]),
        _journey,
    ),
    "confirm-order": PersonAct(
        N_("Confirm the order"),
        N_("You promise to deliver it as it is written."),
        "check",
        (_ORDER,),
        lambda v: COMMERCE.call("Orders:confirm", [v["order_id"]]),
        _orders,
    ),
    "cancel-order": PersonAct(
        N_("Cancel the order"),
        N_("Only before anything is shipped."),
        "cross",
        (_ORDER, ActField("reason", N_("Why"), CHOICE, actfields.words_of(states.CANCELLATIONS))),
        lambda v: COMMERCE.call("Orders:cancel", [v["order_id"], v["reason"]]),
        _orders,
    ),
    "close-order": PersonAct(
        N_("Close the order"),
        N_("It is delivered and paid, and nothing is left to do."),
        "lock",
        (_ORDER,),
        lambda v: COMMERCE.call("Orders:close", [v["order_id"]]),
        _orders,
    ),
}
