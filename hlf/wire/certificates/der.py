"""
Distinguished encoding (ITU-T X.690), read exactly as strictly as by Go's ``cryptobyte``.

A :class:`Reader` reads the elements of one level. Each call gives the error text for bytes of another form, so that
errors have Go's own words. Nothing but ``IdentityError`` is raised.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hlf.errors import IdentityError

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31

_LONG_TAG = 0x1F
_MOST_LENGTH_BYTES = 4
# Go stores a part of an object identifier in 31 bits.
_LARGEST_PART = 1 << 31
_LARGEST_INT = 1 << 63
_UTC_TIME = re.compile(rb"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})")
_GENERALIZED_TIME = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(Z|[+-]\d{4})")
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_EPOCH = date(1970, 1, 1).toordinal()
_DAYS_IN_400_YEARS = 146097


def context(number: int, *, constructed: bool = False) -> int:
    """Return the context-specific tag with that number."""
    return 0x80 | (0x20 if constructed else 0) | number


@dataclass(frozen=True, slots=True)
class Bits:
    """A bit string: its bytes, and the number of unused bits at the end."""

    octets: bytes
    unused: int

    def __getitem__(self, number: int) -> bool:
        """Return the bit with that number, from 0; bits beyond the end are not set."""
        if number >= len(self.octets) * 8 - self.unused:
            return False
        return bool(self.octets[number // 8] >> (7 - number % 8) & 1)

    @property
    def right_aligned(self) -> bytes:
        """The bits moved to the end of the last byte, as Go takes keys and signatures."""
        if not self.unused:
            return self.octets
        return (int.from_bytes(self.octets, "big") >> self.unused).to_bytes(len(self.octets), "big")


class Reader:
    """The elements in *encoded*, one after the other."""

    __slots__ = ("_at", "_encoded")

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded
        self._at = 0

    @property
    def empty(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self._encoded)

    def peek(self, tag: int) -> bool:
        """Return whether the next element has that tag."""
        return not self.empty and self._encoded[self._at] == tag

    def any(self, refusal: str) -> tuple[int, bytes]:
        """Return the next element's tag and content."""
        tag, content, end = self._header(refusal)
        self._at = end
        return tag, self._encoded[content:end]

    def any_whole(self, refusal: str) -> bytes:
        """Return the next element with its tag and length."""
        start = self._at
        self._at = self._header(refusal)[2]
        return self._encoded[start : self._at]

    def take(self, tag: int, refusal: str) -> bytes:
        """Return the content of the next element, which must have that tag."""
        if not self.peek(tag):
            raise IdentityError(refusal)
        return self.any(refusal)[1]

    def whole(self, tag: int, refusal: str) -> bytes:
        """Return the next element, which must have that tag, with its tag and length."""
        if not self.peek(tag):
            raise IdentityError(refusal)
        return self.any_whole(refusal)

    def optional(self, tag: int, refusal: str) -> bytes | None:
        """Return the content of the next element if it has that tag."""
        return self.take(tag, refusal) if self.peek(tag) else None

    def boolean(self, refusal: str) -> bool:
        """Return a boolean; only its two strict encodings are accepted."""
        content = self.take(BOOLEAN, refusal)
        if content not in (b"\x00", b"\xff"):
            raise IdentityError(refusal)
        return content == b"\xff"

    def integer(self, refusal: str, tag: int = INTEGER) -> int:
        """Return a number of any size; it must have the shortest encoding."""
        content = self.take(tag, refusal)
        if not content or (len(content) > 1 and content[0] in (0x00, 0xFF) and content[0] >> 7 == content[1] >> 7):
            raise IdentityError(refusal)
        return int.from_bytes(content, "big", signed=True)

    def small_integer(self, refusal: str, tag: int = INTEGER) -> int:
        """Return a number that fits into Go's ``int``."""
        number = self.integer(refusal, tag)
        if not -_LARGEST_INT <= number < _LARGEST_INT:
            raise IdentityError(refusal)
        return number

    def object_identifier(self, refusal: str) -> str:
        """Return an object identifier in dotted form."""
        parts = []
        content = self.take(OBJECT_IDENTIFIER, refusal)
        part = 0
        begins = True
        for octet in content:
            if begins and octet == 0x80:
                raise IdentityError(refusal)
            part = part << 7 | octet & 0x7F
            if part >= _LARGEST_PART:
                raise IdentityError(refusal)
            begins = not octet & 0x80
            if begins:
                parts.append(part)
                part = 0
        if not begins or not parts:
            raise IdentityError(refusal)
        first = divmod(parts[0], 40) if parts[0] < 80 else (2, parts[0] - 80)
        return ".".join(map(str, (*first, *parts[1:])))

    def bits(self, refusal: str) -> Bits:
        """Return a bit string, whose unused bits must be zero."""
        content = self.take(BIT_STRING, refusal)
        if not content or content[0] > 7:
            raise IdentityError(refusal)
        unused, octets = content[0], content[1:]
        if unused and (not octets or octets[-1] & ((1 << unused) - 1)):
            raise IdentityError(refusal)
        return Bits(octets, unused)

    def seconds(self, prefix: str) -> int:
        """Return a time in seconds since 1970; *prefix* is the start of the error text."""
        if self.peek(UTC_TIME):
            refusal = f"{prefix}malformed UTCTime"
            found = _UTC_TIME.fullmatch(self.take(UTC_TIME, refusal))
        elif self.peek(GENERALIZED_TIME):
            refusal = f"{prefix}malformed GeneralizedTime"
            found = _GENERALIZED_TIME.fullmatch(self.take(GENERALIZED_TIME, refusal))
        else:
            raise IdentityError(f"{prefix}unsupported time format")
        seconds = _seconds(found) if found else None
        if seconds is None:
            raise IdentityError(refusal)
        return seconds

    def _header(self, refusal: str) -> tuple[int, int, int]:
        """Return the next element's tag, and where its content starts and ends."""
        encoded, at = self._encoded, self._at
        if len(encoded) - at < 2 or encoded[at] & _LONG_TAG == _LONG_TAG:
            raise IdentityError(refusal)
        length = encoded[at + 1]
        content = at + 2
        if length & 0x80:
            count = length & 0x7F
            content += count
            if not 0 < count <= _MOST_LENGTH_BYTES or content > len(encoded):
                raise IdentityError(refusal)
            length = int.from_bytes(encoded[at + 2 : content], "big")
            if length < 0x80 or not encoded[at + 2]:
                raise IdentityError(refusal)
        if content + length > len(encoded):
            raise IdentityError(refusal)
        return encoded[at], content, content + length


