"""The test ledger and, through it, the stub: what Fabric does to a contract."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from hlf.shim import api, testing
from hlf.wire import rwsets
from tests.unit.hlf.shim import ledger_contracts

A, B, C = "AMSP", "BMSP", "CMSP"
OWN = "_implicit_org_AMSP"


@pytest.fixture(params=[testing.BatchLimits(), testing.BatchLimits(writes=3, reads=2)], ids=["single", "batched"])
def ledger(request):
    """Return a channel of three organisations; once with a peer that takes batches and once with one that does not."""
    return testing.Ledger(
        ledger_contracts.chaincode,
        members=(A, B, C),
        collections=[testing.Collection("ab", (A, B)), testing.Collection("open", (A,), member_only_read=False)],
        limits=request.param,
    )


@pytest.fixture
def a():
    return testing.client(A)


@pytest.fixture
def b():
    return testing.client(B)


def test_a_transaction_does_not_see_its_own_writes(ledger, a):
    """Reads are of committed state, in the transaction and in the next one."""
    assert ledger.invoke("put", "k", "one", client=a).text == ">"
    assert ledger.invoke("put", "k", "two", client=a).text == "one>one"


def test_an_evaluation_commits_nothing(ledger, a):
    ledger.evaluate("put", "k", "v", client=a)
    assert ledger.evaluate("get", "k", client=a).payload == b""


def test_a_copy_goes_on_by_itself(ledger, a):
    """It begins with all that was committed, private data and policies included; then each has its own state."""
    ledger.invoke("put", "k", "one", client=a)
    ledger.invoke("hide", "ab", "k", client=a, transient={"value": b"private"}, endorsed_by=(A, B))
    copied = ledger.copy()
    ids = {each.invoke("put", "k", "two", client=a).tx_id for each in (ledger, copied)}
    assert len(ids) == 1
    assert copied.evaluate("reveal", "ab", "k", client=a).payload == b"private"
    copied.invoke("put", "k", "three", client=a)
    copied.invoke("hide", "ab", "k", client=a, transient={"value": b"other"}, endorsed_by=(A, B))
    assert ledger.evaluate("get", "k", client=a).payload == b"two"
    assert ledger.evaluate("reveal", "ab", "k", client=a).payload == b"private"
    assert copied.evaluate("get", "k", client=a).payload == b"three"


def test_ranges_are_ordered_half_open_and_without_composite_keys(ledger, a):
    for key in ("b", "a", "c", "é"):
        ledger.invoke("put", key, key.upper(), client=a)
    ledger.invoke("place", "kind", ["a"], client=a)
    assert ledger.evaluate("listed", "a", "c", client=a).json() == [["a", "A"], ["b", "B"]]
    assert [key for key, _ in ledger.evaluate("listed", "", "", client=a).json()] == ["a", "b", "c", "é"]


def test_a_long_range_is_fetched_in_batches(ledger, a):
    ledger.invoke("write_many", 250, client=a)
    assert len(ledger.evaluate("listed", "n", "o", client=a).json()) == 250


def test_pages_follow_their_bookmarks(ledger, a):
    for number in range(5):
        ledger.invoke("put", f"p{number}", "v", client=a)
    first = ledger.evaluate("page", "p", "q", 3, client=a).json()
    assert first == {"keys": ["p0", "p1", "p2"], "next": "p3"}
    second = ledger.evaluate("page", "p", "q", 3, first["next"], client=a).json()
    assert second == {"keys": ["p3", "p4"], "next": ""}


def test_composite_keys_are_found_by_their_beginning(ledger, a):
    for parts in (["x", "1"], ["x", "2"], ["xy", "3"]):
        assert ledger.invoke("place", "kind", parts, client=a).text == f"kind:{':'.join(parts)}"
    assert ledger.evaluate("placed", "kind", ["x"], client=a).json() == [["x", "1"], ["x", "2"]]
    assert ledger.evaluate("placed", "kin", [], client=a).json() == []


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (("put", "", "v"), "key must not be an empty string"),
        (("place", "kind", ["a\x00b"]), "U\\+0000"),
        (("placed", "kind", ["\U0010ffff"]), "U\\+10FFFF"),
        (("listed", "\x00kind", ""), "U\\+0000"),
    ],
)
def test_a_key_from_a_hostile_caller_is_refused(ledger, a, call, reason):
    """It is the caller's fault, so the caller is told, and the contract has not failed."""
    with pytest.raises(api.Refused, match=f"INVALID_ARGUMENT: .*{reason}"):
        ledger.invoke(*call, client=a)


