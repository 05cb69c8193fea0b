"""Which policies count for a write: the key's own, else its collection's, else the chaincode's."""

from __future__ import annotations

from hlf.wire import keys, rwsets
from hlf.wire.endorsement import writepolicies

IMPLICIT = keys.implicit_collection("CarrierMSP")
SET = rwsets.NamespaceRwset(
    "trade",
    writes=(rwsets.Write("a", b"1"), rwsets.Write("b", None)),
    metadata_writes=(rwsets.MetadataWrite("c", ()),),
    collections=(
        rwsets.CollectionHashed("terms", writes=(rwsets.HashedWrite(b"1"), rwsets.HashedWrite(b"2"))),
        rwsets.CollectionHashed(IMPLICIT, metadata_writes=(rwsets.HashedMetadataWrite(b"3", ()),)),
    ),
)


def required(places: list[writepolicies.Place], own: dict[str | bytes, str]) -> list[str]:
    return list(writepolicies.required(places, lambda place: own.get(place[2]), "of {}".format, "of the chaincode"))


def test_every_key_that_is_written_counts():
    """A deletion is a write, and so is a change of metadata; what is private goes by its hash."""
    assert list(writepolicies.written(SET)) == [
        ("trade", "", "a"),
        ("trade", "", "b"),
        ("trade", "", "c"),
        ("trade", "terms", b"1"),
        ("trade", "terms", b"2"),
        ("trade", IMPLICIT, b"3"),
    ]
    assert list(writepolicies.regoverned(SET)) == [("trade", "", "c"), ("trade", IMPLICIT, b"3")]


def test_the_nearest_policy_counts():
    """A key with a policy of its own needs no other; the rest need that of their collection or chaincode, once."""
    places = list(writepolicies.written(SET))
    assert required(places, {}) == ["of the chaincode", "of terms", f"of {IMPLICIT}"]
    assert required(places, {"a": "of a", b"2": "of 2"}) == [
        "of a",
        "of the chaincode",
        "of terms",
        "of 2",
        f"of {IMPLICIT}",
    ]
    assert required(places[:1], {"a": "of a"}) == ["of a"]


def test_what_only_reads_needs_the_chaincodes_policy():
    """Its answer counts as well as a write does."""
    assert required([], {}) == ["of the chaincode"]


def test_the_called_chaincode_and_those_that_write_are_judged():
    """A chaincode that was only asked by another one is not."""
    reads = rwsets.NamespaceRwset("prices", reads=(rwsets.Read("a", None),))
    assert writepolicies.judged("prices", [SET, reads]) == ["prices", "trade"]
    assert writepolicies.judged("trade", [SET, reads]) == ["trade"]


def test_a_collection_answers_to_its_owner_or_states_its_policy_or_leaves_it_to_the_chaincode():
    """No definition can give an organisation's own collection another policy."""
    stated = {"terms": "stated", IMPLICIT: "never asked"}.get

    def policy(name: str) -> str:
        return writepolicies.collection_policy(name, "owned by {}".format, stated, "of the chaincode")

    assert [policy(name) for name in ("terms", IMPLICIT, "tender")] == [
        "stated",
        "owned by CarrierMSP",
        "of the chaincode",
    ]


def test_a_key_has_a_policy_of_its_own_or_none():
    """It is one entry among a key's metadata."""
    assert writepolicies.own_policy({"note": b"x", "VALIDATION_PARAMETER": b"policy"}) == b"policy"
    assert writepolicies.own_policy({"note": b"x"}) is None
