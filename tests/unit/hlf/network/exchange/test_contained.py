"""Organisations whose nodes run in containers, each on a network of its own: they meet at their hosts' addresses."""

from __future__ import annotations

import ipaddress
import subprocess

import pytest

from hlf.network import admin, errors
from hlf.network.engines.docker import engine
from tests.unit.hlf.network.exchange.parties import Parties

FILE = """\
name: several-contained
organisations:
  - {msp_id: AMSP, domain: a.test, host: %(host)s, peers: 2}
  - {msp_id: BMSP, domain: b.test, host: %(host)s}
orderers:
  consensus: raft
  organisations: [{msp_id: OneMSP, domain: one.test, host: %(host)s}]
channels:
  - {name: c, members: [AMSP, BMSP], batch: {timeout: 50ms}}
servers:
  - name: lab
    command: ["{python}", -m, hlf.shim.command, lab.py, --id, "{package_id}", --address, "{address}"]
    folder: served
    per_organisation: true
chaincodes:
  - {name: lab, channel: c, server: lab}
"""
CONTRACT = """\
from hlf.shim import api


class Lab(api.Contract):
    \"\"\"Values by key.\"\"\"

    @api.transaction
    def put(self, ctx: api.Context, key: str, value: str) -> str:
        \"\"\"Keep a value.\"\"\"
        ctx.stub.put_state(key, value.encode())
        return value

    @api.query
    def get(self, ctx: api.Context, key: str) -> str:
        \"\"\"Return a value.\"\"\"
        return ctx.stub.get_state(key).decode()
"""


@pytest.fixture(scope="module")
def parties(tmp_path_factory):
    """Two members and one who orders, each started from its own compose file, with a chaincode that both run."""
    try:
        engine.check_daemon()
    except errors.EngineError as missing:
        pytest.skip(f"the docker engine cannot run here: {missing}")
    place = tmp_path_factory.mktemp("several-contained")
    (place / "served").mkdir(mode=0o755)
    (place / "served" / "lab.py").write_text(CONTRACT)
    made = Parties(place, FILE, {"host": bridge()})
    everybody, file = ("OneMSP", "AMSP", "BMSP"), str(made.file())
    for msp_id in everybody:
        made.does(msp_id, "render", "--organisation", msp_id, "--engine", "docker", "--consortium", file)
    try:
        introduced = [f"--with={made.folder(msp_id)}/{msp_id}.introduction.json" for msp_id in everybody[1:]]
        made.does("OneMSP", "invite", "c", made.sent("c.invitation"), *introduced)
        for msp_id in everybody:
            made.does(msp_id, "join", made.sent("c.invitation"))
        made.does("AMSP", "chaincode-propose", "c", "lab", made.sent("lab"))
        for msp_id in everybody[1:]:
            package = made.sent(f"{msp_id}.tar.gz")
            made.does(msp_id, "chaincode-package", "c", "lab", package)
            made.does(msp_id, "chaincode-install", package)
            made.does(msp_id, "chaincode-approve", made.sent("lab"), "--package", package)
        made.does("AMSP", "chaincode-commit", made.sent("lab"))
        yield made
    finally:
        for msp_id in everybody:
            admin.down(made.folder(msp_id))


def bridge() -> str:
    """Return the address at which this machine is reached from every container."""
    asked = ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Subnet}}"]
    subnet = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return str(ipaddress.ip_network(subnet)[1])


def test_they_write_and_read_together(parties):
    """Both members endorse, and what one writes the other reads, though no network of containers joins them."""
    assert parties.submits("AMSP", "put", "key", "value") == b"value"
    assert parties.submits("BMSP", "put", "other", "one") == b"one"
    assert parties.asks("BMSP", "get", "key") == b"value"
    for msp_id in ("OneMSP", "AMSP", "BMSP"):
        assert admin.status(parties.folder(msp_id), heights=True).running


def test_a_stopped_node_is_missed_and_not_fallen(parties):
    """Who stopped a container of its own is told so, and starts it again; the other members go on meanwhile."""
    parties.does("AMSP", "stop", "peer1.a.test")
    found = admin.status(parties.folder("AMSP"))
    assert (found.stopped, all(found.programs.values())) == (("peer1.a.test",), True)
    assert parties.submits("BMSP", "put", "key", "meanwhile") == b"meanwhile"
    parties.does("AMSP", "start", "peer1.a.test")
    assert admin.status(parties.folder("AMSP"), heights=True).running
    assert parties.asks("AMSP", "get", "key") == b"meanwhile"
