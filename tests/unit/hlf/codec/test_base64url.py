"""Base64url without padding: what is written can be read, and nothing else is."""

from __future__ import annotations

import pytest

from hlf.codec import base64url


@pytest.mark.parametrize("data", [b"\x00", b"\xfb\xff", b"abc", bytes(range(256))])
def test_what_is_written_is_read(data):
    """The digits of URLs stand for + and /, and there is no padding."""
    written = base64url.encode(data)
    assert base64url.DIGITS.fullmatch(written)
    assert base64url.decode(written) == data


@pytest.mark.parametrize("text", ["", "A", "+/+/", "AA==", "AA\n", "\u0660A", "A A"])
def test_what_is_no_base64url_is_refused(text):
    """Python's own reader would pass over other characters."""
    with pytest.raises(ValueError):  # noqa: PT011  (binascii has one of its own)
        base64url.decode(text)
