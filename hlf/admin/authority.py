"""
A client of a Fabric CA server: information, enrolment and renewal.

The interface is REST over TLS with JSON in an envelope (``result``, ``errors``, ``success``), as Fabric CA 1.5 serves
it. Enrolment sends the registered secret. Every other call sends a token: a signature with the caller's key over
method, address and body of this one request.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec

from hlf import errors, extras, jsontext
from hlf.admin import enrollment
from hlf.identity import Identity, load_certificate
from hlf.signers import Signer

try:
    import requests
    from requests.adapters import HTTPAdapter
except ModuleNotFoundError as absent:
    raise extras.missing("requests", "network") from absent

# Lists of a large registry are the largest answers.
_MAX_ANSWER = 32 << 20
_MAX_WORDS = 1000
_CURES = {
    19: "Is the name of the CA right? Without a name the server's first CA answers",
    20: "Enrolling needs the registered secret, and enrolments left; all else a certificate of this CA that is neither "
    "expired nor revoked. The server's log has the reason",
    56: "A server lets identities be removed only if it is started with cfg.identities.allowremove",
    70: "The identity was revoked as a whole; another must be registered",
    71: "The caller's registration lacks an attribute that allows this (hf.Registrar.Roles, hf.Registrar.Attributes, "
    "hf.Revoker, hf.GenCRL, hf.AffiliationMgr), or its affiliation is below. The server's log has the reason",
    73: "A registrar sets another secret to open it again",
}

# Makes the Authorization header from method, address (path and query) and body of a request.
Authorisation = Callable[[str, str, bytes], str]


@dataclass(frozen=True)
class AuthorityInfo:
    """A CA as it describes itself: its name, its chain as the server gives it, and the server's version."""

    name: str
    chain_pem: bytes = field(repr=False)
    version: str


