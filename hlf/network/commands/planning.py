"""``hlf network plan|apply``: see what a consortium file changes on a running network, and do it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hlf.network import admin, errors, options
from hlf.network.commands import acts

_CONSORTIUM = click.option(
    "--consortium",
    type=options.FILE,
    help="The consortium file; default: that of the last start, at first the command's own.",
)
_JSON = click.option("--json", "for_machines", is_flag=True, help="Write the plan as JSON.")


@click.command()
@_CONSORTIUM
@_JSON
@options.state
@click.pass_obj
def plan(default: Path | None, consortium: Path | None, for_machines: bool, state: Path) -> None:  # noqa: FBT001
    """Show what `apply` would change, who must sign it and what it interrupts; change nothing."""
    made = admin.plan(state, consortium, default=default)
    if made.only_lost is not None and not for_machines:
        acts.approve_again(state, consortium, made.only_lost, only_plan=True)
        return
    _show(made, for_machines=for_machines)


@click.command()
@_CONSORTIUM
@click.option("--yes", is_flag=True, help="Also take away what the file does not have any more.")
@_JSON
@options.state
@click.pass_obj
def apply(default: Path | None, consortium: Path | None, yes: bool, for_machines: bool, state: Path) -> None:  # noqa: FBT001
    """Change the network to match the file; if interrupted, run it again to continue."""
    try:
        admin.apply(
            state, consortium, default=default, yes=yes, show=lambda made: _show(made, for_machines=for_machines)
        )
    except errors.ApprovalLostError as told:
        if for_machines:
            raise
        acts.approve_again(state, consortium, told, yes=yes)
        return
    click.echo("done", err=True)


def _show(made: admin.ChangePlan, *, for_machines: bool) -> None:
    click.echo(json.dumps(made.values(), indent=2) if for_machines else made)


COMMANDS = (plan, apply)
