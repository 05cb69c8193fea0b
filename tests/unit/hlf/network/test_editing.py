"""The consortium file edited in single places: all else stays as it was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlf import yamltext
from hlf.network import errors
from hlf.network.commands import editing
from hlf.network.commands.editing import item
from network import CONSORTIUM

FLOW = """\
name: x   # the name
channels:
  - name: c
    members: [AMSP, BMSP]  # both
    batch: {timeout: 20ms}
    # the last word
  - {name: d, members: [AMSP]}

# servers below
servers: []
"""
BLOCK = """\
channels:
  - name: c
    members:
      - AMSP
      - BMSP   # the second
    batch:
      timeout: 20ms   # quick
    acls:
"""


@pytest.mark.parametrize(
    ("text", "place", "value", "written"),
    [
        (FLOW, ["channels", item(name="c"), "batch", "timeout"], "1s", "batch: {timeout: 1s}"),
        (FLOW, ["channels", item(name="c"), "batch", "max_messages"], 7, "batch: {timeout: 20ms, max_messages: 7}"),
        (FLOW, ["channels", item(name="d"), "batch", "timeout"], "1s", "members: [AMSP], batch: {timeout: 1s}}"),
        (
            FLOW,
            ["channels", item(name="c"), "acls", "event/Block"],
            "/Channel/Application/Admins",
            "20ms}\n    acls: {event/Block: /Channel/Application/Admins}\n    # the last word\n",
        ),
        (BLOCK, ["channels", item(name="c"), "batch", "max_messages"], 7, "# quick\n      max_messages: 7\n"),
        (BLOCK, ["channels", item(name="c"), "acls"], {"a": "b, c"}, "    acls: {a: 'b, c'}\n"),
    ],
)
def test_a_value_is_put_where_it_belongs(text, place, value, written):
    """In the layout that its neighbours have, comments in place."""
    edited = editing.put(text, place, value)
    assert written in edited
    assert editing.read(edited, place) == value
    assert [line for line in text.splitlines() if "#" in line] == [line for line in edited.splitlines() if "#" in line]


def test_items_come_to_the_end_of_their_list():
    """In one line or below each other; a list that is missing is made."""
    assert "[AMSP, BMSP, CMSP]  # both" in editing.add(FLOW, ["channels", item(name="c"), "members"], "CMSP")
    assert "# the second\n      - CMSP\n" in editing.add(BLOCK, ["channels", item(name="c"), "members"], "CMSP")
    assert "\n  - {name: e}\n\n# servers below" in editing.add(FLOW, ["channels"], {"name": "e"})
    assert "servers: [{name: s}]" in editing.add(FLOW, ["servers"], {"name": "s"})
    assert yamltext.loads(editing.add(BLOCK, ["servers"], {"name": "s"}).encode())["servers"] == [{"name": "s"}]


def test_what_is_removed_leaves_no_empty_field():
    """The last field of a mapping takes the mapping along."""
    assert "batch" not in editing.remove(FLOW, ["channels", item(name="c"), "batch", "timeout"])
    assert "members: [BMSP]  # both" in editing.remove(FLOW, ["channels", item(name="c"), "members", "AMSP"])
    assert "members: [AMSP]  # both" in editing.remove(FLOW, ["channels", item(name="c"), "members", "BMSP"])
    assert editing.read(editing.remove(FLOW, ["channels", item(name="c")]), ["channels"]) == [
        {"name": "d", "members": ["AMSP"]}
    ]
    assert "name: d" not in editing.remove(FLOW, ["channels", item(name="d")])
    assert editing.read(editing.remove(BLOCK, ["channels", item(name="c"), "members", "AMSP"]), ["channels"])[0][
        "members"
    ] == ["BMSP"]


def test_a_place_that_is_not_there_is_named():
    """And nothing is changed."""
    with pytest.raises(errors.NetworkError, match=r"cannot be edited at channels\[name z\]\.batch"):
        editing.put(FLOW, ["channels", item(name="z"), "batch"], 1)
    with pytest.raises(errors.NetworkError, match="cannot be edited at name.below"):
        editing.put(FLOW, ["name", "below"], 1)
    with pytest.raises(errors.NetworkError, match="cannot be edited at servers.x"):
        editing.remove(FLOW, ["servers", "x"])


@given(st.text(max_size=30) | st.integers() | st.lists(st.text(max_size=5)), st.sampled_from(["trade", "ecommerce"]))
def test_any_value_fits_into_selats_own_file(value, channel):
    """What is put in is read again, whatever it is made of; what cannot be written is refused."""
    text = CONSORTIUM.read_text()
    for place in (["channels", item(name=channel), "note"], ["channels", item(name=channel), "acls", "event/Block"]):
        try:
            edited = editing.put(text, place, value)
        except errors.NetworkError:
            continue
        assert editing.read(edited, place) == value
        assert editing.read(editing.put(edited, place, "back"), place) == "back"
