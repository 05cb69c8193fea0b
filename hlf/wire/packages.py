"""
Chaincode packages as peers install them: written for chaincode as a service, read from any source.

A package is a gzipped tar with ``metadata.json`` and ``code.tar.gz``; for a
service (type ``ccaas``) the inner one holds ``connection.json`` alone.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hlf import errors

# Fabric's own rule for a package label.
LABEL = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.+-]*")
# The unpacked source of a chaincode is well below this; an archive bomb is above.
MAX_UNPACKED = 128 << 20
MAX_ENTRIES = 20_000
_METADATA, _CODE, _CONNECTION = "metadata.json", "code.tar.gz", "connection.json"


@dataclass(frozen=True)
class PackageTls:
    """TLS certificates of peer and chaincode server in PEM; the client's part only if the server requires it."""

    root_certificate: str
    client_certificate: str = ""
    client_key: str = ""


@dataclass(frozen=True)
class Package:
    """The content of a package; *connection* is empty unless it is a service's."""

    label: str
    type: str
    path: str
    connection: Mapping[str, Any]

    @property
    def address(self) -> str:
        """The service's address, perhaps with ``{{.name}}`` of the builder's configuration; empty for source code."""
        value = self.connection.get("address", "")
        return value if isinstance(value, str) else ""


def ccaas(label: str, address: str, *, tls: PackageTls | None = None, dial_timeout: str = "10s") -> bytes:
    """
    Return a package for a chaincode served at *address*, the same bytes for the same arguments.

    Each peer replaces ``{{.name}}`` in *address* from its own builder
    configuration, so one package can give every peer its own server.

    Raises:
        LifecycleError: the label is none Fabric takes.
    """
    if not LABEL.fullmatch(label):
        raise errors.LifecycleError(
            f"{label!r} is no package label: a letter or digit, then letters, digits and . _ + -"
        )
    connection: dict[str, Any] = {"address": address, "dial_timeout": dial_timeout, "tls_required": tls is not None}
    if tls is not None:
        connection |= {
            "client_auth_required": bool(tls.client_certificate),
            "root_cert": tls.root_certificate,
            "client_key": tls.client_key,
            "client_cert": tls.client_certificate,
        }
    metadata = {"path": "", "type": "ccaas", "label": label}
    return _archive({_METADATA: _json(metadata), _CODE: _archive({_CONNECTION: _json(connection)})})


def package_id(package: bytes) -> str:
    """
    Return the id under which a peer installs these bytes: ``label:sha256``.

    Raises:
        WireError: they are no package.
    """
    return f"{parse(package).label}:{hashlib.sha256(package).hexdigest()}"


def parse(package: bytes) -> Package:
    """
    Return the content of a package from any source.

    Raises:
        WireError: it is no gzipped tar, has a link, a device or a path out of the package,
            is too large unpacked, or its metadata are missing or malformed.
    """
    outer = _unpack(package, "chaincode package")
    metadata = _object(outer, _METADATA)
    label, kind, path = (metadata.get(name, "") for name in ("label", "type", "path"))
    if not (isinstance(label, str) and isinstance(kind, str) and isinstance(path, str)):
        raise errors.WireError(f"{_METADATA} of the chaincode package: label, type and path are texts")
    if not LABEL.fullmatch(label):
        raise errors.WireError(f"{_METADATA} of the chaincode package: {label[:80]!r} is no package label")
    if _CODE not in outer:
        raise errors.WireError(f"the chaincode package holds no {_CODE}")
    connection: Mapping[str, Any] = {}
    if kind.lower() in ("ccaas", "external"):
        connection = _object(_unpack(outer[_CODE], _CODE), _CONNECTION)
    return Package(label, kind, path, connection)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _archive(files: Mapping[str, bytes]) -> bytes:
    tarred = io.BytesIO()
    # USTAR with fixed owner, mode and time: the package id must not depend on the packer or the time.
    with tarfile.open(fileobj=tarred, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o100644
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(tarred.getvalue(), mtime=0)


def _unpack(archive: bytes, what: str) -> dict[str, bytes]:
    """Return the regular files of a gzipped tar, by name."""
    try:
        # Reads one byte more than allowed, so an archive bomb is found before it fills the memory.
        with gzip.GzipFile(fileobj=io.BytesIO(archive)) as zipped:
            raw = zipped.read(MAX_UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise errors.WireError(f"the {what} is not gzip: {error}") from error
    if len(raw) > MAX_UNPACKED:
        raise errors.WireError(f"the {what} unpacks to more than {MAX_UNPACKED >> 20} MiB")
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as tar:
            for count, entry in enumerate(tar):
                if count >= MAX_ENTRIES:
                    raise errors.WireError(f"the {what} holds more than {MAX_ENTRIES} entries")
                if entry.isdir():
                    continue
                if not entry.isreg() or entry.issparse():
                    raise errors.WireError(f"the {what} holds {entry.name[:80]!r}, which is no regular file")
                name = entry.name.removeprefix("./")
                if name.startswith("/") or ".." in name.split("/"):
                    raise errors.WireError(f"the {what} holds {name[:80]!r}, which leads out of the package")
                if name in files:
                    raise errors.WireError(f"the {what} holds {name[:80]!r} twice")
                content = tar.extractfile(entry)
                files[name] = content.read() if content is not None else b""
    except (tarfile.TarError, ValueError, EOFError, RecursionError) as error:
        raise errors.WireError(f"the {what} is no tar archive: {error}") from error
    return files


def _object(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    if name not in files:
        raise errors.WireError(f"the chaincode package holds no {name}")
    try:
        value = json.loads(files[name])
    except (ValueError, RecursionError) as error:
        raise errors.WireError(f"{name} of the chaincode package is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise errors.WireError(f"{name} of the chaincode package is not a JSON object")
    return value
