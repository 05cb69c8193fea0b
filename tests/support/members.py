"""
Organisations made in memory, a channel between them, and transactions as their peers would endorse them.

For tests of what is ordered, validated and committed: no files, no servers, no chaincode.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabric_protos.peer import chaincode_event_pb2, collection_pb2, policy_pb2, proposal_pb2, proposal_response_pb2
from fabric_protos.peer.lifecycle import chaincode_definition_pb2

from hlf.network import certificates
from hlf.network.engines.embedded.order.channels import Channels
from hlf.network.engines.embedded.order.orderers import OrdererState
from hlf.network.engines.embedded.state import lifecycle
from hlf.wire import envelopes, keys, policies, proposals, rwsets, signatures
from hlf.wire.config import configtx


@dataclass(frozen=True)
class Person:
    """A holder of a key and a certificate."""

    msp_id: str
    issued: certificates.IssuedCertificate

    @functools.cached_property
    def serialized(self) -> bytes:
        return signatures.serialized_identity(self.msp_id, self.issued.certificate_pem)

    def sign(self, message: bytes) -> bytes:
        return signatures.sign_low_s(self.issued.key, message)


class Member:
    """An organisation with an authority and one person for each role."""

    def __init__(self, msp_id: str) -> None:
        self.msp_id = msp_id
        self.domain = f"{msp_id.lower()}.test"
        self.ca = certificates.authority(f"ca.{self.domain}", self.domain, "SG")
        self.tlsca = certificates.authority(f"tlsca.{self.domain}", self.domain, "SG")
        self.client = self.person("User1", "client")
        self.admin = self.person("Admin", "admin")
        self.peer = self.person("peer0", "peer")
        self.orderer = self.person("orderer0", "orderer")

    def person(self, name: str, unit: str) -> Person:
        issued = certificates.identity(self.ca, f"{name}@{self.domain}", self.domain, "SG", unit)
        return Person(self.msp_id, issued)

    def configured(self, **more: Any) -> configtx.OrganisationGroup:
        return configtx.OrganisationGroup(
            self.msp_id, (self.ca.certificate_pem,), (self.tlsca.certificate_pem,), **more
        )


@dataclass(frozen=True)
class Definition:
    """A chaincode to be defined on a channel."""

    name: str
    policy: str = "/Channel/Application/Endorsement"
    collections: tuple[collection_pb2.StaticCollectionConfig, ...] = ()
    sequence: int = 1
    version: str = "1.0"


def application_policy(text: str) -> policy_pb2.ApplicationPolicy:
    """Return a reference where *text* is a path, a signature policy otherwise."""
    if text.startswith("/"):
        return policy_pb2.ApplicationPolicy(channel_config_policy_reference=text)
    return policy_pb2.ApplicationPolicy(signature_policy=policies.from_dsl(text))


def collection(name: str, members: str, *, policy: str = "", **more: Any) -> collection_pb2.StaticCollectionConfig:
    config = collection_pb2.StaticCollectionConfig(name=name, **more)
    config.member_orgs_policy.signature_policy.CopyFrom(policies.from_dsl(members))
    if policy:
        config.endorsement_policy.CopyFrom(application_policy(policy))
    return config


class Consortium:
    """Members, an orderer organisation and a channel between them."""

    def __init__(self, names: Sequence[str] = ("AMSP", "BMSP", "CMSP"), channel_id: str = "trade") -> None:
        self.channel_id = channel_id
        self.members = {name: Member(name) for name in names}
        self.ordering = Member("OrdererMSP")
        self.consenter = self.tls("orderer0")

    def __getitem__(self, msp_id: str) -> Member:
        return self.members[msp_id]

    def tls(self, name: str) -> certificates.IssuedCertificate:
        """Return a TLS certificate of the orderer organisation, with a key of its own."""
        return certificates.tls(self.ordering.tlsca, name, self.ordering.domain, "SG", ["127.0.0.1"])

    def channels(self, folder: Path) -> Channels:
        """Return the channels in *folder*, not opened yet, with one orderer, ``orderer0``."""
        channels = Channels(folder)
        self.add_orderer(channels, "orderer0", self.consenter, self.ordering.orderer)
        return channels

    def add_orderer(
        self, channels: Channels, name: str, consenter: certificates.IssuedCertificate, signer: Person | None = None
    ) -> OrdererState:
        """Add an orderer that runs, with this certificate of TLS."""
        person = signer or self.ordering.person(name, "orderer")
        added = OrdererState(name, f"{name}:7050", "OrdererMSP", person, consenter.certificate_pem, channels.folder)
        added.running = True
        channels.add_orderer(added)
        return added

    def genesis(
        self,
        *,
        members: Iterable[str] | None = None,
        timeout: str = "20ms",
        max_messages: int = 50,
        preferred: int = 2 << 20,
        absolute: int = 10 << 20,
        capability: str = "V3_0",
        consenter: certificates.IssuedCertificate | None = None,
    ) -> Any:
        """Return the genesis block."""
        application = configtx.application([self.members[name].configured() for name in (members or self.members)])
        ordering = configtx.orderer(
            [self.ordering.configured(orderer_endpoints=("127.0.0.1:7050",))],
            batch_timeout=timeout,
            max_message_count=max_messages,
            preferred_max_bytes=preferred,
            absolute_max_bytes=absolute,
        )
        orders = (consenter or self.consenter).certificate_pem
        configtx.add_raft(ordering, [configtx.Consenter("127.0.0.1", 7050, "OrdererMSP", orders)])
        group = configtx.channel(application, ordering, capabilities=(capability,))
        return configtx.genesis_block(self.channel_id, group)

    def transaction(
        self,
        rwset: rwsets.TxRwset,
        endorsers: Iterable[str | Person],
        *,
        chaincode: str = "cc",
        version: str = "1.0",
        creator: Person | None = None,
        event: bytes = b"",
        nonce: bytes | None = None,
    ) -> Transaction:
        """Return a transaction as a gateway would submit it."""
        who = creator or next(iter(self.members.values())).client
        proposal = proposals.new(self.channel_id, chaincode, [b"f"], who.serialized, nonce=nonce)
        digest = proposals.parse(proposal.bytes).hash
        results = rwsets.encode(rwset)
        events = b""
        if event:
            events = chaincode_event_pb2.ChaincodeEvent(
                chaincode_id=chaincode, tx_id=proposal.transaction_id, event_name="E", payload=event
            ).SerializeToString()
        action = proposal_pb2.ChaincodeAction(results=results, events=events)
        action.response.status = 200
        action.chaincode_id.name, action.chaincode_id.version = chaincode, version
        return Transaction(proposal, digest, action, list(self._people(endorsers)), who)

    def _people(self, endorsers: Iterable[str | Person]) -> Iterable[Person]:
        for endorser in endorsers:
            yield self.members[endorser].peer if isinstance(endorser, str) else endorser

    def define(self, definition: Definition) -> Transaction:
        """Return the transaction that commits a chaincode's definition, endorsed by everybody."""
        endorsement = chaincode_definition_pb2.ChaincodeEndorsementInfo(
            version=definition.version, endorsement_plugin="escc"
        )
        validation = chaincode_definition_pb2.ChaincodeValidationInfo(
            validation_plugin="vscc", validation_parameter=application_policy(definition.policy).SerializeToString()
        )
        package = collection_pb2.CollectionConfigPackage()
        for config in definition.collections:
            package.config.add().static_collection_config.CopyFrom(config)
        values = lifecycle.ChaincodeDefinition(endorsement, validation, package, definition.sequence).values()
        writes = [
            rwsets.Write(lifecycle.field_key(lifecycle.NAMESPACES, definition.name, field), value)
            for field, value in values.items()
        ]
        writes.append(
            rwsets.Write(
                lifecycle.metadata_key(lifecycle.NAMESPACES, definition.name),
                lifecycle.encode_metadata(lifecycle.DEFINITION_TYPE, lifecycle.DEFINITION_FIELDS),
            )
        )
        writes.sort(key=lambda write: write.key)
        rwset = rwsets.TxRwset((rwsets.NamespaceRwset(lifecycle.NAMESPACE, writes=tuple(writes)),))
        return self.transaction(rwset, self.members, chaincode=lifecycle.NAMESPACE, version="syscc")


