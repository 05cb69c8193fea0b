"""
The parts of an act that a person may do: its fields, and the call of the contract that they make.

``actforms`` has the acts, and ``acting`` shows them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from chaincode.domain.register.stages import STANDARD
from chaincode.domain.vocabulary import money
from gateway.fabric.ledgercalls import LedgerCall
from gateway.pages import localformats, states
from gateway.pages.languages import gettext
from gateway.pages.states import N_

Values: TypeAlias = Mapping[str, str]
Choices: TypeAlias = Callable[[], list[tuple[str, str]]]
# Kinds of fields: an id from the link; a text; a text of which only the hash is sent; a time; a day; a place; ...
ID, TEXT, HASHED, TIME, DAY, PLACE = "id", "text", "hashed", "time", "day", "place"
NUMBER, CHOICE, MONEY = "number", "choice", "money"


@dataclass(frozen=True)
class ActField:
    """
    One field of a form; *choices* returns (value, words) pairs.

    Attributes:
        private: its value goes only to organisations that may see private values, and into no block.
        member: its member of the contract's record, if that has another name.
    """

    name: str
    words: str
    kind: str = TEXT
    choices: Choices | None = None
    optional: bool = False
    private: bool = False
    member: str = ""


@dataclass(frozen=True)
class PersonAct:
    """
    One act: its words and icon, its fields, the call that they make, and the page that shows the result.

    Attributes:
        start: returns the first values of the form, from those of the link.
        do: does the act, if it needs more than one call.
        then: yields the calls after the first, so that a preview shows who sees and endorses these too.
    """

    title: str
    lead: str
    sign: str
    fields: tuple[ActField, ...]
    call: Callable[[Values], LedgerCall]
    back: Callable[[Values], str]
    start: Callable[[Values], Values] | None = None
    do: Callable[[Values], object] | None = None
    then: Callable[[Values], Iterable[LedgerCall]] | None = None


def fingerprint(text: str) -> str:
    """Return the SHA-256, in hex, of a text that stays outside the ledger."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def moment(values: Values, place: str = "", name: str = "at") -> str:
    """
    Return a time in the form, at the clock of *place*, as contracts take it.

    Raises:
        ValueError: it is no time.
    """
    local = datetime.fromisoformat(values[name])
    return local.replace(tzinfo=localformats.zone(place)).isoformat()


def minor(values: Values, name: str = "amount") -> str:
    """
    Return an amount in the form in the minor units of its currency, as contracts take it.

    Raises:
        ValueError: it is no amount, or has more decimals than the currency.
    """
    if not _DECIMAL.fullmatch(values[name]):
        raise ValueError(values[name])
    units = Decimal(values[name]).scaleb(money.MINOR_DIGITS[currency(values)])
    if units != int(units) or int(units) not in money.MINOR:
        raise ValueError(values[name])
    return str(int(units))


def currency(values: Values) -> str:
    """
    Return the currency in the form.

    Raises:
        Refused: no currency has this code.
    """
    return money.KNOWN.check("currency", values["currency"].upper())


def listed(text: str) -> list[str]:
    """Return the words of a field that takes several, with blanks or commas between them."""
    return text.replace(",", " ").split()


def yes_or_no(yes: str, no: str) -> Choices:
    """Return the choices yes and no."""
    return lambda: [("true", gettext(yes)), ("false", gettext(no))]


def words_of(table: Mapping[str, str], among: Iterable[str] = ()) -> Choices:
    """Return the words of a table of ``states`` to choose from; all of them if none are named."""
    return lambda: [(str(one), states.said(table, one)) for one in among or table]


def stages() -> list[tuple[str, str]]:
    """Return the stages of a journey, to choose from."""
    return [(one.stage_id, states.stage(one.stage_id)) for one in STANDARD.stages]


_DECIMAL = re.compile(r"[0-9]{1,18}(\.[0-9]{1,4})?", re.ASCII)
PLACE_FIELD = ActField("place", N_("Place (UN/LOCODE)"), PLACE)
TIME_FIELD = ActField("at", N_("When, by the clock of the place"), TIME)
AMOUNT_FIELD = ActField("amount", N_("Amount"), MONEY, private=True)
CURRENCY_FIELD = ActField("currency", N_("Currency"), private=True)
REASONS_FIELD = ActField("opinion", N_("Your reasons; only their fingerprint is sent, so keep the text"), HASHED)
