"""Two builds of one Fabric, and two runs of one build, are compared by what they mean."""

from __future__ import annotations

import pytest

from tests.conformance.answers import normalised

NAMED = 'chaincodes:{name:"lab" collection_names:"a" no_private_reads:true key_policies:{rule:{signed_by:1}}} x:1'


@pytest.mark.parametrize(
    "printed",
    [
        NAMED,
        NAMED.replace(" ", "  "),
        NAMED.replace('" collection', '"  collection').replace("} x", "}  x"),
    ],
)
def test_how_go_prints_a_message_is_chance_of_the_build(printed):
    """Between two fields of a message Go's protobuf puts one space or two, so that nobody compares its words."""
    assert normalised(f"failed constructing descriptor for {printed}", {}) == (
        f"failed constructing descriptor for {NAMED}"
    )


def test_the_space_behind_go_protobufs_name_is_chance_of_the_build():
    """Its refusals begin with a space that breaks, or with one that does not."""
    assert normalised("proto:\u00a0cannot parse", {}) == normalised("proto: cannot parse", {})


def test_two_spaces_of_other_words_stay():
    """An empty name between two spaces is an answer, and no way to print."""
    words = "No metadata was found for chaincode  in channel mychannel"
    assert normalised(words, {}) == words