def tlv(tag: int, content: bytes) -> bytes:
    """Return an encoded element: tag, length, content."""
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def moment(seconds: int) -> datetime:
    """Return the time that many seconds after 1970, or the nearest one that Python can express."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return _FIRST if seconds < 0 else _LAST


def _seconds(found: re.Match[bytes]) -> int | None:
    """Return the seconds since 1970, or None for a date that does not exist; Go's calendar has a year 0."""
    year, month, day, hour, minute, second = (int(group or 0) for group in found.groups()[:6])
    if len(found[1]) == 2:
        # Two digits stand for 1950 to 2049 (RFC 5280, section 4.1.2.5.1).
        year += 1900 if year >= 50 else 2000
    zone = _offset(found[7])
    if zone is None or not (1 <= month <= 12 and hour < 24 and minute < 60 and second < 60):
        return None
    if not 1 <= day <= calendar.monthrange(2000 + year % 400, month)[1]:
        return None
    # The calendar repeats every 400 years, so each year can be replaced by one that Python supports.
    days = date(2000 + year % 400, month, day).toordinal() - _EPOCH + (year // 400 - 5) * _DAYS_IN_400_YEARS
    return ((days * 24 + hour) * 60 + minute) * 60 + second - zone


def _offset(zone: bytes) -> int | None:
    if zone == b"Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[3:])
    # An offset of zero must be written as Z, and Go accepts no offset of 25 hours or more.
    if hours > 24 or minutes >= 60 or not (hours or minutes):
        return None
    return (hours * 60 + minutes) * (-60 if zone[:1] == b"-" else 60)
