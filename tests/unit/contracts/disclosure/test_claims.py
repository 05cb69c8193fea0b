"""Claims: committed by their owner alone, seen by their owner alone, binding for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaincode.domain.disclosure import claims, disclosures
from hlf.codec import canonical
from hlf.shim import testing
from tests.unit.contracts.trading import (
    CAPABILITY,
    FORECAST,
    FORWARDER,
    MERCHANT,
    PLATFORM,
    START,
    Claim,
    as_bytes,
    plant,
    salt,
    source,
    trade_channel,
    user,
)


def refused(call, *args, **named) -> str:
    with pytest.raises(testing.Refused) as found:
        call(*args, **named)
    return found.value.code


def commit(ledger, claim, **changes):
    transient = {**claim.transient(), "secret": salt("subjects", claim.owner).encode()}
    named = {"client": user(claim.owner), "transient": transient, "at": claim.at, **changes}
    return ledger.invoke("Claims:commit", claim.claim_id, claim.revision, **named)


def test_a_commitment_puts_hashes_on_the_channel_and_nothing_else():
    """Document, disclosures, subject and secret, for the owner alone; the answer holds id, revision and hash."""
    ledger, claim = trade_channel(), Claim("forecast", MERCHANT, "c1", FORECAST)
    result = claim.commit(ledger)
    assert not result.writes
    assert {collection for collection, _ in result.private_writes} == {f"_implicit_org_{MERCHANT}"}
    kinds = {key.split("\0")[1] for _, key in result.private_writes}
    assert kinds == {
        "claim.document", "claim.disclosures", "claim.subject", "claim.subject.cell", "claim.subject.secret",
    }  # fmt: skip
    assert set(result.json()) == {"claim_id", "revision", "document_hash"}
    found = ledger.evaluate("Claims:document_hash", MERCHANT, "c1", 1, client=user(FORWARDER)).json()
    assert found["document_hash"] == result.json()["document_hash"]
    none = ledger.evaluate("Claims:document_hash", MERCHANT, "c1", 2, client=user(FORWARDER)).json()
    assert none["document_hash"] == ""


def test_the_owner_reads_its_own_and_nobody_elses():
    """At its own peer; a stranger gets nothing, neither at its own peer nor at the owner's."""
    ledger, claim = trade_channel(), Claim("capability", FORWARDER, "c1", CAPABILITY)
    claim.commit(ledger)
    read = ledger.evaluate("Claims:read", "c1", 1, client=user(FORWARDER)).json()
    assert read["values"] == CAPABILITY
    assert read["document"] == claim.document.to_bytes().decode()
    assert len(ledger.evaluate("Claims:list", client=user(FORWARDER)).json()["claims"]) == 1
    for peer in ("", FORWARDER):
        with pytest.raises((testing.Refused, testing.CallFailed)):
            ledger.evaluate("Claims:read", "c1", 1, client=user(MERCHANT), peer=peer)
        assert ledger.evaluate("Claims:list", client=user(MERCHANT), peer=peer).json()["claims"] == []
    assert refused(ledger.evaluate, "Claims:read", "c1", 1, client=user(FORWARDER, "peer")) == "WRONG_ROLE"


def test_revisions_count_without_gaps_and_are_never_overwritten():
    """The past of a claim stays what it was."""
    ledger = trade_channel()
    first = Claim("forecast", MERCHANT, "c1", FORECAST)
    third = Claim("forecast", MERCHANT, "c1", FORECAST, revision=3)
    second = Claim("forecast", MERCHANT, "c1", {**FORECAST, "demand.units_p50_h87": 5_000}, revision=2)
    assert refused(commit, ledger, second) == "REVISION_GAP"
    first.commit(ledger)
    assert refused(commit, ledger, first) == "ALREADY_EXISTS"
    assert refused(commit, ledger, third) == "REVISION_GAP"
    second.commit(ledger)
    listed = ledger.evaluate("Claims:list", client=user(MERCHANT)).json()["claims"]
    assert [one["revision"] for one in listed] == [1, 2]
    assert ledger.evaluate("Claims:read", "c1", 1, client=user(MERCHANT)).json()["values"] == FORECAST


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client": user(PLATFORM)}, "NOT_OWNER"),
        ({"client": user(MERCHANT, "orderer")}, "WRONG_ROLE"),
        ({"at": START + timedelta(minutes=16)}, "PRE_DATED"),
        ({"at": START - timedelta(minutes=16)}, "PRE_DATED"),
        ({"transient": {}}, "INVALID_ARGUMENT"),
        ({"transient": {"document": b"x" * 1_000_001}}, "INVALID_ARGUMENT"),
    ],
)
def test_hostile_commitments_are_refused(changes, code):
    """For somebody else, by a machine, for another day, without what is needed."""
    assert refused(commit, trade_channel(), Claim("forecast", MERCHANT, "c1", FORECAST), **changes) == code


@pytest.mark.parametrize("claim_id", ["", "a b", "\x00", "a" * 65])
@pytest.mark.parametrize("revision", [0, 10**6])
def test_keys_are_made_of_identifiers(claim_id, revision):
    """Nothing odd gets into a key."""
    claim = Claim("forecast", MERCHANT, "c1", FORECAST)
    transient = claim.transient()
    for arguments in ((claim_id, 1), ("c1", revision)):
        call = ("Claims:commit", *arguments)
        code = refused(trade_channel().invoke, *call, client=user(MERCHANT), transient=transient, at=START)
        assert code == "INVALID_ARGUMENT"


