"""Connections follow the wallet: renewed files are taken while the gateway runs, and those of nobody else."""

from __future__ import annotations

import pytest

from gateway.fabric.connections import LedgerConnections
from gateway.fabric.wallet import KeyElsewhereError, Wallet, WalletError
from hlf import errors
from tests.unit.hlf.certificates import issue

MSP, USER = "PlatformMSP", "User1"


class Clock:
    """Stands where a test puts it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class OpenConnection:
    """Stands in for a connection to Fabric."""

    def __init__(self, certificate: bytes) -> None:
        self.certificate = certificate
        self.closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def folder(tmp_path):
    """Return the files of a user in a wallet."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / f"{MSP}.json").write_text("{}")
    made = tmp_path / "organisations" / MSP / "users" / USER
    made.mkdir(parents=True)
    renew(made)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connections(folder, clock, monkeypatch) -> LedgerConnections:
    """Return connections whose wallet opens no sockets, and reads the files as it always does."""

    def connect(wallet, msp_id, name, *_, signing=True):
        return OpenConnection(
            (wallet.user(msp_id, name)[0] if signing else wallet.identity(msp_id, name)).certificate_pem
        )

    monkeypatch.setattr(Wallet, "connect", connect)
    return LedgerConnections(Wallet(folder.parents[3]), 1, clock=clock)


def renew(folder) -> bytes:
    """Write a new certificate and its key, as a certificate authority's client does; return the certificate."""
    issued = issue("user")
    for name, content in (("key.pem", issued.key_pem), ("cert.pem", issued.pem)):
        (folder / f"{name}.new").write_bytes(content)
        (folder / f"{name}.new").rename(folder / name)
    return issued.pem


def test_a_renewed_certificate_is_taken_without_a_restart(connections, folder, clock):
    """The files are looked at once in a second; calls and streams of the old connection end as they please."""
    old = connections._connection(MSP, USER)
    assert connections._connection(MSP, USER) is old
    renewed = renew(folder)
    assert connections._connection(MSP, USER) is old
    clock.now += 1
    new = connections._connection(MSP, USER)
    assert new.certificate == renewed
    assert not old.closed
    clock.now += 1
    assert connections._connection(MSP, USER) is new
    connections.close()
    assert old.closed
    assert new.closed


def test_half_of_what_is_renewed_changes_nothing(connections, folder, clock):
    """A certificate whose key is not there yet cannot be used; the files are looked at again."""
    old = connections._connection(MSP, USER)
    issued = issue("user")
    (folder / "cert.pem").write_bytes(issued.pem)
    clock.now += 1
    assert connections._connection(MSP, USER) is old
    (folder / "key.pem").write_bytes(issued.key_pem)
    clock.now += 1
    assert connections._connection(MSP, USER).certificate == issued.pem


def test_who_was_taken_out_of_the_wallet_is_no_longer_served(connections, folder, clock):
    """Neither by its key when that is gone, nor at all when the certificate is."""
    for missing, refused in (("key.pem", KeyElsewhereError), ("cert.pem", WalletError)):
        connections._connection(MSP, USER)
        (folder / missing).unlink()
        clock.now += 1
        for _ in range(2):
            with pytest.raises(refused):
                connections._connection(MSP, USER)
        renew(folder)
        assert connections._connection(MSP, USER)


def test_what_never_could_be_used_is_said(connections, folder):
    """There is nothing older to go on with."""
    (folder / "cert.pem").write_text("nonsense")
    with pytest.raises(errors.IdentityError):
        connections._connection(MSP, USER)
