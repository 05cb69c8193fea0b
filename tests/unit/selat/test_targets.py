"""Every target that administers a network meets every mistake: cause and cure are said, and nothing is half done."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from hlf.network import certificates, processes, state
from hlf.network.admin import updates
from hlf.network.admin.keys import renewing
from selat import cli
from tests.faults.limits import no_room
from tests.support.smallnetwork import SmallNetwork
from tests.unit.selat.targets import ROWS, SAID, SPARED, administering, make, words

NEEDED = [(target, variable) for target, needed in administering().items() for variable in needed]
# A backup is made of a network that is down, and unpacked where none runs.
WHEN_DOWN = ("backup", "unpack")
REST = """\
  - {msp_id: CMSP, domain: c.test}
  - {msp_id: DMSP, domain: d.test}
orderers: {consensus: raft, organisations: [{msp_id: OrdererMSP, domain: orderer.test, orderers: 3}]}
"""
NOBODY = 65534
# What changes by itself: logs, and what a process or another command says of itself.
_RESTLESS = {"logs", "run", "lock", "request.json"}


class Place:
    """A network with the papers that targets take, and calls of targets on it."""

    def __init__(self, root) -> None:
        self.net = SmallNetwork("embedded", root / "state", root / "consortium.yaml")
        self.papers = root / "papers"
        self.papers.mkdir()
        self._numbers = itertools.count()
        self.net.write(organisations=REST, member=", CMSP")
        self.net.up()
        text = self.net.file.read_text()
        self._write("changed.yaml", text.replace("timeout: 20ms", "timeout: 33ms"))
        self._write("grown.yaml", text.replace(", CMSP]", ", CMSP, DMSP]"))
        self.run("invite", PAPER="invitation")
        self.run("propose", PAPER="proposal")
        self.run("chaincode-propose", PAPER="definition")
        self.run("chaincode-package", PACKAGE="package")
        self._write("next.yaml", text.replace("sequence: 1", "sequence: 2"))
        self.run("chaincode-propose", PAPER="next", CONSORTIUM="next.yaml")

    def _write(self, name: str, text: str) -> None:
        (self.papers / name).write_text(text)

    def run(self, target: str, **papers: str) -> None:
        """Run a target as its row has it, but for the names of papers."""
        done = self.call(target, **{name: str(self.papers / value) for name, value in papers.items()})
        assert done.exit_code == 0, done.output

    def call(self, target: str, **otherwise: str):
        """Call a target with the variables of its row and others; return click's result."""
        given = {"STATE": str(self.net.root), "CONSORTIUM": str(self.net.file)}
        given |= {name: self.filled(value) for name, value in {**ROWS[target].given, **otherwise}.items()}
        return CliRunner().invoke(cli.main, words(target, given))

    def filled(self, value: str) -> str:
        """Return the value of a variable, with the places of this network in it."""
        return value.format(papers=self.papers, state=self.net.root, new=f"new{next(self._numbers)}")

    def traces(self) -> dict[str, str]:
        """Return what a command could have changed: files, processes, and how long the ledgers are."""
        found = {each.name: str(each.pid) for each in processes.find(state.Folder(self.net.root)) if each.alive}
        for top in (self.net.root, self.papers):
            for path in sorted(top.rglob("*")):
                inside = path.relative_to(top).parts
                if path.is_file() and not any(part.strip(".") in _RESTLESS for part in inside):
                    found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found | {"file": self.net.file.read_text()}

    def refused(self, target: str, mistake: str, **otherwise: str) -> None:
        """Call a target, and see that a mistake is named with its cure and nothing was done."""
        before = self.traces()
        row = ROWS[target]
        said = self.call(target, **otherwise)
        wanted = row.said if mistake == "unknown" else row.otherwise.get(mistake, SAID[mistake])
        assert re.search(wanted, said.output.replace("\n", " ")), said.output
        # A plan tells a problem as a part of it.
        assert isinstance(said.exception, SystemExit) or "PROBLEM: " in said.output, said.exception
        assert self.traces() == before

    def untroubled(self, target: str, mistake: str, **otherwise: str):
        """Call a target so that it leaves everything as it was; see that it does not speak of a mistake."""
        said = self.call(target, **{**(ROWS[target].repeated or {}), **otherwise})
        assert not re.search(SAID[mistake], said.output.replace("\n", " ")), said.output
        assert isinstance(said.exception, SystemExit | None), said.exception
        return said


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Yield the place of all tests here; each leaves it as it was."""
    place = Place(tmp_path_factory.mktemp("targets"))
    yield place
    processes.stop(state.Folder(place.net.root), timeout=5)


def meeting(mistake: str) -> list[str]:
    return [target for target, row in ROWS.items() if mistake in row.mistakes]


def spared(mistake: str) -> list[str]:
    """Return the targets that a mistake cannot trouble, of those that can be called again and again."""
    return [target for target, row in ROWS.items() if mistake in row.spared and row.repeated is not None]


def test_every_target_has_a_row():
    """A new target meets every mistake, but for those that its row says it is spared, for one of the known reasons."""
    assert ROWS.keys() == administering().keys()
    assert {mistake for row in ROWS.values() for mistake in row.spared} == SPARED.keys()


@pytest.mark.parametrize(("target", "variable"), NEEDED)
def test_a_missing_variable_is_named(target, variable):
    """With an example, before anything is run."""
    said = make(target, {name: value for name, value in ROWS[target].given.items() if name != variable})
    assert said.returncode == 2
    assert f"{target} needs {variable}=" in said.stderr


@pytest.mark.parametrize("target", ROWS)
def test_an_unknown_name_is_refused(place, target):
    """The names that there are, or what cannot be read, are said."""
    place.refused(target, "unknown", **ROWS[target].unknown)


@pytest.mark.parametrize("target", meeting("two at once"))
def test_a_second_command_is_refused(place, target):
    """The first one has the folder to itself."""
    with state.alone(state.Folder(place.net.root)):
        place.refused(target, "two at once")


@pytest.mark.parametrize("target", [each for each in meeting("a full disk") if each not in WHEN_DOWN])
def test_a_full_disk_is_told(place, target):
    """Whatever ran runs on, and no file is written in part."""
    with no_room():
        place.refused(target, "a full disk")


@pytest.mark.parametrize(
    ("mistake", "target"),
    [(mistake, target) for mistake in ("two at once", "a full disk") for target in spared(mistake)],
)
def test_who_is_spared_waits_for_nobody_and_needs_no_room(place, target, mistake):
    """It does beside another command, and on a full disk, what it does elsewhere."""
    alone = place.untroubled(target, mistake)
    with no_room() if mistake == "a full disk" else state.alone(state.Folder(place.net.root)):
        beside = place.untroubled(target, mistake)
    assert (beside.exit_code, "Error" in beside.output) == (alone.exit_code, "Error" in alone.output), beside.output


@pytest.mark.parametrize("target", meeting("another user"))
def test_another_user_is_refused(place, target):
    """The folder and its keys are their owner's alone."""
    before = place.traces()
    with _as_another_user(place.net.root):
        said = place.call(target)
    assert re.search(SAID["another user"], said.output)
    assert isinstance(said.exception, SystemExit), said.exception
    assert place.traces() == before