class Transaction:
    """An endorsed transaction; its parts can be bent before it is enveloped."""

    def __init__(self, proposal: Any, digest: bytes, action: Any, endorsers: list[Person], creator: Person) -> None:
        self.proposal = proposal
        self.id: str = proposal.transaction_id
        self.digest = digest
        self.action = action
        self.endorsers = endorsers
        self.creator = creator

    def envelope(self, *, signer: Person | None = None) -> Any:
        """Return the signed envelope."""
        response = proposal_response_pb2.ProposalResponsePayload(
            proposal_hash=self.digest, extension=self.action.SerializeToString()
        ).SerializeToString()
        responses = [
            proposal_response_pb2.ProposalResponse(
                payload=response,
                endorsement=proposal_response_pb2.Endorsement(
                    endorser=person.serialized, signature=person.sign(response + person.serialized)
                ),
            )
            for person in self.endorsers
        ]
        envelope = envelopes.transaction_envelope(self.proposal.bytes, responses)
        envelope.signature = (signer or self.creator).sign(envelope.payload)
        return envelope

    @property
    def raw(self) -> bytes:
        return bytes(self.envelope().SerializeToString())


def put(namespace: str = "cc", /, **values: bytes | None) -> rwsets.TxRwset:
    """Return a set that writes public values without reading any."""
    writes = tuple(rwsets.Write(key, value) for key, value in sorted(values.items()))
    return rwsets.TxRwset((rwsets.NamespaceRwset(namespace, writes=writes),))


def private_put(
    collection_name: str, values: Mapping[str, bytes | None], *, namespace: str = "cc", purge: bool = False
) -> tuple[rwsets.TxRwset, bytes]:
    """Return a set that writes private values, and the private set that goes with it."""
    plain = rwsets.PrivateCollection(
        collection_name, tuple(rwsets.Write(key, value) for key, value in sorted(values.items()))
    )
    hashed = tuple(
        rwsets.HashedWrite(
            keys.hash_key(write.key.encode()),
            b"" if not write.value else keys.hash_key(write.value),
            not write.value,
            purge,
        )
        for write in plain.writes
    )
    digest = hashlib.sha256(rwsets.private_collection_bytes(plain)).digest()
    public = rwsets.TxRwset(
        (
            rwsets.NamespaceRwset(
                namespace, collections=(rwsets.CollectionHashed(collection_name, writes=hashed, pvt_hash=digest),)
            ),
        )
    )
    private = rwsets.PrivateRwset((rwsets.PrivateNamespace(namespace, (plain,)),))
    return public, rwsets.encode_private(private)


def random_nonce() -> bytes:
    return os.urandom(24)
