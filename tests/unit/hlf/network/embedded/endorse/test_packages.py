"""Chaincode packages at a peer: what is kept, what is refused and in which words."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlf.network import errors
from hlf.network.engines.embedded.endorse import packages, tarballs
from tests.support import ccaas


@pytest.fixture
def store(tmp_path) -> packages.PackageStore:
    return packages.PackageStore(tmp_path, {"p": "170"})


def test_an_installed_package_is_still_there_after_a_restart(tmp_path, store):
    """The id is label and SHA-256 of the very bytes, and the bytes can be asked for again."""
    content = ccaas.package("trade_1", address="127.0.0.1:{{.p}}41", dial_timeout="1m30s")
    installed = store.install(content)
    assert installed.package_id == f"trade_1:{hashlib.sha256(content).hexdigest()}"
    again = packages.PackageStore(tmp_path, {"p": "170"})
    assert [one.package_id for one in again] == [installed.package_id]
    assert again.load(installed.package_id) == content
    assert again.get(installed.package_id).connection == packages.ChaincodeConnection("127.0.0.1:17041", "1m30s")


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
BUILDER = (
    BUILD + "external builder failed: external builder failed to build: external builder 'ccaas_builder' failed: "
    "exit status 1"
)
BAD = {
    "nothing": (b"", PARSE + "error reading as gzip stream: EOF"),
    "garbage": (b"garbage", PARSE + "error reading as gzip stream: unexpected EOF"),
    "no gzip": (b"this is no gzip stream at all", PARSE + "error reading as gzip stream: gzip: invalid header"),
    "cut off": (ccaas.package()[:-150], PARSE + "could not read code.tar.gz from tar: unexpected EOF"),
    "no tar": (gzip.compress(b"x" * 1024), PARSE + "error inspecting next tar header: archive/tar: invalid tar header"),
    "a link": (tar_with(tarfile.SYMTYPE), PARSE + "tar entry code.tar.gz is not a regular file, type 50"),
    "a device": (tar_with(tarfile.CHRTYPE), PARSE + "tar entry code.tar.gz is not a regular file, type 51"),
    "no code": (ccaas.archive({"metadata.json": b"{}"}), PARSE + "did not find a code package inside the package"),
    "no metadata": (
        ccaas.archive({"code.tar.gz": b""}),
        PARSE + "did not find any package metadata (missing metadata.json)",
    ),
    "metadata no JSON": (
        ccaas.package(metadata=b"{"),
        PARSE + "could not unmarshal metadata.json as json: unexpected end of JSON input",
    ),
    "metadata too deep": (
        ccaas.package(metadata=b"[" * 100_000),
        PARSE + "could not unmarshal metadata.json as json: invalid character '[' exceeded max depth",
    ),
    "label with a path": (
        ccaas.package("../../evil"),
        PARSE + "invalid label '../../evil'. Label must be non-empty, can only consist of alphanumerics, symbols from "
        "'.+-_', and can only begin with alphanumerics",
    ),
    "another kind": (ccaas.package(kind="golang"), BUILD + "docker build failed: docker build is disabled"),
    "a number for an address": (ccaas.package(address=7), BUILDER),
    "an unknown value": (ccaas.package(address="127.0.0.1:{{.port}}"), BUILDER),
    "a template of Go's": (ccaas.package(address='{{"127.0.0.1:1"}}'), BUILDER),
    "no connection": (
        ccaas.archive(
            {"metadata.json": json.dumps({"label": "a", "type": "ccaas"}).encode(), "code.tar.gz": ccaas.archive({})}
        ),
        BUILDER,
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


CAUSES = {
    "another kind": "the type is 'golang', and this engine runs chaincode as a service alone (type ccaas)",
    "a number for an address": (
        "connection.json cannot be read: json: cannot unmarshal number into Go struct field connection.address of type "
        "string"
    ),
    "an unknown value": (
        "connection.json asks for 'port' in address, which this peer's chaincode_config does not have (it has: p)"
    ),
    "a template of Go's": "connection.json has a template in address that is not of the form {{.name}}",
    "no connection": "connection.json is not in the code package",
}


@pytest.mark.parametrize("name", CAUSES)
def test_what_a_builder_keeps_to_itself_is_there_for_the_log(store, name):
    """Fabric's refusal says no more than that it did not work."""
    with pytest.raises(packages.PackageError) as refused:
        store.install(BAD[name][0])
    assert refused.value.cause == CAUSES[name]


UNUSABLE = {
    "no address": ({"address": ""}, "chaincode address not provided"),
    "no duration": (
        {"dial_timeout": ""},
        "malformed chaincode info at 'connection.json': time: invalid duration \"\"",
    ),
    "an odd duration": (
        {"dial_timeout": "10 s"},
        'malformed chaincode info at \'connection.json\': time: unknown unit " s" in duration "10 s"',
    ),
    "TLS without a root": ({"tls_required": True}, "chaincode tls root cert not provided"),
    "a client without a key": (
        {"tls_required": True, "client_auth_required": True, "root_cert": "R"},
        "chaincode tls key not provided",
    ),
    "nothing wrong": ({}, ""),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_connection_that_cannot_be_used_is_installed(store, name):
    """As at real peers, what is wrong with it is said when the chaincode is called."""
    connection, reason = UNUSABLE[name]
    assert store.install(ccaas.package(**connection)).unusable == reason


def test_names_of_fields_match_whatever_their_case(store):
    """Go reads JSON so; null leaves a field as it was, and what is not known is passed over."""
    metadata = b'{"LABEL":"a_1","Type":"CCaaS","path":null,"more":[{}]}'
    assert store.install(ccaas.package(metadata=metadata)).label == "a_1"


def test_a_label_longer_than_a_file_name_is_refused(tmp_path, store):
    """Nothing is left of it, and the peer goes on."""
    with pytest.raises(packages.PackageError, match="could not save cc install package: .*file name too long"):
        store.install(ccaas.package("a" * 300))
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_is_not_unpacked(store, monkeypatch):
    """A small file that would fill the memory is refused while it is being read."""
    monkeypatch.setattr(tarballs, "MAX_UNPACKED", 1 << 16)
    with pytest.raises(packages.PackageError, match="more than 65536 bytes when unpacked"):
        store.install(gzip.compress(b"\0" * (1 << 20)))


def test_a_package_damaged_on_disk_names_its_file(tmp_path, store):
    """A node that cannot start says which file to remove."""
    store.install(ccaas.package())
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"damaged by somebody")
    with pytest.raises(errors.StateError, match="an installed chaincode package is damaged") as refused:
        packages.PackageStore(tmp_path, {})
    assert refused.value.path == file


GOOD = ccaas.package()


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=4), st.integers(0, len(GOOD)))
def test_whatever_the_bytes_are_it_is_a_package_or_a_refusal(changes, length):
    """Packages come from outside; nothing of gzip, tar or JSON passes this door."""
    changed = bytearray(GOOD)
    for position, value in changes:
        changed[position] = value
    with contextlib.suppress(packages.PackageError):
        packages.read(bytes(changed[:length]), {})


@given(st.binary(max_size=200), st.sampled_from(["metadata.json", "connection.json"]))
def test_whatever_is_in_its_files_it_is_a_package_or_a_refusal(content, name):
    """The same for what is inside."""
    service = content if name == "connection.json" else b"{}"
    described = content if name == "metadata.json" else b'{"label":"a","type":"ccaas"}'
    package = ccaas.archive({"metadata.json": described, "code.tar.gz": ccaas.archive({"connection.json": service})})
    with contextlib.suppress(packages.PackageError):
        packages.read(package, {})
