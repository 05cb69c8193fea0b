"""Errors as a new user meets them: each names its cause and its cure."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from gateway.store.database import Store
from gateway.store.tokens import Tokens
from tests.unit.gateway.fakes import ORDER

SUBMIT = "/v1/channels/trade/chaincodes/trade/submit"
EVALUATE = "/v1/channels/trade/chaincodes/trade/evaluate"


def selat(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    program = [sys.executable, "-c", "from selat.cli import main; main()", *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=60, env=environment, check=False)


def test_a_body_of_ten_megabytes_is_refused_with_the_limit(cast):
    """The whole body is sent through gunicorn, and the answer still arrives."""
    answer = cast.platform.send("POST", EVALUATE, data=b"x" * 10_000_000, headers={"Content-Type": "application/json"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (413, "BODY_TOO_LARGE")
    assert "10000000 bytes" in problem["detail"]
    assert "1048576" in problem["detail"]
    assert problem["cure"]


def test_a_body_just_under_the_limit_reaches_the_contract(cast):
    body = {"function": "Claims:read", "arguments": ["x" * 1_000_000, "1"]}
    assert cast.platform.refusal("POST", EVALUATE, body)["code"] == "INVALID_ARGUMENT"


def test_an_expired_token_says_since_when(stage, folder):
    store = Store(folder / "gateway" / "data")
    token = Tokens(store, clock=lambda: time.time() - 3600).create("PlatformMSP", "User1", ["read"], 60)
    answer = requests.get(f"{stage.base}/v1/stages", headers={"Authorization": f"Bearer {token}"}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_EXPIRED")
    assert "expired at 20" in answer.json()["detail"]


def test_an_organisation_nobody_knows_is_named_with_those_there_are(stage, folder):
    wallet, data = str(folder / "network"), str(folder / "gateway" / "data")
    made = selat("gateway", "token", "create", "--organisation", "NopeMSP", "--wallet", wallet, "--data", data)
    assert made.returncode == 1
    assert "'NopeMSP' is not in the wallet" in made.stderr
    assert "ForwarderMSP" in made.stderr


def test_a_user_nobody_knows_is_named_with_those_there_are(stage, folder):
    wallet, data = str(folder / "network"), str(folder / "gateway" / "data")
    arguments = ("--organisation", "CustomsMSP", "--user", "Nobody", "--wallet", wallet, "--data", data)
    made = selat("gateway", "token", "create", *arguments)
    assert made.returncode == 1
    assert "no user 'Nobody'" in made.stderr
    assert "User1" in made.stderr


def test_a_token_made_on_the_command_line_works_until_it_is_revoked(stage, folder):
    wallet, data = str(folder / "network"), str(folder / "gateway" / "data")
    made = selat("gateway", "token", "create", "--organisation", "CustomsMSP", "--wallet", wallet, "--data", data)
    token = made.stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{stage.base}/v1/stages", headers=headers, timeout=60).status_code in {200, 409}
    identifier = token.split("_")[1]
    assert identifier in selat("gateway", "token", "list", "--data", data).stdout
    assert token not in selat("gateway", "token", "list", "--data", data).stdout
    assert selat("gateway", "token", "revoke", identifier, "--data", data).returncode == 0
    answer = requests.get(f"{stage.base}/v1/stages", headers=headers, timeout=60)
    assert answer.json()["code"] == "TOKEN_REVOKED"


def test_an_endorser_nobody_knows(cast):
    body = {"function": "Claims:list", "endorsing_organizations": ["NopeMSP"]}
    for address in (SUBMIT, EVALUATE):
        problem = cast.platform.refusal("POST", address, body)
        assert (problem["status"], problem["code"]) == (422, "ENDORSER_UNKNOWN")
        assert "no member NopeMSP; it has AuditorMSP, CustomsMSP" in problem["detail"]


def test_a_party_nobody_knows_is_the_callers_to_mend(cast, played):
    """An organisation in a body names who must endorse; a mistyped one is no failure of the network."""
    terms = cast.merchant.get(f"/v1/orders/{played.order['order_id']}/content")["terms"]
    body = {**ORDER, "merchant": "NopeMSP", "terms": terms}
    problem = cast.platform.refusal("POST", "/v1/orders", body)
    assert (problem["status"], problem["code"]) == (422, "ENDORSER_UNKNOWN")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/v1/channels/nochannel/chaincodes/trade/evaluate", "CHAINCODE_NOT_FOUND"),
        ("/v1/channels/trade/chaincodes/nochaincode/evaluate", "CHAINCODE_NOT_FOUND"),
        ("/v1/channels/nochannel/chaincodes/trade/submit", "CHAINCODE_NOT_FOUND"),
        ("/v1/channels/trade/chaincodes/nochaincode/submit", "CHAINCODE_NOT_FOUND"),
        (f"/v1/channels/nochannel/transactions/{'0' * 64}/status", "CHAINCODE_NOT_FOUND"),
        (f"/v1/audit/nochannel/transactions/{'0' * 64}", "CHAINCODE_NOT_FOUND"),
        ("/v1/events/nochannel/trade", "CHAINCODE_NOT_FOUND"),
        ("/v1/events/trade/nochaincode", "CHAINCODE_NOT_FOUND"),
    ],
)
def test_a_channel_or_chaincode_that_is_not_there(cast, address, code):
    posted = "chaincodes" in address
    body = {"function": "f"} if posted else None
    problem = cast.auditor.refusal("POST" if posted else "GET", address, body)
    assert (problem["status"], problem["code"]) == (404, code)
    assert problem["fabric"]["message"]


@pytest.mark.parametrize("function", ["Nope:nothing", "Claims:nothing", "nothing"])
def test_a_function_that_is_not_there(cast, function):
    problem = cast.platform.refusal("POST", EVALUATE, {"function": function})
    assert (problem["status"], problem["code"]) == (404, "UNKNOWN_FUNCTION")


def test_an_unknown_transaction_is_not_waited_for_long(cast):
    problem = cast.auditor.refusal("GET", f"/v1/channels/trade/transactions/{'0' * 64}/status?wait_seconds=1")
    assert (problem["status"], problem["code"]) == (504, "OUTCOME_UNKNOWN")
    assert cast.auditor.refusal("GET", f"/v1/audit/trade/transactions/{'0' * 64}")["code"] == "TRANSACTION_NOT_FOUND"


def test_a_port_that_is_taken(stage, folder):
    """Said at once, with a cure, and not after five silent attempts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        served = selat(
            "gateway",
            "serve",
            "--wallet",
            str(folder / "network"),
            "--data",
            str(folder / "other"),
            "--listen",
            address,
        )
    assert served.returncode == 1
    assert f"cannot listen on {address}: Address already in use" in served.stderr
    assert "--listen" in served.stderr


def test_a_wallet_that_is_none(tmp_path: Path):
    served = selat("gateway", "serve", "--wallet", str(tmp_path), "--data", str(tmp_path / "data"))
    assert served.returncode == 1
    assert "selat network up" in served.stderr


def test_a_setting_of_the_wrong_form(tmp_path: Path):
    environment = {"SELAT_THREADS": "many", "PATH": ""}
    served = selat("gateway", "serve", "--wallet", str(tmp_path), environment=environment)
    assert served.returncode == 1
    assert "SELAT_THREADS is 'many'" in served.stderr


def test_every_problem_names_a_cure_and_a_place_to_read_on(stage, cast):
    problem = cast.platform.refusal("POST", EVALUATE, {"function": "nothing"})
    address, _, anchor = problem["type"].partition("#")
    page = requests.get(stage.base + address, timeout=60).text
    assert f'id="{anchor}"' in page
    assert problem["cure"]