def test_history_is_newest_first_and_keeps_deletions(ledger, a):
    ledger.invoke("put", "k", "one", client=a, at=datetime(2026, 3, 1, tzinfo=UTC))
    ledger.invoke("delete", "k", client=a, at=datetime(2026, 3, 2, tzinfo=UTC))
    assert ledger.evaluate("history", "k", client=a).json() == [
        ["", True, "2026-03-02T00:00:00+00:00"],
        ["one", False, "2026-03-01T00:00:00+00:00"],
    ]


def test_several_keys_at_once(ledger, a):
    ledger.invoke("put", "x", "1", client=a)
    ledger.invoke("put", "z", "3", client=a)
    assert ledger.evaluate("many", ["x", "y", "z", "x"], client=a).json() == ["1", "", "3", "1"]


def test_private_values_are_at_members_peers_and_hashes_at_all(ledger, a, b):
    ledger.invoke("hide", OWN, "k", client=a, transient={"value": b"secret"})
    assert ledger.evaluate("reveal", OWN, "k", client=a).text == "secret"
    # As on Fabric, an implicit collection does not check who reads at its owner's peer.
    assert ledger.evaluate("reveal", OWN, "k", client=b, peer=A).text == "secret"
    with pytest.raises(testing.CallFailed, match="private data matching public hash version is not available"):
        ledger.evaluate("reveal", OWN, "k", client=b)
    digest = hashlib.sha256(b"secret").hexdigest()
    assert ledger.evaluate("fingerprint", OWN, "k", client=b).text == digest


def test_only_members_read_and_write_an_explicit_collection(ledger, a):
    stranger = testing.client(C)
    ledger.invoke("hide", "ab", "k", client=a, transient={"value": b"secret"})
    with pytest.raises(testing.CallFailed, match="does not have read access"):
        ledger.evaluate("reveal", "ab", "k", client=stranger, peer=A)
    with pytest.raises(testing.CallFailed, match="does not have write access"):
        ledger.invoke("hide", "ab", "k", client=stranger, peer=A, transient={"value": b"x"})
    with pytest.raises(testing.CallFailed, match="testing/things/nowhere could not be found"):
        ledger.invoke("hide", "nowhere", "k", client=a, transient={"value": b"x"})
    assert ledger.evaluate("reveal", "open", "k", client=stranger, peer=A).payload == b""


def test_private_ranges_see_only_what_the_peer_holds(ledger, a, b):
    ledger.invoke("hide", OWN, "k", client=a, transient={"value": b"secret"})
    assert ledger.evaluate("revealed", OWN, client=a).json() == ["k"]
    assert ledger.evaluate("revealed", OWN, client=b).json() == []


def test_a_purge_takes_value_and_hash(ledger, a, b):
    ledger.invoke("hide", OWN, "k", client=a, transient={"value": b"secret"})
    ledger.invoke("purge", OWN, "k", client=a)
    assert ledger.evaluate("reveal", OWN, "k", client=a).payload == b""
    assert ledger.evaluate("fingerprint", OWN, "k", client=b).text == ""


def test_an_implicit_collection_wants_its_owners_endorsement(ledger, a, b):
    with pytest.raises(testing.TransactionInvalid) as invalid:
        ledger.invoke("hide", OWN, "k", client=b, transient={"value": b"forged"})
    assert invalid.value.code == "ENDORSEMENT_POLICY_FAILURE"
    ledger.invoke("hide", OWN, "k", client=b, endorsed_by=(A, B), transient={"value": b"agreed"})
    assert ledger.evaluate("reveal", OWN, "k", client=a).text == "agreed"


def test_a_keys_own_policy_replaces_the_chaincodes(a):
    ledger = testing.Ledger(ledger_contracts.chaincode, members=(A, B, C), endorsement=f"AND('{A}.peer','{B}.peer')")
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        ledger.invoke("put", "k", "v", client=a)
    ledger.invoke("put", "k", "v", client=a, endorsed_by=(A, B))
    locked = ledger.invoke("lock", "k", [C], client=a, endorsed_by=(A, B))
    assert locked.policies == {"k": api.endorsed_by_all_of([C])}
    assert ledger.evaluate("locked", "k", client=a).text == api.endorsed_by_all_of([C]).hex()
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        ledger.invoke("put", "k", "w", client=a, endorsed_by=(A, B))
    ledger.invoke("put", "k", "w", client=a, endorsed_by=(C,))
    # A deleted key takes its policy with it.
    ledger.invoke("delete", "k", client=a, endorsed_by=(C,))
    ledger.invoke("put", "k", "v", client=a, endorsed_by=(A, B))


