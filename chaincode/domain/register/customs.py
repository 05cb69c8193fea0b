"""
What a country's customs publishes, and the duty and tax of an import by it: tariffs, origin, de-minimis.

A tariff line is an HS subheading of six digits or an AHTN line of eight; the longer one counts. Goods that originate
in a party of a trade agreement pay its rate, if the line has one and the importer names the rule of origin and
the hash of the proof. A country may waive duty or tax up to a value, with freight and insurance (CIF) or without
(FOB). Duty itself is a share of the CIF value, tax a share of it and the duty. Who pays follows from the Incoterm.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, Protocol, TypeVar

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import attributes, bounds, goods, incoterms, money, places
from chaincode.domain.vocabulary.incoterms import Payer
from chaincode.domain.vocabulary.money import Money
from hlf.codec import names
from hlf.codec.bounds import Bounds
from hlf.codec.records import Amount
from hlf.codec.refusals import invalid

_ASEAN10 = places.ASEAN - {"TL"}
AGREEMENTS: Mapping[str, frozenset[str]] = {
    "ATIGA": _ASEAN10,
    "ACFTA": _ASEAN10 | {"CN"},
    "RCEP": _ASEAN10 | {"AU", "CN", "JP", "KR", "NZ"},
}
"""The parties of each agreement: ASEAN Trade in Goods, ASEAN-China Free Trade Area, RCEP."""

Agreement = Literal["ATIGA", "ACFTA", "RCEP"]
Basis = Literal["CIF", "FOB"]
Criterion = Literal["WO", "PE", "RVC40", "CC", "CTH", "CTSH", "PSR"]
"""Rules of origin: wholly obtained, of originating materials alone, 40 % regional value, changes of tariff."""

RATE = Bounds(0, 100_000)
"""Basis points of a duty or a tax: up to ten times the value."""

LINES = Bounds(1, 200)
"""How many lines one import has."""


@dataclasses.dataclass(frozen=True)
class CustomsTariff:
    """Duty and tax of one tariff line from a day on; *preferences* has the duty by agreement."""

    country: str
    code: str
    effective_from: str
    duty_bps: int
    tax_bps: int
    source: str
    preferences: dict[str, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        places.check_country("tariff.country", self.country)
        check_code("tariff.code", self.code, self.country)
        attributes.day("tariff.effective_from", self.effective_from)
        RATE.check("tariff.duty_bps", self.duty_bps)
        RATE.check("tariff.tax_bps", self.tax_bps)
        for agreement, duty in self.preferences.items():
            if self.country not in AGREEMENTS.get(agreement, ()):
                raise invalid("tariff.preferences", f"must name agreements of {self.country}")
            if duty not in RATE or duty > self.duty_bps:
                raise invalid(f"tariff.preferences.{agreement}", "must be from 0 to the general duty")
        check_source("tariff.source", self.source)


@dataclasses.dataclass(frozen=True)
class DeMinimis:
    """The value up to which a country waives duty and tax from a day on, and the basis of the comparison."""

    country: str
    effective_from: str
    basis: Basis
    currency: str
    duty_free_to: Amount
    tax_free_to: Amount
    source: str

    def __post_init__(self) -> None:
        places.check_country("de_minimis.country", self.country)
        attributes.day("de_minimis.effective_from", self.effective_from)
        money.check_currency_on("de_minimis.currency", self.currency, self.effective_from)
        money.MINOR.check("de_minimis.duty_free_to", self.duty_free_to)
        money.MINOR.check("de_minimis.tax_free_to", self.tax_free_to)
        check_source("de_minimis.source", self.source)


@dataclasses.dataclass(frozen=True)
class Preference:
    """
    The origin of goods in a party of the agreement: the rule of origin, and the SHA-256 of the proof (form or
    declaration).
    """

    agreement: Agreement
    criterion: Criterion
    proof_hash: str

    def __post_init__(self) -> None:
        names.SHA256.check("preference.proof_hash", self.proof_hash)


@dataclasses.dataclass(frozen=True)
class ImportLine:
    """One line of an import: its tariff line, its value without freight, and where it originates."""

    line: int
    code: str
    value: Amount
    origin: str
    preference: Preference | None = None

    def __post_init__(self) -> None:
        money.MINOR.check("line.value", self.value)
        places.check_country("line.origin", self.origin)


@dataclasses.dataclass(frozen=True)
class Import:
    """What comes into a country on a day, in the currency of that country."""

    country: str
    on: str
    incoterm: str
    currency: str
    lines: tuple[ImportLine, ...]
    freight: Amount = 0
    insurance: Amount = 0

    def __post_init__(self) -> None:
        places.check_country("import.country", self.country)
        attributes.day("import.on", self.on)
        incoterms.for_parcels("import.incoterm", self.incoterm)
        money.check_currency_on("import.currency", self.currency, self.on)
        LINES.check("import.lines", len(self.lines))
        for line in self.lines:
            check_code("line.code", line.code, self.country)
        money.MINOR.check("import.freight", self.freight)
        money.MINOR.check("import.insurance", self.insurance)


@dataclasses.dataclass(frozen=True)
class ImportCharge:
    """Duty and tax of one line, by the tariff of *effective_from*; *agreement* is empty at the general rate."""

    line: int
    code: str
    effective_from: str
    agreement: str
    duty_bps: int
    customs_value: Amount
    duty: Amount
    tax: Amount


@dataclasses.dataclass(frozen=True)
class ImportAssessment:
    """The cost of S18: *compared* is the value on the de-minimis' *basis*; both are empty where there is none."""

    payer: Payer
    currency: str
    basis: str
    compared: Amount
    duty_free: bool
    tax_free: bool
    customs_value: Amount
    duty: Amount
    tax: Amount
    charges: tuple[ImportCharge, ...]


