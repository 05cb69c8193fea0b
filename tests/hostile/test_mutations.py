"""The changes themselves: repeatable, small, and deep inside."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from tests.hostile import chance, dermutations, mutations
from tests.support.runningchannel import consortium

GOLDEN = Path(__file__).parents[1] / "golden"
ENVELOPE = (GOLDEN / "tx-gateway-prepared-envelope.pb").read_bytes()


def certificate() -> bytes:
    return consortium()["AMSP"].client.issued.certificate.public_bytes(Encoding.DER)


def test_trees_are_read_and_written_back():
    """Nothing is lost on the way, so that only the wanted change is made."""
    read = mutations.fields(ENVELOPE)
    assert b"".join(field.encoded() for field in read) == ENVELOPE
    assert b"".join(value.encoded() for value in dermutations.values(certificate())) == certificate()


@pytest.mark.parametrize("change", [mutations.bend, mutations.bend_message, dermutations.bend_der])
@pytest.mark.parametrize("content", [b"", b"\x00", b"\xff" * 30, b"0\x80\x00\x00", ENVELOPE])
def test_any_bytes_are_changed_the_same_way_each_time(change, content):
    """Whatever they are; the same choices lead to the same bytes."""
    for seed in range(100):
        bent = change(chance(str(seed)), content)
        assert bent == change(chance(str(seed)), content)
        assert bent.words


def test_most_changes_of_a_message_leave_a_message():
    """And reach every layer of it, down to the read-write set and the certificates."""
    depths: Counter[int] = Counter()
    readable = 0
    for seed in range(2000):
        bent = mutations.bend_message(chance(str(seed)), ENVELOPE)
        depths[bent.words.split(":")[0].count(".")] += 1
        try:
            common_pb2.Envelope.FromString(bent.content)
            readable += 1
        except DecodeError:
            continue
    assert readable > 1600
    assert set(range(1, 7)) <= set(depths)


def test_many_changes_of_a_certificate_leave_one():
    """Some are still read, most are refused; both must be judged alike everywhere."""
    read = 0
    for seed in range(500):
        bent = dermutations.bend_der(chance(str(seed)), certificate())
        try:
            x509.load_der_x509_certificate(bent.content)
            read += 1
        except (ValueError, x509.InvalidVersion):
            continue
    assert 50 < read < 450
