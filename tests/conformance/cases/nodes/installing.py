"""Packages that peers are asked to install: what is wrong with them is told by the peer, or by its builder."""

from __future__ import annotations

import functools
import gzip
import io
import json
import re
import tarfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fabric_protos.peer.lifecycle import lifecycle_pb2

from hlf.admin import lifecycle
from hlf.admin.peer import Peer
from hlf.wire import packages
from tests.conformance import callers
from tests.conformance.answers import Answer, by_answer, normalised
from tests.conformance.cases import case
from tests.conformance.lab import Lab
from tests.conformance.laboratories import GUARDED
from tests.support.ccaas import archive

OPEN = "open"
PLACE = re.compile("'[^']*connection.json'")
METADATA = {"label": "odd_1.0", "type": "ccaas", "path": ""}
CONNECTION = {"address": "127.0.0.1:1", "dial_timeout": "10s", "tls_required": False}


def _code(connection: Any = CONNECTION, **more: bytes) -> bytes:
    content = connection if isinstance(connection, bytes) else json.dumps(connection).encode()
    return archive({"connection.json": content, **more})


def _package(metadata: Any = METADATA, code: bytes | None = None, **more: bytes) -> bytes:
    content = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
    return archive({"metadata.json": content, "code.tar.gz": _code() if code is None else code, **more})


def _metadata(**fields: Any) -> bytes:
    return _package({**METADATA, **fields})


def _connection(**fields: Any) -> bytes:
    return _package(code=_code({**CONNECTION, **fields}))


