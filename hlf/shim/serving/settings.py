"""
Read from command line and environment how to start a chaincode; the names are Fabric's.

A service listens at CHAINCODE_SERVER_ADDRESS as CHAINCODE_ID; its TLS: CHAINCODE_TLS_DISABLED, CHAINCODE_TLS_KEY,
CHAINCODE_TLS_CERT and CHAINCODE_CLIENT_CA_CERT. Chaincode that a peer launches dials CORE_PEER_ADDRESS (or what
``-peer.address`` names) as CORE_CHAINCODE_ID_NAME; its TLS: CORE_PEER_TLS_ENABLED, CORE_PEER_TLS_ROOTCERT_FILE and
CORE_TLS_CLIENT_KEY_PATH, CORE_TLS_CLIENT_CERT_PATH (base64 of PEM) or ..._FILE (PEM). An external builder's ``run``
finds all of it in ``chaincode.json`` of its second folder. Options override these.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hlf.shim import server
from hlf.shim.errors import ContractError
from hlf.shim.serving.dialling import PeerTls

DEFAULT_ADDRESS = "127.0.0.1:9999"
# Fabric's runtimes read these with Go's strconv.ParseBool.
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


@dataclass(frozen=True)
class Options:
    """The options on the command line; empty if not given."""

    package_id: str = ""
    address: str = ""
    peer_address: str = ""
    peer_tls_name: str = ""
    tls_key: str = ""
    tls_cert: str = ""
    client_ca: str = ""
    run_metadata: str = ""


@dataclass(frozen=True)
class ListenSettings:
    """Serve peers that dial *address*."""

    package_id: str
    address: str
    tls: server.Tls | None


@dataclass(frozen=True)
class DialSettings:
    """Serve the peer at *address*."""

    name: str
    address: str
    tls: PeerTls | None


def read(options: Options, environment: Mapping[str, str]) -> ListenSettings | DialSettings:
    """
    Return how to start the chaincode.

    Raises:
       ContractError: a setting is missing, or a file cannot be read; the text names the setting and the cure.
    """
    if options.run_metadata:
        return _of_builder(Path(options.run_metadata) / "chaincode.json", options.peer_tls_name)
    address = options.address or environment.get("CHAINCODE_SERVER_ADDRESS", "")
    peer = options.peer_address or ("" if address else environment.get("CORE_PEER_ADDRESS", ""))
    name = options.package_id or environment.get("CHAINCODE_ID", "") or environment.get("CORE_CHAINCODE_ID_NAME", "")
    if options.peer_address and options.address:
        raise ContractError("--address serves peers that dial, --peer-address dials a peer; give one of them")
    if not name:
        raise ContractError(
            "the chaincode has no id; give --id LABEL:HASH, or CHAINCODE_ID, as `peer lifecycle chaincode "
            "calculatepackageid` or `queryinstalled` prints it (for a peer in development mode: NAME:VERSION)"
        )
    if peer:
        return DialSettings(name, peer, _peer_tls(options, environment))
    return ListenSettings(name, address or DEFAULT_ADDRESS, server_tls(options, environment))


def _of_builder(file: Path, tls_name: str) -> DialSettings:
    """Return the settings that a peer writes for a builder's ``run``; without TLS it omits the certificates."""
    try:
        told = json.loads(_file(str(file)))
        name, address = str(told["chaincode_id"]), str(told["peer_address"])
        key, certificate, roots = (
            str(told.get(kind) or "").encode() for kind in ("client_key", "client_cert", "root_cert")
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ContractError(
            f"{file} is not what a peer writes for a builder's run: a chaincode_id and a peer_address"
        ) from None
    return DialSettings(name, address, PeerTls(roots, certificate or None, key or None, tls_name) if roots else None)


def server_tls(options: Options, environment: Mapping[str, str]) -> server.Tls | None:
    """
    Return the TLS material of a chaincode that listens; None without TLS.

    Raises:
        ContractError: certificate or key is missing or cannot be read.
    """
    key = options.tls_key or _first(environment, "CHAINCODE_TLS_KEY", "CHAINCODE_TLS_KEY_FILE")
    certificate = options.tls_cert or _first(environment, "CHAINCODE_TLS_CERT", "CHAINCODE_TLS_CERT_FILE")
    client_ca = options.client_ca or _first(environment, "CHAINCODE_CLIENT_CA_CERT", "CHAINCODE_TLS_CLIENT_CACERT_FILE")
    wanted = bool(options.tls_key or options.tls_cert or options.client_ca)
    if not wanted and "CHAINCODE_TLS_DISABLED" in environment:
        if _boolean(environment, "CHAINCODE_TLS_DISABLED"):
            return None
        wanted = True
    if not (wanted or key or certificate or client_ca):
        return None
    if not (key and certificate):
        raise ContractError(
            "TLS needs a certificate and its key; give --tls-cert and --tls-key, or CHAINCODE_TLS_CERT and "
            "CHAINCODE_TLS_KEY, or turn it off with CHAINCODE_TLS_DISABLED=true"
        )
    return server.Tls(_file(certificate), _file(key), _file(client_ca) if client_ca else None)


def _peer_tls(options: Options, environment: Mapping[str, str]) -> PeerTls | None:
    if not _boolean(environment, "CORE_PEER_TLS_ENABLED"):
        return None
    roots = environment.get("CORE_PEER_TLS_ROOTCERT_FILE", "")
    if not roots:
        raise ContractError("CORE_PEER_TLS_ENABLED needs the peer's TLS CA; give CORE_PEER_TLS_ROOTCERT_FILE")
    key, certificate = (_pem(environment, f"CORE_TLS_CLIENT_{kind}") for kind in ("KEY", "CERT"))
    if (key is None) != (certificate is None):
        raise ContractError("CORE_TLS_CLIENT_KEY_PATH and CORE_TLS_CLIENT_CERT_PATH belong together")
    return PeerTls(_file(roots), certificate, key, options.peer_tls_name)


def _pem(environment: Mapping[str, str], name: str) -> bytes | None:
    """Return the content of the file that *name* gives: base64 in the one of _PATH, PEM in the one of _FILE."""
    if environment.get(f"{name}_FILE"):
        return _file(environment[f"{name}_FILE"])
    if not environment.get(f"{name}_PATH"):
        return None
    try:
        return base64.b64decode(_file(environment[f"{name}_PATH"]), validate=False)
    except binascii.Error:
        raise ContractError(f"{name}_PATH names a file that is not base64; give PEM in {name}_FILE") from None


def _file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ContractError(f"cannot read {path}: {error.strerror}") from None


def _first(environment: Mapping[str, str], *names: str) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _boolean(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name) or "false"
    if text not in _BOOLEANS:
        raise ContractError(f"{name} is {text[:40]!r}; write true or false")
    return _BOOLEANS[text]
