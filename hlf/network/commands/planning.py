"""``hlf network plan|apply``: see what a consortium file changes on a running network, and do it."""

from __future__ import annotations

from pathlib import Path

import click

from hlf.network import admin, errors, options
from hlf.network.commands import acts

_CONSORTIUM = click.option(
    "--consortium",
    type=options.FILE,
    help="The consortium file; default: that of the last start, at first the command's own.",
)
_JSON = click.option(
    "--json",
    "for_machines",
    is_flag=True,
    help="Write the plan as JSON; another one follows if new approvals turn out to be needed.",
)


@click.command()
@_CONSORTIUM
@_JSON
@options.state
@click.pass_obj
def plan(default: Path | None, consortium: Path | None, for_machines: bool, state: Path) -> None:  # noqa: FBT001
    """Show what `apply` would change, who must sign it and what it interrupts; change nothing."""
    made = admin.plan(state, consortium, default=default)
    if made.only_lost is not None:
        acts.approve_again(state, consortium, made.only_lost, only_plan=True, for_machines=for_machines)
        return
    acts.show(made, for_machines=for_machines)


@click.command()
@_CONSORTIUM
@click.option("--yes", is_flag=True, help="Also take away what the file does not have any more.")
@_JSON
@options.state
@click.pass_obj
def apply(default: Path | None, consortium: Path | None, yes: bool, for_machines: bool, state: Path) -> None:  # noqa: FBT001
    """Change the network to match the file; if interrupted, run it again to continue."""

    def show(made: admin.ChangePlan) -> None:
        # Machines get the plan that follows, with new approvals.
        if made.only_lost is None or not for_machines:
            acts.show(made, for_machines=for_machines)

    try:
        admin.apply(state, consortium, default=default, yes=yes, show=show)
    except errors.ApprovalLostError as told:
        acts.approve_again(state, consortium, told, yes=yes, for_machines=for_machines)
        return
    click.echo("done", err=True)


COMMANDS = (plan, apply)
