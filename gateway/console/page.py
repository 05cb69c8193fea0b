"""A page of the console: a template with the caller, the menu and the names of companies."""

from __future__ import annotations

from typing import Any

from flask import render_template

from gateway.console import companies, menu
from gateway.console.acts.actforms import ACTS
from gateway.http import context


def page(name: str, **values: Any) -> str:
    """Return a page of the console."""
    return render_template(
        name, user=context.caller(), menu=menu.shown, company=companies.name, act_of=ACTS.__getitem__, **values
    )
