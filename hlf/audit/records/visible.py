"""
Text from a ledger, made safe to show on terminals, on paper and in spreadsheets.

Members can write anything into keys, names and values: escape sequences, invisible characters, characters that
change the direction of text. All except printable characters are shown as escapes, so that people see what is
really there.
"""

from __future__ import annotations

from hlf.errors import WireError
from hlf.wire import keys


def text(value: str, most: int = 0) -> str:
    """Return *value* with everything that is not printable escaped, cut to *most* characters if that is given."""
    cut = value[:most] + "..." if most and len(value) > most else value
    if cut.isprintable():
        return cut
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in cut)


def octets(value: bytes, most: int = 0) -> str:
    """Return bytes as text, or in hexadecimal after ``0x`` if they are none."""
    try:
        return text(value.decode(), most)
    except UnicodeDecodeError:
        return text(f"0x{value.hex()}", most)


def key(value: str) -> str:
    """Return a key as people write it: a composite one as its parts with slashes between, ``asset/A1``."""
    try:
        name, attributes = keys.split_composite_key(value)
    except WireError:
        return text(value)
    return text("/".join([name, *attributes]))
