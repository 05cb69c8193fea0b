"""GS1 identifiers in one spelling, and texts that only look like one."""

from __future__ import annotations

import pytest

from chaincode.domain.journeys import digitallink


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("urn:epc:id:sscc:0614141.1234567890", "https://id.gs1.org/00/106141412345678908"),
        (
            "https://example.com/some/path/gtin/09506000134352/lot/ABC?x=1",
            "https://id.gs1.org/01/09506000134352/10/ABC",
        ),
        ("https://example.com/01/09506000134352/10/ABC/21/1", "https://id.gs1.org/01/09506000134352/21/1"),
        ("http://example.com/01/09506000134352", "https://id.gs1.org/01/09506000134352"),
    ],
)
def test_one_thing_has_one_spelling(written, canonical):
    """An EPC and a Digital Link at any domain; of the qualifiers the most specific stays."""
    assert digitallink.canonical(written) == canonical
    assert digitallink.canonical(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "parcel 7",
        "https://",
        "https://example.com",
        "https://example.com/01",
        "https://example.com/01/not-digits",
        "https://example.com/tracking/4711",
        "urn:epc:id:nothing:0614141.1",
        "urn:epc:elsewhere:sscc:0614141.1234567890",
        "urn:epc:id:sscc:0614141",
        "urn:epc:id:sscc:company.1234567890",
        "urn:epc:",
    ],
)
def test_what_is_no_gs1_identifier_is_left_as_it_is(text):
    """A carrier's own numbers and addresses of any kind pass, unchanged."""
    assert digitallink.canonical(text) == text
