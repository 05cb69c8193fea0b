"""Chaincode packages at a peer: what is kept, what is refused and in which words."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

import pytest

from network import errors
from network.engines.embedded import packages
from tests.support import ccaas


@pytest.fixture
def store(tmp_path) -> packages.Store:
    return packages.Store(tmp_path, {"p": "170"})


def test_an_installed_package_is_still_there_after_a_restart(tmp_path, store):
    """The id is label and SHA-256 of the very bytes, and the bytes can be asked for again."""
    content = ccaas.package("trade_1", address="127.0.0.1:{{.p}}41", dial_timeout="1m30s")
    installed = store.install(content)
    assert installed.package_id == f"trade_1:{hashlib.sha256(content).hexdigest()}"
    again = packages.Store(tmp_path, {"p": "170"})
    assert [one.package_id for one in again] == [installed.package_id]
    assert again.load(installed.package_id) == content
    assert again.get(installed.package_id).connection == packages.Connection("127.0.0.1:17041", 90.0)


def test_a_package_is_installed_once(store):
    """The second time is an error of Fabric's, not a silent success."""
    content = ccaas.package()
    known = store.install(content).package_id
    with pytest.raises(packages.PackageError) as refused:
        store.install(content)
    assert str(refused.value) == f"chaincode already successfully installed (package ID '{known}')"


def test_tls_of_the_connection_is_read_with_its_templates(store):
    """Keys and certificates may differ from peer to peer as the address does."""
    content = ccaas.package(
        tls_required=True, client_auth_required=True, root_cert="R{{.p}}", client_key="K{{ .p }}", client_cert="C"
    )
    connection = store.install(content).connection
    assert (connection.tls, connection.client_auth) == (True, True)
    assert (connection.root_cert, connection.client_key, connection.client_cert) == ("R170", "K170", "C")


def test_a_private_key_does_not_show_in_a_connection(store):
    """What is printed of a connection can land in a log."""
    content = ccaas.package(tls_required=True, root_cert="R", client_key="HIDDEN")
    assert "HIDDEN" not in repr(store.install(content))


def tar_with(kind: bytes, name: str = "code.tar.gz") -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type = kind
        member.linkname = "/etc/passwd"
        tar.addfile(member)
    return gzip.compress(plain.getvalue())


PARSE = "could not parse as a chaincode install package: "
BUILD = "could not build chaincode: "
BAD = {
    "nothing": (b"", PARSE + "error reading as gzip stream: EOF"),
    "garbage": (b"garbage", PARSE + "error reading as gzip stream: unexpected EOF"),
    "no gzip": (b"this is no gzip stream at all", PARSE + "error reading as gzip stream: gzip: invalid header"),
    "cut off": (ccaas.package()[:-20], PARSE + "error reading as gzip stream: unexpected EOF"),
    "no tar": (gzip.compress(b"x" * 1024), PARSE + "error inspecting next tar header: archive/tar: invalid tar header"),
    "a link": (tar_with(tarfile.SYMTYPE), PARSE + "tar entry code.tar.gz is not a regular file, type 50"),
    "a device": (tar_with(tarfile.CHRTYPE), PARSE + "tar entry code.tar.gz is not a regular file, type 51"),
    "no code": (ccaas.archive({"metadata.json": b"{}"}), PARSE + "did not find a code package inside the package"),
    "no metadata": (
        ccaas.archive({"code.tar.gz": b""}),
        PARSE + "did not find any package metadata (missing metadata.json)",
    ),
    "metadata no JSON": (ccaas.package(metadata=b"{"), PARSE + "could not unmarshal metadata.json as json"),
    "metadata too deep": (ccaas.package(metadata=b"[" * 100_000), PARSE + "could not unmarshal metadata.json as json"),
    "label with a path": (
        ccaas.package("../../evil"),
        PARSE + "invalid label '../../evil'. Label must be non-empty, can only consist of alphanumerics, symbols from "
        "'.+-_', and can only begin with alphanumerics",
    ),
    "another kind": (
        ccaas.package(kind="golang"),
        BUILD + "chaincode type not supported: golang; this engine runs chaincode as a service (type ccaas)",
    ),
    "no address": (ccaas.package(address=""), BUILD + "chaincode address not provided"),
    "a number for an address": (ccaas.package(address=7), BUILD + "connection.json: address is not a string"),
    "an odd duration": (ccaas.package(dial_timeout="10 s"), BUILD + "connection.json: invalid duration '10 s'"),
    "an unknown value": (
        ccaas.package(address="127.0.0.1:{{.port}}"),
        BUILD + "connection.json: address asks for 'port', which this peer's chaincode_config does not have "
        "(it has: p)",
    ),
    "TLS without a root": (ccaas.package(tls_required=True), BUILD + "chaincode tls root cert not provided"),
    "no connection": (
        ccaas.archive(
            {"metadata.json": json.dumps({"label": "a", "type": "ccaas"}).encode(), "code.tar.gz": ccaas.archive({})}
        ),
        BUILD + "connection.json not found in the code package",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_package_is_refused_and_leaves_nothing(tmp_path, store, name):
    """Each refusal says what is wrong; no file, no half of a file."""
    content, reason = BAD[name]
    with pytest.raises(packages.PackageError) as refused:
        store.install(content)
    assert str(refused.value) == reason
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_is_not_unpacked(store, monkeypatch):
    """A small file that would fill the memory is refused while it is being read."""
    monkeypatch.setattr(packages, "MAX_UNPACKED", 1 << 16)
    with pytest.raises(packages.PackageError, match="more than 65536 bytes when unpacked"):
        store.install(gzip.compress(b"\0" * (1 << 20)))


def test_a_package_damaged_on_disk_names_its_file(tmp_path, store):
    """A node that cannot start says which file to remove."""
    store.install(ccaas.package())
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"damaged by somebody")
    with pytest.raises(errors.StateError, match="an installed chaincode package is damaged") as refused:
        packages.Store(tmp_path, {})
    assert refused.value.path == file
