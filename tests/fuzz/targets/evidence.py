"""Files that people keep or are given: texts, profiles, evidence, positions."""

from __future__ import annotations

import requests

from hlf import errors, sealing
from hlf.admin import authority, participation
from hlf.audit.evidence import checkpoints, receipts
from hlf.profile import Profile
from hlf.steps import checkpoints as positions
from tests.fuzz.target import CORPUS, Target, file_of, reads
from tests.hostile import mutations

_KEY = sealing.PrivateKey(sealing.Suite.X25519, bytes(range(32)))
_BINDING = sealing.Binding


def _profile(data: bytes) -> object:
    return repr(Profile.parse(data, folder=CORPUS))


def _receipt(data: bytes) -> object:
    return receipts.Receipt.from_bytes(data).to_bytes()


def _checkpoint(data: bytes) -> object:
    found = checkpoints.SignedCheckpoint.from_bytes(data)
    found.check_signature()
    return found.signer, found.to_bytes()


def _position(data: bytes) -> object:
    file = file_of("position", "position")
    file.write_bytes(data)
    return positions.File(file).position


class _Answering(authority.Authority):
    """A CA's client that is answered with these bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.address, self.name = "https://ca.test", ""

    def _send(self, request: requests.PreparedRequest) -> tuple[int, bytes]:
        return 200, self._content


def _authority(data: bytes) -> object:
    return _Answering(data).info()


class _Answered(participation.OrdererAdmin):
    """The client of an orderer's administrators that is answered with these bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__("orderer.test:7053", ca=CORPUS, certificate=CORPUS, key=CORPUS)
        self._content = content

    def _exchange(self, *_: object) -> tuple[int, str, bytes]:
        return 200, "OK", self._content


def _participation(data: bytes) -> object:
    asked = _Answered(data)
    try:
        return asked.channels()
    finally:
        asked.channel("trade")


TARGETS = (
    reads("json", "hlf.jsontext.loads", errors.WireError),
    reads("yaml", "hlf.yamltext.loads", errors.YamlError),
    Target("profile", "hlf.profile.Profile.parse", (errors.ProfileError,), _profile),
    reads("wallet", "hlf.wallets.read", errors.IdentityError),
    Target("receipt", "hlf.audit.evidence.receipts.Receipt.from_bytes", (errors.WireError,), _receipt),
    Target(
        "checkpoint", "hlf.audit.evidence.checkpoints.SignedCheckpoint.from_bytes", (errors.WireError,), _checkpoint
    ),
    reads(
        "anchor", "hlf.audit.evidence.anchors.read", errors.WireError, bends=(mutations.bend, mutations.bend_message)
    ),
    Target("position", "hlf.steps.checkpoints.File", (positions.CheckpointError,), _position),
    Target("authority", "hlf.admin.authority.Authority.ask", (errors.AuthorityError,), _authority),
    Target(
        "participation",
        "hlf.admin.participation.OrdererAdmin.channel",
        (errors.ParticipationError,),
        _participation,
    ),
)
