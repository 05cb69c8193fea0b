"""
Chaincode packages installed at a peer, kept as files under the engine's data folder.

A package is a gzipped tar of ``metadata.json`` and ``code.tar.gz``. For a
chaincode that runs as a service the code is a ``connection.json``; its strings
are templates over the peer's own values (``{{.p}}``), so that one package can
have another address at every peer. Refusals have Fabric's texts, which tools
of administrators read.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import os
import posixpath
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from hlf import errors as hlf_errors
from hlf.network import errors
from hlf.network.engines.embedded.endorse import gojson, tarballs
from hlf.wire.config import configvalues
from hlf.wire.packages import LABEL

_TEMPLATE = re.compile(r"\{\{\s*\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_METADATA = "persistence.ChaincodePackageMetadata"
_CONNECTION_FIELDS: dict[str, type] = {
    **dict.fromkeys(("address", "dial_timeout", "root_cert", "client_key", "client_cert"), str),
    **dict.fromkeys(("tls_required", "client_auth_required"), bool),
}
_DIAL_SECONDS = 3.0


class PackageError(Exception):
    """A package cannot be installed; the text is Fabric's, and ``cause`` the part that a peer only logs."""

    def __init__(self, reason: str, cause: str = "") -> None:
        super().__init__(reason)
        self.cause = cause


class ConnectionFileError(Exception):
    """A builder cannot use a connection.json; the text follows that name."""


@dataclasses.dataclass(frozen=True)
class ChaincodeConnection:
    """The connection to a chaincode that runs as a service, from its package."""

    address: str
    dial_timeout: str
    tls: bool = False
    client_auth: bool = False
    root_cert: str = ""
    client_key: str = dataclasses.field(default="", repr=False)
    client_cert: str = ""

    @property
    def dial_seconds(self) -> float:
        """
        The seconds to wait for a connection.

        Raises:
            ConfigError: (of ``hlf``) the duration cannot be read; the text is Go's.
        """
        return configvalues.duration(self.dial_timeout) or _DIAL_SECONDS


@dataclasses.dataclass(frozen=True)
class InstalledPackage:
    """One package of a peer; *unusable* is the reason why its chaincode cannot be launched, or empty."""

    package_id: str
    label: str
    connection: ChaincodeConnection
    unusable: str = ""


class PackageStore:
    """The packages of one peer; ``install`` returns when the package is on disk."""

    def __init__(self, folder: Path, values: Mapping[str, str]) -> None:
        """
        Read the packages of *folder*; *values* fill the templates of connection.json.

        Raises:
            StateError: one of them is damaged.
        """
        self._folder = folder
        self._values = dict(values)
        self._installed: dict[str, InstalledPackage] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._load()

    def _load(self) -> None:
        for file in sorted(self._folder.glob("*.tar.gz"), key=lambda file: (file.stat().st_mtime_ns, file.name)):
            try:
                package = read(file.read_bytes(), self._values)
            except PackageError as error:
                raise errors.StateError(
                    file, f"an installed chaincode package is damaged: {error}", "Remove the file and install it again."
                ) from None
            self._installed[package.package_id] = package

    def __iter__(self) -> Iterator[InstalledPackage]:
        return iter(list(self._installed.values()))

    def __len__(self) -> int:
        return len(self._installed)

    def get(self, package_id: str) -> InstalledPackage | None:
        """Return the package of that id, or None if it is not installed here."""
        return self._installed.get(package_id)

    def install(self, package: bytes) -> InstalledPackage:
        """
        Keep a package.

        Raises:
            PackageError: it is damaged, of a kind this engine does not run, or installed already.
        """
        read_package = read(package, self._values)
        if read_package.package_id in self._installed:
            raise PackageError(f"chaincode already successfully installed (package ID '{read_package.package_id}')")
        target = self._file(read_package.package_id)
        draft = self._folder / f"{hashlib.sha256(package).hexdigest()}.part"
        try:
            with draft.open("wb") as stream:
                stream.write(package)
                stream.flush()
                os.fsync(stream.fileno())
            draft.rename(target)
        except OSError as error:
            # A label can be longer than the name of a file may be.
            draft.unlink(missing_ok=True)
            raise PackageError(
                f"could not save cc install package: error writing chaincode install package to {target}: "
                f"{(error.strerror or str(error)).lower()}"
            ) from None
        self._installed[read_package.package_id] = read_package
        return read_package

    def save(self, folder: Path) -> None:
        """Copy the packages into the new *folder* with their times, by which they are ordered."""
        folder.mkdir(parents=True)
        for package_id in self._installed:
            shutil.copy2(self._file(package_id), folder)

    def bring_back(self, folder: Path) -> None:
        """
        Replace all packages by those that :meth:`save` kept in *folder*.

        Raises:
            StateError: one of them is damaged.
        """
        kept = {file.name for file in folder.iterdir()}
        for package_id in [each for each in self._installed if self._file(each).name not in kept]:
            self._file(package_id).unlink()
        for name in kept - {self._file(each).name for each in self._installed}:
            shutil.copy2(folder / name, self._folder)
        self._installed.clear()
        self._load()

    def load(self, package_id: str) -> bytes | None:
        """Return the bytes of an installed package, or None."""
        if package_id not in self._installed:
            return None
        return self._file(package_id).read_bytes()

    def _file(self, package_id: str) -> Path:
        label, _, digest = package_id.partition(":")
        return self._folder / f"{label}.{digest}.tar.gz"


