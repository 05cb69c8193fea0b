"""The figures of claims in units that people use."""

from __future__ import annotations

import pytest

from gateway.pages import figurewords


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("money.gmv_minor", 65866500, "US$658,665.00"),
        ("price.base_minor", "1250", "US$12.50"),
        ("horizon.bucket", "P1W", "one week"),
        ("region.locode", "VNHAN", "Hanoi"),
        ("coverage.locodes", ["VNHAN", "CNSZX"], "Hanoi, Shenzhen"),
        ("demand.units_p50_h87", 14350, "14,350 pieces"),
        ("demand.return_rate_bps", 640, "6.4%"),
        ("demand.peak_date", "2027-01-28", "28 January 2027"),
        ("limits.cash_on_delivery", True, "yes"),
        ("product.hs6", "851830", "851830"),
    ],
)
def test_a_figure_has_its_unit(name, value, shown):
    assert figurewords.amount(value, name, "USD") == shown


def test_a_sum_without_its_currency_is_the_number_alone():
    """A claim may show the sum and not the currency; no currency is guessed."""
    assert figurewords.amount(1250, "price.base_minor") == "1250"
