"""The registrar of a Fabric CA: registrations, affiliations, revocations, certificates."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from cryptography import x509

from hlf import errors, jsontext
from hlf.admin import enrollment
from hlf.admin.authority import Authority, authorisation
from hlf.identity import Identity, load_certificate
from hlf.signers import Signer
from hlf.wire import certificates
from hlf.wire.certificates import Certificate


@dataclass(frozen=True)
class CertificateAttribute:
    """A registered attribute; with *ecert* it is in every certificate whose request names no attributes."""

    name: str
    value: str
    ecert: bool = False


@dataclass(frozen=True)
class Registration:
    """
    An identity in the CA's registry.

    Attributes:
        type: client, peer, orderer, admin or user; the organisational unit of its certificates.
        affiliation: dotted path; empty at the root.
        attributes: by name; the CA adds three of its own (``hf.EnrollmentID``, ``hf.Type``, ``hf.Affiliation``).
        max_enrollments: how often its secret enrols; -1 for any number.
    """

    enrollment_id: str
    type: str
    affiliation: str
    attributes: tuple[CertificateAttribute, ...]
    max_enrollments: int


@dataclass(frozen=True)
class Revocation:
    """Serial number and authority key identifier of each revoked certificate; the new CRL (PEM) if it was asked for."""

    certificates: tuple[tuple[str, str], ...]
    crl_pem: bytes | None = field(repr=False)


class Registrar:
    """
    An identity of the CA, acting on its registry as far as its own registration allows.

    Every method raises AuthorityError where the CA refuses (code 71: not allowed) or is not reached.
    """

    def __init__(self, authority: Authority, identity: Identity, signer: Signer) -> None:
        self._authority = authority
        self._authorise = authorisation(identity, signer)

    def register(
        self,
        enrollment_id: str,
        *,
        type: str = "client",
        affiliation: str = "",
        attributes: Sequence[CertificateAttribute] = (),
        max_enrollments: int = 0,
        secret: str = "",
    ) -> str:
        """
        Register an identity; return the secret it enrols with.

        Args:
            affiliation: the registrar's own if empty, ``.`` for the root.
            max_enrollments: -1 for any number, 0 for as many as the CA allows.
            secret: made by the CA if empty.

        Raises:
            AuthorityError: code 74: there is one of this id already; or the id could never enrol.
        """
        enrollment.require_id(enrollment_id)
        body = {
            "id": enrollment_id,
            "type": type,
            "affiliation": affiliation,
            "attrs": _attributes(attributes),
            "max_enrollments": max_enrollments,
            "secret": secret,
        }
        answer = self._ask("POST", "register", body, secrets=(secret,) if secret else ())
        with self._authority.reading("registration"):
            return jsontext.text(answer["secret"])

    def registrations(self) -> tuple[Registration, ...]:
        """Return all identities that the caller may see."""
        answer = self._ask("GET", "identities")
        with self._authority.reading("list of identities"):
            return tuple(map(_registration, answer["identities"]))

    def registration(self, enrollment_id: str) -> Registration | None:
        """Return one identity, None if there is none of this id."""
        try:
            answer = self._ask("GET", f"identities/{_segment(enrollment_id)}")
        except errors.AuthorityError as refused:
            if refused.code == _NOT_THERE:
                return None
            raise
        with self._authority.reading("identity"):
            return _registration(answer)

    def modify(
        self,
        enrollment_id: str,
        *,
        type: str = "",
        affiliation: str = "",
        attributes: Sequence[CertificateAttribute] = (),
        max_enrollments: int | None = None,
        secret: str = "",
    ) -> Registration:
        """
        Change the given properties only; return the changed identity.

        Certificates that were issued before stay as they are.

        Args:
            affiliation: ``.`` for the root.
            attributes: added or replaced by name; one with an empty value is removed.
            max_enrollments: 0 lets it enrol no more.
        """
        body: dict[str, Any] = {"type": type, "affiliation": affiliation, "attrs": _attributes(attributes)}
        if max_enrollments is not None:
            # For the server 0 means unchanged, and -2 means none.
            body["max_enrollments"] = max_enrollments or -2
        if secret:
            body["secret"] = secret
        answer = self._ask("PUT", f"identities/{_segment(enrollment_id)}", body, secrets=(secret,) if secret else ())
        with self._authority.reading("identity"):
            return _registration(answer)

    def remove(self, enrollment_id: str, *, force: bool = False) -> None:
        """
        Remove an identity from the registry and revoke its certificates; *force* allows it for the caller itself.

        Raises:
            AuthorityError: code 56: the server does not allow removals.
        """
        self._ask("DELETE", f"identities/{_segment(enrollment_id)}", query={"force": "true"} if force else {})

    def affiliations(self) -> tuple[str, ...]:
        """Return all affiliations that the caller may see, as dotted paths."""
        found = []
        answer = self._ask("GET", "affiliations")
        with self._authority.reading("tree of affiliations"):
            waiting = [answer]
            while waiting:
                node = waiting.pop()
                if node["name"]:
                    found.append(jsontext.text(node["name"]))
                waiting.extend(node.get("affiliations") or ())
        return tuple(sorted(found))

    def add_affiliation(self, name: str, *, force: bool = False) -> None:
        """Add an affiliation (dotted path); *force* adds the ones above it as well."""
        self._ask("POST", "affiliations", {"name": name}, query={"force": "true"} if force else {})

    def revoke(
        self, enrollment_id: str, reason: str | x509.ReasonFlags = "unspecified", *, crl: bool = False
    ) -> Revocation:
        """
        Revoke all certificates of an identity, and the identity: it never enrols again.

        Channels refuse it only once their configuration holds the new CRL.

        Args:
            reason: as RFC 5280 names them, such as ``keyCompromise``.
        """
        return self._revoke({"id": enrollment_id}, reason, crl)

    def revoke_certificate(
        self, serial: str, aki: str, reason: str | x509.ReasonFlags = "unspecified", *, crl: bool = False
    ) -> Revocation:
        """
        Revoke one certificate, by its serial number and authority key identifier in hexadecimal.

        Raises:
            AuthorityError: code 8: there is none; code 66: it is revoked already.
        """
        if not serial or not aki:
            raise errors.AuthorityError("to revoke a certificate takes its serial number and its authority key id")
        return self._revoke({"serial": serial, "aki": aki}, reason, crl)

    def crl(
        self,
        *,
        revoked_after: datetime | None = None,
        revoked_before: datetime | None = None,
        expire_after: datetime | None = None,
        expire_before: datetime | None = None,
    ) -> bytes:
        """Return the CRL (PEM) of certificates revoked and not expired, within the given times; each needs a zone."""
        times = {
            "revokedafter": revoked_after,
            "revokedbefore": revoked_before,
            "expireafter": expire_after,
            "expirebefore": expire_before,
        }
        answer = self._ask("POST", "gencrl", {name: _moment(time) for name, time in times.items() if time})
        with self._authority.reading("CRL"):
            return _crl(answer["CRL"])

    def certificates(
        self,
        enrollment_id: str = "",
        *,
        serial: str = "",
        aki: str = "",
        not_expired: bool = False,
        not_revoked: bool = False,
    ) -> tuple[Certificate, ...]:
        """Return the certificates that the CA has issued and the caller may see; the arguments select among them."""
        asked = {
            "id": enrollment_id,
            "serial": serial,
            "aki": aki,
            "notexpired": "true" if not_expired else "",
            "notrevoked": "true" if not_revoked else "",
        }
        answer = self._ask("GET", "certificates", query={name: value for name, value in asked.items() if value})
        try:
            with self._authority.reading("list of certificates"):
                return tuple(load_certificate(jsontext.text(each["PEM"]).encode()) for each in answer["certs"])
        except errors.IdentityError as unusable:
            raise errors.AuthorityError(
                f"answered with an unreadable certificate: {unusable}", address=self._authority.address
            ) from unusable

    def _revoke(self, whose: dict[str, Any], reason: str | x509.ReasonFlags, crl: bool) -> Revocation:
        try:
            # The server takes a reason it does not know for none, and knows them in small letters only.
            named = x509.ReasonFlags(reason).value.lower()
        except ValueError:
            known = ", ".join(flag.value for flag in x509.ReasonFlags)
            raise errors.AuthorityError(f"{reason!r} is no reason of RFC 5280: {known}") from None
        answer = self._ask("POST", "revoke", {**whose, "reason": named, "gencrl": crl})
        with self._authority.reading("revocation"):
            return Revocation(
                tuple(
                    (jsontext.text(each["Serial"]), jsontext.text(each["AKI"])) for each in answer["RevokedCerts"] or ()
                ),
                _crl(answer["CRL"]) if answer.get("CRL") else None,
            )

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        secrets: tuple[str, ...] = (),
    ) -> Any:
        return self._authority.ask(method, path, body, query=query, authorise=self._authorise, secrets=secrets)


# The server's code where its database has no such row.
_NOT_THERE = 63


def serial_and_aki(certificate: Certificate) -> tuple[str, str]:
    """
    Return what names a certificate to its CA: serial number and authority key identifier in hexadecimal.

    Raises:
        AuthorityError: the certificate says nothing of its authority's key.
    """
    aki = certificate.extensions.authority_key_id
    if not aki:
        raise errors.AuthorityError("the certificate has no authority key identifier; no Fabric CA issued it")
    return f"{certificate.serial_number:x}", aki.hex()


def _segment(enrollment_id: str) -> str:
    """Return an id as one segment of an address; dots and slashes would change the address."""
    if enrollment_id in ("", ".", "..") or "/" in enrollment_id:
        raise errors.AuthorityError(f"{enrollment_id!r} cannot be asked for: an id in an address has no slash")
    return quote(enrollment_id, safe="")


def _attributes(attributes: Sequence[CertificateAttribute]) -> list[dict[str, Any]]:
    return [{"name": each.name, "value": each.value, "ecert": each.ecert} for each in attributes]


def _registration(value: dict[str, Any]) -> Registration:
    attributes = [
        CertificateAttribute(jsontext.text(each["name"]), jsontext.text(each["value"]), each.get("ecert") is True)
        for each in value.get("attrs") or ()
    ]
    return Registration(
        enrollment_id=jsontext.text(value["id"]),
        type=jsontext.text(value.get("type", "")),
        affiliation=jsontext.text(value.get("affiliation", "")),
        # The server gives them in another order each time.
        attributes=tuple(sorted(attributes, key=lambda each: each.name)),
        max_enrollments=jsontext.number(value.get("max_enrollments", 0)),
    )


def _crl(text: str) -> bytes:
    pem = base64.b64decode(text, validate=True)
    certificates.read_revocations(pem)
    return pem


def _moment(time: datetime) -> str:
    if time.tzinfo is None:
        raise errors.AuthorityError("a time without its zone says nothing to a server elsewhere")
    return time.isoformat()
