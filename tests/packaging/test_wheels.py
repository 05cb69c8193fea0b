"""The two wheels: what is in them, and a stranger's project that has hlf's alone."""

from __future__ import annotations

import configparser
import importlib.metadata
import os
import re
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Mapping
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import hlf
from tests.support.sources import ROOT

# Building and installing takes minutes where the index is far, or the machine busy.
pytestmark = pytest.mark.timeout(900)

# The lowest versions are other packages for each, which takes minutes: `make lowest` tries them.
LOWEST = bool(os.environ.get("SELAT_LOWEST"))
CORE = {"cryptography", "grpcio", "hyperledger-fabric-protos", "protobuf"}

CONSORTIUM = """
name: strangers
organisations:
  - {msp_id: Org1MSP, domain: org1.example.com}
  - {msp_id: Org2MSP, domain: org2.example.com}
channels:
  - {name: mychannel, members: [Org1MSP, Org2MSP]}
servers:
  - {name: assets, command: ["{python}", -m, chaincode.serve, "{package_id}", "{address}"], folder: .}
chaincodes:
  - {name: basic, channel: mychannel, server: assets}
"""
CONTRACT = """
import sys

from hlf.shim import api, server


class Assets(api.Contract):
    @api.transaction
    def create(self, ctx: api.Context, name: str, colour: str) -> None:
        ctx.stub.put_state(name, colour.encode())

    @api.query
    def read(self, ctx: api.Context, name: str) -> str:
        return (ctx.stub.get_state(name) or b"").decode()


if __name__ == "__main__":
    server.serve_all([server.Served(api.Chaincode("basic", [Assets]), *sys.argv[1:])])
"""
TESTS = """
import pytest


@pytest.mark.parametrize("turn", range(2))
def test_an_asset_is_kept(contract, turn):
    assert contract.evaluate("read", "asset1") == b""
    contract.submit("create", "asset1", "blue")
    assert contract.evaluate("read", "asset1") == b"blue"
"""
STORY = """
import sys
from pathlib import Path

import chaincode, gateway, network
import hlf
from hlf.network import admin

here = Path(__file__).parent
assert all(Path(room.__file__).parent.parent == here for room in (chaincode, gateway, network))
assert here not in Path(hlf.__file__).parents
try:
    started = admin.up("embedded", here / "state", here / "consortium.yaml")
    profile = hlf.Profile.load(started.profiles / "Org1MSP.json")
    user = hlf.load_user(here / "state/organisations/Org1MSP/users/User1", "Org1MSP")
    with hlf.connect(profile, *user) as fabric:
        assets = fabric.network("mychannel").contract("basic")
        assets.submit("create", "asset1", "blue")
        print(assets.evaluate("read", "asset1").decode())
finally:
    admin.down(here / "state")
"""


def run(*words: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Return what a program printed; its words are in the failure."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> dict[str, Path]:
    """
    Return the wheels that `make dist` builds, by the name of their distribution.

    With this environment's setuptools: `make dist` gives each of the four steps an environment of its own.
    """
    folder = tmp_path_factory.mktemp("dist")
    for project in (ROOT / "hlf", ROOT):
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, project)
    return {file.name.partition("-")[0]: file for file in folder.glob("*.whl")}


def fresh(venv: Path) -> Path:
    """Return the interpreter of a fresh environment with nothing in it."""
    run(sys.executable, "-m", "venv", "--without-pip", venv)
    return venv / "bin/python"


def needed(wheel: Path, *extras: str) -> set[str]:
    """Return the names of hlf and all that these extras need, each in a version that this environment has."""
    found: set[tuple[str, str]] = set()
    rest = [Requirement(f"hlf[{','.join(extras)}]")]
    while rest:
        wanted = rest.pop()
        own = metadata(wheel) if wanted.name == "hlf" else importlib.metadata.metadata(wanted.name)
        assert own["Version"] in wanted.specifier, wanted
        new = {(canonicalize_name(wanted.name), extra) for extra in ("", *wanted.extras)} - found
        found |= new
        for each in map(Requirement, own.get_all("Requires-Dist", [])):
            if any(each.marker is None or each.marker.evaluate({"extra": extra}) for _, extra in new):
                rest.append(each)
    return {name for name, _ in found}


def installed(venv: Path, wheel: Path, *extras: str) -> Path:
    """
    Return the interpreter of an environment with the wheel of hlf, these extras and what they need, nothing else.

    What they need is linked from this environment, which has the newest versions: to fetch and to compile it again
    would take longer than the tests.
    """
    python = fresh(venv)
    (site,) = venv.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(site)
    for distribution in map(importlib.metadata.distribution, needed(wheel, *extras) - {"hlf"}):
        for name in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            # Two distributions may share the folder of a namespace.
            if not (site / name).exists():
                (site / name).symlink_to(distribution.locate_file(name))
    return python


@pytest.fixture(scope="module")
def bare(wheels, tmp_path_factory) -> Path:
    """Return the interpreter of an environment with hlf and what it cannot do without."""
    return installed(tmp_path_factory.mktemp("bare") / "venv", wheels["hlf"])


def metadata(wheel: Path) -> Message:
    """Return what a wheel says of itself."""
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (each for each in opened.namelist() if each.endswith(".dist-info/METADATA"))
        return message_from_bytes(opened.read(name))


