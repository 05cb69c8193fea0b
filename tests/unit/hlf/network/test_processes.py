"""Programs started from a state folder: found again, waited for, ended; and nobody else's ever touched."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hlf import waiting
from hlf.network import errors, ports, processes, state, topology
from hlf.network.processes import Program
from network import CONSORTIUM
from tests.faults.limits import no_room

# Says something, listens, writes its ready file, and ends politely.
SERVER = """
import pathlib, signal, socket, sys
print("starting", flush=True)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
pathlib.Path(sys.argv[2]).write_text("ready")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    listener.accept()
"""


@pytest.fixture
def folder(tmp_path):
    folder = state.Folder(tmp_path / "state")
    yield folder
    processes.stop(folder, timeout=5)


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _python(name: str, code: str, *words: str, **more) -> Program:
    return Program(name, [sys.executable, "-c", code, *words], **more)


def _server(folder, port: int) -> Program:
    ready = folder.root / "ready"
    return _python("server", SERVER, str(port), str(ready), addresses=(f"127.0.0.1:{port}",), ready_file=ready)


def test_a_program_is_started_found_and_ended(folder, free_port):
    """Ready means that it listens; after the stop nothing is left, and stopping again is no error."""
    program = _server(folder, free_port)
    running = processes.start(folder, program)
    processes.wait_ready([(program, running)], 60)
    assert processes.listens(f"127.0.0.1:{free_port}")
    (found,) = processes.find(folder)
    assert (found.name, found.pid, found.alive) == ("server", running.pid, True)
    assert processes.stop(folder) == ["server"]
    assert processes.find(folder) == []
    assert not processes.listens(f"127.0.0.1:{free_port}")
    assert processes.stop(folder) == []


def test_a_program_is_not_ended_where_the_next_one_cannot_be_started(folder, free_port):
    """On a full disk no record of it could be written: the present one runs on, and the cause is said."""
    program = _server(folder, free_port)
    processes.wait_ready([(program, processes.start(folder, program))], 20)
    changed = dataclasses.replace(program, configuration=b"another")
    with no_room(), pytest.raises(errors.StateError, match="Raise the limit of file sizes"):
        processes.start_missing(folder, [changed])
    assert [each.alive for each in processes.find(folder)] == [True]


def test_a_program_that_is_still_starting_is_waited_for(folder, free_port):
    """Another command started it: it is not started again, and not taken for ready."""
    program = dataclasses.replace(_server(folder, free_port), ready_file=folder.root / "later")
    running = processes.start(folder, program)
    assert [each.pid for _, each in processes.start_missing(folder, [program])] == [running.pid]
    (folder.root / "later").touch()
    assert waiting.until(lambda: processes.start_missing(folder, [program]) == [], 60)
    processes.stop(folder)


def test_a_program_is_known_though_its_starter_was_killed_at_once(folder, free_port, monkeypatch):
    """Before the program's pid was written: the next command finds it and waits for it, and a stop ends it."""
    program = _server(folder, free_port)
    replace_file = state.replace_file

    def killed(path, content, mode=0o644):
        if json.loads(content)["pid"]:
            raise KeyboardInterrupt
        replace_file(path, content, mode)

    with monkeypatch.context() as patch:
        patch.setattr(state, "replace_file", killed)
        with pytest.raises(KeyboardInterrupt):
            processes.start(folder, program)
    processes.wait_ready(processes.start_missing(folder, [program]), 60)
    assert [each.alive for each in processes.find(folder)] == [True]
    assert processes.stop(folder) == ["server"]
    assert not processes.listens(f"127.0.0.1:{free_port}")


def test_a_program_that_was_never_started_is_not_there(folder, free_port, monkeypatch):
    """A command that was killed before it came to that leaves nothing that would have to be ended."""
    program = _server(folder, free_port)

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", killed)
        with pytest.raises(KeyboardInterrupt):
            processes.start(folder, program)
    assert processes.find(folder) == []
    assert processes.stop(folder) == []
    processes.wait_ready(processes.start_missing(folder, [program]), 60)


