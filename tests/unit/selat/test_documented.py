"""What docs/audit.md tells an auditor to type is there to be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from selat.audit import audit

TEXT = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].split(">")[0].strip()
    for block in re.findall(r"```\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("selat audit ")
]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_to_copy_can_be_pasted(line: str):
    """Its command exists, and each of its options does."""
    words = shlex.split(line)[2:]
    command: click.Command = audit
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= known


def test_every_command_is_described():
    """None is left out of the page for auditors."""
    assert len(COMMANDS) > 15
    for name in audit.commands:
        assert f"`{name}" in TEXT or f"selat audit {name}" in TEXT
