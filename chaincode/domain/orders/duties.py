"""
Duty and tax of an import (stage S18): the amounts, and who pays by the order's Incoterm.

The customs value is goods, freight and insurance (CIF), in the currency of the
country of import at the rate of a named day. Duty is a share of this value, tax a share of value and duty together. A
country may waive either up to a value of the consignment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chaincode.domain.orders.orders import Order
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import customs
from chaincode.domain.vocabulary import attributes, goods, incoterms, money, places
from chaincode.domain.vocabulary.incoterms import Payer
from chaincode.domain.vocabulary.money import Money, Rates
from hlf.codec.records import Amount


@dataclass(frozen=True)
class Tariff:
    """
    Duty and tax of a country on one HS subheading from a day on.

    Attributes:
        duty_free_to: consignments up to this customs value pay no duty.
        tax_free_to: the same for value-added or goods-and-services tax.
    """

    country: str
    hs6: str
    effective_from: str
    currency: str
    duty_bps: int
    tax_bps: int
    duty_free_to: Amount
    tax_free_to: Amount
    source: str

    def __post_init__(self) -> None:
        places.check_country("tariff.country", self.country)
        goods.check_hs6("tariff.hs6", self.hs6)
        attributes.day("tariff.effective_from", self.effective_from)
        money.check_currency_on("tariff.currency", self.currency, self.effective_from)
        for field in ("duty_bps", "tax_bps"):
            customs.RATE.check(f"tariff.{field}", getattr(self, field))
        money.MINOR.check("tariff.duty_free_to", self.duty_free_to)
        money.MINOR.check("tariff.tax_free_to", self.tax_free_to)
        customs.check_source("tariff.source", self.source)


@dataclass(frozen=True)
class Charge:
    """Duty and tax of one line."""

    line: int
    hs6: str
    customs_value: Amount
    duty: Amount
    tax: Amount


@dataclass(frozen=True)
class Assessment:
    """The cost of S18, in the currency of the country of import, and the side of the order that pays."""

    country: str
    currency: str
    incoterm: str
    payer: Payer
    rate_date: str
    customs_value: Amount
    duty: Amount
    tax: Amount
    charges: tuple[Charge, ...]


def assess(order: Order, tariffs: Mapping[str, Tariff], rates: Rates | None) -> Assessment:
    """
    Return duty and tax of *order* by *tariffs* (one for each HS subheading in it).

    Freight and insurance are spread over the lines by their value.

    Raises:
        Refused: NO_TARIFF, RATES_NEEDED, NO_RATE.
    """
    country = order.destination[:2]
    found = [_tariff(tariffs, country, line.hs6) for line in order.lines]
    currency = found[0].currency
    if any(tariff.currency != currency for tariff in found):
        raise Refusal.CURRENCY_MISMATCH(f"the tariffs of {country} are in different currencies")
    value = _converted(order.carried_value, currency, rates)
    parts = money.by_price(value.minor, [line.quantity * line.unit_price for line in order.lines])
    charges = tuple(
        _charge(line.line, tariff, Money(part, currency), value.minor)
        for line, tariff, part in zip(order.lines, found, parts, strict=True)
    )
    return Assessment(
        country,
        currency,
        order.incoterm,
        incoterms.incoterm("incoterm", order.incoterm).payer("S18"),
        rates.date if rates and currency != order.currency else "",
        value.minor,
        sum(charge.duty for charge in charges),
        sum(charge.tax for charge in charges),
        charges,
    )


def _charge(line: int, tariff: Tariff, value: Money, whole: int) -> Charge:
    duty, tax = customs.duty_and_tax(
        value,
        tariff.duty_bps if whole > tariff.duty_free_to else 0,
        tariff.tax_bps if whole > tariff.tax_free_to else 0,
    )
    return Charge(line, tariff.hs6, value.minor, duty.minor, tax.minor)


def _tariff(tariffs: Mapping[str, Tariff], country: str, hs6: str) -> Tariff:
    if hs6 not in tariffs:
        raise Refusal.NO_TARIFF(f"no tariff of {country} for {hs6} is published")
    return tariffs[hs6]


def _converted(value: Money, currency: str, rates: Rates | None) -> Money:
    if value.currency == currency:
        return value
    if rates is None:
        raise Refusal.RATES_NEEDED(f"the duty is due in {currency}: name a day's rates")
    return rates.convert(value, currency)
