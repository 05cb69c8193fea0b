"""The issuer for development, asked over HTTP as a gateway asks any issuer."""

from __future__ import annotations

import threading

import pytest
import requests

from gateway.oidc import trust
from gateway.oidc.bearers import Issuers
from gateway.oidc.issuer import DevelopmentIssuer, server

GOOD = '[[issuer]]\nurl = "https://id.example"\naudience = "a"\norganisation = "AMSP"\n'


@pytest.fixture
def served():
    """Yield an issuer that listens on this machine."""
    issuer = DevelopmentIssuer()
    with server(issuer, "127.0.0.1:0") as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield issuer
        serving.shutdown()
        thread.join()


def test_a_gateway_takes_its_tokens_until_they_change(served, tmp_path):
    """Discovery, keys and token are what a gateway reads from any issuer."""
    (tmp_path / "oidc.toml").write_text(
        f'[[issuer]]\nurl = "{served.url}"\naudience = "selat"\norganisation = "AMSP"\n'
    )
    issuers = Issuers(trust.read(str(tmp_path / "oidc.toml")))
    assert issuers.reached() == {served.url: True}
    asked = {"grant_type": "client_credentials", "client_id": "anna", "scope": "read events"}
    made = requests.post(f"{served.url}/token", data=asked, timeout=10).json()["access_token"]
    caller = issuers.caller(made)
    assert (caller.msp_id, caller.user, caller.scopes) == ("AMSP", "User1", {"read", "events"})
    assert requests.post(f"{served.url}/token", data={"client_id": "x"}, timeout=10).status_code == 400
    assert requests.get(f"{served.url}/elsewhere", timeout=10).status_code == 404


def test_it_serves_this_machine_alone():
    """Whoever reaches it gets a token."""
    with pytest.raises(ValueError, match="can be reached by others"):
        server(DevelopmentIssuer(), "0.0.0.0:0")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "issuer"),
        ("[[issuer]]\nurl = 'x'", "audience"),
        ('[[issuer]]\nurl = "http://id.example"\naudience = "a"\norganisation = "AMSP"', "https"),
        ('[[issuer]]\nurl = "https://id.example"\naudience = "a"', "name one organisation"),
        (GOOD + 'algorithms = ["HS256"]', "Must be"),
        (GOOD + "more = 1", "more"),
        ("not toml", "cannot be used"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_the_place(tmp_path, text, words):
    """No shared secret can be allowed, and an issuer that everybody names is none."""
    (tmp_path / "oidc.toml").write_text(text)
    with pytest.raises(trust.TrustError, match=words):
        trust.read(str(tmp_path / "oidc.toml"))
    with pytest.raises(trust.TrustError, match="No such file"):
        trust.read(str(tmp_path / "none.toml"))