def test_a_value_that_is_not_in_the_claim_is_not_committed():
    """A disclosure must open a digest of the document; one left out leaves a required attribute missing."""
    claim, other = Claim("forecast", MERCHANT, "c1", FORECAST), Claim("forecast", MERCHANT, "c2", FORECAST)
    mixed = {"document": claim.transient()["document"], "disclosures": other.transient()["disclosures"]}
    assert refused(commit, trade_channel(), claim, transient=mixed) == "NOT_IN_CLAIM"
    partly = claim.transient("horizon.start", "horizon.end")
    assert refused(commit, trade_channel(), claim, transient=partly) == "INVALID_ARGUMENT"
    for text in (b"", b"{}", b"[]", b"[1]", b'["x"]', as_bytes(["A" * 22] * 65), b"nonsense", b"[1.5]"):
        broken = {**claim.transient(), "disclosures": text}
        assert refused(commit, trade_channel(), claim, transient=broken) == "INVALID_ARGUMENT"


def test_a_small_cohort_is_not_even_committed():
    """The floor holds before anything is shown."""
    small = Claim("forecast", MERCHANT, "c1", {**FORECAST, "audience.cohort_size": 49})
    assert refused(commit, trade_channel(), small) == "COHORT_TOO_SMALL"


def test_only_the_owner_endorses():
    """A write to an implicit collection that somebody else endorsed is invalid."""
    ledger, claim = trade_channel(), Claim("forecast", MERCHANT, "c1", FORECAST)
    with pytest.raises(testing.TransactionInvalid) as invalid:
        commit(ledger, claim, endorsed_by=[PLATFORM])
    assert invalid.value.code == "ENDORSEMENT_POLICY_FAILURE"


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")), min_size=1, max_size=120)
VALUES = st.fixed_dictionaries(
    {name: st.just(FORECAST[name]) for name in ("horizon.start", "horizon.end", "horizon.bucket", "product.hs6",
                                                "region.subdivisions")}
    | {"demand.units_p50_h87": st.integers(0, 10**12)},
    optional={"method": TEXTS, "confidence_bps": st.integers(0, 10_000)},
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(VALUES, st.data())
def test_a_third_party_checks_any_disclosure(values, data):
    """Whoever was handed document and disclosures finds them true, or finds the lie."""
    ledger, claim = trade_channel(), Claim("forecast", MERCHANT, "c1", values)
    claim.commit(ledger)
    shown = data.draw(st.lists(st.sampled_from(sorted(values)), min_size=1, unique=True))
    call = ("Claims:verify", MERCHANT, "c1", 1)
    found = ledger.evaluate(*call, client=user(FORWARDER), transient=claim.transient(*shown), at=START).json()
    assert found["values"] == {name: values[name] for name in shown}
    lie = disclosures.disclose(b"\x07" * 16, "demand.units_p50_h87", values["demand.units_p50_h87"] + 1)
    lying = {**claim.transient(), "disclosures": as_bytes([lie.encoded])}
    assert refused(ledger.evaluate, *call, client=user(FORWARDER), transient=lying) == "NOT_IN_CLAIM"


def test_an_organisation_that_takes_no_part_has_no_claim():
    """It has no collection on the channel that could be asked; nor does one whose name is none."""
    ledger, claim = trade_channel(), Claim("forecast", MERCHANT, "c1", FORECAST)
    claim.commit(ledger)
    for name, transient in (("Claims:document_hash", {}), ("Claims:verify", claim.transient())):
        asking = {"client": user(FORWARDER), "transient": transient}
        assert refused(ledger.evaluate, name, "StrangerMSP", "c1", 1, **asking) == "NOT_A_PARTICIPANT"
        assert refused(ledger.evaluate, name, "no name", "c1", 1, **asking) == "INVALID_ARGUMENT"


def test_another_document_proves_nothing():
    """Neither one that was never committed nor one of another claim."""
    ledger, claim = trade_channel(), Claim("forecast", MERCHANT, "c1", FORECAST)
    other = Claim("forecast", MERCHANT, "c2", FORECAST)
    claim.commit(ledger)
    call = ("Claims:verify", MERCHANT, "c1", 1)
    assert refused(ledger.evaluate, *call, client=user(FORWARDER), transient=other.transient()) == "NOT_COMMITTED"
    assert refused(ledger.evaluate, *call, client=user(FORWARDER), transient={}) == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("forged", "code"),
    [
        ({"iss": PLATFORM}, "WRONG_CLAIM"),
        ({"claim_id": "c9"}, "WRONG_CLAIM"),
        ({"revision": 9}, "WRONG_CLAIM"),
        ({"vct": "wish"}, "UNKNOWN_KIND"),
    ],
)
def test_a_dishonest_owners_document_is_found_by_whoever_relies_on_it(forged, code):
    """An owner can write anything into its own collection with a contract of its own; readers check again."""
    ledger, claim = trade_channel(), Claim("forecast", MERCHANT, "c1", FORECAST)
    parts = canonical.loads(claim.document.to_bytes())
    assert isinstance(parts, dict)
    document = canonical.dumps({**parts, **forged})
    plant(ledger, MERCHANT, "claim.document", ["c1", "000001"], document)
    call = ("Claims:verify", MERCHANT, "c1", 1)
    transient = {**claim.transient("product.hs6"), "document": document}
    assert refused(ledger.evaluate, *call, client=user(FORWARDER), transient=transient) == code


def test_commitments_of_the_same_values_look_unrelated():
    """Salts make two equal claims differ in every digest."""
    values = {**FORECAST}
    slots = claims.FORECAST.slots
    made = [disclosures.commit("forecast", MERCHANT, "c1", 1, 0, values, slots, source(number))[0] for number in (1, 2)]
    assert not set(made[0].digests) & set(made[1].digests)