# As npm does: another process serves, and the first ends without waiting for it.
PARENT = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], *sys.argv[2:]])
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
child.wait()
"""
STUBBORN = SERVER.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN")


@pytest.mark.parametrize("served_by", [SERVER, STUBBORN], ids=["polite", "stubborn"])
def test_a_program_has_ended_when_nobody_listens_any_more(folder, free_port, served_by):
    """What it started in its place is ended too, so that the port is free for the next one."""
    program = _server(folder, free_port)
    program = dataclasses.replace(program, command=[sys.executable, "-c", PARENT, served_by, *program.command[3:]])
    processes.wait_ready([(program, processes.start(folder, program))], 60)
    assert processes.stop(folder, timeout=3) == ["server"]
    assert not processes.listens(f"127.0.0.1:{free_port}")


# Holds a lock for as long as it lives, and listens nowhere.
HOLDER = """
import fcntl, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
fcntl.flock(file := open(sys.argv[1], "w"), fcntl.LOCK_EX)
print("held", flush=True)
signal.pause()
"""


def test_nothing_that_a_program_started_outlives_its_stop(folder):
    """Not even what listens nowhere: it would go on writing where the next command clears away."""
    place = folder.root / "lock"
    program = Program("parent", [sys.executable, "-c", PARENT, HOLDER, str(place)])
    running = processes.start(folder, program)
    assert waiting.until(lambda: "held" in processes.last_lines(running), 60)
    assert processes.stop(folder) == ["parent"]
    with place.open() as file:

        def free() -> bool:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            return False

        assert waiting.until(free, 60)


def test_what_a_fallen_program_left_behind_is_ended(folder, free_port):
    """Its record is enough to find what serves in its place."""
    program = _server(folder, free_port)
    program = dataclasses.replace(program, command=[sys.executable, "-c", PARENT, SERVER, *program.command[3:]])
    running = processes.start(folder, program)
    processes.wait_ready([(program, running)], 60)
    os.kill(running.pid, signal.SIGKILL)
    assert waiting.until(lambda: not any(each.alive for each in processes.find(folder)), 60)
    assert processes.listens(f"127.0.0.1:{free_port}")
    assert processes.stop(folder, timeout=3) == []
    assert not processes.listens(f"127.0.0.1:{free_port}")


def test_a_fallen_program_is_reported_with_its_last_words(folder):
    """The error carries exit code, last lines and the log's place; older runs' words are not mixed in."""
    folder.logs.mkdir(parents=True)
    (folder.logs / "broken.log").write_text("an older run\n")
    program = _python("broken", "print('first'); raise SystemExit('the disk is full')", addresses=("127.0.0.1:1",))
    running = processes.start(folder, program)
    with pytest.raises(errors.ProcessError) as fallen:
        processes.wait_ready([(program, running)], 60)
    text = str(fallen.value)
    assert "exit code 1" in text
    assert "first" in text
    assert "the disk is full" in text
    assert "an older run" not in text
    assert fallen.value.log == folder.logs / "broken.log"


def test_a_program_in_go_is_reported_with_what_it_gave_up_for(folder):
    """Its own last lines are where its goroutines were, and push the cause out of sight."""
    trace = "".join(f"main.f{number}()\\n\\tmain.go:{number} +0x1\\n" for number in range(20))
    said = f"starting\\npanic: no such handler\\n\\ngoroutine 1 [running]:\\n{trace}\\ngoroutine 7 [select]:\\n{trace}"
    running = processes.start(folder, _python("peer", f"print('{said}'); raise SystemExit(2)"))
    assert waiting.until(lambda: not processes.find(folder)[0].alive, 60)
    assert processes.last_lines(running) == "starting\npanic: no such handler"


def test_a_killed_program_is_seen_as_fallen(folder, free_port):
    """A process that is gone shows as not alive, and stopping clears its record."""
    program = _server(folder, free_port)
    running = processes.start(folder, program)
    processes.wait_ready([(program, running)], 60)
    os.kill(running.pid, signal.SIGKILL)
    assert waiting.until(lambda: not processes.find(folder)[0].alive, 60)
    assert processes.stop(folder) == []
    assert processes.find(folder) == []


def test_a_program_that_does_not_get_ready_is_reported(folder):
    """Within the time given, and it is named."""
    program = _python("slow", "import signal; signal.pause()", ready_file=folder.root / "never")
    running = processes.start(folder, program)
    with pytest.raises(errors.ProcessError, match=r"slow: was not ready within 0\.2 s"):
        processes.wait_ready([(program, running)], 0.2)


def test_a_program_that_is_not_there_is_an_error_with_a_cure(folder):
    """The command of a consortium file may be mistyped."""
    with pytest.raises(errors.ProcessError, match="cannot run /nowhere/at-all"):
        processes.start(folder, Program("missing", ["/nowhere/at-all"]))


def test_a_program_that_ignores_being_asked_is_killed(folder):
    """After the time for a clean end it is ended in any case."""
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
    running = processes.start(folder, _python("deaf", f"{deaf}\nwhile True: signal.pause()"))
    assert waiting.until(lambda: b"deaf" in running.log.read_bytes(), 60)
    assert processes.stop(folder, timeout=0.2) == ["deaf"]
    assert processes.find(folder) == []


def test_only_what_is_missing_or_changed_is_started(folder, free_port):
    """Starting again leaves what runs alone; a program with other settings is replaced."""
    program = _server(folder, free_port)
    first = processes.start_missing(folder, [program])
    processes.wait_ready(first, 60)
    assert processes.start_missing(folder, [program]) == []
    changed = dataclasses.replace(program, configuration=b"changed")
    second = processes.start_missing(folder, [changed])
    processes.wait_ready(second, 60)
    assert second[0][1].pid != first[0][1].pid
    assert [each.pid for each in processes.find(folder) if each.alive] == [second[0][1].pid]


def test_nothing_is_started_where_a_port_is_taken(folder, free_port):
    """The error comes before any process does."""
    with socket.create_server(("127.0.0.1", free_port)), pytest.raises(errors.PortTakenError, match="server"):
        processes.start_missing(folder, [_server(folder, free_port)])
    assert processes.find(folder) == []


def test_another_process_with_a_recorded_pid_is_not_touched(folder):
    """After a reboot the pid may be anybody's: without the same start time it is left alone."""
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as stranger:
        try:
            folder.run.mkdir(parents=True)
            record = {"pid": stranger.pid, "started": "another boot/1", "log_offset": 0, "fingerprint": ""}
            (folder.run / "peer.json").write_text(json.dumps(record))
            assert [each.alive for each in processes.find(folder)] == [False]
            assert processes.stop(folder) == []
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_garbled_record_is_an_error_and_nothing_is_signalled(folder):
    """A file that is not a record is named, with what to do."""
    folder.run.mkdir(parents=True)
    for garbage in ("", "[]", '{"pid": "x"}', '{"pid": 1}'):
        (folder.run / "peer.json").write_text(garbage)
        with pytest.raises(errors.StateError, match="Remove it"):
            processes.find(folder)
    (folder.run / "peer.json").unlink()


