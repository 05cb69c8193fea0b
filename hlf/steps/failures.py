"""
Convert gRPC's errors to this package's, with all details of Fabric.

Fabric attaches ``gateway.ErrorDetail`` messages in a ``google.rpc.Status``, the standard form of gRPC's rich errors.
Its two fields of interest are read by protobuf's own reader of unknown fields: the package that brings the generated
``google.rpc`` classes would tie this client to that package's range of protobuf versions, for one message.
"""

from __future__ import annotations

from typing import TypeVar

import grpc
from fabric_protos.gateway import gateway_pb2
from google.protobuf import any_pb2, empty_pb2
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-not-found]  # (no stubs)

from hlf.errors import Detail, GatewayError
from hlf.wire import messages

_DETAILS_FIELD = 3
_LENGTH_DELIMITED = 2

Kind = TypeVar("Kind", bound=GatewayError)


def from_rpc(kind: type[Kind], failure: grpc.RpcError, transaction_id: str = "") -> Kind:
    """Return an error of the given class with everything in *failure*."""
    code = getattr(failure, "code", None)
    words = getattr(failure, "details", None)
    return kind(
        (words() if callable(words) else None) or str(failure),
        transaction_id=transaction_id,
        status=code() if callable(code) else None,
        details=details_of(failure),
    )


def details_of(failure: grpc.RpcError) -> tuple[Detail, ...]:
    """Return the details of each peer or orderer behind the gateway; empty if there are none that can be read."""
    metadata = getattr(failure, "trailing_metadata", None)
    for key, value in (metadata() or ()) if callable(metadata) else ():
        if key == messages.STATUS_DETAILS and isinstance(value, bytes):
            try:
                return tuple(_details(value))
            except DecodeError:
                return ()
    return ()


def _details(serialized: bytes) -> list[Detail]:
    found = []
    status = empty_pb2.Empty.FromString(serialized)
    for unknown in UnknownFieldSet(status):
        if unknown.field_number != _DETAILS_FIELD or unknown.wire_type != _LENGTH_DELIMITED:
            continue
        packed = any_pb2.Any.FromString(unknown.data)
        detail = gateway_pb2.ErrorDetail()
        if packed.Is(detail.DESCRIPTOR):
            packed.Unpack(detail)
            found.append(Detail(detail.address, detail.msp_id, detail.message))
    return found
