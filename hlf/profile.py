"""
Connection profiles: the addresses of an organisation's peers and orderers, in the common form of Fabric's SDKs
(JSON or YAML).

Only the settings that this client needs are read; settings of other SDKs are ignored. Paths in a profile are
relative to it.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hlf import jsontext
from hlf.errors import IdentityError, ProfileError, WireError, YamlError
from hlf.identity import TlsIdentity
from hlf.wire import certificates

# A profile of a large consortium has a few hundred kilobytes.
_MOST_BYTES = 1 << 20
_CURES = {
    "client": "write client: {organization: NAME}, with the name of your organisation among organizations, or load the "
    "profile with organisation=NAME",
    "organization": "write the name of your organisation, as it stands among organizations",
    "organizations": "describe your organisation there: its mspid and the names of its peers",
    "mspid": "write the organisation's MSP id, such as Org1MSP",
    "url": "write the peer's or orderer's address, such as grpcs://localhost:7051",
    "tlsCACerts": "put the PEM of the CA that issued the node's TLS certificate under pem, or its file under path",
    "path": "put the PEM under pem, or its file under path",
    "clientCert": "give certificate and key of mutual TLS together, or neither",
    "clientKey": "give certificate and key of mutual TLS together, or neither",
}

# The names under which SDKs keep the host name expected in a certificate, the common one first.
_OVERRIDES = ("ssl-target-name-override", "hostnameOverride", "grpc.ssl_target_name_override")


@dataclass(frozen=True)
class Endpoint:
    """
    One peer or orderer.

    Attributes:
        address: ``host:port``.
        msp_id: its organisation; empty if the profile does not name it (usually for orderers).
        tls_ca_pem: the authorities that may issue its certificate; None means plain text, for development only.
        override_hostname: the name expected in its certificate, if it is not the address's host.
        tls_identity: what it is shown under mutual TLS, unless the caller gives something else.
    """

    name: str
    address: str
    tls_ca_pem: bytes | None = field(repr=False)
    msp_id: str = ""
    override_hostname: str = ""
    tls_identity: TlsIdentity | None = field(default=None, repr=False)


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
        Return the peer called *name*; without a name, the ``gateway``.

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
    def load(cls, path: Path | str, *, organisation: str | None = None) -> Profile:
        """
        Return the profile in the file *path*, in JSON or YAML, as *organisation* or else its ``client`` uses it.

        Raises:
            ProfileError: it is missing, malformed or incomplete; the words name the file, the field and the cure.
        """
        path = Path(path)
        try:
            return cls.parse(path.read_bytes(), folder=path.parent, organisation=organisation)
        except OSError as unreadable:
            raise ProfileError(f"connection profile {path} cannot be read: {unreadable.strerror}") from unreadable
        except ProfileError as unusable:
            raise ProfileError(f"connection profile {path}: {unusable}") from unusable

    @classmethod
    def parse(cls, text: bytes | str, *, folder: Path = Path(), organisation: str | None = None) -> Profile:
        """
        Return the profile in a text, in JSON or YAML.

        Args:
            folder: where its relative paths begin.
            organisation: its owner, by name or MSP id; without one, the one that ``client`` names, or the only one
                that has peers.

        Raises:
            ProfileError: it is malformed or incomplete; the words name the field and the cure.
        """
        try:
            data = text if isinstance(text, bytes) else text.encode()
        except UnicodeEncodeError:
            raise ProfileError("a lone surrogate stands in it, which no file can hold") from None
        return _read(_document(data), folder, organisation)


def _document(data: bytes) -> Any:
    """Return the value of the text: JSON where it begins as an object of it does, else YAML."""
    if data.lstrip()[:1] != b"{":
        try:
            # PyYAML comes with an extra; a profile in JSON does not need it.
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


def _read(document: Any, folder: Path, wanted: str | None) -> Profile:
    if not isinstance(document, dict):
        raise ProfileError("not an object; is this a connection profile? It begins with name, client and organizations")
    chosen, organisations = _owner(document, wanted)
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


def _owner(document: Mapping[str, Any], wanted: str | None) -> tuple[str, dict[str, Any]]:
    """Return the name of the organisation whose profile this is, and all organisations."""
    if wanted is None and "client" not in document:
        # Minifabric writes none for Node, whose SDK took the organisation from the wallet.
        given = document.get("organizations")
        peered = [name for name, each in given.items() if _has_peers(each)] if isinstance(given, dict) else []
        if len(peered) != 1:
            raise _unfit("client", "missing", "client")
        wanted = peered[0]
    where = "organisation" if wanted else "client.organization"
    wanted = wanted or _text(_object(document, "client", "client"), "organization", "client.organization")
    organisations = _object(document, "organizations", "organizations")
    if wanted in organisations:
        return wanted, organisations
    # hfc's own profile names "Org1" where the organisation is "org1.example.com" with the MSP id Org1MSP.
    for msp_id in (wanted, f"{wanted}MSP"):
        for name, each in organisations.items():
            if isinstance(each, dict) and each.get("mspid") == msp_id:
                return name, organisations
    known = ", ".join(organisations) or "none"
    raise ProfileError(f"{where} names {wanted!r}, which is not among organizations (there: {known})")


def _has_peers(organisation: Any) -> bool:
    return isinstance(organisation, dict) and bool(organisation.get("peers"))


def _endpoints(document: Mapping[str, Any], key: str, owners: Mapping[str, str], folder: Path) -> tuple[Endpoint, ...]:
    found = _object(document, key, key) if key in document else {}
    places = _places(document, key.removesuffix("s"))
    return tuple(
        _endpoint(found, name, f"{key}.{name}", owners.get(name, ""), folder, places.get(name)) for name in found
    )


def _places(document: Mapping[str, Any], kind: str) -> dict[str, str]:
    """
    Return by name the addresses that ``entityMatchers`` put in place of those of the nodes themselves.

    The SDK for Go has them, and minifabric writes nodes' names in its own network under ``url`` and there where they
    can be reached. Those that are made of parts of the name are left out.
    """
    matchers = document.get("entityMatchers")
    entries = matchers.get(kind) if isinstance(matchers, dict) else None
    found: dict[str, str] = {}
    for entry in entries if isinstance(entries, list) else []:
        name, place = (entry.get("mappedHost"), entry.get("urlSubstitutionExp")) if isinstance(entry, dict) else (0, 0)
        if isinstance(name, str) and isinstance(place, str) and place and "$" not in place:
            found.setdefault(name, place)
    return found


def _endpoint(
    parent: Mapping[str, Any], name: str, where: str, msp_id: str, folder: Path, place: str | None
) -> Endpoint:
    entry = _object(parent, name, where)
    given = place or _text(entry, "url", f"{where}.url")
    # hfc and minifabric leave the scheme out, and mean TLS.
    url = given if "://" in given else f"grpcs://{given}"
    try:
        parsed = urllib.parse.urlsplit(url)
        port = parsed.port
    except ValueError as malformed:
        raise ProfileError(f"{where}.url is {given!r}: {malformed}") from malformed
    if parsed.scheme not in ("grpc", "grpcs") or not parsed.hostname or not port:
        raise ProfileError(f"{where}.url is {given!r}; expected grpcs://host:port")
    options = _object(entry, "grpcOptions", f"{where}.grpcOptions") if "grpcOptions" in entry else {}
    spelt = next((name for name in _OVERRIDES if name in options), _OVERRIDES[0])
    override = options.get(spelt, "")
    if not isinstance(override, str):
        raise ProfileError(f"{where}.grpcOptions.{spelt} is not a text")
    authorities = mine = None
    if parsed.scheme == "grpcs":
        authorities = _authorities(entry, f"{where}.tlsCACerts", folder)
        mine = _tls_identity(entry, where, folder)
    host = f"[{parsed.hostname}]" if ":" in parsed.hostname else parsed.hostname
    return Endpoint(name, f"{host}:{port}", authorities, msp_id, override, mine)


def _authorities(entry: Mapping[str, Any], where: str, folder: Path) -> bytes:
    pem = _pem(_object(entry, "tlsCACerts", where), where, folder)
    try:
        certificates.read_all(pem)
    except IdentityError as malformed:
        raise ProfileError(f"{where} holds no readable certificate: {malformed}") from malformed
    return pem


def _tls_identity(entry: Mapping[str, Any], where: str, folder: Path) -> TlsIdentity | None:
    """Return what hfc shows a node under mutual TLS; None where the profile has nothing for it."""
    if not entry.get("clientCert") and not entry.get("clientKey"):
        return None
    certificate, key = (
        _pem(_object(entry, name, f"{where}.{name}"), f"{where}.{name}", folder) for name in ("clientCert", "clientKey")
    )
    try:
        return TlsIdentity.checked(certificate, key)
    except IdentityError as unusable:
        raise ProfileError(f"{where}.clientCert and .clientKey: {unusable}") from None


def _pem(given: Mapping[str, Any], where: str, folder: Path) -> bytes:
    """Return what a profile has under ``pem``, or in the file under ``path``."""
    if "pem" in given:
        texts = given["pem"] if isinstance(given["pem"], list) else [given["pem"]]
        if not all(isinstance(text, str) for text in texts):
            raise ProfileError(f"{where}.pem is not a text")
        return "\n".join(texts).encode()
    path = folder / _text(given, "path", f"{where}.pem or .path")
    if not path.exists() and Path(given["path"]).exists():
        # hfc reads paths from where the program was started.
        path = Path(given["path"])
    try:
        return path.read_bytes()
    except (OSError, ValueError) as unreadable:
        why = getattr(unreadable, "strerror", None) or unreadable
        raise ProfileError(
            f"{where}.path: {path} cannot be read: {why}; fix the path, or put the PEM itself under pem"
        ) from unreadable


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
    value = parent.get(key) or []
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ProfileError(f"{where}.{key} is not a list of names")
    return value
