"""The gateway's first process, which forks those that serve."""

from __future__ import annotations

import gc

from gateway.front import server
from gateway.http.settings import Settings


def test_no_search_for_garbage_writes_to_what_the_processes_share(monkeypatch, tmp_path):
    """Before the first fork all modules are out of its reach, so their memory stays one for all processes."""
    held = []

    class Arbiter:
        """Forks nothing; looks what a search for garbage would go through."""

        def __init__(self, app: server.FrontServer) -> None:
            held.extend(id(each) for each in gc.get_objects())

        def run(self) -> None:
            """End at once."""

    monkeypatch.setattr(server, "_Arbiter", Arbiter)
    # The tests' own process has frozen everything, too.
    gc.unfreeze()
    try:
        assert id(vars(server)) in {id(each) for each in gc.get_objects()}
        server.FrontServer(Settings(tmp_path, tmp_path / "data")).run()
    finally:
        gc.freeze()
    assert held
    assert id(vars(server)) not in held
