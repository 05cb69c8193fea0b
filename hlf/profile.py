"""
Connection profiles: where an organisation's peers and orderers are, in the common form of Fabric's SDKs, JSON or YAML.

Only what this client needs is read; other SDKs' settings may stand beside it. Paths in a profile are relative to it.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hlf import jsontext
from hlf.errors import IdentityError, ProfileError, WireError, YamlError
from hlf.wire import certificates

# One of a large consortium takes a few hundred kilobytes.
_MOST_BYTES = 1 << 20
_CURES = {
    "client": "write client: {organization: NAME}, with the name of your organisation among organizations",
    "organization": "write the name of your organisation, as it stands among organizations",
    "organizations": "describe your organisation there: its mspid and the names of its peers",
    "mspid": "write the organisation's MSP id, such as Org1MSP",
    "url": "write the peer's or orderer's address, such as grpcs://localhost:7051",
    "tlsCACerts": "put the PEM of the CA that issued the node's TLS certificate under pem, or its file under path",
    "path": "put the PEM of the CA that issued the node's TLS certificate under pem, or its file under path",
}


@dataclass(frozen=True)
class Endpoint:
    """
    One peer or orderer.

    Attributes:
        address: ``host:port``.
        msp_id: its organisation; empty where the profile does not say (orderers, as a rule).
        tls_ca_pem: the authorities its certificate is trusted by; None means plain text, for development alone.
        override_hostname: the name expected in its certificate, where that is not the address's host.
    """

    name: str
    address: str
    tls_ca_pem: bytes | None = field(repr=False)
    msp_id: str = ""
    override_hostname: str = ""


@dataclass(frozen=True)
class Profile:
    """
    An organisation's view of the network.

    Attributes:
        organisation: the MSP id of the profile's owner.
        peers: the owner's first, each with its organisation.
        channels: the channels it names.
    """

    name: str
    organisation: str
    peers: tuple[Endpoint, ...]
    orderers: tuple[Endpoint, ...] = ()
    channels: tuple[str, ...] = ()

    @property
    def gateway(self) -> Endpoint:
        """The peer whose gateway service the owner uses: the first of its own organisation."""
        return self.peers[0]

    @property
    def own_peers(self) -> tuple[Endpoint, ...]:
        return tuple(peer for peer in self.peers if peer.msp_id == self.organisation)

    def peer(self, name: str | None = None) -> Endpoint:
        """
        Return the peer called *name*; without a name, the one that ``gateway`` is.

        Raises:
            ProfileError: there is none of that name.
        """
        if name is None:
            return self.gateway
        found = next((peer for peer in self.peers if peer.name == name), None)
        if found is None:
            known = ", ".join(peer.name for peer in self.peers)
            raise ProfileError(f"the profile has no peer {name!r}, only {known}")
        return found

    @classmethod
    def load(cls, path: Path | str) -> Profile:
        """
        Return the profile in the file *path*, in JSON or YAML.

        Raises:
            ProfileError: it is missing, malformed or incomplete; the words name the file, the field and the cure.
        """
        path = Path(path)
        try:
            return cls.parse(path.read_bytes(), folder=path.parent)
        except OSError as unreadable:
            raise ProfileError(f"connection profile {path} cannot be read: {unreadable.strerror}") from unreadable
        except ProfileError as unusable:
            raise ProfileError(f"connection profile {path}: {unusable}") from unusable

    @classmethod
    def parse(cls, text: bytes | str, *, folder: Path = Path()) -> Profile:
        """
        Return the profile in a text, in JSON or YAML; *folder* is where its relative paths begin.

        Raises:
            ProfileError: it is malformed or incomplete; the words name the field and the cure.
        """
        try:
            data = text if isinstance(text, bytes) else text.encode()
        except UnicodeEncodeError:
            raise ProfileError("a lone surrogate stands in it, which no file can hold") from None
        return _read(_document(data), folder)


def _document(data: bytes) -> Any:
    """Return the value of the text: JSON where it begins as an object of it does, else YAML."""
    if data.lstrip()[:1] != b"{":
        try:
            # PyYAML comes with an extra, and a profile in JSON does without.
            from hlf import yamltext

            return yamltext.loads(data)
        except ModuleNotFoundError as absent:
            raise ProfileError(f"not JSON, and {absent}") from None
        except YamlError as malformed:
            raise ProfileError(str(malformed)) from None
    try:
        return jsontext.loads(data, most_bytes=_MOST_BYTES)
    except WireError as malformed:
        raise ProfileError(f"not JSON: {malformed}") from None


def _read(document: Any, folder: Path) -> Profile:
    if not isinstance(document, dict):
        raise ProfileError("not an object; is this a connection profile? It begins with name, client and organizations")
    client = _object(document, "client", "client")
    chosen = _text(client, "organization", "client.organization")
    organisations = _object(document, "organizations", "organizations")
    if chosen not in organisations:
        known = ", ".join(organisations) or "none"
        raise ProfileError(f"client.organization names {chosen!r}, which is not among organizations (there: {known})")
    owners: dict[str, str] = {}
    for name in organisations:
        where = f"organizations.{name}"
        organisation = _object(organisations, name, where)
        msp_id = _text(organisation, "mspid", f"{where}.mspid")
        for peer in _names(organisation, "peers", where):
            owners[peer] = msp_id
    own = _text(organisations[chosen], "mspid", f"organizations.{chosen}.mspid")
    peers = _endpoints(document, "peers", owners, folder)
    ordered = sorted(peers, key=lambda peer: peer.msp_id != own)
    if not ordered or ordered[0].msp_id != own:
        raise ProfileError(f"no peer of {own} under peers; list one in organizations.{chosen}.peers and describe it")
    return Profile(
        name=str(document.get("name", "")),
        organisation=own,
        peers=tuple(ordered),
        orderers=_endpoints(document, "orderers", {}, folder),
        channels=tuple(_object(document, "channels", "channels")) if "channels" in document else (),
    )


def _endpoints(document: Mapping[str, Any], key: str, owners: Mapping[str, str], folder: Path) -> tuple[Endpoint, ...]:
    found = _object(document, key, key) if key in document else {}
    return tuple(_endpoint(found, name, f"{key}.{name}", owners.get(name, ""), folder) for name in found)


def _endpoint(parent: Mapping[str, Any], name: str, where: str, msp_id: str, folder: Path) -> Endpoint:
    entry = _object(parent, name, where)
    url = _text(entry, "url", f"{where}.url")
    try:
        parsed = urllib.parse.urlsplit(url)
        port = parsed.port
    except ValueError as malformed:
        raise ProfileError(f"{where}.url is {url!r}: {malformed}") from malformed
    if parsed.scheme not in ("grpc", "grpcs") or not parsed.hostname or not port:
        raise ProfileError(f"{where}.url is {url!r}; expected grpcs://host:port")
    options = _object(entry, "grpcOptions", f"{where}.grpcOptions") if "grpcOptions" in entry else {}
    override = options.get("ssl-target-name-override", options.get("hostnameOverride", ""))
    if not isinstance(override, str):
        raise ProfileError(f"{where}.grpcOptions.ssl-target-name-override is not a text")
    authorities = None
    if parsed.scheme == "grpcs":
        authorities = _authorities(entry, f"{where}.tlsCACerts", folder)
    host = f"[{parsed.hostname}]" if ":" in parsed.hostname else parsed.hostname
    return Endpoint(name, f"{host}:{port}", authorities, msp_id, override)


def _authorities(entry: Mapping[str, Any], where: str, folder: Path) -> bytes:
    given = _object(entry, "tlsCACerts", where)
    if "pem" in given:
        texts = given["pem"] if isinstance(given["pem"], list) else [given["pem"]]
        if not all(isinstance(text, str) for text in texts):
            raise ProfileError(f"{where}.pem is not a text")
        pem = "\n".join(texts).encode()
    else:
        path = folder / _text(given, "path", f"{where}.pem or .path")
        try:
            pem = path.read_bytes()
        except OSError as unreadable:
            raise ProfileError(f"{where}.path: {path} cannot be read: {unreadable.strerror}") from unreadable
    try:
        certificates.read_all(pem)
    except IdentityError as malformed:
        raise ProfileError(f"{where} holds no readable certificate: {malformed}") from malformed
    return pem


def _object(parent: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise _unfit(where, "missing" if value is None else "not an object", key)
    return value


def _text(parent: Mapping[str, Any], key: str, where: str) -> str:
    value = parent.get(key)
    if not isinstance(value, str) or not value:
        raise _unfit(where, "missing" if value in (None, "") else "not a text", key)
    return value


def _unfit(where: str, what: str, key: str) -> ProfileError:
    """Return the error of a field, with its cure."""
    return ProfileError(f"{where} is {what}; {_CURES[key]}" if key in _CURES else f"{where} is {what}")


def _names(parent: Mapping[str, Any], key: str, where: str) -> list[str]:
    value = parent.get(key, [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ProfileError(f"{where}.{key} is not a list of names")
    return value
