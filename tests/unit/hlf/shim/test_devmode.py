"""A peer of real Fabric with ``--peer-chaincodedev`` takes Python chaincode that its developer starts."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import pytest
import yaml

from hlf import identity, waiting
from hlf.admin import lifecycle
from hlf.admin.peer import Peer
from hlf.client import gateway
from hlf.network import admin, processes, state
from hlf.network.engines.native import binaries
from hlf.network.processes import Program
from hlf.network.state import Folder
from hlf.profile import Profile
from hlf.steps.retrying import Retry
from hlf.wire import packages
from tests.support.embedded import free_address

PEER = "peer0.a.test"
CONSORTIUM = """\
name: devmode
organisations:
  - {msp_id: AMSP, domain: a.test}
channels:
  - {name: c, members: [AMSP], policies: {Endorsement: ANY Endorsement}, batch: {timeout: 20ms}}
"""
CONTRACT = """\
from hlf.shim import api


class Notes(api.Contract):
    @api.transaction
    def put(self, ctx: api.Context, key: str, value: str) -> str:
        ctx.stub.put_state(key, value.encode())
        return value

    @api.query
    def get(self, ctx: api.Context, key: str) -> bytes:
        return ctx.stub.get_state(key) or b""
"""


def _changed(folder: Folder, node: str, file: str, change) -> str:
    place = folder.data("native") / node
    values = yaml.safe_load((place / file).read_text())
    change(values)
    (place / file).write_text(yaml.safe_dump(values))
    return str(place.absolute())


@pytest.fixture
def developing(tmp_path):
    """Yield the network's peer in development mode, which Fabric has without TLS alone, as its orderer then must be."""
    release = binaries.find()
    (tmp_path / "consortium.yaml").write_text(CONSORTIUM)
    admin.up("native", tmp_path / "state", tmp_path / "consortium.yaml")
    folder = Folder(tmp_path / "state")
    record = state.existing(folder)
    (name,) = (node for node in record.ports if node.startswith("orderer"))
    processes.stop(folder)
    plain = free_address()

    def orderer(values):
        general = values["General"]
        # Raft itself keeps TLS, and the address that the channel knows.
        general["Cluster"] |= {
            "ListenAddress": general["ListenAddress"],
            "ListenPort": general["ListenPort"],
            "ServerCertificate": general["TLS"]["Certificate"],
            "ServerPrivateKey": general["TLS"]["PrivateKey"],
            "ClientCertificate": general["TLS"]["Certificate"],
            "ClientPrivateKey": general["TLS"]["PrivateKey"],
            "RootCAs": general["TLS"]["RootCAs"],
        }
        general |= {"ListenPort": int(plain.rpartition(":")[2]), "TLS": {"Enabled": False}}

    def peer(values):
        values["peer"]["tls"] = {"enabled": False}
        values["peer"]["deliveryclient"]["addressOverrides"] = [
            {"from": record.address(name), "to": plain, "caCertsFile": ""}
        ]

    programs = [
        Program(
            name,
            [str(release.orderer)],
            {"FABRIC_CFG_PATH": _changed(folder, name, "orderer.yaml", orderer)},
            addresses=(plain,),
        ),
        Program(
            PEER,
            [str(release.peer), "node", "start", "--peer-chaincodedev"],
            {"FABRIC_CFG_PATH": _changed(folder, PEER, "core.yaml", peer)},
            addresses=(record.address(PEER), record.address(PEER, "chaincode")),
        ),
    ]
    for program in programs:
        processes.wait_ready(processes.start_missing(folder, [program]), 60)
    yield folder
    processes.stop(folder, timeout=5)


def _register(folder: Folder, called: str) -> None:
    """Start the contract as a developer does, and return once the peer has it."""
    contract = folder.root / "notes.py"
    contract.write_text(CONTRACT)
    address = state.existing(folder).address(PEER, "chaincode")
    settings = {**os.environ, "CORE_PEER_ADDRESS": address, "CORE_CHAINCODE_ID_NAME": called}
    log = folder.logs / f"{called.partition(':')[2][:8]}.log"
    program = Program(log.stem, [sys.executable, "-m", "hlf.shim.command", str(contract)], settings)
    processes.start(folder, program)
    assert waiting.until(lambda: log.exists() and f"registers as {called}" in log.read_text(), 30)


@pytest.mark.native
def test_a_peer_in_development_mode_takes_chaincode_from_its_developer(developing):
    """By name and version without a package; for the gateway, which asks who has one, by the id of an installed one."""
    profile = Profile.load(developing.profile("AMSP"))
    endpoint = replace(profile.gateway, tls_ca_pem=None)
    first, second = lifecycle.Definition("notes"), lifecycle.Definition("notes", sequence=2)
    with Peer(endpoint, *identity.load_user(developing.user("AMSP", "Admin"), "AMSP")) as peer:
        lifecycle.approve(peer, "c", first)
        lifecycle.commit(peer, "c", first, [peer])
        _register(developing, "notes:1.0")
        peer.submit("c", "notes", [b"put", b"k", b"v"])
        assert peer.call("c", "notes", [b"get", b"k"]) == b"v"
        package_id = lifecycle.install(peer, packages.ccaas("notes", "127.0.0.1:1"))
        lifecycle.approve(peer, "c", second, package_id)
        lifecycle.commit(peer, "c", second, [peer])
        _register(developing, package_id)
    user = identity.load_user(developing.user("AMSP", "User1"), "AMSP")
    with gateway.connect(replace(profile, peers=(endpoint,)), *user, retry=Retry(unavailable=5)) as fabric:
        notes = fabric.network("c").contract("notes")
        assert notes.submit("put", "k", "w") == b"w"
        assert notes.evaluate("get", "k") == b"w"
