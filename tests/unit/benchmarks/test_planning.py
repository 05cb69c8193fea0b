"""What the planning figures are about is what gateways do."""

from __future__ import annotations

from benchmarks.beside import planning
from hlf.network.engines.embedded.endorse import endorsers
from tests.support.members import Consortium


def test_a_majority_of_the_members_is_planned_with():
    """The channel stands for a real one: every three of its five members are a layout, worked out in each round."""
    channel = planning.Channel(Consortium([f"M{number}MSP" for number in range(5)]), 5)
    assert len(endorsers.describe(channel.view(), channel.majority).layouts) == 10
    assert len(endorsers.describe(channel.view(), channel.with_implicit).layouts) == 6
    assert len(endorsers.describe(channel.view(), channel.with_key).layouts) == 10
    assert len(channel.times(channel.majority)) == planning.ROUNDS
