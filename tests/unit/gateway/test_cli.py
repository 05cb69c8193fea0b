"""``selat gateway``: tokens are made and ended, and what cannot be served is said before anything starts."""

from __future__ import annotations

import socket

import pytest
from click.testing import CliRunner

from gateway import cli
from gateway.telemetry import traces


@pytest.fixture
def wallet(tmp_path):
    """One organisation with one user."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "PlatformMSP.json").write_text("{}")
    user = tmp_path / "organisations" / "PlatformMSP" / "users" / "User1"
    user.mkdir(parents=True)
    (user / "cert.pem").write_text("")
    return tmp_path


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a command's exit code and everything it printed."""
    for name in ("SELAT_WALLET", "SELAT_DATA", "SELAT_LISTEN", "SELAT_TRACKING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> tuple[int, str]:
        outcome = CliRunner().invoke(cli.gateway, [str(word) for word in words])
        return outcome.exit_code, outcome.output

    return run


def test_a_token_is_shown_once_and_ended_by_its_id(run, wallet):
    """The list names it by what is no secret; a misspelt id is told from one that was revoked."""
    kept = ("--data", wallet / "data")
    code, text = run("token", "create", "--organisation", "PlatformMSP", "--wallet", wallet, *kept)
    assert code == 0
    identifier, secret = text.strip().split("_", 2)[1:]
    code, listed = run("token", "list", *kept)
    assert code == 0
    assert f"{identifier}  PlatformMSP/User1  read  until " in listed
    assert secret not in listed
    assert run("token", "revoke", identifier, *kept) == (0, f"{identifier} is revoked\n")
    assert "  revoked" in run("token", "list", *kept)[1]
    code, refused = run("token", "revoke", "000000000000", *kept)
    assert code == 1
    assert "selat gateway token list shows" in refused


@pytest.mark.parametrize(
    ("organisation", "user", "words"),
    [("MerchantMSP", "User1", "it has PlatformMSP"), ("PlatformMSP", "User7", "it has User1")],
)
def test_a_token_is_for_somebody_in_the_wallet(run, wallet, organisation, user, words):
    """Who is asked for in vain is told who is there; nothing is kept."""
    options = ("--organisation", organisation, "--user", user, "--wallet", wallet, "--data", wallet / "data")
    code, said = run("token", "create", *options)
    assert code == 1
    assert words in said
    assert not (wallet / "data").exists()


def test_an_empty_wallet_is_not_served(run, tmp_path):
    """The words say how to come by one."""
    code, said = run("serve", "--wallet", tmp_path / "none", "--data", tmp_path / "data")
    assert code == 1
    assert "selat network up" in said


def test_a_port_that_is_taken_is_said_at_once(run, wallet):
    """With what to do about it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        code, said = run("serve", "--wallet", wallet, "--data", wallet / "data", "--listen", listen)
    assert code == 1
    assert f"cannot listen on {listen}" in said
    assert "port 0" in said


def test_a_setting_that_cannot_be_read_is_named(run, wallet, monkeypatch):
    """By the name under which it was given."""
    monkeypatch.setenv("SELAT_WORKERS", "many")
    code, said = run("serve", "--wallet", wallet, "--data", wallet / "data")
    assert code == 1
    assert "SELAT_WORKERS is 'many'" in said


def test_the_tables_of_the_documentation_are_printed(run):
    """Both pages of docs/ that come from here."""
    assert "GET" in run("addresses")[1]
    assert "REQUEST_MALFORMED" in run("errors")[1]


def test_a_check_says_what_is_good_and_what_is_not(run, wallet, monkeypatch):
    """It asks no node before the wallet's own files, and its exit code is for a supervisor."""
    monkeypatch.setenv("SELAT_TRACKING", "PlatformMSP/Nobody")
    code, printed = run("check", "--wallet", wallet, "--data", wallet / "data")
    assert code == 1
    lines = {line[6:].partition(": ")[0]: line[:4] for line in printed.splitlines()}
    assert (lines["store"], lines["wallet"]) == ("good", "good")
    assert (lines["tracking"], lines["PlatformMSP"], lines["peer of PlatformMSP"]) == ("BAD ", "BAD ", "BAD ")


def test_a_check_looks_for_the_collector_of_traces(run, wallet, monkeypatch):
    """What the environment asks for wrongly, a collector that is not there, and one that is; no URL is shown."""

    def told() -> str:
        lines = run("check", "--wallet", wallet, "--data", wallet / "data")[1].splitlines()
        return next((line for line in lines if "traces" in line), "")

    assert told() == ""
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    assert "BAD" in told()
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setattr(traces, "wanted", lambda _: True)
    with socket.create_server(("127.0.0.1", 0)) as there:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://user:hidden@127.0.0.1:{there.getsockname()[1]}")
        assert "good" in told()
    assert "BAD" in told()
    assert "hidden" not in told()


def test_a_check_of_nothing_names_the_cure(run, tmp_path):
    code, printed = run("check", "--wallet", tmp_path / "none", "--data", tmp_path / "data")
    assert code == 1
    assert "start a network" in printed


def test_counting_needs_somebody_of_the_wallet(run, wallet):
    """A misspelt identity is told who is there, before any peer is asked."""
    code, text = run("count", "--as", "MerchantMSP/User1", "--wallet", wallet)
    assert code == 1
    assert "PlatformMSP" in text


def test_the_list_of_addresses_is_written_into_its_page(run, tmp_path):
    """What stands before the mark stays, and a page without the mark is left as it is."""
    page = tmp_path / "api.md"
    page.write_text("above\n\n<!-- every address -->\nan older list\n")
    assert run("addresses", page) == (0, "")
    assert page.read_text() == "above\n\n<!-- every address -->\n" + run("addresses")[1]
    page.write_text("no mark\n")
    code, text = run("addresses", page)
    assert (code, page.read_text()) == (1, "no mark\n")
    assert "has no line <!-- every address -->; put it where the list begins" in text
