"""Connections to Fabric: one per identity, made at its first use and shared by all threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from gateway.fabric.wallet import Wallet, WalletError
from hlf import errors
from hlf.client import gateway as fabric
from hlf.client.network import Network


class LedgerConnections:
    """
    The connections of all identities.

    A process that has used gRPC must not fork and use it in the child. So nothing connects before the first call,
    which under gunicorn is always in a worker.
    """

    def __init__(self, wallet: Wallet, submit_seconds: int, interceptors: Sequence[Any] = ()) -> None:
        self._wallet = wallet
        self._interceptors = interceptors
        self._timeouts = fabric.Timeouts(commit_status=submit_seconds)
        self._lock = threading.Lock()
        self._connected: dict[tuple[str, str, bool], fabric.Gateway] = {}

    def close(self) -> None:
        """Close every connection; the next call makes a new one."""
        with self._lock:
            connected, self._connected = self._connected, {}
        for connection in connected.values():
            connection.close()

    def network(self, msp_id: str, user: str, channel: str) -> Network:
        """
        Return *channel* as *user* of *msp_id* sees it.

        Raises:
            gateway.fabric.wallet.WalletError: no such organisation or user, or its key is elsewhere.
            hlf.errors.ProfileError, hlf.errors.IdentityError: its profile or keys in the wallet cannot be used.
        """
        return self._connection(msp_id, user).network(channel)

    def keyless(self, msp_id: str, user: str) -> fabric.Gateway:
        """
        Return a connection of *user* that signs nothing itself, for steps that are signed elsewhere.

        Raises:
            gateway.fabric.wallet.WalletError: no such organisation or user.
            hlf.errors.ProfileError, hlf.errors.IdentityError: its profile or certificate cannot be used.
        """
        return self._connection(msp_id, user, signing=False)

    def reachable(self, msp_id: str, seconds: float = 2.0) -> bool:
        """Return whether the organisation's peer accepts a connection within *seconds*."""
        try:
            user = self._wallet.signing_user(msp_id)
            connection = self._connection(msp_id, user or self._wallet.users(msp_id)[0], signing=user is not None)
            connection.wait_ready(seconds)
        except (errors.HlfError, WalletError, IndexError):
            return False
        return True

    def _connection(self, msp_id: str, user: str, *, signing: bool = True) -> fabric.Gateway:
        with self._lock:
            connection = self._connected.get((msp_id, user, signing))
            if connection is None:
                connection = self._wallet.connect(msp_id, user, self._timeouts, self._interceptors, signing=signing)
                self._connected[(msp_id, user, signing)] = connection
            return connection