def test_a_stale_read_is_found_at_commit(ledger, a):
    """Two hand-overs of one key: the later one loses."""
    first, second = (ledger.endorse("put", "k", value, client=a) for value in ("one", "two"))
    ledger.commit(first)
    with pytest.raises(testing.TransactionInvalid, match="MVCC_READ_CONFLICT"):
        ledger.commit(second)
    assert ledger.evaluate("get", "k", client=a).text == "one"


def test_a_phantom_is_found_at_commit(ledger, a):
    endorsed = ledger.endorse("copy_range", "a", "z", "~count", client=a)
    ledger.invoke("put", "m", "v", client=a)
    with pytest.raises(testing.TransactionInvalid, match="PHANTOM_READ_CONFLICT"):
        ledger.commit(endorsed)


def test_endorsers_that_answer_differently_are_found_out(ledger, a):
    ledger.invoke("hide", OWN, "k", client=a, transient={"value": b"secret"})
    with pytest.raises(testing.EndorsementMismatch, match="answers or writes otherwise at BMSP than at AMSP"):
        ledger.invoke("disagree", client=a, endorsed_by=(A, B))


def test_the_last_event_set_is_the_transactions(ledger, a):
    assert ledger.invoke("announce", client=a).event == testing.Event("Second", b"2")


def test_the_context_knows_caller_and_time(ledger):
    caller = testing.client(B, role="admin", attributes={"desk": "7"}, name="Ani")
    at = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    assert ledger.evaluate("caller", client=caller, at=at).json() == {
        "msp": B,
        "role": "admin",
        "attributes": {"desk": "7"},
        "id": "eDUwOTo6Q049QW5pLE9VPWFkbWluOjpDTj1jYS5CTVNQ",
        "at": "2026-05-04T03:02:01+00:00",
        "function": "Things:caller",
    }


def test_a_refusal_has_code_and_text_and_writes_nothing(ledger, a):
    with pytest.raises(api.Refused) as refused:
        ledger.invoke("refuse", client=a)
    assert (refused.value.code, refused.value.text) == ("NOT_TODAY", "come back tomorrow")
    assert ledger.evaluate("get", "never", client=a).payload == b""


def test_a_called_chaincodes_writes_join_the_transaction(a):
    class Callee(api.Contract):
        @api.transaction
        def write(self, ctx: api.Context, key: str) -> str:
            ctx.stub.put_state(key, b"v")
            return "done"

    ledger = testing.Ledger(ledger_contracts.chaincode, members=(A,), others=[api.Chaincode("callee", [Callee])])
    result = ledger.invoke("call", "callee", "write", "k", client=a)
    assert result.text == "200 done"
    assert [part.namespace for part in rwsets.decode(result.rwset).namespaces] == ["callee"]
    assert ledger.invoke("call", "callee", "nothing", "k", client=a).text.startswith("400 refused/UNKNOWN_FUNCTION")
    with pytest.raises(testing.CallFailed, match="refused/PEER_REFUSED: INVOKE_CHAINCODE failed"):
        ledger.invoke("call", "nobody", "write", "k", client=a)


class Counter(api.Contract):
    """A chaincode of another channel."""

    @api.transaction
    def count(self, ctx: api.Context) -> str:
        """How often it was asked, as far as the channel knows."""
        before = int(ctx.stub.get_state("asked") or b"0")
        ctx.stub.put_state("asked", str(before + 1).encode())
        return f"{ctx.stub.channel_id}: {before + 1}"


class CrossChannelCaller(api.Contract):
    """A chaincode that asks it."""

    @api.transaction
    def ask(self, ctx: api.Context, chaincode: str, channel: str) -> str:
        """Return what it answers."""
        return ctx.stub.invoke_chaincode(chaincode, ["count"], channel).payload.decode()


def test_another_channel_answers_and_forgets(a, b):
    """Only its answer counts, at peers that joined it, for callers that are its members (Fabric's own words)."""
    here = testing.Ledger(api.Chaincode("asking", [CrossChannelCaller]), members=(A, B), channel="here")
    there = testing.Ledger(api.Chaincode("asked", [Counter]), members=(A,), channel="there")
    here.join(there)
    result = here.invoke("ask", "asked", "there", client=a)
    assert (result.text, result.writes) == ("there: 1", {})
    assert here.invoke("ask", "asked", "there", client=a).text == "there: 1"
    for asked, peer, caller, words in (
        ("there", B, a, r"Failed to get policy manager for channel \[there\]"),
        ("nowhere", A, a, r"Failed to get policy manager for channel \[nowhere\]"),
        ("there", A, b, "check policy .*Writers"),
    ):
        with pytest.raises(testing.CallFailed, match=words):
            here.invoke("ask", "asked", asked, client=caller, peer=peer)
    with pytest.raises(testing.CallFailed, match="chaincode nobody not found"):
        here.invoke("ask", "nobody", "there", client=a)


