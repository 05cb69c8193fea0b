"""TLS at the gateway's own front: renewal, callers known by their certificates, and clients that mean harm."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from gateway import checks
from gateway.front import tls
from gateway.front.tls import ServerTls, TlsError
from gateway.http.settings import Settings, SettingsError
from gateway.tokens.clientcertificates import ClientCertificates
from tests.unit.hlf.certificates import IssuedCertificate, issue

AUTHORITY, STRANGE = issue("authority"), issue("strange authority")
USER = issue("user", AUTHORITY)


def server(name: str = "server") -> IssuedCertificate:
    return issue(name, AUTHORITY, hosts=("127.0.0.1",))


def kept(folder: Path, name: str, issued: IssuedCertificate) -> tuple[str, str]:
    """Certificate and key as files; each is replaced in one step, as programs that renew do."""
    for ending, content in (("crt", issued.pem), ("key", issued.key_pem)):
        (folder / "new").write_bytes(content)
        (folder / "new").replace(folder / f"{name}.{ending}")
    return str(folder / f"{name}.crt"), str(folder / f"{name}.key")


@pytest.fixture
def files(tmp_path):
    """Return the settings of a gateway with TLS that knows callers by their certificates."""
    certificate, key = kept(tmp_path, "server", server())
    (tmp_path / "authority.crt").write_bytes(AUTHORITY.pem)
    return {"tls_certificate": certificate, "tls_key": key, "tls_client_ca": str(tmp_path / "authority.crt")}


@pytest.fixture
def served(serve, files, tmp_path):
    """Such a gateway; the user of the platform has its certificate in the wallet."""
    found = serve(**files)
    user = tmp_path / "wallet" / "organisations" / "PlatformMSP" / "users" / "User1"
    (user / "cert.pem").write_bytes(USER.pem)
    return found


def client(tmp_path: Path, shown: IssuedCertificate | None = None) -> ssl.SSLContext:
    """Return what a caller trusts and shows."""
    made = ssl.create_default_context(cadata=AUTHORITY.pem.decode())
    if shown is not None:
        made.load_cert_chain(*kept(tmp_path, "shown", shown))
    return made


def ask(
    served: Any, context: ssl.SSLContext, path: str, method: str = "GET", **headers: str
) -> tuple[int, Any, IssuedCertificate]:
    """Status and JSON of one answer, and the server's certificate."""
    connection = http.client.HTTPSConnection("127.0.0.1", served.port, timeout=30, context=context)
    with contextlib.closing(connection):
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        told = json.loads(answer.read() or b"{}")
        return answer.status, told, connection.sock.getpeercert(binary_form=True) if connection.sock else b""


def test_a_caller_is_known_by_the_certificate_of_a_user(served, tmp_path):
    """It needs no token, and acts as that user; without one the answer asks for a token."""
    status, _, _ = ask(served, client(tmp_path, USER), "/v1/stages")
    assert (status, served.ledgers.asked[-1][:2]) == (200, ("PlatformMSP", "User1"))
    status, told, _ = ask(served, client(tmp_path), "/v1/stages")
    assert (status, told["code"]) == (401, "TOKEN_MISSING")
    status, _, _ = ask(served, client(tmp_path), "/v1/stages", **served.token())
    assert status == 200


def test_a_certificate_of_nobody_is_refused(served, tmp_path):
    """One that the authority issued to somebody who is not in the wallet; and a token counts before a certificate."""
    other = client(tmp_path, issue("user", AUTHORITY))
    status, told, _ = ask(served, other, "/v1/stages")
    assert (status, told["code"]) == (401, "TOKEN_INVALID")
    assert "wallet" in told["detail"]
    assert ask(served, other, "/v1/stages", **served.token())[0] == 200
    assert ask(served, client(tmp_path, USER), "/v1/stages", Authorization="Bearer selat_0_x")[0] == 401


def test_a_certificate_of_another_authority_ends_the_handshake(served, tmp_path):
    """Also one with the name of a user."""
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        ask(served, client(tmp_path, issue("user", STRANGE)), "/v1/stages")


