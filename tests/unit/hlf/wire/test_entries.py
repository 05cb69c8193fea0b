"""Where one transaction of a block ends and the next begins, as Fabric has it."""

from __future__ import annotations

import pytest
from fabric_protos.common import common_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf.errors import WireError
from hlf.wire import blocks, entries
from tests.unit.hlf import golden
from tests.unit.hlf.chain import ordered

GOOD = ordered(b"payload")
UNKNOWN = b"\x1a\x03abc\x20\x07\x2b\x08\x01\x2c\x31" + bytes(8) + b"\x3d" + bytes(4)


@pytest.mark.parametrize("name", golden.ALL_BLOCKS)
def test_real_blocks_have_whole_entries(name):
    """Genesis, configuration and ordinary blocks of real orderers and peers."""
    entries.check(golden.message(name).data.data)


@pytest.mark.parametrize(
    "entry",
    [
        GOOD,
        ordered(b"p" * 127),
        ordered(b"p" * 128, b"s" * 20_000),
        GOOD + UNKNOWN,
        GOOD + b"\x08\x01",  # The payload's number with another kind of value is another field.
        GOOD + b"\x18\x81\x80\x00",  # What is unknown is kept as it came.
        GOOD + b"\x1b" * 10_001 + b"\x1c" * 10_001,
    ],
)
def test_one_envelope_is_one_entry(entry):
    """Payload, signature, then whatever a later version may add; as deep as Go reads it."""
    entries.check([entry, GOOD])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (b"", "is empty"),
        (b"\x0a", "is no envelope"),
        (b"\x0a\x05ab", "is no envelope"),
        (b"\x0a\x00\x12\x01s", "has no payload"),
        (b"\x12\x01s", "has no payload"),
        (b"\x12\x01s\x0a\x01p", "has no payload"),
        (b"\x0a\x01p", "has no signature"),
        (b"\x0a\x01p\x12\x00", "has no signature"),
        (b"\x0a\x81\x00p\x12\x01s", "is no envelope"),
        (b"\x8a\x00\x01p\x12\x01s", "has no payload"),
        (b"\x0a" + b"\xff" * 10 + b"p", "is no envelope"),
        (GOOD + GOOD, f"has {len(GOOD)} trailing bytes"),
        (GOOD + b"\x12\x01s", "has 3 trailing bytes"),
        (GOOD + b"\x8a\x00\x01p", "has 4 trailing bytes"),
        (GOOD + b"\x00", "has 1 trailing bytes"),
        (GOOD + b"\x1a\x05abc", "has 5 trailing bytes"),
        (GOOD + b"\x1b\x18\x01", "has 3 trailing bytes"),
        (GOOD + b"\x1b\x24", "has 2 trailing bytes"),
        (GOOD + b"\x1c", "has 1 trailing bytes"),
        (GOOD + b"\x1f", "has 1 trailing bytes"),
        (GOOD + b"\x1b" * 10_002 + b"\x1c" * 10_002, "has 20004 trailing bytes"),
        (GOOD + b"\x18", "is no envelope"),
    ],
)
def test_what_is_not_exactly_one_envelope(entry, words):
    """Cut, joined, empty, written otherwise: no orderer makes such an entry, and no peer takes it."""
    with pytest.raises(WireError, match=f"transaction 1 {words}"):
        entries.check([GOOD, entry])


def test_a_configuration_is_bounded_by_its_block():
    """The first one is not signed; beside another transaction it is judged as any."""
    (genesis,) = golden.message("genesis.configtxgen.block").data.data
    entries.check([genesis])
    entries.check([genesis + UNKNOWN])
    with pytest.raises(WireError, match="transaction 0 has no signature"):
        entries.check([genesis, GOOD])


def test_a_file_full_of_nothing_is_refused_at_once():
    """Ten megabytes of empty entries, of the smallest good ones, of metadata: no time is spent on each."""
    empty = b"\x12\x80\x80\x80\x05" + b"\x0a\x00" * (5 << 20)
    smallest = b"\x0a\x06\x0a\x01p\x12\x01s" * 1_200_000
    header = common_pb2.Block(header=common_pb2.BlockHeader(number=1)).SerializeToString()
    for body in (empty, b"\x12" + _length(smallest) + smallest, b"\x1a" + empty[1:]):
        with pytest.raises(WireError, match="transaction 0 is empty|no orderer puts more|metadata entries"):
            blocks.decode(header + body)


def _length(content: bytes) -> bytes:
    found, rest = b"", len(content)
    while rest > 127:
        found, rest = found + bytes((rest & 127 | 128,)), rest >> 7
    return found + bytes((rest,))


@given(st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=40), st.data())
def test_no_other_borders_fit_the_same_bytes(payload, signature, data):
    """Entries put together can be taken apart in one way only, which is why the data hash may ignore the borders."""
    whole = [ordered(payload, signature), ordered(signature, payload)]
    joined = b"".join(whole)
    at = data.draw(st.integers(0, len(joined)))
    other = [joined[:at], joined[at:]]
    if other != whole:
        with pytest.raises(WireError):
            entries.check(other)
    with pytest.raises(WireError):
        entries.check([joined])


@given(st.binary(max_size=60))
def test_it_is_what_reading_and_writing_gives(entry):
    """The rule as Fabric words it: read as an envelope and written again, it is the same."""
    try:
        envelope = common_pb2.Envelope.FromString(entry)
        same = bool(envelope.payload and envelope.signature) and envelope.SerializeToString() == entry
    except Exception:  # noqa: BLE001 - whatever it is, it is no envelope.
        same = False
    try:
        entries.check([entry, GOOD])
        assert same
    except WireError:
        assert not same
