"""The client that proposed a transaction, read from the proposal's identity (the peer has verified it)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cached_property, lru_cache
from types import MappingProxyType

from fabric_protos.msp import identities_pb2
from google.protobuf.message import DecodeError

from hlf.codec.refusals import RuntimeRefusal
from hlf.errors import IdentityError
from hlf.wire import certificates
from hlf.wire.certificates import Certificate, names

_ATTRIBUTES = "1.2.3.4.5.6.7.8.1"
"""The extension with an identity's attributes, which Fabric CA writes as JSON ``{"attrs": {name: value}}``."""

_ROLES = ("client", "peer", "admin", "orderer")


class Client:
    """
    The identity that signed the proposal.

    Attributes:
        msp_id: its organisation.
        pem: its certificate.
    """

    def __init__(self, serialized: bytes) -> None:
        try:
            identity = identities_pb2.SerializedIdentity.FromString(serialized)
        except DecodeError:
            raise RuntimeRefusal.INVALID_ARGUMENT("the proposal's creator is not a serialized identity") from None
        self.msp_id: str = identity.mspid
        self.pem: bytes = identity.id_bytes

    @cached_property
    def certificate(self) -> Certificate:
        """The X.509 certificate, read as the peer reads it."""
        try:
            return certificates.read(self.pem)
        except IdentityError:
            raise RuntimeRefusal.INVALID_ARGUMENT("the proposal's creator has no readable X.509 certificate") from None

    @cached_property
    def id(self) -> str:
        """
        The same text for every certificate of one person, byte for byte that of Fabric's Go library ``cid``.

        It is base64 of ``x509::<subject>::<issuer>``, with names as :meth:`hlf.wire.certificates.names.Name.as_go`
        writes them. Fabric's Node and Java runtimes write the names in another form and without base64.
        """
        text = f"x509::{self.certificate.subject.as_go()}::{self.certificate.issuer.as_go()}"
        return base64.b64encode(text.encode()).decode()

    @cached_property
    def common_name(self) -> str:
        """The certificate's common name, empty if it has none."""
        return next(iter(self.certificate.subject.values(names.COMMON_NAME)), "")

    @cached_property
    def role(self) -> str:
        """``client``, ``peer``, ``admin`` or ``orderer`` after the organisational unit (NodeOUs); else empty."""
        units = self.certificate.subject.values(names.ORGANIZATIONAL_UNIT)
        return next((unit for unit in units if unit in _ROLES), "")

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """The attributes that the organisation's CA gave the holder; empty if there are none that can be read."""
        try:
            listed = json.loads(self.certificate.extensions.by_oid[_ATTRIBUTES].value)["attrs"]
            found = {str(name): str(value) for name, value in listed.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            found = {}
        return MappingProxyType(found)

    def attribute(self, name: str) -> str | None:
        """Return the value of the certificate's attribute *name*; None if it has none."""
        return self.attributes.get(name)

    def assert_attribute(self, name: str, value: str) -> None:
        """
        Refuse the caller unless its certificate has the attribute *name* with this *value*.

        Raises:
            Refused: ATTRIBUTE_REQUIRED, the attribute is missing or has another value.
        """
        if self.attributes.get(name) != value:
            raise RuntimeRefusal.ATTRIBUTE_REQUIRED(f"the caller's certificate must have the attribute {name}={value}")


@lru_cache(maxsize=4096)
def of_creator(serialized: bytes) -> Client:
    """Return the client in the creator bytes of a proposal; cached, because parsing a certificate is slow."""
    return Client(serialized)
