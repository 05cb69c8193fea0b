"""How a network's nodes come to work together, with peers whose answers are written here."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlf import errors
from hlf.network import state, topology
from hlf.network.admin import deployment
from tests.support.smallnetwork import CONSORTIUM, FIRST

HIGHEST = 7


class WrittenPeer:
    """A peer with the *heights* that it tells one after the other; None where it does not know its own admin yet."""

    def __init__(self, channels: list[str], *heights: int | None) -> None:
        self._channels = channels
        self._heights = list(heights)

    @property
    def last(self) -> int | None:
        return self._heights[0]

    def channels(self) -> list[str]:
        return self._channels

    def join(self, _: bytes) -> None:
        self._channels.append("c")

    def height(self, _: str) -> int:
        told = self._heights.pop(0) if len(self._heights) > 1 else self._heights[0]
        if told is None:
            raise errors.AdminError("access denied: creator org unknown")
        return told


class WrittenNodes:
    def __init__(self, peers: dict[str, WrittenPeer]) -> None:
        self.peer = peers.__getitem__

    def orderer_admin(self, _: object) -> WrittenOrderer:
        return WrittenOrderer()


class WrittenOrderer:
    def channels(self) -> tuple[str, ...]:
        return ("c",)


@pytest.mark.parametrize("joined", [[], ["c"]], ids=["now", "by a command that was cut off"])
def test_a_peer_that_joined_is_waited_for_until_it_knows_its_own_organisation(
    tmp_path: Path, joined: list[str]
) -> None:
    """Whoever asked it earlier would be told that its organisation is unknown."""
    file = tmp_path / "consortium.yaml"
    file.write_text(CONSORTIUM % FIRST)
    consortium, folder = topology.load(file), state.Folder(tmp_path)
    state.replace_file(folder.genesis("c"), b"block 0")
    ahead, late = (WrittenPeer(["c"], HIGHEST) for _ in range(2)), WrittenPeer(joined, None, None, 3, HIGHEST)
    names = [peer.name for peer in consortium.peers]
    deployment.join(folder, consortium, WrittenNodes(dict(zip(names, [*ahead, late], strict=True))))  # type: ignore[arg-type]
    assert late.last == HIGHEST
