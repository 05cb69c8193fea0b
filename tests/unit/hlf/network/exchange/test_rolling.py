"""A network moves from an older Fabric release to a newer one, an organisation after the other, while clients write."""

from __future__ import annotations

import os
import threading
import urllib.request
from collections import deque

import pytest

from hlf import errors as hlf_errors
from hlf import waiting
from hlf.client import gateway
from hlf.network import admin, processes, state
from hlf.network.engines.native import binaries
from tests.unit.hlf.network.exchange.parties import Parties

OLDER = "FABRIC_HOME_OLD"
MEMBERS = ("AMSP", "BMSP", "CMSP")
ORDERERS = ("OneMSP", "TwoMSP", "ThreeMSP")
FILE = """\
name: rolling
organisations:
  - {msp_id: AMSP, domain: a.test}
  - {msp_id: BMSP, domain: b.test}
  - {msp_id: CMSP, domain: c.test}
orderers:
  consensus: raft
  organisations:
    - {msp_id: OneMSP, domain: one.test}
    - {msp_id: TwoMSP, domain: two.test}
    - {msp_id: ThreeMSP, domain: three.test}
channels:
  - name: c
    members: [AMSP, BMSP, CMSP]
    batch: {timeout: 50ms}
    capabilities: {%(capabilities)s}
servers:
  - name: lab
    command: ["{python}", -m, tests.support.lab]
    environment:
      {CHAINCODE_ID: "{package_id}", CHAINCODE_SERVER_ADDRESS: "{address}", CORE_PEER_LOCALMSPID: "{organisation}"}
    per_organisation: true
chaincodes:
  - {name: lab, channel: c, server: lab}
"""
_TIMEOUTS = gateway.Timeouts(endorse=5.0, submit=5.0, commit_status=10.0)
_PATIENCE = 90.0


class Traffic:
    """A client that writes one key after the other, through another organisation whenever one does not answer."""

    def __init__(self, parties: Parties) -> None:
        self._parties = parties
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.written: list[str] = []
        self.refused: deque[str] = deque(maxlen=20)

    def goes_on(self) -> None:
        """Return when five more writes than now were confirmed."""
        wanted = len(self.written) + 5
        assert waiting.until(lambda: len(self.written) >= wanted, _PATIENCE, every=0.1), list(self.refused)

    def _write(self) -> None:
        asked = deque(MEMBERS)
        while not self._ended.is_set():
            try:
                with self._parties.contract(asked[0], timeouts=_TIMEOUTS) as lab:
                    while not self._ended.wait(0.05):
                        key = f"key-{len(self.written)}"
                        lab.submit("put", key, key)
                        self.written.append(key)
            except hlf_errors.HlfError as refused:
                # The same write again: whether it happened or not, this key has this value afterwards.
                self.refused.append(f"{asked[0]}: {refused}")
                asked.rotate(-1)

    def __enter__(self) -> Traffic:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture
def releases(monkeypatch):
    """Two releases of Fabric, the older in use."""
    newer = binaries.find()
    if not (home := os.environ.get(OLDER)):
        pytest.skip(f"{OLDER} names no folder with an older release of Fabric than FABRIC_HOME")
    monkeypatch.setenv("FABRIC_HOME", home)
    older = binaries.find()
    assert older.version < newer.version
    return older, newer


@pytest.fixture
def parties(releases, tmp_path):
    """Three members and three who order by Raft, on the older release, with a chaincode that all members run."""
    made = Parties(tmp_path, FILE, {"capabilities": ""})
    everybody, file = (*ORDERERS, *MEMBERS), str(made.file())
    try:
        for msp_id in everybody:
            made.does(msp_id, "render", "--organisation", msp_id, "--consortium", file)
        introduced = [f"--with={made.folder(msp_id)}/{msp_id}.introduction.json" for msp_id in everybody[1:]]
        made.does("OneMSP", "invite", "c", made.sent("c.invitation"), *introduced)
        for msp_id in everybody:
            made.does(msp_id, "join", made.sent("c.invitation"))
        made.does("AMSP", "chaincode-propose", "c", "lab", made.sent("lab"))
        for msp_id in MEMBERS:
            package = made.sent(f"{msp_id}.tar.gz")
            made.does(msp_id, "chaincode-package", "c", "lab", package)
            made.does(msp_id, "chaincode-install", package)
            made.does(msp_id, "chaincode-approve", made.sent("lab"), "--package", package)
        made.does("CMSP", "chaincode-commit", made.sent("lab"))
        yield made
    finally:
        for msp_id in everybody:
            processes.stop(state.Folder(made.folder(msp_id)), timeout=5)


def versions(parties: Parties) -> set[str]:
    """Return what the running nodes of all organisations say that they are."""
    found = set()
    for msp_id in (*ORDERERS, *MEMBERS):
        folder = state.Folder(parties.folder(msp_id))
        record = state.existing(folder)
        for node in state.operated(folder).nodes:
            with urllib.request.urlopen(f"http://{record.local(node, 'operations')}/version", timeout=10) as answer:
                found.add(answer.read().decode())
    return found


@pytest.mark.native
def test_no_write_is_lost_on_the_way(parties, releases, monkeypatch):
    """Each organisation replaces its nodes while the others go on; then the channel may do what only new ones can."""
    older, newer = releases
    raised = str(parties.file("raised.yaml", capabilities="channel: V3_0"))
    with Traffic(parties) as traffic:
        traffic.goes_on()
        for msp_id in (*ORDERERS, *MEMBERS):
            parties.does(msp_id, "down")
            traffic.goes_on()
            monkeypatch.setenv("FABRIC_HOME", str(newer.home))
            parties.does(msp_id, "render", "--organisation", msp_id)
            parties.does(msp_id, "up")
            assert waiting.until(lambda who=msp_id: admin.status(parties.folder(who)).running, _PATIENCE, every=0.5), (
                msp_id
            )
            traffic.goes_on()
            monkeypatch.setenv("FABRIC_HOME", str(older.home))
        monkeypatch.setenv("FABRIC_HOME", str(newer.home))
        (found,) = versions(parties)
        assert newer.version_text in found
        told = parties.does("AMSP", "propose", "c", parties.sent("raised"), "--consortium", raised)
        assert "capabilities.channel: V2_0 -> V3_0" in told
        for msp_id in ("AMSP", "BMSP", "OneMSP", "TwoMSP"):
            parties.does(msp_id, "sign", parties.sent("raised"))
        parties.does("AMSP", "submit", parties.sent("raised"))
        traffic.goes_on()
    for msp_id in MEMBERS:
        with parties.contract(msp_id) as lab:
            for key in traffic.written:
                assert lab.evaluate("get", key, endorsing_organizations=(msp_id,)) == key.encode()
    # The file of the others names no capability still: that is no wish to go back, and they know that none leads there.
    parties.does("CMSP", "propose", "c", parties.sent("back"), refused="there is nothing to propose")
    parties.does("BMSP", "up")
    monkeypatch.setenv("FABRIC_HOME", str(older.home))
    for msp_id in ("AMSP", "BMSP"):
        back = ["render", "--organisation", msp_id, "--consortium", str(parties.file())]
        parties.does(msp_id, *back, refused="channel c has the capability V3_0")
