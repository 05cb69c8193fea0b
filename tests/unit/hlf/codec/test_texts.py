"""Texts that people read: any script, and nothing that hides."""

from __future__ import annotations

import pytest

from chaincode.domain.disclosure import grants
from chaincode.domain.register import participants
from chaincode.domain.vocabulary import attributes
from hlf.codec import texts
from hlf.codec.refusals import Refused

HIDING = {
    "a line break": "Customs\nMerchant",
    "NUL": "Customs\x00",
    "an override of direction": "\u202eMSPtnahcreM",
    "an isolate": "\u2066Customs\u2069",
    "a mark of direction": "Customs\u200f",
    "a separator of lines": "Customs\u2028Merchant",
    "a byte order mark": "\ufeffCustoms",
    "a tag": "Customs\U000e0041",
    "a lone surrogate": "Customs\ud800",
}


@pytest.mark.parametrize("text", HIDING.values(), ids=HIDING)
def test_what_hides_is_refused_wherever_people_read(text):
    """In the name of a participant, a purpose and an attribute; and a refusal that repeats it writes it out."""
    for place in (
        lambda: participants.Participant("CustomsMSP", text, "supporting", ("customs",), ("VN",)),
        lambda: grants.check_purpose("purpose", text),
        lambda: attributes.text()("method", text),
    ):
        with pytest.raises(Refused) as refused:
            place()
        assert refused.value.code == "INVALID_ARGUMENT"
        assert text not in refused.value.text
    shown = texts.shown(f"is {text}", 100)
    assert shown.isprintable()
    assert "<U+" in shown


@pytest.mark.parametrize(
    "text", ["深圳声学", "Tổng cục Hải quan", "กรมศุลกากร", "ក្រុមហ៊ុន\u200bដឹក", "Émile & Söhne", "شركة", "N\u200dn"]
)
def test_every_script_is_welcome(text):
    assert texts.check("name", text) == text
    assert texts.shown(text, 100) == text


def test_what_is_shown_is_bounded_whatever_it_grows_to():
    """Written out, one character may become ten."""
    assert texts.shown("a" * 100, 100) == "a" * 100
    for long in ("a" * 101, "\x00" * 99, "a" * 99 + "\u202e"):
        assert len(texts.shown(long, 100)) == 100
        assert texts.shown(long, 100).endswith("…")


@pytest.mark.parametrize("text", ["", "a" * 121])
def test_names_have_a_length(text):
    with pytest.raises(Refused, match="1 to 120"):
        texts.check("name", text)