class Authority:
    """
    One CA of a Fabric CA server (``host:port``), over TLS.

    For one caller at a time; also a context manager.

    Args:
        ca: file of the CA certificate that issued the server's TLS certificate.
        name: the CA's name, on servers with several; empty for the server's first CA.
        anchor: file of the CA certificate in which the chain of every enrolment must end. Without it the
            server's own chain is trusted, because its TLS certificate was checked.
        certificate: file of a TLS client certificate, for servers with ``tls.clientauth``.
        key: file of its private key.
        timeout: seconds to wait for the server to connect, and for each part of its answer.

    Raises:
        AuthorityError: *ca* or *anchor* cannot be used.
    """

    def __init__(
        self,
        address: str,
        *,
        ca: Path | str,
        name: str = "",
        anchor: Path | str | None = None,
        certificate: Path | str | None = None,
        key: Path | str | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.address = address
        self.name = name
        self._timeout = timeout
        _certificates(ca)
        self._anchor = None if anchor is None else load_certificate(_certificates(anchor))
        self._ca = str(ca)
        self._client = (str(certificate), str(key)) if certificate is not None and key is not None else None
        # No session is used, so no proxy, .netrc or redirection decides who gets the secrets, and the body of a
        # redirection is not read whole.
        self._adapter = HTTPAdapter()

    def info(self) -> AuthorityInfo:
        """
        Return the CA's information; this needs no identity.

        Raises:
            AuthorityError: the server cannot be reached, or refused.
        """
        answer = self.ask("GET", "cainfo")
        with self.reading("description of itself"):
            return AuthorityInfo(str(answer["CAName"]), _decoded(answer["CAChain"]), str(answer["Version"]))

    def enroll(
        self, enrollment_id: str, secret: str, msp_id: str, request: enrollment.CertificateRequest | None = None
    ) -> enrollment.Enrollment:
        """
        Make a key and get its certificate, with the secret that the registrar got.

        The key stays here. An enrolment counts towards the registration's maximum as soon as the server has issued it,
        even if the answer is lost.

        Raises:
            AuthorityError: refused (code 20: the secret, or no enrolments left), not reached, or the answer is not the
                certificate of this key, this id and this CA.
        """
        enrollment.require_id(enrollment_id)
        if not secret:
            raise errors.AuthorityError("enrolling needs the secret that registering gave")
        credentials = _base64(f"{enrollment_id}:{secret}".encode())
        return self._certified(
            "enroll", enrollment_id, msp_id, request, lambda *_: f"Basic {credentials}", (secret, credentials)
        )

    def reenroll(
        self, identity: Identity, signer: Signer, request: enrollment.CertificateRequest | None = None
    ) -> enrollment.Enrollment:
        """
        Make a new key and get its certificate, using the present one; the present one stays valid until it expires.

        Raises:
            AuthorityError: as for enrolling; code 20 where the present certificate has expired or was revoked.
        """
        holder = enrollment.common_name(identity.certificate)
        return self._certified("reenroll", holder, identity.msp_id, request, authorisation(identity, signer))

    def _certified(
        self,
        path: str,
        enrollment_id: str,
        msp_id: str,
        request: enrollment.CertificateRequest | None,
        authorise: Authorisation,
        secrets: tuple[str, ...] = (),
    ) -> enrollment.Enrollment:
        request = request or enrollment.CertificateRequest()
        key = ec.generate_private_key(request.curve)
        body: dict[str, Any] = {
            "certificate_request": enrollment.signing_request(key, enrollment_id, request.hosts).decode(),
            "hosts": list(request.hosts),
            "profile": request.profile,
        }
        if request.attributes is not None or request.optional_attributes:
            body["attr_reqs"] = [
                *({"name": name} for name in request.attributes or ()),
                *({"name": name, "optional": True} for name in request.optional_attributes),
            ]
        answer = self.ask("POST", path, body, authorise=authorise, secrets=secrets)
        with self.reading("certificate"):
            certificate, chain = _decoded(answer["Cert"]), _decoded(answer["ServerInfo"]["CAChain"])
        try:
            return enrollment.accept(
                certificate, chain, key=key, enrollment_id=enrollment_id, msp_id=msp_id, anchor=self._anchor
            )
        except errors.IdentityError as unusable:
            raise errors.AuthorityError(f"the answer cannot be used: {unusable}", address=self.address) from unusable
        except errors.AuthorityError as refused:
            raise errors.AuthorityError(refused.message, address=self.address, cure=refused.cure) from None

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        authorise: Authorisation | None = None,
        secrets: tuple[str, ...] = (),
    ) -> Any:
        """
        Return the ``result`` of one call of the interface.

        Args:
            path: below ``/api/v1/``, quoted.
            secrets: texts that no error may quote, even if the server does.

        Raises:
            AuthorityError: not reached, refused, or no answer of a Fabric CA.
        """
        content = b"" if body is None else json.dumps(body).encode()
        try:
            request = requests.Request(
                method,
                f"https://{self.address}/api/v1/{path}",
                params={**(query or {}), **({"ca": self.name} if self.name else {})},
                data=content,
                headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
            ).prepare()
        except requests.exceptions.RequestException as unusable:
            raise errors.AuthorityError(f"no address of a server ({unusable})", address=self.address) from unusable
        if authorise is not None:
            # The signature covers the address in its sent form, so that of the prepared request.
            request.headers["Authorization"] = authorise(method, request.path_url, content)
        status, answer = self._send(request)
        return self._result(status, answer, secrets)

    @contextlib.contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Raise AuthorityError for a field of an answer that is missing or of another kind."""
        try:
            yield
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, errors.IdentityError):
            raise errors.AuthorityError(f"answered with an unreadable {what}", address=self.address) from None

    def close(self) -> None:
        """Close the connection."""
        self._adapter.close()

    def _send(self, request: requests.PreparedRequest) -> tuple[int, bytes]:
        try:
            with self._adapter.send(
                request, stream=True, timeout=self._timeout, verify=self._ca, cert=self._client
            ) as answer:
                content = bytearray()
                for piece in answer.iter_content(1 << 16):
                    content += piece
                    if len(content) > _MAX_ANSWER:
                        raise errors.AuthorityError(
                            f"answered with more than {_MAX_ANSWER} bytes",
                            address=self.address,
                            status=answer.status_code,
                        )
                return answer.status_code, bytes(content)
        except requests.exceptions.SSLError as failure:
            words = f"TLS failed ({failure})"
            cure = (
                "Does the server's TLS certificate lead to this `ca`, is the address one of its hosts, is TLS on, "
                "does it want a client certificate?"
            )
        except (requests.exceptions.RequestException, OSError) as failure:
            words = f"no answer ({failure})"
            cure = "Is the server running at this address? Whether it did what was asked of it is unknown"
        # Raised here, because the library's exceptions contain the request and its secret.
        raise errors.AuthorityError(words, address=self.address, cure=cure)

    def _result(self, status: int, content: bytes, secrets: tuple[str, ...]) -> Any:
        try:
            answer = jsontext.loads(content)
        except errors.WireError:
            answer = None
        if not isinstance(answer, dict):
            # A good answer may contain a secret that the server made, so only refusals are quoted.
            words = _without(content[: 4 * _MAX_WORDS].decode(errors="replace"), secrets)[:200]
            quoted = f": {words!r}" if status >= requests.codes.bad_request else ""
            raise errors.AuthorityError(
                f"the answer is not a Fabric CA's{quoted}",
                address=self.address,
                status=status,
                cure="Is this a Fabric CA server? One that fails in the middle of a list has the reason in its log",
            )
        if answer.get("success") is True and not answer.get("errors"):
            return answer.get("result")
        listed = answer.get("errors")
        told = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        code = next((each["code"] for each in told if isinstance(each.get("code"), int)), None)
        words = "; ".join(str(each.get("message", "")) for each in told) or f"refused with status {status}"
        raise errors.AuthorityError(
            _without(words, secrets), address=self.address, status=status, code=code, cure=_CURES.get(code or 0, "")
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def authorisation(identity: Identity, signer: Signer) -> Authorisation:
    """Return the function that authorises calls as an identity, for :meth:`Authority.ask`."""
    certificate = _base64(identity.certificate_pem)

    def token(method: str, address: str, body: bytes) -> str:
        signed = f"{method}.{_base64(address.encode())}.{_base64(body)}.{certificate}"
        return f"{certificate}.{_base64(signer.sign(signed.encode()))}"

    return token


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _without(words: str, secrets: tuple[str, ...]) -> str:
    """Return a message of the server without secrets (plain or as JSON) and short enough for a log."""
    for secret in secrets:
        words = words.replace(secret, "***").replace(json.dumps(secret)[1:-1], "***")
    return words[:_MAX_WORDS]


def _certificates(file: Path | str) -> bytes:
    try:
        content = Path(file).read_bytes()
        enrollment.authorities(content)
    except OSError as unreadable:
        raise errors.AuthorityError(f"the certificate {file} cannot be read: {unreadable.strerror}") from unreadable
    except errors.IdentityError as unusable:
        raise errors.AuthorityError(f"{file} holds no certificate of a CA: {unusable}") from unusable
    return content