@pytest.mark.parametrize("target", meeting("a missing signature"))
def test_a_missing_signature_is_told_before_anything_is_done(place, target, monkeypatch):
    """As in a folder that does not hold the keys of those whom the channel's policies ask for."""
    monkeypatch.setattr(updates, "admins", lambda *_: {})
    place.refused(target, "a missing signature")


@pytest.mark.parametrize("target", spared("a missing signature"))
def test_who_asks_no_channel_needs_no_signature(place, target, monkeypatch):
    """A folder with one organisation's keys is enough for it."""
    monkeypatch.setattr(updates, "admins", lambda *_: {})
    place.untroubled(target, "a missing signature")


@pytest.mark.parametrize("target", meeting("a wrong sequence"))
def test_a_wrong_sequence_is_told_before_anything_is_done(place, target, tmp_path):
    """With the sequence that can follow the one in force."""
    late = _late(place, target, tmp_path)
    if "PAPER" in ROWS[target].given:
        paper = {"PAPER": str(tmp_path / "late")}
        assert place.call("chaincode-propose", **late, **paper).exit_code == 0
        late = paper
    place.refused(target, "a wrong sequence", **late)


@pytest.mark.parametrize("target", spared("a wrong sequence"))
def test_who_compares_no_definition_does_not_mind_its_sequence(place, target, tmp_path):
    """Its file may have one that cannot follow the one in force."""
    place.untroubled(target, "a wrong sequence", **_late(place, target, tmp_path))


