"""
Chaincode packages installed at a peer, kept as files under the engine's data folder.

A package is a gzipped tar of ``metadata.json`` and ``code.tar.gz``; for a
chaincode that runs as a service the code is a ``connection.json``, whose
strings are templates over the peer's own values (``{{.p}}``), so that one
package can name a different address at every peer. Refusals are in Fabric's
words, because administrators' tools know them.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from network import errors

MAX_UNPACKED = 100 * 1024 * 1024
_LABEL = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$")
_TEMPLATE = re.compile(r"\{\{\s*\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s|m|h)")


class PackageError(Exception):
    """A package cannot be installed; the text says why."""


@dataclasses.dataclass(frozen=True)
class Connection:
    """How a peer reaches a chaincode that runs as a service."""

    address: str
    dial_timeout: float
    tls: bool = False
    client_auth: bool = False
    root_cert: str = ""
    client_key: str = dataclasses.field(default="", repr=False)
    client_cert: str = ""
    domain: str = ""


@dataclasses.dataclass(frozen=True)
class Installed:
    """One package of a peer."""

    package_id: str
    label: str
    connection: Connection


class Store:
    """The packages of one peer; what ``install`` returned is on disk."""

    def __init__(self, folder: Path, values: Mapping[str, str]) -> None:
        """
        Read the packages of *folder*; *values* fill the templates of connection.json.

        Raises:
            StateError: one of them is damaged.
        """
        self._folder = folder
        self._values = dict(values)
        self._installed: dict[str, Installed] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(folder.glob("*.tar.gz"), key=lambda file: (file.stat().st_mtime_ns, file.name)):
            try:
                package = read(file.read_bytes(), self._values)
            except PackageError as error:
                raise errors.StateError(
                    file, f"an installed chaincode package is damaged: {error}", "Remove the file and install it again."
                ) from None
            self._installed[package.package_id] = package

    def __iter__(self):
        return iter(list(self._installed.values()))

    def __len__(self) -> int:
        return len(self._installed)

    def get(self, package_id: str) -> Installed | None:
        """The package of that id, or None if it is not installed here."""
        return self._installed.get(package_id)

    def install(self, package: bytes) -> Installed:
        """
        Keep a package.

        Raises:
            PackageError: it is damaged, of a kind this engine does not run, or installed already.
        """
        read_package = read(package, self._values)
        if read_package.package_id in self._installed:
            raise PackageError(f"chaincode already successfully installed (package ID '{read_package.package_id}')")
        target = self._file(read_package.package_id)
        draft = target.with_suffix(".part")
        with draft.open("wb") as stream:
            stream.write(package)
            stream.flush()
            os.fsync(stream.fileno())
        draft.rename(target)
        self._installed[read_package.package_id] = read_package
        return read_package

    def load(self, package_id: str) -> bytes | None:
        """The bytes of an installed package, or None."""
        if package_id not in self._installed:
            return None
        return self._file(package_id).read_bytes()

    def _file(self, package_id: str) -> Path:
        label, _, digest = package_id.partition(":")
        return self._folder / f"{label}.{digest}.tar.gz"


def read(package: bytes, values: Mapping[str, str]) -> Installed:
    """
    Parse a package and fill in its connection.

    Raises:
        PackageError: what is wrong with it.
    """
    try:
        members = _unpack(package)
    except PackageError as error:
        raise PackageError(f"could not parse as a chaincode install package: {error}") from None
    label, kind = _read_metadata(members)
    if kind.lower() != "ccaas":
        raise PackageError(
            f"could not build chaincode: chaincode type not supported: {kind}; this engine runs chaincode as a service "
            "(type ccaas)"
        )
    digest = hashlib.sha256(package).hexdigest()
    try:
        code = _unpack(members["code.tar.gz"])
    except PackageError as error:
        raise PackageError(f"could not build chaincode: failed to untar source package: {error}") from None
    return Installed(f"{label}:{digest}", label, _read_connection(code, values))


def _unpack(archive: bytes) -> dict[str, bytes]:
    """The regular files of a gzipped tar, by name; never more than MAX_UNPACKED bytes of them."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(archive)) as stream:
            plain = stream.read(MAX_UNPACKED + 1)
    except EOFError:
        raise PackageError("error reading as gzip stream: unexpected EOF") from None
    except (gzip.BadGzipFile, zlib.error, OSError):
        cause = "unexpected EOF" if len(archive) < 10 else "gzip: invalid header"
        raise PackageError(f"error reading as gzip stream: {cause}") from None
    if not archive:
        raise PackageError("error reading as gzip stream: EOF")
    if len(plain) > MAX_UNPACKED:
        raise PackageError(f"error reading as gzip stream: more than {MAX_UNPACKED} bytes when unpacked")
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
            for member in tar:
                if not member.isreg():
                    raise PackageError(f"tar entry {member.name} is not a regular file, type {ord(member.type)}")
                opened = tar.extractfile(member)
                files[member.name] = opened.read() if opened is not None else b""
    except (tarfile.TarError, ValueError, EOFError):
        raise PackageError("error inspecting next tar header: archive/tar: invalid tar header") from None
    return files