def _with_entry(kind: bytes, name: str, files: Mapping[str, bytes]) -> bytes:
    """A gzipped tar of *files* and of an entry that is no file."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for each, content in files.items():
            member = tarfile.TarInfo(each)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        other = tarfile.TarInfo(name)
        other.type, other.linkname = kind, "connection.json"
        tar.addfile(other)
    return gzip.compress(plain.getvalue(), mtime=0)


GOOD = {"metadata.json": json.dumps(METADATA).encode(), "code.tar.gz": _code()}
INDEXES = "META-INF/statedb/couchdb/indexes"
GOOD_CODE = {"connection.json": json.dumps(CONNECTION).encode()}
ODD = {
    "no bytes": b"",
    "few bytes": b"junk",
    "many bytes": b"this is no gzip stream at all",
    "half of it": _package()[:-100],
    "without its last byte": _package()[:-1],
    "with a byte behind it": _package() + b"x",
    "twice": _package() * 2,
    "gzip of nothing": gzip.compress(b"", mtime=0),
    "gzip of junk": gzip.compress(b"x" * 2000, mtime=0),
    "an empty tar": archive({}),
    "no metadata": archive({"code.tar.gz": _code()}),
    "no code": archive({"metadata.json": json.dumps(METADATA).encode()}),
    "no metadata, no code": archive({"other": b""}),
    "metadata: nothing": _package(b""),
    "metadata: no JSON": _package(b"{"),
    "metadata: a list": _package([]),
    "metadata: null": _package(None),
    "metadata: no fields": _package({}),
    "metadata: of another case": _package({"Label": "odd_1.0", "TYPE": "ccaas"}),
    "metadata: more fields": _metadata(more=[1, {"a": 2}]),
    "metadata: behind it something": _package(json.dumps(METADATA).encode() + b" x"),
    "metadata: a text": _package("odd_1.0"),
    "metadata: a number": _package(b"12"),
    "metadata: too deep": _package(b"[" * 100_000),
    "metadata: no value": _package(b'{"label":}'),
    "metadata: no name": _package(b"{label:1}"),
    "metadata: no colon": _package(b'{"label" 1}'),
    "metadata: no comma": _package(b'{"label":"odd_1.0" "type":1}'),
    "metadata: no comma in a list": _package(b'{"label":["odd_1.0" 1]}'),
    "metadata: a comma too much": _package(b'{"label":"odd_1.0",}'),
    "metadata: half a text": _package(b'{"label":"odd_1.0'),
    "metadata: an odd escape": _package(b'{"label":"\\x"}'),
    "metadata: an odd code": _package(b'{"label":"\\u12g4"}'),
    "metadata: a control character": _package(b'{"label":"\x01"}'),
    "metadata: NaN": _package(b'{"label":NaN}'),
    "metadata: no UTF-8": _package(b'{"label":"odd_1.0","type":"ccaas","path":"\xff"}'),
    "metadata: a byte order mark": _package("\ufeff{}".encode()),
    "metadata: a name twice": _package(b'{"label":"a","LABEL":"odd_1.0","type":"ccaas"}'),
    "metadata: two wrong kinds": _package({"type": [1], "label": 1}),
    "label: none": _metadata(label=""),
    "label: a number": _metadata(label=7),
    "label: a path": _metadata(label="../../evil"),
    "label: a colon": _metadata(label="a:b"),
    "label: begins with a sign": _metadata(label="-a"),
    "label: long": _metadata(label="a" * 300),
    "type: none": _metadata(type=""),
    "type: capital letters": _metadata(type="CCAAS"),
    "type: golang": _metadata(type="golang"),
    "type: node": _metadata(type="node"),
    "type: external": _metadata(type="external"),
    "type: a number": _metadata(type=7),
    "path: a number": _metadata(path=7),
    "a file more": _package(**{"other.txt": b"x"}),
    "a directory": _with_entry(tarfile.DIRTYPE, "folder", GOOD),
    "a link": _with_entry(tarfile.SYMTYPE, "link", GOOD),
    "a device": _with_entry(tarfile.CHRTYPE, "device", GOOD),
    "a fifo": _with_entry(tarfile.FIFOTYPE, "fifo", GOOD),
    "code: nothing": _package(code=b""),
    "code: junk": _package(code=b"this is no gzip stream at all"),
    "code: gzip of junk": _package(code=gzip.compress(b"x" * 2000, mtime=0)),
    "code: an empty tar": _package(code=archive({})),
    "code: a path out of it": _package(code=_code(**{"../evil": b"x"})),
    "code: an absolute path": _package(code=_code(**{"/evil": b"x"})),
    "code: a file in a folder": _package(code=_code(**{"folder/file": b"x"})),
    "code: a folder in its metadata": _package(code=_code(**{"META-INF/x/y.json": b"{}"})),
    "code: an index": _package(code=_code(**{f"{INDEXES}/a.json": b'{"index":{"fields":["a"]}}'})),
    "code: no index": _package(code=_code(**{f"{INDEXES}/a.json": b"{"})),
    "code: half of it": _package(code=_code()[:-100]),
    "code: without its last byte": _package(code=_code()[:-1]),
    "code: a directory": _package(code=_with_entry(tarfile.DIRTYPE, "folder", GOOD_CODE)),
    "code: a link": _package(code=_with_entry(tarfile.SYMTYPE, "link", GOOD_CODE)),
    "connection: none": _package(code=archive({"other": b""})),
    "connection: in a folder": _package(code=archive({"src/connection.json": json.dumps(CONNECTION).encode()})),
    "connection: nothing": _package(code=_code(b"")),
    "connection: no JSON": _package(code=_code(b"{")),
    "connection: a list": _package(code=_code([])),
    "connection: null": _package(code=_code(None)),
    "connection: behind it something": _package(code=_code(b"{} x")),
    "connection: no fields": _package(code=_code({})),
    "connection: of another case": _package(code=_code({"Address": "127.0.0.1:1"})),
    "address: none": _connection(address=""),
    "address: a number": _connection(address=7),
    "address: null": _connection(address=None),
    "address: no port": _connection(address="127.0.0.1"),
    "address: of an unknown value": _connection(address="{{.nosuch}}"),
    "address: half a template": _connection(address="{{.nosuch"),
    "address: an unknown function": _connection(address="{{nosuch}}"),
    "dial_timeout: none": _connection(dial_timeout=""),
    "dial_timeout: odd": _connection(dial_timeout="10 s"),
    "dial_timeout: a number": _connection(dial_timeout=10),
    "dial_timeout: below nothing": _connection(dial_timeout="-10s"),
    "dial_timeout: of parts": _connection(dial_timeout="1m1.5s"),
    "tls_required: a text": _connection(tls_required="true"),
    "TLS without a root": _connection(tls_required=True),
    "TLS with a root of junk": _connection(tls_required=True, root_cert="junk"),
    "TLS with a client without a key": _connection(tls_required=True, root_cert="junk", client_auth_required=True),
    "TLS with a client without a certificate": _connection(
        tls_required=True, root_cert="junk", client_auth_required=True, client_key="junk"
    ),
    "TLS with a client of junk": _connection(
        tls_required=True, root_cert="junk", client_auth_required=True, client_key="junk", client_cert="junk"
    ),
    "a client without TLS": _connection(client_auth_required=True),
    "a name in the certificate": _connection(domain="somewhere", root_cert=7),
}


@case("install: odd packages", GUARDED)
def odd_packages(lab: Lab) -> Answer:
    """Each is installed once, by the admin of Org1's peer."""
    return Answer(result=by_answer({name: _installed(lab, package) for name, package in ODD.items()}))