def test_fabric_settings_of_the_environment_do_not_leak_in(folder, monkeypatch):
    """CORE_PEER_ADDRESS in a shell would silently move a peer; what a program is given itself stays."""
    monkeypatch.setenv("CORE_PEER_ADDRESS", "elsewhere")
    monkeypatch.setenv("ORDERER_GENERAL_LISTENPORT", "1")
    code = "import os; print(sorted(n for n in os.environ if n.startswith(('CORE_', 'ORDERER_'))), flush=True)"
    running = processes.start(folder, _python("env", code, environment={"CORE_MINE": "1"}))
    assert waiting.until(lambda: not processes.find(folder)[0].alive, 60)
    assert Path(running.log).read_text().strip() == "['CORE_MINE']"


def test_ports_are_chosen_once_and_kept():
    """A network starts again where its genesis block says its anchor peers are."""
    consortium = topology.load(CONSORTIUM)
    record = state.Record(consortium.name)
    ports.assign(record, consortium)
    chosen = json.dumps(record.ports)
    ports.assign(record, consortium)
    assert json.dumps(record.ports) == chosen
    flat = [port for uses in record.ports.values() for port in uses.values()]
    assert len(flat) == len(set(flat)) == 8 * 3 + 3 + 2 * 3, "three of a peer, an orderer's, two of a chaincode"
    assert set(record.ports["chaincode:trade:trade"]) == {""}


