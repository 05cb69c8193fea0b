"""
`selat network up`, `add-organisation` and `apply` killed at any moment: the same command, given again, ends well.

``SELAT_KILLS=50`` (``make kills``) runs the full number of kills of `apply`.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hlf import errors as hlf_errors
from hlf.network import admin, processes, state
from hlf.network.admin import lifetime
from tests.support.smallnetwork import CONSORTIUM, FIRST, SmallNetwork

GROWN = {"organisations": "  - {msp_id: CMSP, domain: new.test}\n", "member": ", CMSP"}
KILLS = int(os.environ.get("SELAT_KILLS", "2"))
LONGEST_SECONDS = {"embedded": 3.0, "native": 10.0}


@pytest.fixture(params=["embedded", pytest.param("native", marks=pytest.mark.native)])
def net(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallNetwork]:
    """Yield a network of the test's own, not started."""
    net = SmallNetwork(request.param, tmp_path / "state", tmp_path / "consortium.yaml")
    net.write()
    yield net
    processes.stop(state.Folder(net.root), timeout=5)


def command(net: SmallNetwork, *words: str) -> subprocess.Popen[bytes]:
    """``selat network WORDS`` for this network, as a process of its own."""
    given = ["--state", str(net.root), *(() if words[0] == "renew" else ("--consortium", str(net.file)))]
    return subprocess.Popen(
        [sys.executable, "-c", "from selat import cli; cli.main()", "network", *words, *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def kill_at_any_moment(net: SmallNetwork, chance: random.Random, *words: str) -> None:
    """Start a command and end it as a crash would, unless it is done by then."""
    running = command(net, *words)
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(chance.uniform(0.5, LONGEST_SECONDS[net.engine]))
    running.kill()
    running.communicate()


def finish(net: SmallNetwork, *words: str) -> str:
    """Run a command to its end, which is a good one; what it said."""
    running = command(net, *words)
    said, _ = running.communicate()
    assert running.returncode == 0, said.decode()
    return said.decode()


def assert_works(net: SmallNetwork, msp_id: str) -> None:
    """All that should run does, nothing differs from the file, and a member's transaction commits."""
    assert admin.status(net.root, heights=True).running
    assert net.up().differences == ()
    with net.connect(msp_id) as fabric:
        assert fabric.network("c").contract("lab").submit("put", "key", msp_id) == msp_id.encode()


def test_a_first_start_may_be_cut_off(net: SmallNetwork) -> None:
    """Whatever was there by then: nothing, keys, nodes, half joined channels, approvals."""
    chance = random.Random(1)  # noqa: S311 - moments, not secrets
    for _ in range(3):
        kill_at_any_moment(net, chance, "up", "--engine", net.engine)
    finish(net, "up", "--engine", net.engine)
    assert_works(net, "AMSP")


def test_an_upgrade_may_be_cut_off(net: SmallNetwork) -> None:
    """A new version of a chaincode is in force in the end, and what was written before is there."""
    net.up()
    assert_works(net, "AMSP")
    chance = random.Random(2)  # noqa: S311 - moments, not secrets
    net.write(version="1.1", sequence=2)
    for _ in range(3):
        kill_at_any_moment(net, chance, "up")
    finish(net, "up")
    with net.connect("BMSP") as fabric:
        assert fabric.network("c").contract("lab").evaluate("get", "key") == b"AMSP"
    assert_works(net, "BMSP")


def test_an_addition_may_be_cut_off(net: SmallNetwork) -> None:
    """Between the update and the folder's memory too: then the plan says that the channel has the member already."""
    net.up()
    net.write(**GROWN)
    chance = random.Random(3)  # noqa: S311 - moments, not secrets
    for _ in range(3):
        kill_at_any_moment(net, chance, "add-organisation", "--channel", "c", "--msp", "CMSP", "--apply")
    # The nodes outlive a command that is killed, but not always: it may have been about to start one anew.
    if not admin.status(net.root).programs or not all(admin.status(net.root).programs.values()):
        finish(net, "up")
    finish(net, "add-organisation", "--channel", "c", "--msp", "CMSP", "--apply")
    assert_works(net, "CMSP")


def text_of(net: SmallNetwork, sequence: int) -> str:
    """Return a file: a larger one, with one more orderer, if *sequence* is even, else a smaller one."""
    grown = sequence % 2 == 0
    net.write(**(GROWN if grown else {}), sequence=sequence, version=f"1.{sequence}")
    text = net.file.read_text()
    if sequence > 1:
        text = text.replace("channels:\n", "channels:\n  - {name: further, members: [AMSP, BMSP]}\n", 1)
        others = "'BMSP.member', 'CMSP.member'" if grown else "'BMSP.member'"
        text += f"""      - {{name: three, policy: "OR('AMSP.member', {others})"}}\n"""
    if grown:
        text = text.replace("batch:", "policies: {Extra: ANY Admins}\n    batch:")
    if grown:
        orderers = "{msp_id: OrdererMSP, domain: orderer.selat.test, orderers: 2}"
        text += f"orderers: {{consensus: raft, organisations: [{orderers}]}}\n"
    return text


def test_an_apply_may_be_cut_off(net: SmallNetwork) -> None:
    """
    Members, orderers, policies, collections, a channel and upgrades come; members and orderers leave again.

    Each file is in force after a few kills, whether or not all nodes are ended and started after them; so are a member
    that leaves alone and certificates that are renewed.
    """
    net.up()
    chance = random.Random(int(os.environ.get("SELAT_SEED", "4")))  # noqa: S311 - moments, not secrets
    sequence, kills = 1, 0
    while kills < KILLS or sequence % 2 == 0:
        sequence += 1
        net.file.write_text(text_of(net, sequence))
        for _ in range(2):
            kill_at_any_moment(net, chance, "apply", "--yes")
            kills += 1
        if chance.random() < 0.5:
            # The machine goes, too; the file that is kept is the former one, or what that became.
            admin.down(net.root)
            admin.up(root=net.root)
        finish(net, "apply", "--yes")
        assert admin.plan(net.root, net.file).steps == ()
        assert_works(net, "CMSP" if sequence % 2 == 0 else "BMSP")
    for words in (["renew", "peer0.b.test"], ["channel-leave", "further", "BMSP", "--yes"]):
        kill_at_any_moment(net, chance, *words)
        finish(net, *(words if words[0] == "renew" else ["apply", "--yes"]))
        assert_works(net, "BMSP")


def cut_off(*_: object, **__: object) -> None:
    """Stand in for a function at which a command is interrupted."""
    raise KeyboardInterrupt


def add_an_orderer(net: SmallNetwork, monkeypatch: pytest.MonkeyPatch, at: str) -> str:
    """Start a network, and cut off at the function *at* the `apply` that adds an orderer; return the file's text."""
    net.up()
    orderers = "{msp_id: OrdererMSP, domain: orderer.selat.test, orderers: 2}"
    text = net.file.read_text() + f"orderers: {{consensus: raft, organisations: [{orderers}]}}\n"
    net.file.write_text(text)
    with monkeypatch.context() as patch:
        patch.setattr(at, cut_off)
        with pytest.raises(KeyboardInterrupt):
            admin.apply(net.root, net.file)
    return text


def test_an_orderer_that_counts_runs_on_after_an_interruption(
    net: SmallNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is not kept yet, but one of two consenters is already too few: the next apply does not stop it."""
    text = add_an_orderer(net, monkeypatch, "hlf.network.admin.lifetime.bring_up")
    net.file.write_text(text.replace("timeout: 20ms", "timeout: 30ms"))
    admin.apply(net.root, net.file)
    assert admin.plan(net.root, net.file).steps == ()
    assert_works(net, "BMSP")


@pytest.mark.parametrize("words", [[], ["--yes"]], ids=["goes-on", "goes-back"])
@pytest.mark.parametrize(
    "at", ["hlf.network.admin.lifetime.bring_up", "hlf.admin.participation.OrdererAdmin.join"], ids=["counts", "runs"]
)
def test_an_orderer_of_an_interrupted_apply_starts_again_with_the_former_file(
    net: SmallNetwork, monkeypatch: pytest.MonkeyPatch, at: str, words: list[str]
) -> None:
    """All nodes were ended meanwhile; then it is the next `apply` that keeps the orderer or takes it away again."""
    former = CONSORTIUM % FIRST
    wanted = add_an_orderer(net, monkeypatch, at)
    admin.down(net.root)
    net.file.write_text(former)
    assert any("orderers is" in str(each) for each in net.up().differences) == at.endswith("bring_up")
    assert admin.status(net.root).running
    with net.connect("AMSP") as fabric:
        assert fabric.network("c").contract("lab").submit("put", "key", "1") == b"1"
    net.file.write_text(former if words else wanted)
    finish(net, "apply", *words)
    assert admin.plan(net.root, net.file).steps == ()
    assert_works(net, "BMSP")
    record = state.existing(state.Folder(net.root))
    assert record.orderers == {}
    assert processes.listens(record.address("orderer1.orderer.selat.test")) == (not words)


def test_a_network_that_has_just_started_is_waited_for(net: SmallNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that was killed had started it; whoever gives it again need not guess when it listens."""
    net.up()
    net.write(**GROWN)
    look, deaf = lifetime.look, [1, 2]

    def late(*given: Any) -> Any:
        if deaf:
            deaf.pop()
            raise hlf_errors.ParticipationError("no answer", address="127.0.0.1:1")
        return look(*given)

    monkeypatch.setattr(lifetime, "look", late)
    admin.add_organisation("c", "CMSP", net.root, net.file)
    assert_works(net, "CMSP")


def test_an_update_that_the_folder_has_not_noted_is_no_obstacle(
    net: SmallNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off right after the update: the old file, the new file and the same command are all taken."""
    net.up()
    net.write(**GROWN)
    with monkeypatch.context() as patch:
        patch.setattr("hlf.network.admin.lifetime.bring_up", cut_off)
        with pytest.raises(KeyboardInterrupt):
            admin.add_organisation("c", "CMSP", net.root, net.file)
    net.file.write_text(CONSORTIUM % FIRST)
    (told,) = net.up().differences
    assert "CMSP is a member, and not in the file" in str(told)
    admin.down(net.root)
    net.write(**GROWN)
    net.up()
    assert_works(net, "CMSP")
