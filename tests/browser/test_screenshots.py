"""The pictures of `make screenshots`."""

from __future__ import annotations

import re

from tests.browser import screenshots
from tests.browser.test_pages import ROLES


def test_a_page_is_taken_in_each_look(chromium, stage, tmp_path):
    """The sheet shows exactly the pictures that were written."""
    screenshots.take(chromium, stage, {"": [("/console/login", "/console/login")]}, tmp_path)
    shown = re.findall(r'<img src="([^"]+)"', (tmp_path / "index.html").read_text())
    assert sorted(path.name for path in tmp_path.glob("*.png")) == sorted(shown)
    assert len(shown) == len(screenshots.LOOKS)
    assert all((tmp_path / each).read_bytes().startswith(b"\x89PNG") for each in shown)


def test_every_picture_has_a_file_of_its_own():
    names = [
        screenshots.name(role, path, look) for role in ROLES for path in ROLES[role] for look, *_ in screenshots.LOOKS
    ]
    assert len(set(names)) == len(names)
