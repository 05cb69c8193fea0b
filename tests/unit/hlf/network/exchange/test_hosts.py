"""Organisations on hosts of their own: addresses from the file, and what each needs to start its part."""

from __future__ import annotations

from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner
from cryptography import x509

from hlf.network import cli, errors, ports, processes, state, topology
from hlf.wire.config import channelconfig
from tests.unit.hlf.network.exchange.namespaces import Hosts, NamespaceError

MEMBERS = ["AMSP", "BMSP", "CMSP"]
ORDERERS = ["OneMSP", "TwoMSP", "ThreeMSP", "FourMSP"]
LAB = """\
servers:
  - name: lab
    command: ["{python}", -m, tests.support.lab]
    environment:
      {CHAINCODE_ID: "{package_id}", CHAINCODE_SERVER_ADDRESS: "{address}", CORE_PEER_LOCALMSPID: "{organisation}"}
    per_organisation: true
chaincodes:
  - {name: lab, channel: c, server: lab, endorsement: "OR('AMSP.peer', 'BMSP.peer', 'CMSP.peer')"}
"""
# What a user of an organisation does on its host.
CALL = """
import sys
from pathlib import Path
from hlf import errors, identity, waiting
from hlf.client import gateway
from hlf.network import state
from hlf.profile import Profile

root, msp_id, verb, *words = sys.argv[1:]
folder = state.Folder(Path(root))
user = identity.load_user(folder.user(msp_id, "User1"), msp_id)
with gateway.connect(Profile.load(folder.profile(msp_id)), *user) as fabric:
    lab = fabric.network("c").contract("lab")
    if verb == "submit":
        lab.submit(*words)
    else:
        key, value = words
        assert waiting.until(lambda: lab.evaluate("get", key) == value.encode(), 90, every=0.2)
"""


