"""Organisations with a folder each, whose admins give commands and send each other files."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from hlf import identity
from hlf.client import gateway
from hlf.client.contract import Contract
from hlf.network import cli, processes, state
from hlf.profile import Profile


@dataclass
class Parties:
    """A folder for each organisation, and one for the files they send each other; *text* is their consortium file."""

    place: Path
    text: str
    first: Mapping[str, str]

    def folder(self, msp_id: str) -> Path:
        return self.place / msp_id

    def file(self, name: str = "several.yaml", **changes: str) -> Path:
        """Return the consortium file as they have agreed on it."""
        made = self.place / name
        made.write_text(self.text % {**self.first, **changes})
        return made

    def sent(self, name: str) -> str:
        return str(self.place / "sent" / name)

    def does(self, msp_id: str, *words: str, refused: str = "") -> str:
        """Run a command in an organisation's folder; it must be done, or refused in these words without a trace."""
        told = CliRunner().invoke(cli.network, [*words, "--state", str(self.folder(msp_id))])
        assert isinstance(told.exception, SystemExit | None), "".join(traceback.format_exception(told.exception))
        assert (told.exit_code, refused in told.output) == (1 if refused else 0, True), told.output
        return told.output

    @contextlib.contextmanager
    def contract(self, msp_id: str, timeouts: gateway.Timeouts | None = None) -> Iterator[Contract]:
        """Yield the chaincode as a user of an organisation calls it, through its own folder's profile."""
        folder = state.Folder(self.folder(msp_id))
        user = identity.load_user(folder.user(msp_id, "User1"), msp_id)
        with gateway.connect(Profile.load(folder.profile(msp_id)), *user, timeouts=timeouts) as fabric:
            yield fabric.network("c").contract("lab")

    def asks(self, msp_id: str, *arguments: str) -> bytes:
        with self.contract(msp_id) as lab:
            return lab.evaluate(*arguments)

    def submits(self, msp_id: str, *arguments: str) -> bytes:
        with self.contract(msp_id) as lab:
            return lab.submit(*arguments)

    def servers(self, msp_id: str) -> list[str]:
        """Return the chaincode servers that run from an organisation's folder."""
        found = processes.find(state.Folder(self.folder(msp_id)))
        return sorted(each.name for each in found if each.alive and each.name.startswith("chaincode-"))