def _read_metadata(members: Mapping[str, bytes]) -> tuple[str, str]:
    prefix = "could not parse as a chaincode install package"
    metadata: dict[str, object] | None = None
    if "metadata.json" in members:
        metadata = _json_object(members["metadata.json"], f"{prefix}: could not unmarshal metadata.json as json")
    if "code.tar.gz" not in members:
        raise PackageError(f"{prefix}: did not find a code package inside the package")
    if metadata is None:
        raise PackageError(f"{prefix}: did not find any package metadata (missing metadata.json)")
    label, kind = str(metadata.get("label", "")), str(metadata.get("type", ""))
    if not _LABEL.match(label):
        raise PackageError(
            f"{prefix}: invalid label '{label}'. Label must be non-empty, can only consist of alphanumerics, symbols "
            "from '.+-_', and can only begin with alphanumerics"
        )
    return label, kind


def _read_connection(code: Mapping[str, bytes], values: Mapping[str, str]) -> Connection:
    prefix = "could not build chaincode: connection.json"
    if "connection.json" not in code:
        raise PackageError(f"{prefix} not found in the code package")
    document = _json_object(code["connection.json"], f"{prefix} is no JSON object")

    def text(name: str) -> str:
        value = document.get(name, "")
        if not isinstance(value, str):
            raise PackageError(f"{prefix}: {name} is not a string")
        return _fill(value, name, values)

    tls = document.get("tls_required") is True
    connection = Connection(
        address=text("address"),
        dial_timeout=_seconds(text("dial_timeout")),
        tls=tls,
        client_auth=tls and document.get("client_auth_required") is True,
        root_cert=text("root_cert") if tls else "",
        client_key=text("client_key") if tls else "",
        client_cert=text("client_cert") if tls else "",
        domain=text("domain") if tls else "",
    )
    if not connection.address:
        raise PackageError("could not build chaincode: chaincode address not provided")
    if connection.client_auth and not connection.client_key:
        raise PackageError("could not build chaincode: chaincode tls key not provided")
    if connection.client_auth and not connection.client_cert:
        raise PackageError("could not build chaincode: chaincode tls cert not provided")
    if tls and not connection.root_cert:
        raise PackageError("could not build chaincode: chaincode tls root cert not provided")
    return connection


def _json_object(text: bytes, refusal: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise PackageError(refusal) from None
    if not isinstance(document, dict):
        raise PackageError(refusal)
    return document


def _fill(text: str, field: str, values: Mapping[str, str]) -> str:
    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            raise PackageError(
                f"could not build chaincode: connection.json: {field} asks for '{name}', which this peer's "
                f"chaincode_config does not have (it has: {', '.join(sorted(values)) or 'nothing'})"
            )
        return str(values[name])

    return _TEMPLATE.sub(value_of, text)


def _seconds(duration: str) -> float:
    """A Go duration such as ``1m30s``; Fabric's three seconds where none is given."""
    if not duration:
        return 3.0
    parts = _DURATION.findall(duration)
    if "".join(number + unit for number, unit in parts) != duration:
        raise PackageError(f"could not build chaincode: connection.json: invalid duration '{duration}'")
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts) or 3.0
