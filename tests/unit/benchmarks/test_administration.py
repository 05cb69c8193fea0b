"""The consortium of the admin's figures is as large as they say."""

from __future__ import annotations

from benchmarks import administration
from hlf.network import topology


def test_every_organisation_is_a_member_of_every_channel(tmp_path):
    """So no organisation and no channel costs less than another."""
    file = tmp_path / "consortium.yaml"
    file.write_text(administration.consortium(3, timeout="300ms"))
    found = topology.load(file)
    assert found.msp_ids == (*(f"Org0{number}MSP" for number in range(3)), "OrdererMSP")
    assert [each.members for each in found.channels] == [found.msp_ids[:3]] * administration.CHANNELS
    assert {each.batch.timeout for each in found.channels} == {"300ms"}