def files(wheel: Path) -> set[str]:
    """Return what a wheel installs."""
    with zipfile.ZipFile(wheel) as opened:
        return {name for name in opened.namelist() if ".dist-info/" not in name}


SHIPPED = (".py", ".yaml", ".typed", ".txt", ".html", ".css", ".js", ".json", ".po", ".svg")


def shipped(room: str) -> set[str]:
    """Return the files of a room that git knows and a wheel must have."""
    kept = run("git", "ls-files", room, cwd=ROOT).split()
    return {name for name in kept if name.endswith(SHIPPED)}


def test_the_wheel_of_hlf_is_hlf_alone(wheels):
    """Everything that is imported as hlf, and no other name that a project could have itself."""
    assert files(wheels["hlf"]) == shipped("hlf")


def test_the_wheel_of_selat_is_the_trade(wheels):
    """Its rooms with their data, and nothing of hlf, which it requires in its own version."""
    rooms = set().union(*(shipped(room) for room in ("chaincode", "gateway", "network", "selat")))
    assert files(wheels["selat"]) == rooms
    assert f"hlf[network,sealing]=={hlf.__version__}" in metadata(wheels["selat"]).get_all("Requires-Dist", [])
    assert metadata(wheels["selat"])["Version"] == metadata(wheels["hlf"])["Version"] == hlf.__version__


def test_hlf_alone_needs_four_packages(wheels):
    """Whoever calls contracts, or writes them, installs no web framework."""
    wanted = metadata(wheels["hlf"]).get_all("Requires-Dist", [])
    assert {re.split(r"[^\w-]", each)[0] for each in wanted if "extra ==" not in each} == CORE


def lowest(*extras: str) -> list[str]:
    """Return the lowest version that each requirement of *extras*, or of hlf without any, allows."""
    read = configparser.ConfigParser()
    read.read(ROOT / "hlf/setup.cfg")
    wanted = [read["options.extras_require"][extra] for extra in extras] or [read["options"]["install_requires"]]
    lines = "\n".join(wanted).split("\n")
    return [re.sub(r">= *([\w.]+).*", r"==\1", line) for line in lines if line.strip()]


@pytest.mark.parametrize("versions", [*(["oldest"] if LOWEST else []), "newest"])
def test_a_stranger_runs_a_contract_on_a_network(wheels, tmp_path, versions):
    """Under pytest and by itself, in a project with folders of our names, with the lowest and the newest packages."""
    project = tmp_path / "project"
    if versions == "oldest":
        python = fresh(tmp_path / "venv")
        pins = [*lowest(), *lowest("network"), "pytest==8"]
        wanted = [f"{wheels['hlf']}[testing]", *pins]
        run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-compile", *wanted)
    else:
        python = installed(tmp_path / "venv", wheels["hlf"], "testing")
    for room in ("chaincode", "gateway", "network"):
        (project / room).mkdir(parents=True)
        (project / room / "__init__.py").touch()
    (project / "consortium.yaml").write_text(CONSORTIUM)
    (project / "chaincode/serve.py").write_text(textwrap.dedent(CONTRACT))
    (project / "story.py").write_text(textwrap.dedent(STORY))
    if versions == "oldest":
        # With the newest packages every other test that starts a program does the same.
        assert run(python, "-W", "error", project / "story.py", cwd=project) == "blue\n"
    (project / "pytest.ini").write_text("[pytest]\nhlf_contract = chaincode.serve:Assets\nfilterwarnings = error\n")
    (project / "test_assets.py").write_text(textwrap.dedent(TESTS))
    assert "2 passed" in run(python, "-m", "pytest", cwd=project)


@pytest.mark.skipif(not LOWEST, reason="`make lowest` installs the lowest versions")
def test_telemetry_and_security_modules_work_with_their_lowest_versions(tmp_path):
    """By their own tests, with OpenTelemetry's SDK of the same version."""
    pins = lowest("pkcs11", "otel")
    (api,) = (pin for pin in pins if pin.startswith("opentelemetry-api"))
    needed = [*pins, api.replace("-api", "-sdk")]
    run(sys.executable, "-m", "pip", "install", "-q", "--no-compile", "--target", tmp_path / "old", *needed)
    tests = [ROOT / "tests/unit/hlf/test_pkcs11.py", ROOT / "tests/unit/hlf/client/test_otel.py"]
    said = run(
        sys.executable, "-m", "pytest", "-q", "-rs", *tests, cwd=ROOT, environment={"PYTHONPATH": str(tmp_path / "old")}
    )
    assert re.search(r"\d+ passed", said)
    assert "skipped" not in said or "SoftHSM is not installed" in said


def test_without_its_extra_a_part_names_it(bare):
    """The client works with the four packages; what needs more says which command installs it."""
    run(bare, "-c", "import hlf, hlf.aio, hlf.shim.testing, hlf.audit.replay.verifier; hlf.connect")
    run(bare, "-c", "import hlf.admin.participation")
    for module in ("hlf.network", "hlf.admin.authority", "hlf.yamltext"):
        words = f"import hlf\ntry:\n    import {module}\nexcept ModuleNotFoundError as absent:\n    print(absent)"
        assert "is not installed: pip install 'hlf[network]'" in run(bare, "-c", words), module
    profile = "import hlf\ntry:\n    hlf.Profile.parse('name: x')\nexcept hlf.HlfError as absent:\n    print(absent)"
    assert "pip install 'hlf[network]'" in run(bare, "-c", profile)
