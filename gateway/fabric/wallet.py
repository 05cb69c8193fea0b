"""Identities and connection profiles in a folder, in the layout of ``selat network up``."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.fabric import userkeys
from hlf import identity, profile, signers
from hlf.client import gateway as fabric

# Names that are safe in a path. An MSP id or user name that does not match never reaches the file system.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}")


FileMarks = frozenset[tuple[str, int, int, int]]
"""Files by name, number, size and time of change: others than before if one of them was written."""


class WalletError(Exception):
    """The wallet has no such organisation or user; the message names those it has."""


class KeyElsewhereError(WalletError):
    """The wallet has a user's certificate and no key: the user signs elsewhere."""


class Wallet:
    """
    ``<folder>/organisations/<MSP>/users/<name>/{cert,key}.pem`` and ``<folder>/profiles/<MSP>.json``.

    A user's key may be in other places too (``gateway.fabric.userkeys``). A user may also have
    ``tls/client.{crt,key}``, for nodes with mutual TLS. ``<folder>/channels/<name>.block`` is the trusted genesis block
    of a channel.

    Nothing is cached: a new connection uses the files as they are then, and `marks` tells when to make one.
    """

    def __init__(self, folder: Path, passphrase_file: str = "") -> None:
        """*passphrase_file* has the passphrase of sealed keys; it is read when one is opened."""
        self._folder = folder
        self._passphrase_file = passphrase_file

    def organisations(self) -> list[str]:
        """Return the MSP ids that have a connection profile, sorted."""
        return sorted(path.stem for path in self._folder.glob("profiles/*.json"))

    def users(self, msp_id: str) -> list[str]:
        """
        Return the names of an organisation's users, sorted.

        Raises:
            WalletError: no such organisation.
        """
        self._check(msp_id)
        folder = self._folder / "organisations" / msp_id / "users"
        return sorted(path.parent.name for path in folder.glob("*/cert.pem"))

    def profile(self, msp_id: str) -> profile.Profile:
        """
        Return an organisation's connection profile.

        Raises:
            WalletError: no such organisation.
            hlf.errors.ProfileError: it cannot be used.
        """
        self._check(msp_id)
        return profile.Profile.load(self._folder / "profiles" / f"{msp_id}.json")

    def channels(self) -> list[str]:
        """Return the names of the channels with a trusted genesis block, sorted."""
        return sorted(path.stem for path in self._folder.glob("channels/*.block"))

    def genesis(self, channel: str) -> bytes | None:
        """Return the wallet's trusted genesis block of a channel; None if there is none."""
        if not NAME.fullmatch(channel):
            return None
        try:
            return (self._folder / "channels" / f"{channel}.block").read_bytes()
        except FileNotFoundError:
            return None

    def user(self, msp_id: str, name: str) -> tuple[identity.Identity, signers.Signer]:
        """
        Return a user's identity and its signer.

        Raises:
            KeyElsewhereError: its key is not here.
            WalletError: no such organisation or user.
            hlf.errors.IdentityError: certificate or key cannot be used.
        """
        folder = self._user(msp_id, name)
        if not userkeys.is_here(folder):
            raise KeyElsewhereError(f"the key of {msp_id}/{name} is not in the wallet")
        return userkeys.load(folder, msp_id, self._passphrase_file)

    def identity(self, msp_id: str, name: str) -> identity.Identity:
        """
        Return a user's identity, whether or not its key is here.

        Raises:
            WalletError: no such organisation or user.
            hlf.errors.IdentityError: the certificate cannot be used.
        """
        return identity.Identity(msp_id, (self._user(msp_id, name) / "cert.pem").read_bytes())

    def signing_user(self, msp_id: str, preferred: str = "") -> str | None:
        """
        Return a user of the organisation whose key is here, *preferred* before others; None if there is none.

        Raises:
            WalletError: no such organisation.
        """
        folder = self._folder / "organisations" / msp_id / "users"
        if NAME.fullmatch(preferred) and userkeys.is_here(folder / preferred):
            return preferred
        return next((name for name in self.users(msp_id) if userkeys.is_here(folder / name)), None)

    def connect(
        self,
        msp_id: str,
        name: str,
        timeouts: fabric.Timeouts | None = None,
        interceptors: Sequence[Any] = (),
        *,
        signing: bool = True,
    ) -> fabric.Gateway:
        """
        Return a user's own connection through its organisation's peer, with mutual TLS where the peer asks for it.

        Args:
            signing: False for one that signs nothing itself, for steps that are signed elsewhere.

        Raises:
            KeyElsewhereError: the key that should sign is not here.
            WalletError: no such organisation or user.
            hlf.errors.ProfileError, hlf.errors.IdentityError: the profile, certificate or key cannot be used.
        """
        own = self.user(msp_id, name) if signing else (self.identity(msp_id, name), None)
        shown = userkeys.load_tls(self._user(msp_id, name), self._passphrase_file)
        return fabric.connect(
            self.profile(msp_id), *own, timeouts=timeouts, tls_identity=shown, interceptors=interceptors
        )

    def marks(self, msp_id: str, name: str) -> FileMarks:
        """Return a value that changes when a user's files or its organisation's profile do; empty without them."""
        folder = self._folder / "organisations" / msp_id / "users" / name
        found = set()
        for path in (self._folder / "profiles" / f"{msp_id}.json", *folder.glob("*"), *folder.glob("tls/*")):
            with contextlib.suppress(OSError):
                told = path.stat()
                found.add((str(path), told.st_ino, told.st_size, told.st_mtime_ns))
        return frozenset(found)

    def _user(self, msp_id: str, name: str) -> Path:
        self._check(msp_id)
        folder = self._folder / "organisations" / msp_id / "users" / name
        # Looked up by name, because a wallet may have thousands of users.
        if NAME.fullmatch(name) and (folder / "cert.pem").is_file():
            return folder
        known = ", ".join(self.users(msp_id)) or "none"
        raise WalletError(f"{msp_id} has no user {name!r} in the wallet; it has {known}")

    def _check(self, msp_id: str) -> None:
        if NAME.fullmatch(msp_id) and (self._folder / "profiles" / f"{msp_id}.json").is_file():
            return
        known = ", ".join(self.organisations()) or "none: is the network up, and is this its state folder?"
        raise WalletError(f"organisation {msp_id!r} is not in the wallet; it has {known}")