def test_a_certificate_does_what_the_settings_say(serve, files, tmp_path):
    """Its scopes are the gateway's setting."""
    served = serve(**files, tls_client_scopes="read:orders")
    user = tmp_path / "wallet" / "organisations" / "PlatformMSP" / "users" / "User1"
    (user / "cert.pem").write_bytes(USER.pem)
    status, told, _ = ask(served, client(tmp_path, USER), "/v1/stages")
    assert (status, told["code"]) == (403, "SCOPE_MISSING")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_a_page_of_another_site_cannot_use_a_browsers_certificate(served, tmp_path, headers):
    """A browser shows it with every request, so a form elsewhere could revoke a token."""
    status, told, _ = ask(served, client(tmp_path, USER), "/v1/tokens/0/revocation", "POST", **headers)
    assert (status, told["code"]) == (401, "TOKEN_MISSING")


def test_no_header_stands_for_a_certificate(serve, tmp_path):
    """What proxies and WSGI servers pass on is a header like any other here."""
    served = serve()
    for name in ("Selat.Client_Certificate", "X-SSL-Client-Cert", "SSL-CLIENT-CERT", "X-Forwarded-Client-Cert"):
        status, told = served.ask("GET", "/v1/stages", **{name: USER.pem.decode().replace("\n", " ")})
        assert (status, told["code"]) == (401, "TOKEN_MISSING")


def test_tls_cannot_be_talked_away(served, tmp_path):
    """A cookie over TLS is for TLS alone, whatever a header says about the scheme."""
    connection = http.client.HTTPSConnection("127.0.0.1", served.port, timeout=30, context=client(tmp_path))
    with contextlib.closing(connection):
        connection.request("GET", "/console/login", headers={"X-Forwarded-Proto": "http"})
        answer = connection.getresponse()
        answer.read()
    assert all("Secure" in value for name, value in answer.getheaders() if name == "Set-Cookie")
    assert any(name == "Set-Cookie" for name, _ in answer.getheaders())


def test_a_renewed_certificate_serves_the_next_connection(served, tmp_path):
    """Open connections stay; files that do not belong together change nothing until they do."""
    trusting = client(tmp_path)
    with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", served.port, context=trusting)) as open_one:
        open_one.request("GET", "/healthz")
        open_one.getresponse().read()
        renewed = server("renewed")
        _, key = kept(tmp_path, "server", renewed)
        Path(key).write_bytes(USER.key_pem)
        os.utime(key, ns=(1, 1))
        before = ask(served, trusting, "/healthz")[2]
        served.encryption.renew()
        assert ask(served, trusting, "/healthz")[2] == before
        kept(tmp_path, "server", renewed)
        served.encryption.renew()
        after = ask(served, trusting, "/healthz")[2]
        assert ssl.DER_cert_to_PEM_cert(after).encode() == renewed.pem
        assert before != after
        open_one.request("GET", "/healthz")
        assert open_one.getresponse().status == 200


def test_renewed_authorities_count_at_the_next_handshake(served, tmp_path, files):
    """Whom the new file does not name is refused, with and without the old one's certificate."""
    assert ask(served, client(tmp_path, USER), "/v1/stages")[0] == 200
    (tmp_path / "new").write_bytes(STRANGE.pem)
    (tmp_path / "new").replace(files["tls_client_ca"])
    served.encryption.renew()
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        ask(served, client(tmp_path, USER), "/v1/stages")


