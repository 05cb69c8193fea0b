"""An orderer's channel-participation REST interface: which channels it takes part in, joining and leaving them."""

from __future__ import annotations

import http
import http.client
import secrets
import selectors
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from hlf import errors, jsontext

_CHANNELS = "/participation/v1/channels"


@dataclass(frozen=True)
class Participation:
    """
    How an orderer takes part in a channel.

    Attributes:
        relation: consenter, follower or config-tracker.
        status: active, onboarding, inactive or failed; *height* counts its blocks.
        reason: why it failed, where the orderer says so: those of the embedded engine do.
    """

    name: str
    relation: str
    status: str
    height: int
    reason: str = ""


class OrdererAdmin:
    """
    The admin listener of one orderer (``host:port``), over mutual TLS.

    Thread-safe for one caller at a time; also a context manager.
    """

    def __init__(
        self, address: str, *, ca: Path | str, certificate: Path | str, key: Path | str, timeout: float = 30.0
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._files = (Path(ca), Path(certificate), Path(key))
        self._connection: http.client.HTTPSConnection | None = None

    def channels(self) -> tuple[str, ...]:
        """
        Return the channels the orderer takes part in.

        Raises:
            ParticipationError: not reached, or refused.
        """
        listed = self._ask("GET", _CHANNELS)
        try:
            return tuple(sorted(jsontext.text(each["name"]) for each in listed.get("channels") or ()))
        except (TypeError, KeyError) as malformed:
            raise errors.ParticipationError("answered with an unreadable list", address=self.address) from malformed

    def channel(self, channel_id: str) -> Participation | None:
        """Return how the orderer takes part in one channel, None if it does not."""
        try:
            return self._participation(self._ask("GET", f"{_CHANNELS}/{quote(channel_id, safe='')}"))
        except errors.ParticipationError as refused:
            if refused.status == http.HTTPStatus.NOT_FOUND:
                return None
            raise

    def join(self, config_block: bytes) -> Participation:
        """
        Take part in the channel of a genesis or later configuration block.

        Raises:
            ParticipationError: refused; status 405 where it takes part already, 400 for an unusable block.
        """
        return self._participation(self._ask("POST", _CHANNELS, config_block))

    def remove(self, channel_id: str) -> None:
        """
        Leave a channel and delete its blocks from this orderer.

        Raises:
            ParticipationError: refused; status 404 where it takes no part in it.
        """
        self._ask("DELETE", f"{_CHANNELS}/{quote(channel_id, safe='')}")

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def _ask(self, method: str, path: str, block: bytes | None = None) -> dict[str, Any]:
        try:
            status, reason, content = self._exchange(method, path, block)
        except ssl.SSLError as failure:
            raise errors.ParticipationError(
                f"TLS failed ({failure}). Are these its CA and a client certificate it trusts?", address=self.address
            ) from failure
        except (http.client.HTTPException, OSError) as failure:
            raise errors.ParticipationError(
                f"no answer ({failure}). Is this the orderer's admin listener, and is it running?", address=self.address
            ) from failure
        try:
            value = jsontext.loads(content) if content else {}
        except errors.WireError:
            value = {"error": _shown(content)}
        if not isinstance(value, dict):
            value = {"error": f"an unreadable answer: {_shown(content)}"}
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise errors.ParticipationError(str(value.get("error") or reason), address=self.address, status=status)
        return value

    def _exchange(self, method: str, path: str, block: bytes | None) -> tuple[int, str, bytes]:
        """Return status, reason and body of an answer; redirections are answers, too."""
        headers, body = {"Accept": "application/json"}, None
        if block is not None:
            headers["Content-Type"], body = _form(block)
        connection = self._connected()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.reason, answer.read()
        except BaseException:
            # What is left of this exchange must not be taken for the answer to the next request.
            connection.close()
            raise

    def _connected(self) -> http.client.HTTPSConnection:
        """Return the connection, which opens itself at a request if it is not open or the orderer has closed it."""
        if self._connection is None:
            ca, certificate, key = self._files
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(ca)
            context.load_cert_chain(certificate, key)
            # No proxy of the environment is between an administrator and an orderer: this client knows none.
            self._connection = http.client.HTTPSConnection(self.address, timeout=self._timeout, context=context)
        # The library sets it to None when it closes the connection, which its types do not say.
        held: socket.socket | None = self._connection.sock
        if held is not None and _readable(held):
            # Nothing was asked, so this is the end of the connection.
            self._connection.close()
        return self._connection

    def _participation(self, value: dict[str, Any]) -> Participation:
        try:
            return Participation(
                name=jsontext.text(value["name"]),
                relation=jsontext.text(value["consensusRelation"]),
                status=jsontext.text(value["status"]),
                height=jsontext.number(value["height"]),
                reason=jsontext.text(value.get("reason") or ""),
            )
        except (KeyError, TypeError) as malformed:
            raise errors.ParticipationError("answered with an unreadable channel", address=self.address) from malformed

    def __enter__(self) -> OrdererAdmin:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _shown(answer: bytes) -> str:
    """Return the beginning of an answer as text. To guess its character set would take longer than all else."""
    return answer[:500].decode("utf-8", "replace")


def _form(block: bytes) -> tuple[str, bytes]:
    """Return type and body of a form whose only part is the file of a configuration block."""
    boundary = secrets.token_hex(16)
    head = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="config-block"; filename="config.block"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return f"multipart/form-data; boundary={boundary}", b"".join(
        (head.encode(), block, f"\r\n--{boundary}--\r\n".encode())
    )


def _readable(held: socket.socket) -> bool:
    """Return whether bytes, or the end of the connection, have come."""
    with selectors.DefaultSelector() as selector:
        selector.register(held, selectors.EVENT_READ)
        return bool(selector.select(0))