def _late(place: Place, target: str, folder: Path) -> dict[str, str]:
    """Return the file of a target with a sequence that cannot follow the one in force."""
    source = place.filled(ROWS[target].given.get("CONSORTIUM", str(place.net.file)))
    (folder / "late.yaml").write_text(Path(source).read_text().replace("sequence: 1", "sequence: 5"))
    return {"CONSORTIUM": str(folder / "late.yaml")}


@contextlib.contextmanager
def _as_another_user(root):
    """Be somebody who has no rights in a folder: for root another user, for anybody else the owner without rights."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
        return
    mode = root.stat().st_mode
    root.chmod(0)
    try:
        yield
    finally:
        root.chmod(mode)


@pytest.fixture(scope="module")
def expired(place):
    """Return the place while the certificates of all admins have ended."""
    names = [f"{msp_id}/Admin" for msp_id in ("AMSP", "BMSP", "CMSP", "DMSP", "OrdererMSP")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "SKEW", timedelta(days=3))
        patch.setattr(certificates, "VALIDITY", timedelta(days=2))
        renewing.renew(names, place.net.root)
    return place


@pytest.mark.parametrize("target", meeting("an expired certificate"))
def test_whose_certificate_has_ended_is_said(expired, target):
    """Nodes only say that they refuse it, or hang up. The network is left so: the next tests need no admin."""
    expired.refused(target, "an expired certificate")


@pytest.mark.parametrize("target", spared("an expired certificate"))
def test_who_is_asked_for_no_certificate_works_on(expired, target):
    """The certificates of admins have ended for it too."""
    expired.untroubled(target, "an expired certificate")


@pytest.fixture(scope="module")
def down(place):
    """Return the place when nothing runs any more, which is the end of it; a full disk does not keep it from that."""
    with no_room():
        assert place.call("down").exit_code == 0
    assert not any(each.alive for each in processes.find(state.Folder(place.net.root)))
    return place


@pytest.mark.parametrize("target", meeting("an engine that is down"))
def test_a_network_that_is_down_is_told(down, target):
    """At once, with how to start it, and not after a minute's silence of each node."""
    down.refused(target, "an engine that is down")


@pytest.mark.parametrize("target", spared("an engine that is down"))
def test_who_needs_no_node_works_on_a_network_that_is_down(down, target):
    """Nothing runs for it either."""
    down.untroubled(target, "an engine that is down")


@pytest.mark.parametrize("target", WHEN_DOWN)
def test_an_archive_for_which_there_is_no_room_is_not_left_in_part(down, target, tmp_path):
    """Backups are made of a network that is down, and so met no full disk before."""
    archive = str(tmp_path / "old.tar.gz")
    assert down.call("backup", ARCHIVE=archive).exit_code == 0
    with no_room():
        down.refused(target, "a full disk", **({"ARCHIVE": archive} if target == "unpack" else {}))