def test_half_a_handshake_delays_nobody(served, tmp_path):
    """Neither silence, nor the beginning of a greeting, nor plain HTTP."""
    greeting = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        client(tmp_path).wrap_bio(*greeting, server_hostname="127.0.0.1").do_handshake()
    hello = greeting[1].read()
    with contextlib.ExitStack() as stack:
        for number in range(300):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=30))
            half.sendall((b"", hello[: len(hello) // 2], b"GET / HTTP/1.1\r\n", hello)[number % 4])
        assert ask(served, client(tmp_path), "/v1/stages", **served.token())[0] == 200


# asyncio leaves a socket that nobody wants to the garbage collector, which closes it at once and warns of it.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_too_many_handshakes_are_turned_away(serve, files, tmp_path):
    """Their number has the limit of open connections; those that are served go on."""
    served = serve(**files, connections=3)
    trusting = client(tmp_path)
    with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", served.port, context=trusting)) as first:
        first.request("GET", "/healthz")
        first.getresponse().read()
        with contextlib.ExitStack() as stack:
            halves = [
                stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=30)) for _ in range(5)
            ]
            ended = [each for each in halves[3:] if each.recv(1) == b""]
            assert len(ended) == 2
            first.request("GET", "/healthz")
            assert first.getresponse().status == 200


def test_old_protocols_are_refused(served):
    """TLS 1.2 is the oldest."""
    old = ssl.create_default_context(cadata=AUTHORITY.pem.decode())
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert ask(served, old, "/healthz")[0] == 200
    assert served.encryption.listening.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_certificate_is_nobodys_once_its_user_has_left(tmp_path):
    """Within seconds; and a certificate that two users have names neither of them."""
    from gateway.fabric.wallet import Wallet
    from gateway.store.tokens import TokenError

    users, now = tmp_path / "organisations" / "AMSP" / "users", [0.0]
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "AMSP.json").write_text("{}")
    (users / "User1").mkdir(parents=True)
    (users / "User1" / "cert.pem").write_bytes(USER.pem)
    der = ssl.PEM_cert_to_DER_cert(USER.pem.decode())
    known = ClientCertificates(Wallet(tmp_path), frozenset({"read"}), lambda: now[0])
    found = known.caller(der)
    assert (found.msp_id, found.user, found.scopes) == ("AMSP", "User1", frozenset({"read"}))
    for change in (lambda: (users / "User1" / "cert.pem").rename(users / "gone"), lambda: _twice(users)):
        change()
        now[0] += 10
        with pytest.raises(TokenError, match="invalid"):
            known.caller(der)


def _twice(users: Path) -> None:
    for name in ("User1", "User2"):
        (users / name).mkdir(exist_ok=True)
        (users / name / "cert.pem").write_bytes(USER.pem)


def test_files_that_cannot_be_used_are_named_before_anything_is_served(tmp_path, files):
    """By the check and by what serves: a key of another certificate, an encrypted one, missing files."""
    good = Settings(tmp_path, tmp_path / "data", **files)
    assert ServerTls(good).ends.year >= 2026
    named = {each.what: each for each in checks.findings(good)}
    assert "certificate expires" in named["TLS"].words
    (tmp_path / "sealed.key").write_bytes(_sealed(USER))
    for change, words in (
        ({"tls_key": kept(tmp_path, "other", USER)[1]}, "its own key"),
        ({"tls_key": str(tmp_path / "sealed.key")}, "encrypted"),
        ({"tls_certificate": str(tmp_path / "none")}, "No such file"),
        ({"tls_client_ca": files["tls_key"]}, "authorities"),
    ):
        wrong = Settings(tmp_path, tmp_path / "data", **{**files, **change})
        with pytest.raises(TlsError, match=words):
            tls.of(wrong)
        assert {each.what: each.good for each in checks.findings(wrong)}["TLS"] is False
    for alone in ("tls_certificate", "tls_key", "tls_client_ca"):
        with pytest.raises(SettingsError, match="need each other"):
            Settings(tmp_path, tmp_path / "data", **{alone: files[alone]})
    with pytest.raises(SettingsError, match="TLS_CLIENT_SCOPES"):
        Settings(tmp_path, tmp_path / "data", tls_client_scopes="everything")


def _sealed(issued: IssuedCertificate) -> bytes:
    from cryptography.hazmat.primitives import serialization

    form = serialization.BestAvailableEncryption(b"correct horse battery")
    return issued.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, form)
