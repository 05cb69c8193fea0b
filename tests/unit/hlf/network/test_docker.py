"""The docker engine: what is rendered from the consortium, and, where a docker daemon answers, that it runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request

import pytest
import yaml

from hlf import identity
from hlf.client import gateway
from hlf.network import admin, errors, state
from hlf.network.admin import inspection
from hlf.network.engines.docker import compose, engine, images
from hlf.profile import Profile
from hlf.wire import packages
from hlf.wire.config import channelconfig

CONSORTIUM = """\
name: contained
organisations:
  - {msp_id: AMSP, domain: a.test, peers: 2}
  - {msp_id: BMSP, domain: b.test}
channels:
  - {name: trade, members: [AMSP, BMSP]}
servers:
  - name: selat
    command: ["{python}", -m, chaincode.main]
    each: [--serve, "{chaincode}={package_id}@{address}"]
    per_organisation: true
chaincodes:
  - {name: trade, channel: trade, server: selat}
"""


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    place = tmp_path_factory.mktemp("contained")
    (place / "consortium.yaml").write_text(CONSORTIUM)
    file = admin.render(place / "state", place / "consortium.yaml")
    return file, yaml.safe_load(file.read_text()), state.Folder(place / "state")


def test_every_node_and_server_is_a_service(rendered):
    """Peers, the orderer, and one chaincode server an organisation, each a host under its own name."""
    _, values, _ = rendered
    assert set(values["services"]) == {
        "peer0.a.test",
        "peer1.a.test",
        "peer0.b.test",
        "orderer0.orderer.selat.test",
        "chaincode-selat-AMSP",
        "chaincode-selat-BMSP",
    }
    for name, service in values["services"].items():
        assert service["hostname"] == name
        built = "build" in service and re.fullmatch(r"selat-[a-z0-9-]+-chaincode-selat", service["image"])
        assert built or service["image"] in (images.PEER, images.ORDERER)


def test_only_loopback_ports_are_published(rendered):
    """Nothing is offered to the outside, and what is published is what the profiles name."""
    _, values, folder = rendered
    record = state.read(folder)
    for name, service in values["services"].items():
        for published in service.get("ports", ()):
            assert published.startswith("127.0.0.1:")
        if name.startswith("peer"):
            assert f"{record.address(name)}:{record.ports[name]['listen']}" in service["ports"]


def test_containers_are_confined(rendered):
    """No container is root or gains rights; nodes write to their data alone, and are asked whether they are well."""
    file, values, _ = rendered
    for name, service in values["services"].items():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"mem_limit", "pids_limit", "logging"} <= service.keys()
        assert service["read_only"] is True
        assert service["healthcheck"]["test"][0] == "CMD"
        if "build" in service:
            user = (
                (file.parent / service["build"]["context"] / "Dockerfile").read_text().partition("USER ")[2].split()[0]
            )
        else:
            user = service["user"]
            (data,) = [volume for volume in service["volumes"] if not volume.endswith(":ro")]
            key = next((file.parent / service["volumes"][0].partition(":")[0]).rglob("server.key"))
            for each in (key, file.parent / data.partition(":")[0]):
                assert f"{each.stat().st_uid}:{each.stat().st_gid}" == user, name
        assert not user.startswith("0:")


def test_paths_are_relative_and_there(rendered):
    """The folder can be handed over as a whole: every mount is in it, and keys are mounted read-only."""
    file, values, folder = rendered
    for service in values["services"].values():
        for volume in service.get("volumes", ()):
            source, _, rest = volume.partition(":")
            assert source.startswith(".")
            assert (file.parent / source).resolve().is_relative_to(folder.root.resolve())
            assert (file.parent / source).exists()
            assert rest.endswith(":ro") or rest == "/var/hyperledger/production"


def test_nodes_reach_each_other_by_name(rendered):
    """In configuration, genesis block and package a node is its host, never this machine's loopback."""
    file, _, folder = rendered
    record = state.read(folder)
    core = yaml.safe_load((file.parent / "peer0.a.test" / "core.yaml").read_text())["peer"]
    assert core["address"] == f"peer0.a.test:{record.ports['peer0.a.test']['listen']}"
    assert core["listenAddress"].startswith("0.0.0.0:")
    bundle = channelconfig.Bundle.from_config_block(folder.genesis("trade").read_bytes())
    endpoints = [address for addresses in bundle.orderer_endpoints.values() for address in addresses]
    assert endpoints == [record.inside("orderer0.orderer.selat.test")]
    assert b"127.0.0.1" not in folder.genesis("trade").read_bytes()
    package = packages.parse((folder.packages / "trade-trade.tar.gz").read_bytes())
    (variable,) = json.loads(
        yaml.safe_load(file.read_text())["services"]["peer0.b.test"]["environment"][
            "CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG"
        ]
    ).items()
    assert package.address == "{{." + variable[0] + "}}"
    assert variable[1].startswith("chaincode-selat-BMSP:")


def test_python_chaincode_gets_an_image_of_this_installation(rendered):
    """The build context has the packages it needs with exact versions, and nothing of the network."""
    file, values, _ = rendered
    context = file.parent / values["services"]["chaincode-selat-AMSP"]["build"]["context"]
    assert (context / "packages" / "chaincode" / "main.py").is_file()
    assert (context / "packages" / "hlf" / "wire" / "keys.py").is_file()
    assert not list(context.rglob("*.pem"))
    requirements = (context / "requirements.txt").read_text().splitlines()
    assert all("==" in line for line in requirements)
    command = values["services"]["chaincode-selat-AMSP"]["command"]
    assert command[:3] == ["python", "-m", "chaincode.main"]
    assert "@0.0.0.0:" in command[-1]


