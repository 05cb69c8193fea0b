"""The ``selat`` command: one click group per room."""

from __future__ import annotations

import importlib

import click

from network import CONSORTIUM

_COMMANDS = {
    "audit": "selat.audit:audit",
    "demo": "selat.demo.cli:demo",
    "gateway": "gateway.cli:gateway",
    "network": "hlf.network.cli:network",
    "wallet": "selat.wallet:wallet",
}


class _Rooms(click.Group):
    """The commands of all rooms, each imported at its use: stopping a network needs no web framework."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_Rooms)
@click.version_option(package_name="selat")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Hyperledger Fabric for Python, and cross-border trade on top of it."""
    # The file that `selat network` starts by default.
    ctx.obj = CONSORTIUM
