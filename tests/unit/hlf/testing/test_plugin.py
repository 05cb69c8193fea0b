"""The pytest plugin as a stranger uses it: in a project that has folders of our names, with one line of settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from hlf.shim.errors import ContractError
from hlf.testing import plugin
from hlf.testing.sandbox import Sandbox, WantedNetwork
from tests.docs import nestedpytest

pytest_plugins = ["pytester"]

CONTRACT = """
from hlf.shim import api


class Assets(api.Contract):
    @api.transaction
    def create(self, ctx: api.Context, name: str, colour: str) -> None:
        if ctx.stub.get_state(name):
            raise api.Refused("ALREADY_EXISTS", f"{name} is there already")
        ctx.stub.put_state(name, colour.encode())

    @api.transaction
    def broken(self, ctx: api.Context) -> None:
        raise KeyError("no such colour")

    @api.query
    def read(self, ctx: api.Context, name: str) -> str:
        return ctx.stub.get_state(name).decode()
"""
# Each half is the same, so that two workers see both orders.
TESTS = """
import asyncio, chaincode, gateway, network, pytest, hlf, hlf.aio
from pathlib import Path

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def hlf_seed(hlf_network):
    hlf_network.contract().submit("create", "seeded", "red")


@pytest.mark.parametrize("turn", range(4))
def test_it_begins_with_the_same_ledger(contract, turn):
    assert contract.evaluate("read", "seeded") == b"red"
    assert contract.evaluate("read", "asset1") == b""
    contract.submit("create", "asset1", "blue")
    assert contract.evaluate("read", "asset1") == b"blue"


def test_users_of_other_organisations(hlf_gateway, contract):
    theirs = hlf_gateway("Org2MSP", "Admin").network("mychannel").contract("assets")
    theirs.submit("create", "theirs", "green")
    assert contract.evaluate("read", "theirs") == b"green"


def test_refusals_and_defects_speak(contract, fabric):
    contract.submit("create", "once", "blue")
    with pytest.raises(hlf.errors.EndorseError) as refused:
        contract.submit("create", "once", "blue")
    assert refused.value.contract_code == "ALREADY_EXISTS"
    with pytest.raises(hlf.errors.EndorseError, match="no such colour"):
        contract.submit("broken")
    assert fabric.network("mychannel").height() > 0


async def read_as_asyncio_does(ledger):
    async with hlf.aio.connect(ledger.profile("Org2MSP"), *ledger.user("Org2MSP")) as fabric:
        return await fabric.network("mychannel").contract("assets").evaluate("read", "seeded")


def test_asyncio(hlf_ledger):
    assert asyncio.run(read_as_asyncio_does(hlf_ledger)) == b"red"


def test_the_projects_own_folders_are_used():
    assert all(Path(each.__file__).parent.parent == HERE for each in (chaincode, gateway, network))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """Return a project with a contract and tests, never run yet."""
    folder = tmp_path_factory.mktemp("project")
    for room in ("chaincode", "gateway", "network"):
        (folder / room).mkdir()
        (folder / room / "__init__.py").touch()
    (folder / "chaincode/assets.py").write_text(CONTRACT)
    (folder / "pytest.ini").write_text("[pytest]\nhlf_contract = chaincode.assets:Assets\nfilterwarnings = error\n")
    (folder / "test_assets.py").write_text(TESTS)
    return folder


def run(project: Path, *words: str) -> tuple[int, str]:
    """Return exit code and output of pytest in a process of its own, as its user starts it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    environment["PYTEST_ADDOPTS"] = nestedpytest.ADDOPTS
    command = [sys.executable, "-m", "pytest", *words]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=280)
    return done.returncode, done.stdout + done.stderr


def test_a_strangers_tests(project):
    """They pass in two workers, each with a network of its own; and in one, on what the first run kept."""
    kept = project / ".pytest_cache/d/hlf"
    ports = []
    for workers in ("2", "1"):
        code, said = run(project, "-n", workers)
        assert code == 0, said
        assert "8 passed" in said
        ports.append({name: (kept / f"{name}-embedded/addresses.json").read_text() for name in ("gw0", "gw1")})
        # Nothing is left running, and nothing half done.
        assert not list(kept.glob("*/state/run/*.json"))
    assert ports[0] == ports[1]
    assert ports[0]["gw0"] != ports[0]["gw1"]


@pytest.mark.native
def test_the_same_tests_on_real_fabric(project):
    """Nothing of them is the embedded engine's alone."""
    code, said = run(project, "--hlf-engine", "native", "-k", "same_ledger and (0 or 1) or refusals")
    assert code == 0, said


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("hlf_contract=nothing", "there is no chaincode 'nothing': no module 'nothing'"),
        ("hlf_contract=assets:Wrong", "has no object 'Wrong'"),
        ("hlf_contract=bad", r"bad\.py:1: No module named 'nothing_of_that_name'"),
        ("hlf_chaincodes=assets", "'assets', which is not of the form name=module:Class"),
        ("hlf_consortium=none.yaml", r"none\.yaml: .*"),
    ],
)
def test_mistakes_are_told_in_a_line(pytester, setting, words):
    """Cause, place and cure, without a trace through the plugin; nothing is started for it."""
    pytester.makepyfile(assets=CONTRACT, bad="import nothing_of_that_name\n", test_it="def test_it(contract): pass\n")
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-o", setting)
    said = done.stdout.str()
    assert done.ret == 1
    assert re.search(words, said), said
    assert "sandbox.py" not in said


def test_no_contract_is_configured():
    """The cure is the line to write, and where."""
    with pytest.raises(ContractError, match=r"Write `hlf_contract = module:Class` in pytest\.ini"):
        Sandbox(Path("nowhere"), WantedNetwork("embedded", None, ())).contract()


def test_two_sessions_of_one_project(tmp_path):
    """The second has a network in a temporary folder, and leaves what the first uses alone."""
    config = SimpleNamespace(
        cache=SimpleNamespace(mkdir=lambda name: tmp_path / name), getoption=lambda name: "embedded"
    )
    temporary = SimpleNamespace(mktemp=lambda name: tmp_path / "temporary")
    (tmp_path / "hlf").mkdir()
    with plugin._Place(config, temporary) as first, plugin._Place(config, temporary) as second:
        assert (tmp_path / "hlf") in first.parents
        assert (tmp_path / "temporary") in second.parents
    with plugin._Place(config, temporary) as third:
        assert third == first
