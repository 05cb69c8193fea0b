"""Who proposed a transaction, read from the identity in the proposal (the peer has already verified it)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property, lru_cache
from types import MappingProxyType

from cryptography import x509
from cryptography.x509.oid import NameOID
from fabric_protos.msp import identities_pb2
from google.protobuf.message import DecodeError

from chaincode.shim.errors import Refused

_ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
"""Where Fabric CA puts an identity's attributes, as JSON ``{"attrs": {name: value}}``."""

_ROLES = ("client", "peer", "admin", "orderer")


class Client:
    """
    The identity that signed the proposal.

    Attributes:
        msp_id: the organisation that vouches for it.
        pem: its certificate.
    """

    def __init__(self, serialized: bytes) -> None:
        try:
            identity = identities_pb2.SerializedIdentity.FromString(serialized)
        except DecodeError:
            raise Refused("INVALID_ARGUMENT", "the proposal's creator is not a serialized identity") from None
        self.msp_id: str = identity.mspid
        self.pem: bytes = identity.id_bytes

    @cached_property
    def certificate(self) -> x509.Certificate:
        """The X.509 certificate."""
        try:
            return x509.load_pem_x509_certificate(self.pem)
        except ValueError:
            raise Refused("INVALID_ARGUMENT", "the proposal's creator has no readable X.509 certificate") from None

    @cached_property
    def id(self) -> str:
        """The same text for every certificate of one person: ``x509::<subject>::<issuer>``, names as in RFC 4514."""
        return f"x509::{self.certificate.subject.rfc4514_string()}::{self.certificate.issuer.rfc4514_string()}"

    @cached_property
    def common_name(self) -> str:
        """The certificate's common name, empty if it has none."""
        found = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(found[0].value) if found else ""

    @cached_property
    def role(self) -> str:
        """``client``, ``peer``, ``admin`` or ``orderer`` after the organisational unit (NodeOUs); else empty."""
        units = self.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        return next((str(unit.value) for unit in units if unit.value in _ROLES), "")

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """What the organisation's CA says about the holder; empty if it says nothing readable."""
        try:
            extension = self.certificate.extensions.get_extension_for_oid(_ATTRIBUTES).value
            assert isinstance(extension, x509.UnrecognizedExtension)  # noqa: S101  (what cryptography gives for an OID of its own)
            listed = json.loads(extension.value)["attrs"]
            found = {str(name): str(value) for name, value in listed.items()}
        except (x509.ExtensionNotFound, ValueError, KeyError, TypeError, AttributeError):
            found = {}
        return MappingProxyType(found)


@lru_cache(maxsize=4096)
def of_creator(serialized: bytes) -> Client:
    """The client behind the creator bytes of a proposal; kept, because parsing a certificate is slow."""
    return Client(serialized)
