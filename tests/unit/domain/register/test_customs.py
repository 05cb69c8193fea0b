"""Duty and tax by what customs publishes: by date, by origin, with de-minimis on its basis, exact to the unit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.register import customs
from chaincode.domain.register.customs import CustomsTariff, DeMinimis, Import, ImportLine, Preference
from hlf.codec.refusals import Refused

PROOF = "a" * 64
ON = "2026-11-22"
TARIFFS = {
    "851830": [
        CustomsTariff("VN", "851830", "2026-01-01", 1_500, 1_000, "Decree 26", {"ACFTA": 500, "RCEP": 800}),
        CustomsTariff("VN", "851830", "2026-12-01", 1_200, 1_000, "Decree 27", {"ACFTA": 0}),
    ],
    "85183010": [CustomsTariff("VN", "85183010", "2026-06-01", 1_000, 800, "Decree 26")],
}
WAIVER = {"country": "VN", "effective_from": "2026-01-01", "currency": "VND", "source": "Decision 78"}


def versions(code: str) -> list[CustomsTariff]:
    """Return what is published of a code."""
    return TARIFFS.get(code, [])


def wanted(*lines: ImportLine, **changes: Any) -> Import:
    """Return an import into Viet Nam."""
    parts: dict[str, Any] = {"country": "VN", "on": ON, "incoterm": "DAP", "currency": "VND", "lines": lines}
    return Import(**{**parts, **changes})


def assess(*lines: ImportLine, waiver: DeMinimis | None = None, **changes: Any) -> customs.ImportAssessment:
    """Return what it costs."""
    return customs.assess(wanted(*lines, **changes), versions, waiver)


def code_of(call, *args: Any, **named: Any) -> str:
    """Return the refusal's code."""
    with pytest.raises(Refused) as refused:
        call(*args, **named)
    return refused.value.code


def test_the_longer_code_and_the_version_in_force_count():
    """An AHTN line has its own tariff, another of the subheading the subheading's; a later version waits."""
    assert customs.tariff_of("85183010", ON, versions).duty_bps == 1_000
    assert customs.tariff_of("85183010", "2026-05-31", versions).code == "851830"
    assert customs.tariff_of("85183090", ON, versions).duty_bps == 1_500
    assert customs.tariff_of("851830", "2026-12-01", versions).duty_bps == 1_200
    assert code_of(customs.tariff_of, "851830", "2025-12-31", versions) == "NO_TARIFF"


def test_origin_pays_the_rate_of_its_agreement():
    """With the rule and the proof's hash; not for goods of another origin, and not where the line has no rate."""
    origin = Preference("ACFTA", "RVC40", PROOF)
    found = assess(ImportLine(1, "851830", 1_000_000, "CN", origin), ImportLine(2, "851830", 1_000_000, "CN"))
    assert [(each.agreement, each.duty) for each in found.charges] == [("ACFTA", 50_000), ("", 150_000)]
    assert found.tax == 105_000 + 115_000
    for line in (
        ImportLine(1, "851830", 1, "JP", origin),
        ImportLine(1, "851830", 1, "VN", origin),
        ImportLine(1, "85183010", 1, "CN", origin),
        ImportLine(1, "851830", 1, "TH", Preference("ATIGA", "WO", PROOF)),
    ):
        assert code_of(assess, line) == "NO_PREFERENCE"
    assert code_of(Preference, "RCEP", "WO", "no hash") == "INVALID_ARGUMENT"


@pytest.mark.parametrize(("basis", "free"), [("FOB", True), ("CIF", False)])
def test_a_waiver_compares_on_its_own_basis(basis, free):
    """A million of goods and a little freight: free of duty without the freight, not with it."""
    waiver = DeMinimis(**WAIVER, basis=basis, duty_free_to=1_000_000, tax_free_to=0)
    found = assess(ImportLine(1, "851830", 1_000_000, "CN"), freight=10_000, waiver=waiver)
    assert (found.duty_free, found.tax_free, found.basis) == (free, False, basis)
    assert (found.duty, found.customs_value) == (0 if free else 151_500, 1_010_000)
    dollars = DeMinimis(**{**WAIVER, "currency": "USD"}, basis=basis, duty_free_to=1, tax_free_to=1)
    assert code_of(assess, ImportLine(1, "851830", 1, "CN"), waiver=dollars) == "CURRENCY_MISMATCH"


@pytest.mark.parametrize(("incoterm", "payer"), [("DDP", "seller"), ("DAP", "buyer"), ("EXW", "buyer")])
def test_the_incoterm_says_who_pays(incoterm, payer):
    """Only delivered duty paid leaves it to the seller; terms of sea freight are none for parcels."""
    assert assess(ImportLine(1, "851830", 1, "CN"), incoterm=incoterm).payer == payer
    assert code_of(wanted, ImportLine(1, "851830", 1, "CN"), incoterm="FOB") == "INVALID_ARGUMENT"


@given(
    st.lists(st.tuples(st.sampled_from(["851830", "85183010", "85183099"]), st.integers(0, 10**12)), min_size=1,
             max_size=8),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
)  # fmt: skip
def test_the_lines_add_up(lines, freight, insurance):
    """The customs value is goods, freight and insurance to the unit; each line pays its own share and no more."""
    made = [ImportLine(number, code, value, "CN") for number, (code, value) in enumerate(lines)]
    found = assess(*made, freight=freight, insurance=insurance)
    assert found.customs_value == sum(value for _, value in lines) + freight + insurance
    assert sum(each.customs_value for each in found.charges) == found.customs_value
    assert (found.duty, found.tax) == (sum(c.duty for c in found.charges), sum(c.tax for c in found.charges))
    for each in found.charges:
        assert abs(each.duty - each.customs_value * each.duty_bps / 10_000) <= 0.5


def test_what_cannot_be_meant_is_refused_with_its_field():
    """A code of eight digits outside ASEAN, an agreement of others, a preference dearer than the duty, no source."""
    good = {"country": "VN", "code": "851830", "effective_from": ON, "duty_bps": 500, "tax_bps": 0, "source": "law"}
    for wrong in (
        {"country": "CN", "code": "85183010"}, {"code": "99"}, {"preferences": {"ACFTA": 501}},
        {"preferences": {"USMCA": 0}}, {"country": "US", "preferences": {"RCEP": 0}}, {"source": ""},
        {"effective_from": "2026-13-01"}, {"duty_bps": -1},
    ):  # fmt: skip
        assert code_of(CustomsTariff, **{**good, **wrong}) == "INVALID_ARGUMENT"
