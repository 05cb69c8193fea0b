"""Drawback: however a line leaves in parts, no more comes back than was paid for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.returns.drawbacks import DrawbackTerms, ImportEntry

SALT = "AAAAAAAAAAAAAAAAAAAAAA"
AMOUNTS = st.integers(0, 10**12)
SHARES = st.integers(0, 10_000)


@given(parts=st.lists(st.integers(1, 50), min_size=1, max_size=8), duty=AMOUNTS, tax=AMOUNTS, bps=SHARES, of_tax=SHARES)
def test_parts_give_back_at_most_the_whole(parts, duty, tax, bps, of_tax):
    """Each part is rounded down, so they miss the whole by less than two minor units each."""
    units = sum(parts)
    entry = ImportEntry("D1", "104", "2026-01-05", "851830", "VND", units, 10**12, duty, tax, SALT)
    terms = DrawbackTerms("VN", "2026-01-05", 30, 30, "Law", duty_bps=bps, tax_bps=of_tax)
    whole = entry.gives_back(units, terms)
    back = sum(entry.gives_back(part, terms) for part in parts)
    assert back <= whole <= duty + tax
    assert whole - back <= 2 * len(parts)
