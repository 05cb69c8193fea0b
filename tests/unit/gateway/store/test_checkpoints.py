"""Where each reader of events stands."""

from __future__ import annotations

import dataclasses

import pytest

from gateway.store.checkpoints import CheckpointReader, Checkpoints, EventCursor

READER = CheckpointReader("PlatformMSP", "User1", "trade", "trade", "billing")


def test_each_reader_has_a_cursor_of_its_own(services):
    """It moves forward or back; another name, user or chaincode is another reader."""
    checkpoints = Checkpoints(services.store)
    assert checkpoints.get(READER) is None
    for cursor in (EventCursor(7, "ab" * 32), EventCursor(3, "cd" * 32)):
        checkpoints.set(READER, cursor)
        assert checkpoints.get(READER) == cursor
    for other in ({"name": "books"}, {"user": "User2"}, {"chaincode": "commerce"}):
        assert checkpoints.get(dataclasses.replace(READER, **other)) is None


@pytest.mark.parametrize("text", ["", "7", "7:", f":{'ab' * 32}", f"-1:{'ab' * 32}", f"7:{'AB' * 32}", "7:ab"])
def test_what_is_no_events_id_is_no_cursor(text):
    """The words say what one looks like."""
    with pytest.raises(ValueError, match="block number"):
        EventCursor.parse(text)
    cursor = EventCursor(7, "ab" * 32)
    assert EventCursor.parse(str(cursor)) == cursor
