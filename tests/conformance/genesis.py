"""
Genesis blocks that are good but for one thing, and what an orderer and then a peer say of them.

A block is made from that of the laboratory's own channel, under a name nobody
used before. The orderer is asked through its participation interface, and
leaves again what it took part in; a peer is asked whatever the orderer said.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft_pb2

from hlf.network import state
from hlf.wire import blocks
from hlf.wire.config import channelconfig, configtx
from tests.conformance import callers
from tests.conformance.answers import Answer
from tests.conformance.lab import Lab

CHANNELS = "/participation/v1/channels"
ORG1, ORG2, ORDERERS = ("Application", "Org1MSP"), ("Application", "Org2MSP"), ("Orderer", "OrdererMSP")
_TIMEOUT = 60.0


@dataclass
class Draft:
    """A block taken apart; ``block`` puts it together again. *state* is the folder with the laboratory's own keys."""

    state: Path
    header: common_pb2.ChannelHeader
    signature_header: common_pb2.SignatureHeader
    config: configtx_pb2.Config
    metadata: common_pb2.BlockMetadata
    number: int = 0
    previous_hash: bytes = b""
    data_hash: bytes | None = None

    @property
    def root(self) -> configtx_pb2.ConfigGroup:
        """The group ``/Channel``."""
        return self.config.channel_group

    def block(self) -> common_pb2.Block:
        """Return the block."""
        made = blocks.new_block(self.number, self.previous_hash, [self.envelope().SerializeToString()])
        made.metadata.CopyFrom(self.metadata)
        if self.data_hash is not None:
            made.header.data_hash = self.data_hash
        return made

    def envelope(self) -> common_pb2.Envelope:
        """Return the one transaction in it."""
        header = common_pb2.Header(
            channel_header=self.header.SerializeToString(), signature_header=self.signature_header.SerializeToString()
        )
        data = configtx_pb2.ConfigEnvelope(config=self.config).SerializeToString()
        return common_pb2.Envelope(payload=common_pb2.Payload(header=header, data=data).SerializeToString())


