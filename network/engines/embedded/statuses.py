"""Errors of gRPC calls: Fabric's status, its words, and per-endorser details in the trailers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import grpc
from fabric_protos.gateway import gateway_pb2
from google.protobuf import any_pb2

DETAILS_KEY = "grpc-status-details-bin"


class StatusError(Exception):
    """How a call ends when it does not succeed."""

    def __init__(self, code: grpc.StatusCode, reason: str, details: Sequence[gateway_pb2.ErrorDetail] = ()) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.details = tuple(details)


async def abort(context: grpc.aio.ServicerContext, error: StatusError) -> NoReturn:
    """End the call of *context* with *error*."""
    trailers = ()
    if error.details:
        trailers = ((DETAILS_KEY, encode(error)),)
    await context.abort(error.code, error.reason, trailers)


def encode(error: StatusError) -> bytes:
    """
    The ``google.rpc.Status`` of an error: code = 1, message = 2, details = 3.

    Written field by field, because its Python class would be one more
    dependency for three fields.
    """
    encoded = b"\x08" + _varint(error.code.value[0])
    encoded += _field(b"\x12", error.reason.encode())
    for detail in error.details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        encoded += _field(b"\x1a", packed.SerializeToString())
    return encoded


def _field(tag: bytes, content: bytes) -> bytes:
    return tag + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