def test_the_recorded_bytes_are_a_read_write_set(ledger, a):
    result = ledger.invoke("put", "k", "v", client=a)
    (namespace,) = rwsets.decode(result.rwset).namespaces
    assert namespace.reads == (rwsets.Read("k", None),)
    assert namespace.writes == (rwsets.Write("k", b"v"),)
    assert result.writes == {"k": b"v"}
    hidden = ledger.invoke("hide", OWN, "k", client=a, transient={"value": b"secret"})
    assert b"secret" not in hidden.rwset
    assert b"secret" in hidden.private_rwset
    assert hidden.private_writes == {(OWN, "k"): b"secret"}


def test_hash_seeds_tell_careless_contracts_from_careful_ones():
    """Iterating over a set changes the answer between interpreters; the recorded bytes show it."""
    careful = testing.transcripts("tests.unit.hlf.shim.ledger_contracts:careful")
    assert careful[0] == careful[1] == ledger_contracts.careful().transcript()
    assert len(set(testing.transcripts("tests.unit.hlf.shim.ledger_contracts:careless", seeds=(1, 2, 3)))) > 1


def test_a_private_keys_own_policy_and_stale_reads_are_enforced():
    """What holds for public keys holds for private ones, by their hashes."""

    class Secrets(api.Contract):
        @api.transaction
        def write(self, ctx: api.Context, value: str) -> bytes:
            before = ctx.stub.get_private_data("ab", "k")
            ctx.stub.put_private_data("ab", "k", value.encode())
            return before

        @api.transaction
        def lock(self, ctx: api.Context, owner: str) -> None:
            ctx.stub.set_private_data_validation_parameter("ab", "k", api.endorsed_by_all_of([owner]))

        @api.query
        def locked(self, ctx: api.Context) -> bytes:
            return ctx.stub.get_private_data_validation_parameter("ab", "k")

    collection = testing.Collection("ab", (A, B), endorsement=f"OR('{A}.peer','{B}.peer')")
    ledger = testing.Ledger(api.Chaincode("secrets", [Secrets]), members=(A, B), collections=[collection])
    caller = testing.client(A)
    ledger.invoke("write", "one", client=caller)
    stale = ledger.endorse("write", "two", client=caller)
    locked = ledger.invoke("lock", B, client=caller)
    assert locked.policies == {("ab", "k"): api.endorsed_by_all_of([B])}
    assert ledger.evaluate("locked", client=caller).payload == api.endorsed_by_all_of([B])
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        ledger.commit(stale)
    stale = ledger.endorse("write", "two", client=caller, endorsed_by=(B,))
    assert ledger.invoke("write", "three", client=caller, endorsed_by=(B,)).text == "one"
    with pytest.raises(testing.TransactionInvalid, match="MVCC_READ_CONFLICT"):
        ledger.commit(stale)
    assert ledger.evaluate("write", "four", client=testing.client(B)).text == "three"


def test_private_and_paginated_queries_allow_no_writes(ledger, a):
    class Mixing(api.Contract):
        @api.transaction
        def private(self, ctx: api.Context) -> None:
            list(ctx.stub.get_private_data_by_range(OWN))
            ctx.stub.put_state("k", b"v")

        @api.transaction
        def paged(self, ctx: api.Context) -> None:
            ctx.stub.get_state_by_range_with_pagination("", "", 1)
            ctx.stub.put_state("k", b"v")

    mixing = testing.Ledger(api.Chaincode("mixing", [Mixing]), members=(A,))
    for function in ("private", "paged"):
        with pytest.raises(testing.CallFailed, match="Writes are not allowed"):
            mixing.invoke(function, client=a)


def test_a_ledger_that_cannot_be_is_refused(a):
    with pytest.raises(api.ContractError, match="names ZMSP, which is not on the channel"):
        testing.Ledger(ledger_contracts.chaincode, members=(A,), collections=[testing.Collection("z", ("ZMSP",))])
    with pytest.raises(ValueError, match="ZMSP is not on the channel"):
        testing.Ledger(ledger_contracts.chaincode, members=(A,)).evaluate("get", "k", client=a, peer="ZMSP")
