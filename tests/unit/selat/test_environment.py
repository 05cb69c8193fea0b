"""The demo's network and gateway, stopped whatever they run in."""

from __future__ import annotations

from hlf.network import engines, state
from selat.demo import environment


class Containers:
    """An engine whose nodes are no processes of this machine."""

    def __init__(self) -> None:
        self.nodes = {"peer0.a.test": True}

    def running(self, folder: state.Folder) -> dict[str, bool]:
        return dict(self.nodes)

    def stop(self, folder: state.Folder) -> list[str]:
        ended, self.nodes = [*self.nodes], {}
        return ended


def test_nodes_in_containers_are_found_and_stopped(tmp_path, monkeypatch):
    """A demo that fails or is stopped leaves no container behind."""
    containers = Containers()
    monkeypatch.setattr(engines, "by_name", {"docker": containers}.__getitem__)
    assert not environment.running(tmp_path)
    state.write(state.Folder(tmp_path / "network"), state.Record("demo", "docker"))
    assert environment.running(tmp_path)
    assert environment.stop(tmp_path) == ["peer0.a.test"]
    assert not environment.running(tmp_path)
