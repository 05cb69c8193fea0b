"""Identifiers of goods: right check digits pass, any single wrong digit does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.vocabulary import goods
from hlf.codec.refusals import Refused

DIGITS = "0123456789"


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (goods.check_gtin, "09506000134352"),  # GS1's own example, 9506000134352
        (goods.check_gtin, "00012345600012"),
        (goods.check_sscc, "106141412345678908"),  # GS1 General Specifications
        (goods.check_s10, "RR473124829GB"),  # UPU S10's example
        (goods.check_hs6, "851712"),
        (goods.check_ahtn8, "85171210"),
        (goods.check_un_number, "UN3481"),
    ],
)
def test_examples_of_the_standards_pass(check, text):
    """What the standard prints as an example is accepted and returned."""
    assert check("field", text) == text


@given(st.text(DIGITS, min_size=13, max_size=13), st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_of_a_gtin_is_found(digits, at, by):
    """The check digit of GS1 finds every single wrong digit."""
    right = digits + goods.gs1_check_digit(digits)
    assert goods.check_gtin("gtin", right) == right
    wrong = right[:at] + str((int(right[at]) + by) % 10) + right[at + 1 :]
    with pytest.raises(Refused) as refused:
        goods.check_gtin("gtin", wrong)
    assert refused.value.text == "gtin: has a wrong GS1 check digit"


@given(st.text(DIGITS, min_size=8, max_size=8), st.integers(0, 7), st.integers(1, 9))
def test_wrong_digits_of_a_postal_item_are_found(serial, at, by):
    """S10's weights find a single wrong digit, save where its rule maps two remainders on one digit."""
    right = goods.s10_check_digit(serial)
    assert goods.check_s10("item", f"RR{serial}{right}GB")
    wrong = serial[:at] + str((int(serial[at]) + by) % 10) + serial[at + 1 :]
    if goods.s10_check_digit(wrong) != right:
        with pytest.raises(Refused):
            goods.check_s10("item", f"RR{wrong}{right}GB")
    else:
        assert right in "05"


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (goods.check_gtin, "9506000134352"),
        (goods.check_gtin, "0950600013435X"),
        (goods.check_gtin, "٠9506000134352"),
        (goods.check_sscc, "106141412345678909"),
        (goods.check_sscc, ""),
        (goods.check_s10, "rr473124829gb"),
        (goods.check_s10, "RR473124828GB"),
        (goods.check_s10, "RR473124829GB\n"),
        (goods.check_hs6, "8517"),
        (goods.check_hs6, "000000"),
        (goods.check_hs6, "980000"),
        (goods.check_hs6, "770100"),
        (goods.check_ahtn8, "8517121"),
        (goods.check_ahtn8, "99171210"),
        (goods.check_un_number, "UN-1950"),
    ],
)
def test_other_texts_are_refused_without_being_quoted(check, text):
    """The refusal names the field; the value may be private."""
    with pytest.raises(Refused) as refused:
        check("field", text)
    assert refused.value.code == "INVALID_ARGUMENT"
    assert refused.value.text.startswith("field: ")
    assert not text or text not in refused.value.text