def test_ports_are_chosen_from_the_range_that_is_asked_for(monkeypatch):
    """Whoever must open a firewall, or runs much side by side, says where."""
    record = state.Record("one")
    monkeypatch.setenv(ports.CHOSEN, "20000-20049")
    ports.assign(record, topology.load(CONSORTIUM))
    assert all(20_000 <= port <= 20_049 for uses in record.ports.values() for port in uses.values())
    monkeypatch.setenv(ports.CHOSEN, "20000-20003")
    with pytest.raises(errors.EngineError, match="no free port from 20000 to 20003"):
        ports.assign(state.Record("two"), topology.load(CONSORTIUM))


def test_a_port_that_the_file_names_is_given_to_nobody_else(monkeypatch):
    """Who listens there may begin after everybody else has chosen: a later node, or a chaincode that others serve."""
    monkeypatch.setenv(ports.CHOSEN, "20000-20299")
    monkeypatch.setattr(ports.random, "randrange", lambda first, _last: first)
    known = topology.load(CONSORTIUM)
    served = dataclasses.replace(known.chaincodes[-1], server=None, addresses={"": "127.0.0.1:20000"})
    *others, last = known.organisations
    late = dataclasses.replace(last, peers=(dataclasses.replace(last.peers[0], port=20_001), *last.peers[1:]))
    record = state.Record("one")
    ports.assign(
        record,
        dataclasses.replace(known, organisations=(*others, late), chaincodes=(*known.chaincodes[:-1], served)),
    )
    given = [port for uses in record.ports.values() for port in uses.values()]
    assert 20_000 not in given
    assert given.count(20_001) == 1


def test_programs_side_by_side_choose_from_parts_of_the_range(monkeypatch):
    """No port is in two parts, and none is left out but at the end; a narrow range is everybody's."""
    monkeypatch.setenv(ports.CHOSEN, "20000-20999")
    assert [ports.share(number, 3) for number in range(3)] == ["20000-20332", "20333-20665", "20666-20998"]
    monkeypatch.setenv(ports.CHOSEN, "20000-20099")
    assert {ports.share(number, 2) for number in range(2)} == {"20000-20099"}


@pytest.mark.parametrize("chosen", ["", "20000", "20000-", "20001-20000", "80-90", "65535-65536", "-1-5", "1e4-2e4"])
def test_what_is_no_range_of_ports_is_refused(monkeypatch, chosen):
    """Nothing is guessed: cause and cure are named."""
    monkeypatch.setenv(ports.CHOSEN, chosen)
    with pytest.raises(errors.EngineError, match="no range of ports.*such as 20000-20999"):
        ports.assign(state.Record("one"), topology.load(CONSORTIUM))


def test_a_taken_port_is_named_with_its_node_and_a_cure(free_port):
    """Port taken: which program, which address, what to do."""
    address = f"127.0.0.1:{free_port}"
    ports.check_free("peer0.a.test", [address])
    with socket.create_server(("127.0.0.1", free_port)):
        with pytest.raises(errors.PortTakenError, match="--state") as taken:
            ports.check_free("peer0.a.test", [address])
        assert taken.value.program == "peer0.a.test"
        assert taken.value.address == address