def read(package: bytes, values: Mapping[str, str]) -> InstalledPackage:
    """
    Parse a package and fill in its connection.

    Raises:
        PackageError: it cannot be installed.
    """
    label, kind, code = _parse(package)
    digest = hashlib.sha256(package).hexdigest()
    connection = _build(kind, code, values)
    return InstalledPackage(f"{label}:{digest}", label, connection, _why_unusable(connection))


def _parse(package: bytes) -> tuple[str, str, bytes]:
    """Return label, kind and code, checked in the order of a peer."""
    prefix = "could not parse as a chaincode install package"
    metadata: dict[str, str] | None = None
    code: bytes | None = None
    try:
        for entry in tarballs.entries(package):
            if not entry.is_file:
                raise PackageError(f"{prefix}: tar entry {entry.name} is not a regular file, type {entry.kind}")
            if entry.name == "metadata.json":
                metadata = gojson.structure(entry.content, _METADATA, dict.fromkeys(("path", "type", "label"), str))
            elif entry.name == "code.tar.gz":
                code = entry.content
    except tarballs.NoGzipError as error:
        raise PackageError(f"{prefix}: error reading as gzip stream: {error}") from None
    except tarballs.TarballError as error:
        what = f"could not read {error.entry} from tar" if error.entry else "error inspecting next tar header"
        raise PackageError(f"{prefix}: {what}: {error}") from None
    except gojson.JsonError as error:
        raise PackageError(f"{prefix}: could not unmarshal metadata.json as json: {error}") from None
    if code is None:
        raise PackageError(f"{prefix}: did not find a code package inside the package")
    if metadata is None:
        raise PackageError(f"{prefix}: did not find any package metadata (missing metadata.json)")
    label = metadata["label"]
    if not LABEL.fullmatch(label):
        raise PackageError(
            f"{prefix}: invalid label '{label}'. Label must be non-empty, can only consist of alphanumerics, symbols "
            "from '.+-_', and can only begin with alphanumerics"
        )
    try:
        # A peer looks for indexes of its state database first.
        collections.deque(tarballs.entries(code), maxlen=0)
    except tarballs.TarballError as error:
        raise PackageError(f"{prefix}: error retrieving DB artifacts from code package: {error}") from None
    return label, metadata["type"], code


def _build(kind: str, code: bytes, values: Mapping[str, str]) -> ChaincodeConnection:
    """Return the connection that the builder for services finds in the code; real peers only log its errors."""
    refused = "could not build chaincode: external builder failed"
    files: dict[str, bytes] = {}
    for entry in tarballs.entries(code):
        if _leads_out(entry.name):
            path = f"tar contains the absolute or escaping path '{entry.name}'"
            raise PackageError(f"{refused}: could not create build context: could not untar source package: {path}")
        if not entry.is_file and not entry.is_folder:
            odd = f"invalid file type '{entry.kind}' contained in archive for file '{entry.name}'"
            raise PackageError(f"{refused}: could not create build context: could not untar source package: {odd}")
        files[posixpath.normpath(entry.name)] = entry.content
    if kind.lower() != "ccaas":
        raise PackageError(
            "could not build chaincode: docker build failed: docker build is disabled",
            f"the type is {kind!r}, and this engine runs chaincode as a service alone (type ccaas)",
        )
    try:
        return _connection(files, values)
    except ConnectionFileError as error:
        raise PackageError(
            f"{refused}: external builder failed to build: external builder 'ccaas_builder' failed: exit status 1",
            f"connection.json {error}",
        ) from None


def _leads_out(path: str) -> bool:
    clean = posixpath.normpath(path)
    return clean.startswith(("/", "../")) or clean == ".."


def _connection(files: Mapping[str, bytes], values: Mapping[str, str]) -> ChaincodeConnection:
    if "connection.json" not in files:
        raise ConnectionFileError("is not in the code package")
    try:
        given = gojson.structure(files["connection.json"], "main.connection", _CONNECTION_FIELDS)
    except gojson.JsonError as error:
        raise ConnectionFileError(f"cannot be read: {error}") from None
    tls = given["tls_required"]
    texts = {
        name: _fill(given[name], name, values)
        for name in ("address", "dial_timeout", *(("root_cert", "client_key", "client_cert") if tls else ()))
    }
    return ChaincodeConnection(tls=tls, client_auth=tls and given["client_auth_required"], **texts)


def _fill(text: str, field: str, values: Mapping[str, str]) -> str:
    """Return the text with ``{{.name}}`` replaced; a real builder supports all of Go's templates."""

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            raise ConnectionFileError(
                f"asks for '{name}' in {field}, which this peer's chaincode_config does not have "
                f"(it has: {', '.join(sorted(values)) or 'nothing'})"
            )
        return str(values[name])

    filled = _TEMPLATE.sub(value_of, text)
    if "{{" in _TEMPLATE.sub("", text):
        raise ConnectionFileError(f"has a template in {field} that is not of the form {{{{.name}}}}")
    return filled


def _why_unusable(connection: ChaincodeConnection) -> str:
    """Return the error of a call of a chaincode with an unusable connection; empty if it can be used."""
    try:
        configvalues.duration(connection.dial_timeout)
    except hlf_errors.ConfigError as error:
        return f"malformed chaincode info at 'connection.json': {error}"
    if not connection.address:
        return "chaincode address not provided"
    if connection.client_auth and not connection.client_key:
        return "chaincode tls key not provided"
    if connection.client_auth and not connection.client_cert:
        return "chaincode tls cert not provided"
    if connection.tls and not connection.root_cert:
        return "chaincode tls root cert not provided"
    return ""
