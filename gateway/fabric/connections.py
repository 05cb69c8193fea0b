"""
Connections to Fabric: one per identity, made at its first use and shared by all threads.

While a user's connection is in use, its files are checked. When they have changed, a new connection replaces the old
one, which finishes its calls and streams. Files that cannot be used yet, such as a new certificate without its key,
change nothing. A user who is no longer in the wallet has no connection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.fabric.wallet import FileMarks, Wallet, WalletError
from hlf import errors
from hlf.client import gateway as fabric
from hlf.client.network import Network

# The least number of seconds between two checks of a user's files.
_LOOK_SECONDS = 1.0
# How old the last check may be for callers that cannot wait for another.
_SEEN_SECONDS = 2 * _LOOK_SECONDS


@dataclass
class _OpenConnection:
    """A connection, the state of the files that it was made from, and when they were checked."""

    connection: fabric.Gateway
    made_of: FileMarks
    looked_at: float


class LedgerConnections:
    """
    The connections of all identities.

    A process that has used gRPC must not fork and use it in the child. So nothing connects before the first call,
    which under gunicorn is always in a worker.
    """

    def __init__(
        self,
        wallet: Wallet,
        submit_seconds: int,
        interceptors: Sequence[Any] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wallet = wallet
        self._clock = clock
        self._interceptors = interceptors
        self._timeouts = fabric.Timeouts(commit_status=submit_seconds)
        self._lock = threading.Lock()
        self._connected: dict[tuple[str, str, bool], _OpenConnection] = {}
        # Replaced connections. Calls and streams may still use them, so they are closed with the process.
        self._retired: list[fabric.Gateway] = []

    def close(self) -> None:
        """Close every connection; the next call makes a new one."""
        with self._lock:
            connected, self._connected = self._connected, {}
            retired, self._retired = self._retired, []
        for connection in (*retired, *(each.connection for each in connected.values())):
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

    def look_again(self, msp_id: str, user: str) -> None:
        """
        Read a user's files if they have changed, unless that was done lately, so that the connection stays at hand.

        Raises:
            as ``network``.
        """
        self._connection(msp_id, user)

    def at_hand(self, msp_id: str, user: str) -> fabric.Gateway | None:
        """Return a user's connection without a check of its files; None if there is none or the last check is old."""
        kept = self._connected.get((msp_id, user, True))
        return kept.connection if kept is not None and self._clock() - kept.looked_at < _SEEN_SECONDS else None

    def _connection(self, msp_id: str, user: str, *, signing: bool = True) -> fabric.Gateway:
        key, now = (msp_id, user, signing), self._clock()
        with self._lock:
            kept = self._connected.get(key)
            if kept is not None and now - kept.looked_at < _LOOK_SECONDS:
                return kept.connection
            marks = self._wallet.marks(msp_id, user)
            if kept is not None:
                kept.looked_at = now
                if marks == kept.made_of:
                    return kept.connection
            try:
                made = self._wallet.connect(msp_id, user, self._timeouts, self._interceptors, signing=signing)
            except errors.HlfError:
                if kept is None:
                    raise
                return kept.connection
            except WalletError:
                # Somebody has taken the user or its key out of the wallet.
                self._retire(key)
                raise
            self._retire(key)
            self._connected[key] = _OpenConnection(made, marks, now)
            return made

    def _retire(self, key: tuple[str, str, bool]) -> None:
        if (kept := self._connected.pop(key, None)) is not None:
            self._retired.append(kept.connection)
