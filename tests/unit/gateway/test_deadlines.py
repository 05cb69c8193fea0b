"""A foreign server that sends a byte now and then holds a thread of the gateway for a time, and no longer."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from gateway.oidc import asking, keys, signin
from gateway.webhooks.posting import Poster

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# What is sent at once, and what then comes byte by byte, for ever.
SLOW = {
    "head": (HEAD, b"X: y\r\n"),
    "one header": (HEAD + b"X: ", b"y"),
    "body": (HEAD + b"\r\n", b" "),
    "counted body": (HEAD + b"Content-Length: 60000\r\n\r\n", b" "),
    "pieces": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    # A record of TLS of 16,000 bytes.
    "handshake": (b"\x16\x03\x03\x3e\x80", b"\x02"),
}


@contextlib.contextmanager
def dripping(first: bytes, then: bytes) -> Iterator[str]:
    """Yield host and port of a server that answers every connection so, until its client goes away."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        stopped = threading.Event()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    threading.Thread(target=drip, args=(client,), daemon=True).start()

        def drip(client: socket.socket) -> None:
            with contextlib.suppress(OSError), client:
                client.recv(1 << 16)
                client.sendall(first)
                for byte in itertools.cycle(then):
                    if stopped.wait(0.02):
                        return
                    client.sendall(bytes([byte]))

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        stopped.set()


def _scheme(slow: str) -> str:
    return "https" if slow == "handshake" else "http"


@pytest.mark.parametrize("ask", [keys.fetched, lambda url: signin.posted(url, {"code": "c"}, ("client", "secret"))])
@pytest.mark.parametrize("slow", SLOW)
def test_an_issuer_that_drips_is_cut_off(monkeypatch, slow: str, ask: Callable[[str], bytes]):
    """Keys and sign-in alike; the time-out for each piece never comes."""
    monkeypatch.setattr(asking, "SECONDS", 0.3)
    with dripping(*SLOW[slow]) as place, pytest.raises(OSError, match=r"."):
        ask(f"{_scheme(slow)}://{place}/keys")


@pytest.mark.parametrize("slow", ["head", "one header", "handshake"])
def test_a_receiver_that_drips_is_cut_off(slow: str):
    """The bodies of its answers are not read."""
    with dripping(*SLOW[slow]) as place:
        poster = Poster((ipaddress.ip_network("127.0.0.0/8"),), seconds=0.3)
        posted = poster.post(f"{_scheme(slow)}://{place}/", b"{}", {})
    assert (posted.status, posted.good) == (None, False)
