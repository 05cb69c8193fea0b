"""Errors of gRPC services: status, Fabric's text, and details for each endorser."""

from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, NoReturn

import grpc
from fabric_protos.gateway import gateway_pb2
from google.protobuf import any_pb2, message

from hlf.wire import messages

log = logging.getLogger(__name__)

UNEXPECTED = "the embedded engine failed; its log shows where"
MAX_MESSAGE = messages.LARGEST
_UNREADABLE = object()


class StatusError(Exception):
    """The error with which a call ends."""

    def __init__(self, code: grpc.StatusCode, reason: str, details: Sequence[gateway_pb2.ErrorDetail] = ()) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.details = tuple(details)


class Limit:
    """
    The most calls of a service at once; as at real peers, further calls are refused.

    The default is for services without a limit in Fabric: a mistaken client must not fill the memory.
    """

    def __init__(self, service: str, most: int = 2500) -> None:
        self._service = service
        self._most = most
        self._serving = 0

    def __enter__(self) -> None:
        if self._serving >= self._most:
            raise StatusError(
                grpc.StatusCode.UNKNOWN,
                f"too many requests for /{self._service}, exceeding concurrency limit ({self._most})",
            )
        self._serving += 1

    def __exit__(self, *_: object) -> None:
        self._serving -= 1


def answering(method: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any, Any], Awaitable[Any]]:
    """Return a unary method of a service, made of a function of the request that may raise StatusError."""

    @functools.wraps(method)
    async def answer(self: Any, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            with self.limit:
                answered = await method(self, _readable(request))
            size = answered.ByteSize()
            if size <= MAX_MESSAGE:
                return answered
            refused = StatusError(grpc.StatusCode.RESOURCE_EXHAUSTED, too_large(size))
        except StatusError as error:
            refused = error
        except Exception as error:  # noqa: BLE001 - nothing a caller sends may show in the log.
            refused = _unexpected(method.__qualname__, error)
        return await _abort(context, refused)

    return answer


def streaming(method: Callable[[Any, Any, Any], AsyncIterator[Any]]) -> Callable[[Any, Any, Any], AsyncIterator[Any]]:
    """Return a streaming method of a service, made of a generator that may raise StatusError."""

    @functools.wraps(method)
    async def answer(self: Any, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        try:
            with self.limit:
                readable = _readable_each(request) if hasattr(request, "__aiter__") else _readable(request)
                async for response in method(self, readable, context):
                    yield response
                return
        except StatusError as error:
            refused = error
        except Exception as error:  # noqa: BLE001 - nothing a caller sends may show in the log.
            refused = _unexpected(method.__qualname__, error)
        await _abort(context, refused)

    return answer


def deferred(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Return *deserialize*, but for unreadable bytes a value that ``answering`` and ``streaming`` refuse."""

    def read(encoded: bytes) -> Any:
        try:
            return deserialize(encoded)
        except message.DecodeError:
            return _UNREADABLE

    return read


def too_large(size: int) -> str:
    """Return the error text of gRPC in Go for an answer of so many bytes."""
    return f"grpc: trying to send message larger than max ({size} vs. {MAX_MESSAGE})"


def keep_quiet(record: logging.LogRecord) -> bool:
    """
    Return a filter for gRPC's own log: no entry if a caller leaves early, and never the text of an exception.
    """
    record.exc_info = record.exc_text = None
    return "ExecuteBatchError" not in record.getMessage()


def where(error: BaseException) -> str:
    """Return the lines of code of an exception without its text, which may quote a caller's data."""
    lines = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__}\n{lines}"


def encode(error: StatusError) -> bytes:
    """
    Return the ``google.rpc.Status`` of an error: code = 1, message = 2, details = 3.

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


async def _abort(context: grpc.aio.ServicerContext[Any, Any], error: StatusError) -> NoReturn:
    # Called outside of any exception handler: if the caller leaves now, gRPC logs the error with every exception
    # being handled, and one of these may quote a contract's text.
    trailers = ((messages.STATUS_DETAILS, encode(error)),) if error.details else ()
    await context.abort(error.code, error.reason, trailers)


def _readable(request: Any) -> Any:
    if request is _UNREADABLE:
        raise StatusError(
            grpc.StatusCode.INTERNAL,
            "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data",
        )
    return request


async def _readable_each(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        yield _readable(request)


def _unexpected(method: str, error: Exception) -> StatusError:
    log.error("%s failed: %s", method, where(error))
    return StatusError(grpc.StatusCode.INTERNAL, UNEXPECTED)


def _field(tag: bytes, content: bytes) -> bytes:
    return tag + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
