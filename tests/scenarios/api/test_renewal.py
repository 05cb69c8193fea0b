"""Certificates that are renewed while a gateway serves: the identities of its users, and its own of TLS."""

from __future__ import annotations

import itertools
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
import requests

from gateway.http import freshness
from gateway.http.settings import Settings
from gateway.store.database import Store
from gateway.store.tokens import Tokens
from hlf import identity, waiting
from hlf.client import gateway
from hlf.network import processes, state
from hlf.network.admin.keys import renewing
from hlf.network.state import Folder
from hlf.profile import Profile
from selat.demo import environment
from selat.wallet import export_wallet
from tests.unit.gateway.front.test_tls import AUTHORITY, kept, server

MSP_ID, USER = "PlatformMSP", "User1"


@pytest.fixture
def settings(stage, folder, tmp_path) -> Iterator[Settings]:
    """Yield the settings of a gateway with TLS that serves what was handed over to its organisation alone."""
    home = Folder(tmp_path / "home")
    certificate, key = kept(tmp_path, "server", server())
    wanted = Settings(
        wallet=export_wallet(tmp_path / "wallet", MSP_ID, folder / "network").absolute(),
        data=home.root / "data",
        listen="127.0.0.1:0",
        ready_file=str((home.run / "gateway.ready").absolute()),
        tls_certificate=certificate,
        tls_key=key,
    )
    try:
        address = environment.start_gateway(home, "gateway", wanted)
        yield Settings.from_environment({**wanted.to_environment(), "SELAT_LISTEN": address})
    finally:
        processes.stop(home)


class Writer:
    """A caller who gives its organisation one name after the other, from ``with`` to its end."""

    def __init__(self, settings: Settings, trusted: Path) -> None:
        token = Tokens(Store(settings.data)).create(MSP_ID, USER, ["read", "write"], 600)
        self._base = f"https://{settings.listen}/v1/participants"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        # Given to each request, since a variable of the environment takes the place of a session's own.
        self._trusted = str(trusted)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.blocks: list[int] = []
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._session.close()

    def _write(self) -> None:
        present = self._session.get(f"{self._base}/{MSP_ID}?channel=trade", timeout=60, verify=self._trusted).json()
        wanted = {name: present[name] for name in ("msp_id", "name", "species", "roles", "countries", "stages")}
        for number in itertools.count():
            if self._ended.is_set():
                return
            body = {"participant": {**wanted, "name": f"{present['name']} {number}"}}
            answer = self._session.post(
                f"{self._base}/amendments?channel=trade", json=body, timeout=60, verify=self._trusted
            )
            if answer.status_code != 201:
                self.failures.append(answer.text)
                return
            self.blocks.append(freshness.parse(answer.headers[freshness.BLOCK])["trade"])


def test_renewed_certificates_are_taken_while_a_caller_writes(cast, played, folder, tmp_path, settings):
    """No request fails; soon transactions are signed as the new certificate, and the new server is shown."""
    network, trusted = Folder(folder / "network"), tmp_path / "authority.crt"
    trusted.write_bytes(AUTHORITY.pem)
    host, _, port = settings.listen.rpartition(":")
    renewed = server("renewed")
    who = identity.load_user(network.user(MSP_ID, USER), MSP_ID)
    with gateway.connect(Profile.load(network.profile(MSP_ID)), *who) as fabric, Writer(settings, trusted) as writer:

        def signed_by(certificate: bytes) -> bool:
            return bool(writer.blocks) and certificate.strip() in fabric.network("trade").block(writer.blocks[-1])

        assert waiting.until(lambda: signed_by(who[0].certificate_pem) or writer.failures, 60)
        for file in renewing.renew([f"{MSP_ID}/{USER}"], network.root):
            handed_over = settings.wallet / file.relative_to(network.root)
            if handed_over.exists():
                state.replace_file(handed_over, file.read_bytes())
        kept(tmp_path, "server", renewed)
        new = (network.user(MSP_ID, USER) / "cert.pem").read_bytes()
        assert new != who[0].certificate_pem
        assert waiting.until(lambda: signed_by(new) or writer.failures, 60)
        assert waiting.until(lambda: ssl.get_server_certificate((host, int(port))).encode() == renewed.pem, 60)
        since = len(writer.blocks)
        assert waiting.until(lambda: len(writer.blocks) > since + 3 or writer.failures, 60)
    assert writer.failures == []
    # The actors count by the blocks that they know of.
    cast.platform.blocks.note(f"trade={writer.blocks[-1]}")