def test_a_servers_own_folder_comes_with_it(tmp_path):
    """A package that stands in the folder is mounted; one that is nowhere is named with the cure."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "assets.py").touch()
    file = tmp_path / "consortium.yaml"
    text = CONSORTIUM.replace("chaincode.main", "assets")
    file.write_text(text.replace("per_organisation: true", "folder: mine"))
    rendered = admin.render(tmp_path / "state", file)
    service = yaml.safe_load(rendered.read_text())["services"]["chaincode-selat"]
    context = rendered.parent / service["build"]["context"]
    assert [each.name for each in (context / "packages").iterdir()] == ["hlf"]
    assert "ENV PYTHONPATH=/app" in (context / "Dockerfile").read_text()
    assert service["working_dir"] == "/work"
    file.write_text(text)
    with pytest.raises(errors.EngineError, match="the package assets is not here.*`folder`"):
        admin.render(tmp_path / "other", file)


def test_another_language_needs_an_image(tmp_path):
    """Without one the error says which server and what to add; with one it is used."""
    file = tmp_path / "consortium.yaml"
    text = CONSORTIUM.replace('"{python}", -m, chaincode.main', "node, server.js")
    file.write_text(text)
    with pytest.raises(errors.ConsortiumError, match="Add `image:"):
        admin.render(tmp_path / "state", file)
    file.write_text(text.replace("per_organisation: true", "image: example/chaincode:1"))
    services = yaml.safe_load(admin.render(tmp_path / "other", file).read_text())["services"]
    assert services["chaincode-selat"]["image"] == "example/chaincode:1"


def test_a_daemon_that_is_not_there_is_told(monkeypatch):
    """No docker at all, and none that answers: one message each, with another way."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(errors.EngineError, match="no `docker` on PATH"):
        engine.check_daemon()


def test_compose_accepts_the_file(rendered):
    """`docker compose config` reads it without a daemon."""
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("docker compose is not installed, so the rendered file cannot be checked by it")
    file, values, _ = rendered
    answer = subprocess.run(
        ["docker", "compose", "--file", str(file), "config", "--services"], capture_output=True, text=True, check=True
    )
    assert set(answer.stdout.split()) == set(values["services"])


@pytest.fixture(scope="session")
def docker_compose_file(rendered):
    """Return what pytest-docker starts."""
    return str(rendered[0])


@pytest.fixture(scope="session")
def docker_compose_project_name(rendered):
    """Return the engine's own project, so that both speak of the same containers."""
    return compose.project(state.read(rendered[2]))


def test_a_transaction_is_committed_in_containers(request, rendered):
    """On a machine with docker: nodes are well, the deployment goes through, a chaincode answers through a gateway."""
    try:
        engine.check_daemon()
    except errors.EngineError as missing:
        pytest.skip(f"the docker engine cannot run here: {missing}")
    services = request.getfixturevalue("docker_services")
    _, _, folder = rendered
    record = state.read(folder)
    for node in ("peer0.a.test", "orderer0.orderer.selat.test"):
        services.wait_until_responsive(
            check=lambda node=node: _healthy(record.address(node, "operations")), timeout=120.0, pause=0.5
        )
    admin.up("docker", folder.root, folder.consortium_file)
    who, signer = identity.load_user(folder.user("AMSP", "User1"), "AMSP")
    with gateway.connect(Profile.load(folder.profile("AMSP")), who, signer) as fabric:
        answer = fabric.network("trade").contract("trade").evaluate("org.hyperledger.fabric:GetMetadata")
    assert json.loads(answer)
    services.wait_until_responsive(check=lambda: _all_healthy(rendered[0]), timeout=120.0, pause=0.5)
    found = admin.status(folder.root)
    assert (found.running, set(found.programs)) == (True, set(rendered[1]["services"]))
    assert any("Starting" in line for line in inspection.log("peer0.a.test", folder.root))
    with pytest.raises(errors.StateError, match="has no service 'peer9.a.test'"):
        inspection.log("peer9.a.test", folder.root)
    admin.stop_nodes(["peer0.b.test"], folder.root)
    found = admin.status(folder.root)
    assert (found.stopped, all(found.programs.values())) == (("peer0.b.test",), True)
    admin.start_nodes(["peer0.b.test"], folder.root)
    assert admin.status(folder.root).running


def test_a_first_start_that_fails_leaves_no_containers(tmp_path):
    """An image that nobody has: the error names it, and nothing of the network is left behind."""
    try:
        engine.check_daemon()
    except errors.EngineError as missing:
        pytest.skip(f"the docker engine cannot run here: {missing}")
    file = tmp_path / "consortium.yaml"
    text = CONSORTIUM.replace("name: contained", "name: leaving")
    file.write_text(text.replace("per_organisation: true", "image: localhost:1/nobody/has-this:1"))
    with pytest.raises(errors.EngineError, match="docker compose up failed"):
        admin.up("docker", tmp_path / "state", file)
    assert engine.DockerEngine().running(state.Folder(tmp_path / "state")) == {}


def _all_healthy(file):
    command = ["docker", "compose", "--file", str(file), "ps", "--all", "--format", "{{.Health}}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return bool(said) and set(said) == {"healthy"}


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/healthz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
