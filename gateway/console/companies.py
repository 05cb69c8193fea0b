"""Names of organisations, for people: pages tell "Red River Parcels", and not LastMileMSP."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from flask import current_app, g

from gateway.http import context
from gateway.http.context import TRADE
from gateway.pages.languages import gettext
from hlf import errors

_EXTENSION = "selat.companies"
_SECONDS = 60.0


@dataclass(frozen=True)
class _CachedRegister:
    """The register as last read, and the services that it was read through; an application may get others."""

    services: context.Services
    until: float
    listed: dict[str, dict[str, Any]]


def name(msp_id: str) -> str:
    """Return the name that the register has for an organisation; its id if it has none."""
    return str(register().get(msp_id, {}).get("name") or msp_id)


def roles(msp_id: str) -> tuple[str, ...]:
    """Return the roles of an organisation in the register."""
    return tuple(register().get(msp_id, {}).get("roles", ()))


def others() -> list[tuple[str, str]]:
    """Return the other organisations of the register as choices; the first choice is empty."""
    own = context.caller().msp_id
    named = [(msp_id, str(one["name"])) for msp_id, one in register().items() if msp_id != own]
    return [("", gettext("Choose a company")), *named]


def register() -> dict[str, dict[str, Any]]:
    """
    Return the register by organisation.

    It is public and changes rarely, so it is asked for once a minute. If it cannot be read, pages show ids instead of
    names.
    """
    if "companies" not in g:
        g.companies = _kept()
    found: dict[str, dict[str, Any]] = g.companies
    return found


def _kept() -> dict[str, dict[str, Any]]:
    services = context.services()
    kept: _CachedRegister | None = current_app.extensions.get(_EXTENSION)
    if kept is not None and kept.services is not services:
        kept = None
    if kept is not None and time.monotonic() < kept.until:
        return kept.listed
    try:
        listed = {one["msp_id"]: one for one in context.ask_list(TRADE, "Participants:list")}
    except (errors.HlfError, LookupError):
        return kept.listed if kept else {}
    current_app.extensions[_EXTENSION] = _CachedRegister(services, time.monotonic() + _SECONDS, listed)
    return listed
