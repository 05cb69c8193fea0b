"""Chaincode packages: reproducible to write, and read without trust."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlf import errors
from hlf.wire import packages


def _tar(*entries: tuple[tarfile.TarInfo | str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as tar:
        for entry, content in entries:
            info = tarfile.TarInfo(entry) if isinstance(entry, str) else entry
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return target.getvalue()


def _special(kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo("metadata.json")
    info.type, info.linkname = kind, "/etc/passwd"
    return info


METADATA = json.dumps({"path": "", "type": "ccaas", "label": "x_1"}).encode()


def test_the_same_arguments_give_the_same_bytes():
    """The package id, and with it every approval, does not depend on who packs or when."""
    package = packages.ccaas("trade_1.0", "127.0.0.1:9999")
    assert package == packages.ccaas("trade_1.0", "127.0.0.1:9999")
    assert packages.package_id(package) == f"trade_1.0:{hashlib.sha256(package).hexdigest()}"
    assert package != packages.ccaas("trade_1.0", "127.0.0.1:9998")


def test_a_package_is_read_back():
    """Label, type and connection, with TLS where it was asked for."""
    read = packages.parse(packages.ccaas("trade_1.0", "{{.address}}", dial_timeout="3s"))
    assert (read.label, read.type, read.address) == ("trade_1.0", "ccaas", "{{.address}}")
    assert read.connection == {"address": "{{.address}}", "dial_timeout": "3s", "tls_required": False}
    tls = packages.parse(packages.ccaas("x", "h:1", tls=packages.PackageTls("ROOT", "CERT", "KEY"))).connection
    assert (tls["tls_required"], tls["client_auth_required"]) == (True, True)
    assert (tls["root_cert"], tls["client_cert"], tls["client_key"]) == ("ROOT", "CERT", "KEY")


def test_a_package_of_code_has_no_connection():
    """Packages for other builders are none of this client's business beyond their label."""
    package = _tar(("metadata.json", b'{"path":"p","type":"golang","label":"go_1"}'), ("code.tar.gz", b"whatever"))
    assert packages.parse(package) == packages.Package("go_1", "golang", "p", {})


@pytest.mark.parametrize("label", ["", "-x", "a b", "a/b", "a:b", "ä"])
def test_labels_that_peers_refuse_are_refused_here(label):
    """Better than at the first of many peers."""
    with pytest.raises(errors.LifecycleError, match="label"):
        packages.ccaas(label, "h:1")


HOSTILE = {
    "not gzip": b"no",
    "cut off": packages.ccaas("x", "h:1")[:-20],
    "gzip of nothing": gzip.compress(b""),
    "no tar": gzip.compress(b"x" * 5000),
    "no metadata": _tar(("code.tar.gz", b"")),
    "no code": _tar(("metadata.json", METADATA)),
    "symbolic link": _tar((_special(tarfile.SYMTYPE), b"")),
    "hard link": _tar((_special(tarfile.LNKTYPE), b"")),
    "device": _tar((_special(tarfile.CHRTYPE), b"")),
    "path that climbs": _tar(("../metadata.json", METADATA)),
    "absolute path": _tar(("/metadata.json", METADATA)),
    "twice": _tar(("metadata.json", METADATA), ("metadata.json", METADATA)),
    "metadata no JSON": _tar(("metadata.json", b"{"), ("code.tar.gz", b"")),
    "metadata no object": _tar(("metadata.json", b"[]"), ("code.tar.gz", b"")),
    "deep metadata": _tar(("metadata.json", b"[" * 100_000), ("code.tar.gz", b"")),
    "label no text": _tar(("metadata.json", b'{"label":5,"type":"ccaas"}'), ("code.tar.gz", b"")),
    "label that climbs": _tar(("metadata.json", b'{"label":"../x","type":"ccaas"}'), ("code.tar.gz", b"")),
    "code no gzip": _tar(("metadata.json", METADATA), ("code.tar.gz", b"x")),
    "no connection": _tar(("metadata.json", METADATA), ("code.tar.gz", _tar(("other.json", b"{}")))),
    "connection no JSON": _tar(("metadata.json", METADATA), ("code.tar.gz", _tar(("connection.json", b"?")))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_packages_are_refused(name):
    """Each with one typed error, and nothing written anywhere."""
    with pytest.raises(errors.WireError):
        packages.parse(HOSTILE[name])


def test_a_bomb_ends_at_the_limit(monkeypatch):
    """A small file that unpacks to gigabytes is read no further than the limit."""
    monkeypatch.setattr(packages, "MAX_UNPACKED", 1 << 16)
    with pytest.raises(errors.WireError, match="unpacks to more than"):
        packages.parse(gzip.compress(b"\0" * (1 << 20)))


def test_too_many_entries_are_refused(monkeypatch):
    """A tar of empty files costs time and not bytes."""
    monkeypatch.setattr(packages, "MAX_ENTRIES", 10)
    with pytest.raises(errors.WireError, match="more than 10 entries"):
        packages.parse(_tar(*((f"f{number}", b"") for number in range(11))))


@given(st.binary(max_size=400))
def test_any_bytes_give_a_package_or_a_wire_error(data):
    """Never another exception, whatever comes, compressed or not."""
    for candidate in (data, gzip.compress(data), _tar(("metadata.json", data), ("code.tar.gz", data))):
        with pytest.raises(errors.WireError):
            packages.parse(candidate)
