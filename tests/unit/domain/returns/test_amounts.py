"""The amounts of returns: parts that add up, and who bears what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.returns import amounts
from chaincode.domain.returns.amounts import Sale, Shares

SUMS = st.integers(0, 10**12)
UNITS = st.integers(1, 60)
BPS = st.integers(0, 10_000)


@st.composite
def sold(draw) -> Sale:
    """Return a line with a price for each unit, and its shares of the order."""
    units = draw(UNITS)
    return Sale(units, units * draw(SUMS), draw(SUMS), draw(SUMS), "SGD")


@st.composite
def cut(draw, units: int) -> list[int]:
    """*units* taken back by several returns."""
    ends = sorted({units, *draw(st.lists(st.integers(1, units), max_size=6))})
    return [end - before for before, end in zip([0, *ends], ends, strict=False)]


@given(sold(), BPS, st.data())
def test_returns_of_a_line_add_up_to_the_whole(sale, bps, data):
    """However its units are divided into returns: no minor unit is lost, and none comes back twice."""
    before, found = 0, []
    for units in data.draw(cut(sale.units)):
        found.append(amounts.shares(sale, before, units, "seller", bps))
        before += units
    whole = amounts.shares(sale, 0, sale.units, "seller", bps)
    for name in Shares.__dataclass_fields__:
        assert sum(getattr(each, name) for each in found) == getattr(whole, name)
    assert (whole.price, whole.carriage, whole.tax) == (sale.price, sale.carriage, sale.tax)
    assert whole.amount == sale.total - whole.restocking


@given(sold(), BPS, st.sampled_from(["seller", "buyer", "carrier"]), st.data())
def test_no_return_comes_to_less_than_nothing_or_more_than_was_paid(sale, bps, payer, data):
    """The fee is at most the price, and units of one line differ by one minor unit of each part at most."""
    before = data.draw(st.integers(0, sale.units - 1))
    one = amounts.shares(sale, before, 1, payer, bps)
    first = amounts.shares(sale, 0, 1, payer, bps)
    assert 0 <= one.restocking <= one.price
    assert 0 <= one.amount == one.price - one.restocking + one.carriage + one.tax
    assert all(
        0 <= getattr(first, name) - getattr(one, name) <= 1 for name in ("price", "restocking", "carriage", "tax")
    )
    assert one.amount * sale.units <= sale.total + 3 * sale.units


def test_a_buyer_who_bears_the_return_gets_the_price_less_the_fee():
    """Three of seven units for 10.00 each, carriage of 5.00 and tax of 7.03 for the line, a fee of 12.5 %."""
    sale = Sale(7, 7_000, 500, 703, "SGD")
    assert amounts.shares(sale, 0, 3, "buyer", 1_250) == Shares(3_000, 375, 0, 0, 2_625)
    assert amounts.shares(sale, 0, 3, "seller", 1_250) == Shares(3_000, 375, 216, 303, 3_144)
    assert amounts.shares(sale, 3, 4, "carrier", 0) == Shares(4_000, 0, 284, 400, 4_684)