def _installed(lab: Lab, package: bytes) -> str:
    given = lifecycle_pb2.InstallChaincodeArgs(chaincode_install_package=package).SerializeToString()
    answer = lab.system("_lifecycle", "InstallChaincode", given, channel="", caller=callers.admin(lab))
    if answer.result["status"] == 200:
        return "installed"
    # Where a peer keeps its packages is its own business.
    return str(normalised(answer.result["message"].partition(" to /")[0], lab.addresses))


UNUSABLE: dict[str, dict[str, object]] = {
    "address: none": {"address": ""},
    "address: no port": {"address": "127.0.0.1", "dial_timeout": "200ms"},
    "address: nobody there": {"dial_timeout": "200ms"},
    "dial_timeout: none": {"dial_timeout": ""},
    "dial_timeout: odd": {"dial_timeout": "10 s"},
    "dial_timeout: a number of texts": {"dial_timeout": "10"},
    "TLS without a root": {"tls_required": True},
    "TLS with a client without a key": {"tls_required": True, "root_cert": "junk", "client_auth_required": True},
    "TLS with a client without a certificate": {
        "tls_required": True,
        "root_cert": "junk",
        "client_auth_required": True,
        "client_key": "junk",
    },
}


@case("install: connections that cannot be used", GUARDED)
def unusable(lab: Lab) -> Answer:
    """Such packages are installed; their chaincodes cannot be launched."""
    made = {
        f"unusable{number}": _package(code=_code({**CONNECTION, **fields}))
        for number, fields in enumerate(UNUSABLE.values())
    }
    for package in made.values():
        _installed(lab, package)
    with lab.administrators() as peers, ThreadPoolExecutor(len(made)) as pool:
        list(pool.map(lambda name: _defined(lab, peers, name, made[name]), made))
    asked = {
        name: lab.system(chaincode, "get", "a", channel=OPEN, caller=lab.caller()).result["message"]
        for name, chaincode in zip(UNUSABLE, made, strict=True)
    }
    told = {name: PLACE.sub("'<file>'", str(normalised(words, lab.addresses))) for name, words in asked.items()}
    return Answer(result=by_answer(told))


def _is_ready(peer: Peer, definition: lifecycle.Definition) -> bool:
    return all(lifecycle.readiness(peer, OPEN, definition).values())


def _defined(lab: Lab, peers: Sequence[Peer], name: str, package: bytes) -> None:
    """Agree on a chaincode that Org1's peer alone would run."""
    definition = lifecycle.Definition(name, endorsement="OR('Org1MSP.peer')")
    lifecycle.approve(peers[0], OPEN, definition, packages.package_id(package))
    for other in peers[1:]:
        lifecycle.approve(other, OPEN, definition)
    for peer in peers:
        lab.wait_until(functools.partial(_is_ready, peer, definition), f"approvals of {name}")
    lifecycle.commit(peers[0], OPEN, definition, peers)