def consortium(addresses, more=""):
    """Return the file that everybody agrees on: each organisation at its address, four of them order with BFT."""
    members = [f"  - {{msp_id: {each}, domain: {each.lower()}.test, host: {addresses[each]}}}" for each in MEMBERS]
    order = [f"    - {{msp_id: {each}, domain: {each.lower()}.test, host: {addresses[each]}}}" for each in ORDERERS]
    return "\n".join(
        ["name: apart", "organisations:", *members, "orderers:", "  consensus: bft", "  organisations:", *order]
        + ["channels:", "  - {name: c, members: [AMSP, BMSP, CMSP]}", more]
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Return the consortium file with a name for each organisation's host."""
    made = tmp_path_factory.mktemp("named") / "consortium.yaml"
    made.write_text(consortium({each: f"fabric.{each.lower()}.example" for each in (*MEMBERS, *ORDERERS)}, LAB))
    return made


def rendered(place, file, msp_id, *, engine="docker", refused=""):
    """Render an organisation's folder for containers."""
    command = ["render", "--organisation", msp_id, "--engine", engine]
    told = CliRunner().invoke(cli.network, [*command, "--consortium", str(file), "--state", str(place)])
    assert (told.exit_code, refused in told.output) == (1 if refused else 0, True), told.output
    return told.output.split()


@pytest.fixture(scope="module")
def one(tmp_path_factory, file):
    """Return the folder of an organisation that orders, rendered for containers, with its compose file."""
    place = tmp_path_factory.mktemp("one") / "state"
    return state.Folder(place), yaml.safe_load(Path(rendered(place, file, "OneMSP")[-1]).read_text())


def test_a_bundle_has_the_own_nodes_alone(one):
    """One organisation's compose file starts its nodes and nobody else's, and mounts only its own material."""
    folder, values = one
    assert values["name"] == "selat-apart-onemsp"
    assert set(values["services"]) == {"orderer0.onemsp.test"}
    keys = [each for each in folder.root.rglob("*") if each.name in ("key.pem", "client.key", "server.key")]
    assert keys
    assert all({"OneMSP", "orderer0.onemsp.test"} & {*each.relative_to(folder.root).parts} for each in keys)


def test_others_reach_a_node_at_its_host(one):
    """The listener for others is offered to the outside; admin and operations stay on the machine."""
    folder, values = one
    record = state.read(folder)
    name = "orderer0.onemsp.test"
    listen, admin, operations = (record.ports[name][use] for use in ("listen", "admin", "operations"))
    published = [f"{listen}:{listen}", f"127.0.0.1:{admin}:{admin}", f"127.0.0.1:{operations}:{operations}"]
    assert values["services"][name]["ports"] == published
    assert record.address(name) == record.inside(name) == f"fabric.onemsp.example:{listen}"
    assert record.address(name, "admin") == f"127.0.0.1:{admin}"
    certificate = x509.load_pem_x509_certificate((folder.orderer(name) / "tls" / "server.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "fabric.onemsp.example" in names.get_values_for_type(x509.DNSName)


def test_channels_name_the_hosts(one, tmp_path, file):
    """A channel that is drafted of introductions has each orderer and anchor peer at its organisation's host."""
    folder, _ = one
    told = []
    for msp_id in (*MEMBERS, *ORDERERS[1:]):
        told.append(f"--with={rendered(tmp_path / msp_id, file, msp_id)[0]}")
    command = ["invite", "c", str(tmp_path / "c.invitation"), *told, "--state", str(folder.root)]
    assert CliRunner().invoke(cli.network, command).exit_code == 0
    bundle = channelconfig.Bundle.from_config_block(folder.genesis("c").read_bytes())
    hosts = {address.rpartition(":")[0] for each in bundle.orderer_endpoints.values() for address in each}
    assert hosts == {f"fabric.{each.lower()}.example" for each in ORDERERS}


def test_a_host_stays_what_it_is(one, tmp_path, file):
    """Certificates and channels name it, so another one in the file is refused, with what to write."""
    folder, _ = one
    changed = tmp_path / "changed.yaml"
    changed.write_text(file.read_text().replace("fabric.onemsp.example", "elsewhere.example"))
    said = "Write `host: fabric.onemsp.example`"
    rendered(folder.root, changed, "OneMSP", refused=said)
    with pytest.raises(errors.StateError, match=said):
        ports.assign(state.existing(folder), topology.load(changed))


def test_containers_need_hosts(tmp_path, file):
    """Without the host of an organisation the others' containers could not reach it."""
    file_without = tmp_path / "without.yaml"
    file_without.write_text(file.read_text().replace(", host: fabric.bmsp.example", ""))
    rendered(tmp_path / "state", file_without, "AMSP", refused="BMSP has no host in the consortium file")


@pytest.mark.parametrize("msp_id", ["AMSP", "OneMSP"])
def test_manifests_are_of_the_apis_schema(tmp_path, file, msp_id):
    """Each is one that Kubernetes takes, of the own nodes alone, and mounts every file that its node is given."""
    with_image = tmp_path / "with-image.yaml"
    with_image.write_text(file.read_text().replace("per_organisation: true", "image: example/lab:1"))
    place = Path(rendered(tmp_path / "state", with_image, msp_id, engine="kubernetes")[-1])
    secrets = [*yaml.safe_load_all((place / "secrets.yaml").read_text())]
    manifests = [*yaml.safe_load_all((place / "network.yaml").read_text())]
    for each in (*secrets, *manifests):
        kubernetes_validate.validate(each, "1.33", strict=True)
    assert (place / "secrets.yaml").stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in (place / "network.yaml").read_text()
    node = {"AMSP": "peer0-amsp-test", "OneMSP": "orderer0-onemsp-test"}[msp_id]
    assert {each["metadata"]["name"] for each in secrets} == {node}
    sets = [each for each in manifests if each["kind"] == "StatefulSet"]
    assert [each["metadata"]["name"] for each in sets] == [node]
    spec = sets[0]["spec"]["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert {item["key"] for item in spec["volumes"][0]["secret"]["items"]} == secrets[0]["data"].keys()
    deployed = {each["metadata"]["name"] for each in manifests if each["kind"] == "Deployment"}
    assert deployed == ({"chaincode-lab"} if msp_id == "AMSP" else set())


def test_a_cluster_needs_images(tmp_path, file):
    """A server that is built of this installation has none that a cluster could fetch."""
    rendered(tmp_path / "state", file, "AMSP", engine="kubernetes", refused="Add `image: NAME:TAG`")


class Apart:
    """Seven organisations, each with a folder of its own on a host of its own."""

    def __init__(self, place, hosts):
        self.place, self.hosts = place, hosts

    def does(self, msp_id, *words):
        told = self.hosts.runs(msp_id, "-m", "hlf", "network", *words, "--state", str(self.place / msp_id))
        assert told.returncode == 0, f"{msp_id}: {words}\n{told.stdout}{told.stderr}"
        return told.stdout

    def calls(self, msp_id, *words):
        told = self.hosts.runs(msp_id, "-c", CALL, str(self.place / msp_id), msp_id, *words)
        assert told.returncode == 0, told.stderr

    def sent(self, name):
        return str(self.place / name)


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Yield a channel founded by organisations on hosts of their own, with a chaincode that all members run."""
    try:
        hosts = Hosts.make([*MEMBERS, *ORDERERS])
    except NamespaceError as missing:
        pytest.skip(str(missing))
    place = tmp_path_factory.mktemp("apart")
    made = Apart(place, hosts)
    (place / "consortium.yaml").write_text(consortium(hosts.addresses, LAB))
    try:
        for msp_id in (*MEMBERS, *ORDERERS):
            made.does(msp_id, "render", "--organisation", msp_id, "--consortium", made.sent("consortium.yaml"))
        others = [each for each in (*MEMBERS, *ORDERERS) if each != "OneMSP"]
        told = [f"--with={place / each / each}.introduction.json" for each in others]
        made.does("OneMSP", "invite", "c", made.sent("c.invitation"), *told)
        for msp_id in (*ORDERERS, *MEMBERS):
            made.does(msp_id, "join", made.sent("c.invitation"))
        made.does("AMSP", "chaincode-propose", "c", "lab", made.sent("lab"))
        for msp_id in MEMBERS:
            package = made.sent(f"{msp_id}.tar.gz")
            made.does(msp_id, "chaincode-package", "c", "lab", package)
            made.does(msp_id, "chaincode-install", package)
            made.does(msp_id, "chaincode-approve", made.sent("lab"), "--package", package)
        made.does("BMSP", "chaincode-commit", made.sent("lab"))
        yield made
    finally:
        for msp_id in (*MEMBERS, *ORDERERS):
            processes.stop(state.Folder(place / msp_id), timeout=5)
        hosts.remove()


@pytest.mark.native
def test_only_listeners_for_others_are_reached_from_elsewhere(apart):
    """From another host a node's own listener answers, its admin and operations listeners do not."""
    record = state.read(state.Folder(apart.place / "OneMSP"))
    tried = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)"
    for use, reached in (("listen", True), ("admin", False), ("operations", False)):
        port = str(record.ports["orderer0.onemsp.test"][use])
        told = apart.hosts.runs("AMSP", "-c", tried, apart.hosts.addresses["OneMSP"], port)
        assert (told.returncode == 0) is reached, use


@pytest.mark.native
def test_one_is_cut_off_and_comes_back(apart):
    """A member and one of four orderers off the wire: the others go on; healed, both have what they missed."""
    apart.calls("AMSP", "submit", "put", "key", "before")
    apart.calls("CMSP", "sees", "key", "before")
    for msp_id in ("CMSP", "FourMSP"):
        apart.hosts.cut(msp_id)
    apart.calls("AMSP", "submit", "put", "key", "meanwhile")
    apart.calls("BMSP", "sees", "key", "meanwhile")
    apart.calls("CMSP", "sees", "key", "before")
    for msp_id in ("CMSP", "FourMSP"):
        apart.hosts.mend(msp_id)
    apart.calls("CMSP", "sees", "key", "meanwhile")
    apart.calls("CMSP", "submit", "put", "key", "afterwards")
    apart.calls("BMSP", "sees", "key", "afterwards")
