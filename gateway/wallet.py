"""Identities and connection profiles in a folder, as ``selat network up`` lays them out."""

from __future__ import annotations

import re
from pathlib import Path

from hlf import identity, profile, signers

# What may stand in a path. An MSP id or user name never reaches the file system unless it matches in full.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}")


class WalletError(Exception):
    """The wallet has no such organisation or user; the message names those it has."""


class Wallet:
    """
    ``<folder>/organisations/<MSP>/users/<name>/{cert,key}.pem`` and ``<folder>/profiles/<MSP>.json``.

    Nothing is cached: a certificate renewed on disk is used by the next connection made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def organisations(self) -> list[str]:
        """MSP ids that have a connection profile, sorted."""
        return sorted(path.stem for path in self._folder.glob("profiles/*.json"))

    def users(self, msp_id: str) -> list[str]:
        """
        Names of an organisation's users, sorted.

        Raises:
            WalletError: no such organisation.
        """
        if msp_id not in self.organisations():
            known = ", ".join(self.organisations()) or "none: is the network up, and is this its state folder?"
            raise WalletError(f"organisation {msp_id!r} is not in the wallet {self._folder}; it has {known}")
        folder = self._folder / "organisations" / msp_id / "users"
        return sorted(path.parent.name for path in folder.glob("*/cert.pem"))

    def profile(self, msp_id: str) -> profile.Profile:
        """
        An organisation's connection profile.

        Raises:
            WalletError: no such organisation.
            hlf.errors.ProfileError: it cannot be used.
        """
        self.users(msp_id)
        return profile.Profile.load(self._folder / "profiles" / f"{msp_id}.json")

    def user(self, msp_id: str, name: str) -> tuple[identity.Identity, signers.Signer]:
        """
        A user's identity, and what signs for it.

        Raises:
            WalletError: no such organisation or user.
            hlf.errors.IdentityError: certificate or key cannot be used.
        """
        known = self.users(msp_id)
        if name not in known:
            raise WalletError(f"{msp_id} has no user {name!r} in the wallet; it has {', '.join(known) or 'none'}")
        return identity.load_user(self._folder / "organisations" / msp_id / "users" / name, msp_id)
