"""
A contract function as CONTRIBUTING.md adds it, with the code of the page itself.

One contract file and one test are touched. Then the gateway calls the function with the right endorsers, and the page
of contracts and OpenAPI show it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess  # noqa: S404  (the page's code runs in interpreters that do not have this tree's contracts loaded)
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.http import context
from gateway.http.settings import Settings
from hlf.network import admin
from tests.docs import nestedpytest
from tests.unit.contracts.trading import AUDITOR, FORWARDER, ORIGIN, PARTICIPANTS

ROOT = Path(__file__).parents[2]
DOOR = "/v1/channels/logistics/chaincodes/carriage"
CONSORTIUM = """\
name: example
organisations:
  - {msp_id: ForwarderMSP, domain: forwarder.test}
  - {msp_id: OriginCarrierMSP, domain: origin.test}
  - {msp_id: AuditorMSP, domain: auditor.test}
channels:
  - name: logistics
    members: [ForwarderMSP, OriginCarrierMSP, AuditorMSP]
    batch: {timeout: 20ms}
servers:
  - name: selat
    command: ["{python}", -P, -m, chaincode.main]
    each: [--serve, "{chaincode}={package_id}@{address}"]
    environment: {PYTHONPATH: "PATHS"}
chaincodes:
  - {name: carriage, channel: logistics, server: selat}
"""

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def example() -> list[str]:
    """Return the blocks of code of the page: the function, its test, the body of a call."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    section = page.split("## Add a contract function\n", 1)[1].split("\n## ")[0]
    return re.findall(r"```(?:python|json)\n(.*?)```", section, re.DOTALL)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, example: list[str]) -> Path:
    """Return the contracts with the function in its place, where the page says that it goes."""
    folder = tmp_path_factory.mktemp("example")
    nestedpytest.copied(ROOT / "chaincode", folder / "chaincode")
    contract = folder / "chaincode/contracts/carriage/plans.py"
    text = contract.read_text()
    end = text.index("\n\n\ndef _carrier(")
    contract.write_text(f"{text[:end]}\n\n{example[0].rstrip()}{text[end:]}")
    return folder


def paths(tree: Path) -> str:
    return os.pathsep.join([str(tree), str(ROOT)])


def run(tree: Path, *words: str) -> None:
    """Run a module of Python on the contracts of *tree*."""
    environment = nestedpytest.environment(PYTHONPATH=paths(tree))
    ran = subprocess.run(  # noqa: S603  (this interpreter, and the page's own code)
        [sys.executable, "-P", "-m", *words], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def client(tree: Path) -> Iterator[FlaskClient]:
    """Yield the gateway, over a network that serves these contracts."""
    file = tree / "consortium.yaml"
    file.write_text(CONSORTIUM.replace("PATHS", paths(tree)))
    try:
        network = admin.up("embedded", tree / "network", file)
        app = create_app(Settings(wallet=network.folder.root, data=tree / "data"))
        yield app.test_client()
        app.extensions[context.EXTENSION].ledgers.close()
    finally:
        admin.down(tree / "network")


@pytest.fixture(scope="module")
def call(client: FlaskClient) -> Call:
    """Send a body to an address as a user of an organisation."""
    services = client.application.extensions[context.EXTENSION]

    def send(address: str, body: dict[str, Any] | None, msp_id: str = FORWARDER, user: str = "User1") -> Any:
        token = services.tokens.create(msp_id, user, ("read", "write", "audit"), 600)
        headers = {"Authorization": f"Bearer {token}"}
        return client.post(address, json=body, headers=headers) if body else client.get(address, headers=headers)

    founders = [each for each in PARTICIPANTS if each["msp_id"] in {FORWARDER, ORIGIN, AUDITOR}]
    found = {"function": "Participants:found", "arguments": [founders]}
    assert send(f"{DOOR}/submit", found, AUDITOR, "Admin").status_code == 200
    return send


def test_the_test_of_the_page_holds(tree, example):
    """It stands at the end of a file of tests, and needs nothing else."""
    file = tree / "test_plans.py"
    file.write_text((ROOT / "tests/unit/contracts/test_plans.py").read_text() + "\n\n" + example[1])
    run(tree, "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "-k", "remark", str(file))


def test_the_page_of_contracts_gets_its_row(tree):
    """From what the function declares, by the command that the page names."""
    page = tree / "contracts.md"
    shutil.copy(ROOT / "docs/contracts.md", page)
    run(tree, "chaincode.functions", str(page))
    assert "| `Plans:remark` | `remark` | carrier | `caller`, `shipper` | object of text |\n" in page.read_text()


def test_the_gateway_calls_it_with_the_right_endorsers(call, example):
    """It was told nothing: carrier and shipper endorse and see the value, by the declaration."""
    body = json.loads(example[2])
    planned = call(f"{DOOR}/preflight", body).get_json()
    assert planned["will_see"] == planned["must_endorse"] == sorted([FORWARDER, ORIGIN])
    answer = call(f"{DOOR}/submit", body)
    assert (answer.status_code, answer.get_json().get("result")) == (200, {"plan_id": "P1", "slot_id": "D1"})
    proof = call(f"/v1/audit/logistics/transactions/{answer.get_json()['transaction_id']}", None)
    (action,) = proof.get_json()["actions"]
    assert {each["msp_id"] for each in action["endorsed_by"]} == {FORWARDER, ORIGIN}
    assert "gate 4" not in proof.get_data(as_text=True)


def test_what_nobody_can_plan_is_not_sent(call, example):
    """Without the argument that names the shipper, or with one more organisation than may see the value."""
    body = json.loads(example[2])
    refused = call(f"{DOOR}/submit", {**body, "arguments": ["P1", "D1"]})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "ENDORSERS_UNRESOLVED")
    named = {**body, "endorsing_organizations": [FORWARDER, ORIGIN, AUDITOR]}
    refused = call(f"{DOOR}/submit", named)
    assert f"{AUDITOR} may not see the transient values of Plans:remark" in refused.get_json()["detail"]


def test_openapi_shows_it(call, client, example):
    """At the door to any function, with what it declares."""
    assert call(f"{DOOR}/preflight", json.loads(example[2])).status_code == 200
    paths = client.get("/openapi.json").get_json()["paths"]
    shown = paths["/v1/channels/{channel}/chaincodes/{chaincode}/submit"]["post"]["x-contract-functions"]
    (remark,) = [one for one in shown if one["function"] == "Plans:remark"]
    assert (remark["chaincode"], remark["endorsed_by"], remark["transient"]) == (
        "carriage",
        ["caller", "shipper"],
        ["remark"],
    )


def test_the_engine_rule_of_the_page_is_in_the_tree():
    """Case, rule and test are shown as they stand in the files that the section names."""
    section = (ROOT / "CONTRIBUTING.md").read_text().split("## Add an engine rule\n", 1)[1].split("\n## ")[0]
    named = [(ROOT / file).read_text() for file in re.findall(r"`([\w/]+\.py)`", section)]
    shown = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(shown) == 3
    assert [code for code in shown if not any(code in text for text in named)] == []
