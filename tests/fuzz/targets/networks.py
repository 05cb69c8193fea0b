"""What the network reads: its consortium and state files, node's MSP folders, proposals and packages."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path

from fabric_protos.peer import proposal_pb2
from google.protobuf.message import DecodeError

from hlf import errors as hlf_errors
from hlf.network import errors, state, topology
from hlf.network.engines.embedded.endorse import packages
from hlf.network.engines.embedded.wire import requests
from hlf.network.engines.embedded.wire.localmsp import LocalMsp
from tests.fuzz.target import Target, file_of
from tests.hostile import mutations
from tests.support.runningchannel import consortium


def _in_folder(target: str, name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Write the bytes into a file of that name, and read its folder."""

    def run(data: bytes) -> object:
        file = file_of(target, name)
        file.write_bytes(data)
        return repr(read(file.parent))

    return run


@functools.cache
def _folder() -> Path:
    """Return an MSP folder that is whole but for its config.yaml."""
    folder = file_of("msp-folder", "config.yaml").parent
    member = consortium()["AMSP"]
    for place, content in (
        ("cacerts/ca.pem", member.ca.certificate_pem),
        ("signcerts/cert.pem", member.peer.issued.certificate_pem),
        ("keystore/key.pem", member.peer.issued.key_pem),
    ):
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_bytes(content)
    return folder


def _units(data: bytes) -> object:
    (_folder() / "config.yaml").write_bytes(data)
    return LocalMsp("AMSP", _folder()).msps


def _proposal(data: bytes) -> object:
    try:
        signed = proposal_pb2.SignedProposal.FromString(data)
    except DecodeError:
        raise requests.MalformedError("gRPC refuses it before us") from None
    request = requests.ProposalRequest(signed)
    with contextlib.suppress(requests.MalformedError):
        # The clock would refuse everything that was signed before today.
        request.check_time()
    request.check_consistent()
    return request.hash, request.chaincode, request.input, requests.expiry(request.creator)


def _package(data: bytes) -> object:
    return repr(packages.read(data, {}))


TARGETS = (
    Target(
        "consortium",
        "hlf.network.topology.load",
        (errors.ConsortiumError,),
        _in_folder("consortium", "consortium.yaml", lambda folder: topology.load(folder / "consortium.yaml")),
    ),
    Target(
        "state",
        "hlf.network.state.read",
        (errors.StateError,),
        _in_folder("state", "state.json", lambda folder: state.read(state.Folder(folder))),
    ),
    Target("msp-folder", "hlf.network.engines.embedded.wire.localmsp.LocalMsp", (hlf_errors.IdentityError,), _units),
    Target(
        "request",
        "hlf.network.engines.embedded.wire.requests.ProposalRequest",
        (requests.MalformedError,),
        _proposal,
        (mutations.bend_message, mutations.bend),
    ),
    Target(
        "installed-package", "hlf.network.engines.embedded.endorse.packages.read", (packages.PackageError,), _package
    ),
)
