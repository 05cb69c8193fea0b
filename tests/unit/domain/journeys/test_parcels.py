"""Identifiers of parcels: each scheme's check digit counts, and two spellings of one parcel are one parcel."""

from __future__ import annotations

import pytest

from chaincode.domain.journeys import parcels
from hlf.codec.refusals import Refused

GOOD = [
    "urn:epc:id:sscc:0614141.1234567890",
    "https://id.gs1.org/00/106141412345678908",
    "https://shop.example/01/09506000134352/21/7",
    "https://id.gs1.org/01/9506000134352/21/7",
    f"{parcels.S10}RR473124829GB",
    f"{parcels.NUMBER}CarrierMSP/4711-08.a",
    "urn:epc:id:giai:4012345.ABC345",
]
BAD = [
    "106141412345678908",
    "urn:epc:id:sscc:SSCC1",
    "urn:epc:id:sscc:0614141.12345",
    "urn:epc:id:sgtin:here.there.1",
    "https://id.gs1.org/00/106141412345678909",
    "https://shop.example/01/09506000134353/21/7",
    "https://id.gs1.org/01/9506000134353",
    f"{parcels.S10}RR473124828GB",
    f"{parcels.S10}rr473124829gb",
    f"{parcels.NUMBER}CarrierMSP",
    f"{parcels.NUMBER}Carrier MSP/4711",
    f"{parcels.NUMBER}CarrierMSP/4711/08",
    "parcel 7",
]


@pytest.mark.parametrize("identifier", GOOD)
def test_what_names_goods_is_taken_as_it_is_written(identifier):
    """EPC URIs, Digital Links of any domain, postal items and carriers' numbers."""
    assert parcels.identified(identifier, "field") == identifier


@pytest.mark.parametrize("identifier", BAD)
def test_a_wrong_check_digit_or_shape_is_refused(identifier):
    """The field is named, the identifier is not quoted."""
    with pytest.raises(Refused, match=r"^INVALID_ARGUMENT: field: "):
        parcels.identified(identifier, "field")


def test_parcels_are_told_from_what_is_in_them():
    """An SSCC has one spelling, whoever wrote it how; units with serials are no parcels."""
    assert parcels.of(GOOD) == ("https://id.gs1.org/00/106141412345678908", GOOD[4], GOOD[5])