def draft(lab: Lab) -> Draft:
    """Return the genesis block of the laboratory's channel, for a channel that is not there yet."""
    block = common_pb2.Block.FromString(lab.genesis)
    payload = common_pb2.Payload.FromString(channelconfig.config_envelope_of(block).payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    header.channel_id = lab.fresh("genesis")
    return Draft(
        state=lab.state,
        header=header,
        signature_header=common_pb2.SignatureHeader.FromString(payload.header.signature_header),
        config=configtx_pb2.ConfigEnvelope.FromString(payload.data).config,
        metadata=block.metadata,
    )


# What may be wrong with one.

Change = Callable[[Draft], Any]
GroupPath = tuple[str, ...]


def group_at(root: configtx_pb2.ConfigGroup, path: GroupPath) -> configtx_pb2.ConfigGroup:
    """Return the group that *path* leads to."""
    for name in path:
        root = root.groups[name]
    return root


def without_value(*path: str) -> Change:
    """Take a value away; the last word is its name."""
    return lambda draft: group_at(draft.root, path[:-1]).values.pop(path[-1])


def without_policy(*path: str) -> Change:
    """Take a policy away; the last word is its name."""
    return lambda draft: group_at(draft.root, path[:-1]).policies.pop(path[-1])


def without_group(*path: str) -> Change:
    """Take a group away; the last word is its name."""
    return lambda draft: group_at(draft.root, path[:-1]).groups.pop(path[-1])


def with_value(path: GroupPath, name: str, message: Any) -> Change:
    """Set a value, to a message or to bytes that are none."""

    def change(draft: Draft) -> None:
        value = group_at(draft.root, path).values[name]
        value.mod_policy = "Admins"
        value.value = message if isinstance(message, bytes) else message.SerializeToString()

    return change


def requiring(levels: dict[GroupPath, str]) -> Change:
    """Set what is required of nodes, by the group that says so."""

    def change(draft: Draft) -> None:
        for path, capability in levels.items():
            configtx.add_capabilities(group_at(draft.root, path), [capability])

    return change


def consensus(change: Callable[[orderer_pb2.ConsensusType], Any]) -> Change:
    """Change the consensus type and what it comes with."""
    return _inside(("Orderer",), "ConsensusType", orderer_pb2.ConsensusType, change)


def raft(change: Callable[[raft_pb2.ConfigMetadata], Any]) -> Change:
    """Change Raft's options and consenters."""

    def inner(message: orderer_pb2.ConsensusType) -> None:
        metadata = raft_pb2.ConfigMetadata.FromString(message.metadata)
        change(metadata)
        message.metadata = metadata.SerializeToString()

    return consensus(inner)


def certified(find: Callable[[Path], bytes]) -> Change:
    """Give the one consenter the certificate that *find* finds in the laboratory's folder."""

    def change(draft: Draft) -> None:
        pem = find(draft.state)

        def inner(metadata: raft_pb2.ConfigMetadata) -> None:
            metadata.consenters[0].client_tls_cert = metadata.consenters[0].server_tls_cert = pem

        raft(inner)(draft)

    return change


def another_consenter(state_folder: Path) -> bytes:
    """Return a certificate that could be an orderer's, and is not that of the laboratory's."""
    return (state_folder / "organisations" / "OrdererMSP" / "users" / "Admin" / "tls" / "client.crt").read_bytes()


def foreign_consenter(state_folder: Path) -> bytes:
    """Return a certificate of no ordering organisation."""
    return (state_folder / "organisations" / "Org1MSP" / "users" / "Admin" / "tls" / "client.crt").read_bytes()


def expired_consenter(state_folder: Path) -> bytes:
    """Return a certificate of the orderer's own key that was valid yesterday."""
    own = next((state_folder / "orderers").iterdir()) / "tls" / "server.crt"
    return expired(state_folder / "organisations" / "OrdererMSP" / "tlsca", own.read_bytes())


def expired(authority: Path, pem: bytes) -> bytes:
    """Return a certificate with a validity that has ended, signed again by *authority*."""
    own = x509.load_pem_x509_certificate(pem)
    key = serialization.load_pem_private_key((authority / "key.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    start = own.not_valid_before_utc + datetime.timedelta(seconds=1)
    builder = x509.CertificateBuilder(own.issuer, own.subject, own.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(seconds=2))
    for extension in own.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def in_der(metadata: raft_pb2.ConfigMetadata) -> None:
    """Replace the consenter's client certificate by its DER."""
    consenter = metadata.consenters[0]
    parsed = x509.load_pem_x509_certificate(consenter.client_tls_cert)
    consenter.client_tls_cert = parsed.public_bytes(serialization.Encoding.DER)


def organisation(path: GroupPath, change: Callable[[msp_config_pb2.FabricMSPConfig], Any]) -> Change:
    """Change what an organisation publishes of itself."""

    def inner(message: msp_config_pb2.MSPConfig) -> None:
        config = msp_config_pb2.FabricMSPConfig.FromString(message.config)
        change(config)
        message.config = config.SerializeToString()

    return _inside(path, "MSP", msp_config_pb2.MSPConfig, inner)


def _inside(path: GroupPath, name: str, kind: type[Any], change: Callable[[Any], Any]) -> Change:
    def outer(draft: Draft) -> None:
        value = group_at(draft.root, path).values[name]
        message = kind.FromString(value.value)
        change(message)
        value.value = message.SerializeToString()

    return outer


# Asking.


class Participation:
    """The orderer's participation interface, asked by its organisation's admin."""

    def __init__(self, lab: Lab) -> None:
        folder = state.Folder(lab.state)
        record = state.read(folder)
        assert record is not None
        orderer = next((lab.state / "orderers").iterdir()).name
        tls = folder.user("OrdererMSP", "Admin") / "tls"
        self._base = f"https://{record.address(orderer, 'admin')}"
        self._files: dict[str, Any] = {
            "verify": str(tls / "ca.crt"),
            "cert": (str(tls / "client.crt"), str(tls / "client.key")),
        }

    def ask(self, method: str, path: str = CHANNELS, **body: Any) -> dict[str, Any]:
        """
        Return the status of what was answered and the answer itself, without what names the channel.

        Status 0 is a connection that ended without an answer, as an orderer of 2.5 ends it over some blocks.
        """
        with requests.Session() as session:
            session.trust_env = False
            try:
                answered = session.request(method, self._base + path, timeout=_TIMEOUT, **self._files, **body)
            except requests.ConnectionError:
                return {"status": 0, "answer": {}}
        if "json" not in answered.headers.get("Content-Type", ""):
            return {"status": answered.status_code, "answer": {"text": answered.text.strip()} if answered.text else {}}
        told = answered.json()
        return {"status": answered.status_code, "answer": {key: told[key] for key in told if key not in _NAMES}}

    def join(self, block: bytes, part: str = "config-block") -> dict[str, Any]:
        """Return what is said of *block*."""
        return self.ask("POST", files={part: ("config.block", block, "application/octet-stream")})


_NAMES = ("name", "url")


@contextmanager
def offered(lab: Lab, block: bytes, channel_id: str) -> Iterator[dict[str, Any]]:
    """Yield what the orderer says of *block*; if it takes part, it leaves at the end."""
    interface = Participation(lab)
    told = interface.join(block)
    try:
        yield told
    finally:
        if told["status"] == requests.codes.created:
            interface.ask("DELETE", f"{CHANNELS}/{channel_id}")


def peer_join(lab: Lab, block: bytes) -> dict[str, Any]:
    """Return what Org1's peer says of *block*, asked by its organisation's admin."""
    answer = lab.system("cscc", "JoinChain", block, channel="", caller=callers.admin(lab))
    return answer.result if answer.grpc_status == "OK" else answer.as_json(lab.addresses)


def judged(lab: Lab, block: bytes, channel_id: str) -> Answer:
    """Return what the orderer says of *block*, and then Org1's peer, whether the orderer takes part or not."""
    with offered(lab, block, channel_id) as told:
        return Answer(result={"orderer": told, "peer": peer_join(lab, block)})


def bent(lab: Lab, change: Change) -> Draft:
    """Return a good block's parts, with *change*."""
    made = draft(lab)
    change(made)
    return made


def changed(lab: Lab, change: Change) -> Answer:
    """Return what orderer and peer say of a good block with *change*."""
    made = bent(lab, change)
    return judged(lab, made.block().SerializeToString(), made.header.channel_id)