class _FromDay(Protocol):
    @property
    def effective_from(self) -> str: ...


Dated = TypeVar("Dated", bound=_FromDay)
Versions = Callable[[str], Iterable[CustomsTariff]]


def in_force(versions: Iterable[Dated], on: str) -> Dated | None:
    """Return the version that is in force on a day; None if none is yet."""
    begun = [each for each in versions if each.effective_from <= on]
    return max(begun, key=lambda each: each.effective_from, default=None)


def tariff_of(code: str, on: str, versions: Versions) -> CustomsTariff:
    """
    Return the tariff of a line on a day: that of its eight digits, else that of its subheading.

    Raises:
        Refused: NO_TARIFF.
    """
    for each in dict.fromkeys((code, code[:6])):
        found = in_force(versions(each), on)
        if found:
            return found
    raise Refusal.NO_TARIFF(f"customs has published no tariff of {code} that is in force on {on}")


def assess(wanted: Import, versions: Versions, waiver: DeMinimis | None) -> ImportAssessment:
    """
    Return duty and tax of an import; *versions* gives the tariffs of a code, *waiver* the de-minimis in force.

    Freight and insurance are spread over the lines by their value.

    Raises:
        Refused: NO_TARIFF, NO_PREFERENCE, CURRENCY_MISMATCH.
    """
    worth = sum(line.value for line in wanted.lines)
    whole = worth + wanted.freight + wanted.insurance
    compared = 0 if waiver is None else worth if waiver.basis == "FOB" else whole
    if waiver and waiver.currency != wanted.currency:
        raise Refusal.CURRENCY_MISMATCH(f"the de-minimis of {wanted.country} is in {waiver.currency}")
    duty_free = waiver is not None and compared <= waiver.duty_free_to
    tax_free = waiver is not None and compared <= waiver.tax_free_to
    parts = money.by_price(whole, [line.value for line in wanted.lines])
    charges = tuple(
        _charge(line, tariff_of(line.code, wanted.on, versions), Money(part, wanted.currency), duty_free, tax_free)
        for line, part in zip(wanted.lines, parts, strict=True)
    )
    return ImportAssessment(
        payer=incoterms.incoterm("import.incoterm", wanted.incoterm).payer("S18"),
        currency=wanted.currency,
        basis=waiver.basis if waiver else "",
        compared=compared,
        duty_free=duty_free,
        tax_free=tax_free,
        customs_value=whole,
        duty=sum(each.duty for each in charges),
        tax=sum(each.tax for each in charges),
        charges=charges,
    )


def duty_and_tax(value: Money, duty_bps: int, tax_bps: int) -> tuple[Money, Money]:
    """Return the duty on the customs value of a line, and the tax, which is due on value and duty."""
    duty = value.share(duty_bps)
    return duty, (value + duty).share(tax_bps)


def check_code(field: str, code: str, country: str) -> str:
    """Return *code* if it is an HS subheading, or in ASEAN an AHTN line."""
    return (
        goods.check_ahtn8(field, code) if len(code) == 8 and country in places.ASEAN else goods.check_hs6(field, code)
    )


def _charge(line: ImportLine, tariff: CustomsTariff, value: Money, duty_free: bool, tax_free: bool) -> ImportCharge:
    agreement, rate = _rate(line, tariff)
    duty, tax = duty_and_tax(value, 0 if duty_free else rate, 0 if tax_free else tariff.tax_bps)
    return ImportCharge(
        line.line, tariff.code, tariff.effective_from, agreement, rate, value.minor, duty.minor, tax.minor
    )


def _rate(line: ImportLine, tariff: CustomsTariff) -> tuple[str, int]:
    """Return the agreement and the duty that a line pays."""
    claimed = line.preference
    if claimed is None:
        return "", tariff.duty_bps
    if line.origin == tariff.country or line.origin not in AGREEMENTS[claimed.agreement]:
        raise Refusal.NO_PREFERENCE(f"line {line.line}: {line.origin} is not another party of {claimed.agreement}")
    if claimed.agreement not in tariff.preferences:
        raise Refusal.NO_PREFERENCE(f"line {line.line}: {tariff.code} has no rate of {claimed.agreement}")
    return claimed.agreement, tariff.preferences[claimed.agreement]


def check_source(field: str, source: str) -> None:
    """Refuse a source that names nothing."""
    if len(source) not in bounds.SENTENCE:
        raise invalid(field, "must name the law or table it is from")
