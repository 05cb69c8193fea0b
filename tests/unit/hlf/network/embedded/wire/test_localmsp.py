"""A node remembers the endorsements that it signed, so that a block's check need not verify them a second time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from hlf.network.engines.embedded.wire import localmsp
from hlf.network.engines.embedded.wire.localmsp import LocalMsp
from hlf.wire import msp
from tests.support.members import Member, Person, put
from tests.support.runningchannel import RunningChannel, consortium, run


@dataclass(frozen=True)
class Endorsing(Person):
    """A peer of this process, one bit of whose signatures may be changed on the way."""

    local: LocalMsp
    bent: bool

    def sign(self, message: bytes) -> bytes:
        signature = bytearray(self.local.endorse(message.removesuffix(self.serialized)))
        signature[-1] ^= self.bent
        return bytes(signature)


def folder(root: Path, member: Member, key: bytes) -> Path:
    """Return the MSP folder of *member*'s peer, with a key of the test's choice (PEM)."""
    for place, content in (
        ("cacerts/ca.pem", member.ca.certificate_pem),
        ("admincerts/admin.pem", member.admin.issued.certificate_pem),
        ("signcerts/cert.pem", member.peer.issued.certificate_pem),
        ("keystore/key.pem", key),
    ):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(content)
    return root


def signed(local: LocalMsp, payload: bytes, signature: bytes) -> msp.SignedData:
    """Return an endorsement as a block's check sees it."""
    return msp.SignedData(payload + local.serialized, local.serialized, signature)


def test_an_endorsement_of_its_own_is_known(tmp_path):
    """Only these bytes, this signature and this identity: whatever else is shown is verified."""
    member = Member("AMSP")
    local = LocalMsp("AMSP", folder(tmp_path, member, member.peer.issued.key_pem))
    signature = local.endorse(b"payload")
    known = signed(local, b"payload", signature)
    assert localmsp.made(known)
    assert member.peer.serialized == local.serialized
    assert not localmsp.made(msp.SignedData(known.data + b"x", known.identity, signature))
    assert not localmsp.made(msp.SignedData(known.data, member.client.serialized, signature))
    assert not localmsp.made(msp.SignedData(known.data, known.identity, signature + b"\0"))
    assert not localmsp.made(signed(local, b"other", local.sign(b"other" + local.serialized)))


def test_only_the_latest_are_kept(tmp_path, monkeypatch):
    """Endorsements that nobody submits do not fill the memory."""
    monkeypatch.setattr(localmsp, "_MOST_MADE", 2)
    monkeypatch.setattr(localmsp, "_MADE", {})
    member = Member("AMSP")
    local = LocalMsp("AMSP", folder(tmp_path, member, member.peer.issued.key_pem))
    made = [signed(local, payload, local.endorse(payload)) for payload in (b"1", b"2", b"3")]
    assert [localmsp.made(one) for one in made] == [False, True, True]


def test_a_key_of_another_certificate_makes_nothing(tmp_path):
    """Real peers refuse such endorsements, so they must not pass here because this process made them."""
    member = Member("AMSP")
    local = LocalMsp("AMSP", folder(tmp_path, member, member.client.issued.key_pem))
    assert not localmsp.made(signed(local, b"payload", local.endorse(b"payload")))
    local = LocalMsp("AMSP", folder(tmp_path, member, member.peer.issued.key_pem))
    assert localmsp.made(signed(local, b"payload", local.endorse(b"payload")))


@pytest.mark.parametrize("bent", [False, True])
def test_a_block_counts_what_this_process_made(tmp_path, bent):
    """A known signature counts like a verified one; one bit away from it, it is verified and refused."""
    who = consortium()
    peer = who["AMSP"].peer
    local = LocalMsp("AMSP", folder(tmp_path / "msp", who["AMSP"], peer.issued.key_pem))

    async def scenario(channel: RunningChannel):
        await channel.define(policy="OR('AMSP.peer')")
        transaction = channel.who.transaction(put(k=b"v"), [Endorsing(peer.msp_id, peer.issued, local, bent)])
        assert await channel.submit(transaction) == ("ENDORSEMENT_POLICY_FAILURE" if bent else "VALID")

    run(tmp_path, scenario, who=who)
