"""A small Fabric CA server: the interface, envelopes, codes and checks of the real one, over TLS, in this process."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from hlf.wire import signatures
from tests.unit.hlf.certificates import IssuedCertificate, issue

_ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
_PEM = serialization.Encoding.PEM


class RefusalError(Exception):
    """Status, code and words as the real server has them."""


def _hidden(status: int) -> RefusalError:
    """Why an identity is not let in, the real server keeps to its log."""
    return RefusalError(status, *{401: (20, "Authentication failure"), 403: (71, "Authorization failure")}[status])


class FakeAuthority:
    """
    Started on a port of the system's choice.

    Attributes:
        ca: file of the certificate that the TLS certificate leads to.
        answers: status and body to give instead, once each.
        asked: method, address, headers and body of every request.
        issued_for, chain: what to put in enrolments instead of the right certificate and chain.
    """

    def __init__(self, folder: Path, boss: tuple[str, str]) -> None:
        self.root = issue("ca.test")
        tls = issue("tls", self.root, hosts=("127.0.0.1",))
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(self.root.pem)
        (folder / "tls.pem").write_bytes(tls.pem + tls.key_pem)
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.issued_for: IssuedCertificate | None = None
        self.chain = self.root.pem
        self.users: dict[str, dict[str, Any]] = {
            boss[0]: {"secret": boss[1], "type": "client", "affiliation": "", "attrs": [], "left": -1}
        }
        self.boss = boss[0]
        self.certificates: list[tuple[str, x509.Certificate]] = []
        self.revoked: set[int] = set()
        self.places = {"org1", "org1.department1"}
        self._server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.pem")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, method: str, address: str, authorization: str, body: bytes) -> object:
        parts = urlsplit(address)
        noun, _, name = parts.path.removeprefix("/api/v1/").partition("/")
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        value = json.loads(body) if body else {}
        if query.get("ca", "ca1") != "ca1":
            raise RefusalError(404, 19, f"CA '{query['ca']}' does not exist")
        if noun == "cainfo":
            return self._info()
        if noun == "enroll":
            return self._certified(self._by_secret(authorization), value)
        caller = self._by_token(method, address, authorization, body)
        if noun == "reenroll":
            return self._certified(caller, value)
        if caller != self.boss:
            raise _hidden(403)
        return getattr(self, f"_{method.lower()}_{noun}")(unquote(name), query, value)

    def _by_secret(self, authorization: str) -> str:
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        user = self.users.get(name)
        if user is None or user["secret"] != secret or user["left"] == 0 or user.get("revoked"):
            raise _hidden(401)
        user["left"] -= 1
        return name

    def _by_token(self, method: str, address: str, authorization: str, body: bytes) -> str:
        """As the real one verifies: the signature is over the certificate as it stands in the token, and has low S."""
        encoded, signature = authorization.split(".")
        certificate = x509.load_pem_x509_certificate(base64.b64decode(encoded, validate=True))
        signed = ".".join(
            (method, base64.b64encode(address.encode()).decode(), base64.b64encode(body).decode(), encoded)
        )
        good = signatures.verify(certificate.public_key(), base64.b64decode(signature, validate=True), signed.encode())
        owner = next((name for name, one in self.certificates if one == certificate), None)
        if not good or owner is None or certificate.serial_number in self.revoked:
            raise _hidden(401)
        return owner

    def _info(self) -> dict[str, str]:
        return {"CAName": "ca1", "CAChain": base64.b64encode(self.chain).decode(), "Version": "fake"}

    def _certified(self, name: str, value: dict[str, Any]) -> object:
        asked = x509.load_pem_x509_csr(value["certificate_request"].encode())
        if asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value != name or not asked.is_signature_valid:
            raise RefusalError(403, 77, "The CSR subject common name must equal the enrollment ID")
        if value["profile"] not in ("", "tls"):
            raise RefusalError(500, 0, f"Invalid profile: '{value['profile']}'")
        now = datetime.now(UTC)
        unit = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, self.users[name]["type"])
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([unit, *asked.subject]))
            .issuer_name(self.root.certificate.subject)
            .public_key(asked.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root.key.public_key()), False)
        )
        for extension in asked.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        wanted = self._attributes(name, value.get("attr_reqs"))
        if wanted or "attr_reqs" in value:
            content = json.dumps({"attrs": wanted}).encode()
            builder = builder.add_extension(x509.UnrecognizedExtension(_ATTRIBUTES, content), critical=False)
        certificate = builder.sign(self.root.key, hashes.SHA256())
        self.certificates.append((name, certificate))
        pem = self.issued_for.pem if self.issued_for else certificate.public_bytes(_PEM)
        return {"Cert": base64.b64encode(pem).decode(), "ServerInfo": self._info()}

    def _attributes(self, name: str, asked: list[dict[str, Any]] | None) -> dict[str, str]:
        owned = {each["name"]: each for each in self.users[name]["attrs"]}
        if asked is None:
            return {key: each["value"] for key, each in owned.items() if each["ecert"]}
        missing = [each["name"] for each in asked if each["name"] not in owned and not each.get("optional")]
        if missing:
            raise RefusalError(500, 0, f"The following required attributes are missing: {missing}")
        return {each["name"]: owned[each["name"]]["value"] for each in asked if each["name"] in owned}

    def _post_register(self, _name: str, _query: dict[str, Any], value: dict[str, Any]) -> object:
        if value["id"] in self.users:
            raise RefusalError(409, 74, f"Identity '{value['id']}' is already registered")
        secret = value["secret"] or "made-by-the-ca"
        kept = {key: value[key] for key in ("type", "affiliation", "attrs")}
        self.users[value["id"]] = {**kept, "secret": secret, "left": value["max_enrollments"] or -1}
        return {"secret": secret}

    def _shown(self, name: str) -> dict[str, Any]:
        if name not in self.users:
            raise RefusalError(404, 63, "Failed to get User: sql: no rows in result set")
        user = self.users[name]
        shown = {"type": user["type"], "affiliation": user["affiliation"], "attrs": user["attrs"][::-1]}
        # The real one gives them in any order.
        user["attrs"].reverse()
        return {"id": name, **shown, "max_enrollments": user["left"], "caname": "ca1"}

    def _get_identities(self, name: str, _query: dict[str, Any], _value: dict[str, Any]) -> object:
        return self._shown(name) if name else {"identities": list(map(self._shown, self.users)), "caname": "ca1"}

    def _put_identities(self, name: str, _query: dict[str, Any], value: dict[str, Any]) -> object:
        self._shown(name)
        user = self.users[name]
        user.update({key: value[key] for key in ("type", "affiliation", "secret") if value.get(key)})
        changed = {each["name"]: each for each in [*user["attrs"], *value["attrs"]]}
        user["attrs"] = [each for each in changed.values() if each["value"]]
        user["left"] = {0: user["left"], -2: 0}.get(asked := value.get("max_enrollments", 0), asked)
        return self._shown(name)

    def _delete_identities(self, name: str, _query: dict[str, Any], _value: dict[str, Any]) -> object:
        shown = self._shown(name)
        del self.users[name]
        self.revoked |= {one.serial_number for owner, one in self.certificates if owner == name}
        return shown

    def _get_affiliations(self, *_: object) -> object:
        tops = [{"name": "org1", "affiliations": [{"name": place} for place in sorted(self.places - {"org1"})]}]
        return {"name": "", "affiliations": tops, "caname": "ca1"}

    def _post_affiliations(self, _name: str, query: dict[str, Any], value: dict[str, Any]) -> object:
        if value["name"].rpartition(".")[0] not in self.places and query.get("force") != "true":
            raise RefusalError(500, 0, "Parent affiliation does not exist")
        self.places.add(value["name"])
        return {"name": value["name"], "caname": "ca1"}

    def _post_revoke(self, _name: str, _query: dict[str, Any], value: dict[str, Any]) -> object:
        if "id" in value:
            self._shown(value["id"])
            self.users[value["id"]]["revoked"] = True
            found = [one for owner, one in self.certificates if owner == value["id"]]
        else:
            found = [one for _, one in self.certificates if f"{one.serial_number:x}" == value["serial"].lower()]
            if not found:
                raise RefusalError(404, 8, f"Certificate with serial {value['serial']} was not found")
            if found[0].serial_number in self.revoked:
                raise RefusalError(404, 66, f"Certificate with serial {value['serial']} was already revoked")
        found = [one for one in found if one.serial_number not in self.revoked]
        self.revoked |= {one.serial_number for one in found}
        named = [{"Serial": f"{one.serial_number:x}", "AKI": "a1"} for one in found] or None
        return {"RevokedCerts": named, "CRL": self._crl() if value["gencrl"] and found else ""}

    def _post_gencrl(self, _name: str, _query: dict[str, Any], value: dict[str, Any]) -> object:
        return {"CRL": self._crl(value.get("revokedbefore"))}

    def _crl(self, before: str | None = None) -> str:
        now = datetime.now(UTC)
        early = before is not None and datetime.fromisoformat(before) < now
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.root.certificate.subject)
        builder = builder.last_update(now).next_update(now + timedelta(days=1))
        for serial in () if early else self.revoked:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
            builder = builder.add_revoked_certificate(one)
        return base64.b64encode(builder.sign(self.root.key, hashes.SHA256()).public_bytes(_PEM)).decode()

    def _get_certificates(self, _name: str, query: dict[str, Any], _value: dict[str, Any]) -> object:
        found = [
            one
            for owner, one in self.certificates
            if query.get("id", owner) == owner
            and query.get("serial", f"{one.serial_number:x}") == f"{one.serial_number:x}"
            and not (query.get("notrevoked") and one.serial_number in self.revoked)
        ]
        return {"certs": [{"PEM": one.public_bytes(_PEM).decode()} for one in found], "caname": "ca1"}


class _Handler(BaseHTTPRequestHandler):
    fake: FakeAuthority

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.fake.asked.append((self.command, self.path, dict(self.headers), body))
        if self.fake.answers:
            status, content = self.fake.answers.pop(0)
        else:
            status, content = self._enveloped(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Location", "https://elsewhere.test/")
        self.end_headers()
        self.wfile.write(content)

    def _enveloped(self, body: bytes) -> tuple[int, bytes]:
        status, told = 200, list[dict[str, Any]]()
        result: object = ""
        try:
            result = self.fake.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
        except RefusalError as refused:
            status, code, words = refused.args
            told = [{"code": code, "message": words}]
        envelope = {"result": result, "errors": told, "messages": [], "success": not told}
        return status, json.dumps(envelope).encode()

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's names

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""
