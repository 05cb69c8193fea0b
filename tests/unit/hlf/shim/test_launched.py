"""A peer of real Fabric launches Python chaincode through an external builder, with TLS in both directions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.fabric.wallet import Wallet
from hlf.network import admin, processes, state
from hlf.network.engines.native import binaries

ROOT = Path(__file__).parents[4]
CONSORTIUM = """\
name: launched
organisations:
  - {msp_id: AMSP, domain: a.test}
channels:
  - {name: c, members: [AMSP], policies: {Endorsement: ANY Endorsement}, batch: {timeout: 20ms}}
servers:
  - name: unused
    command: ["{python}", -m, chaincode.main]
    each: [--serve, "tests.support.lab:Lab={package_id}@{address}"]
chaincodes:
  - {name: lab, channel: c, server: unused}
"""
RUN = """\
#!/bin/sh
cd "{root}" && exec "{python}" -m hlf.shim.command tests.support.lab:Lab --run-metadata "$2" 2>"{log}"
"""


@pytest.fixture
def launching(tmp_path, monkeypatch):
    """Yield a network whose peer builds nothing and runs this library's command, whatever is installed."""
    programs = binaries.find().peer.parent
    steps = tmp_path / "home" / "builders" / "ccaas" / "bin"
    steps.mkdir(parents=True)
    (tmp_path / "home" / "bin").symlink_to(programs)
    log = tmp_path / "run.log"
    run = RUN.format(root=ROOT, python=sys.executable, log=log)
    for step, text in {"detect": "#!/bin/sh\n", "build": "#!/bin/sh\n", "release": "#!/bin/sh\n", "run": run}.items():
        (steps / step).write_text(text)
        (steps / step).chmod(0o755)
    monkeypatch.setenv("FABRIC_HOME", str(tmp_path / "home"))
    (tmp_path / "consortium.yaml").write_text(CONSORTIUM)
    admin.up("native", tmp_path / "state", tmp_path / "consortium.yaml")
    yield tmp_path / "state", log
    processes.stop(state.Folder(tmp_path / "state"), timeout=5)


@pytest.mark.native
def test_a_peer_launches_the_chaincode(launching):
    """It registers with the key that the peer made for it, and its transactions are committed."""
    root, log = launching
    with Wallet(root).connect("AMSP", "User1") as gateway:
        contract = gateway.network("c").contract("lab")
        assert contract.submit("put", "k", "v") == b"v"
        assert contract.evaluate("get", "k") == b"v"
    assert "chaincode lab registers as lab_1.0:" in log.read_text()
