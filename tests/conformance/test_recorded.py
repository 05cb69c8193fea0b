"""Which recorded answers the Fabric of this machine is held to, and what is kept of them."""

from __future__ import annotations

import pytest

from tests.conformance import recorded


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Keep records of a reference alone."""
    monkeypatch.setattr(recorded, "FOLDER", tmp_path)
    recorded.save(recorded.REFERENCE, {"asked long ago": "yes", "asked too": "no"})


@pytest.mark.parametrize(
    ("installed", "held_to"),
    [
        ("2.5.16", "2.5.16"),
        ("2.5.13", "2.5.12"),
        ("2.5.15", "2.5.16"),
        ("3.1.0", recorded.REFERENCE),
        ("3.0.5", ""),
        ("3.11.5", ""),
        ("12.5.16", ""),
    ],
)
def test_a_version_is_held_to_the_nearest_of_its_own_line(folder, installed, held_to):
    """Patches answer alike; another line's answers prove nothing."""
    recorded.save("2.5.12", {})
    recorded.save("2.5.16", {})
    assert recorded.nearest(installed) == held_to


def test_only_what_a_version_answers_otherwise_is_kept(folder):
    """A question that came later is held to the reference's answer, so that it is never passed over."""
    recorded.save("2.5.16", {"asked long ago": "no", "asked too": "no"})
    assert recorded.kept("2.5.16") == {"asked long ago": "no"}
    recorded.save(recorded.REFERENCE, {"asked long ago": "yes", "asked too": "no", "asked later": "maybe"})
    assert recorded.load("2.5.16") == {"asked long ago": "no", "asked too": "no", "asked later": "maybe"}


def test_a_version_that_answers_alike_was_asked_all_the_same(folder):
    """An empty list of differences is not the lack of one."""
    recorded.save("3.1.6", recorded.load(recorded.REFERENCE))
    assert recorded.kept("3.1.6") == {}
    assert recorded.nearest("3.1.6") == "3.1.6"
