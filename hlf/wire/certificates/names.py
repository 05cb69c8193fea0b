"""Distinguished names (X.501) as Go reads them; every value must have one of seven string types."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hlf.errors import IdentityError
from hlf.wire.certificates import der

COMMON_NAME = "2.5.4.3"
ORGANIZATION = "2.5.4.10"
ORGANIZATIONAL_UNIT = "2.5.4.11"

# The attributes that Go's pkix.Name keeps, in the order in which Go writes them, the last part first.
_GO = (
    ("2.5.4.5", "SERIALNUMBER"),
    (COMMON_NAME, "CN"),
    (ORGANIZATIONAL_UNIT, "OU"),
    (ORGANIZATION, "O"),
    ("2.5.4.17", "POSTALCODE"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.6", "C"),
)
_GO_KEEPS_ONE = ("2.5.4.5", COMMON_NAME)
# RFC 4514, section 3.
_SHORT = {
    COMMON_NAME: "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    ORGANIZATION: "O",
    ORGANIZATIONAL_UNIT: "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}
_UTF8, _NUMERIC, _PRINTABLE, _T61, _IA5, _BMP = 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1E
# PrintableString has no ampersand and no asterisk, but many certificates use them in it.
_PRINTABLE_TEXT = re.compile(rb"[A-Za-z0-9'()+,./ :=?*&-]*")
_NUMERIC_TEXT = re.compile(rb"[0-9 ]*")
_WHY = "x509: invalid RDNSequence"


@dataclass(frozen=True, slots=True)
class Name:
    """
    A distinguished name.

    Attributes:
        der: its bytes, by which Go compares names.
        sets: its relative distinguished names in order, each a tuple of (object identifier, text).
    """

    der: bytes
    sets: tuple[tuple[tuple[str, str], ...], ...]

    def values(self, oid: str) -> tuple[str, ...]:
        """Return the texts of one kind, in order."""
        return tuple(text for each in self.sets for kind, text in each if kind == oid)

    @property
    def common_name(self) -> str:
        """The last common name, which Go uses; empty if there is none."""
        return (self.values(COMMON_NAME) or ("",))[-1]

    def rfc4514(self) -> str:
        """Return the name as RFC 4514 writes it, the last part first: ``CN=ann,OU=client``."""
        return ",".join(
            "+".join(f"{_SHORT.get(oid, oid)}={_escaped(text)}" for oid, text in each) for each in reversed(self.sets)
        )

    def as_go(self) -> str:
        """
        Return the name as Fabric's Go library ``cid`` writes it: ``CN=ann,OU=client+OU=sales``.

        Go sorts the parts by their kind, joins those of one kind, keeps the last common name and the last serial
        number, and drops kinds that it does not know, such as a mail address.
        """
        parts = []
        for oid, short in _GO:
            texts = self.values(oid)
            # An empty common name or serial number counts as none.
            kept = tuple(filter(None, texts[-1:])) if oid in _GO_KEEPS_ONE else texts
            if kept:
                parts.append("+".join(f"{short}={_escaped_as_go(text)}" for text in kept))
        return ",".join(parts)


def parse(encoded: bytes) -> Name:
    """
    Return the name that *encoded*, a whole SEQUENCE, holds.

    Raises:
        IdentityError: it holds none that Go reads.
    """
    sets = []
    outer = der.Reader(der.Reader(encoded).take(der.SEQUENCE, _WHY))
    while not outer.empty:
        inner = der.Reader(outer.take(der.SET, _WHY))
        attributes = []
        while not inner.empty:
            attribute = der.Reader(inner.take(der.SEQUENCE, f"{_WHY}: invalid attribute"))
            oid = attribute.object_identifier(f"{_WHY}: invalid attribute type")
            attributes.append((oid, _text(*attribute.any(f"{_WHY}: invalid attribute value"))))
        sets.append(tuple(attributes))
    return Name(encoded, tuple(sets))


def _text(tag: int, value: bytes) -> str:
    try:
        if tag == _UTF8:
            return value.decode()
        if tag == _PRINTABLE and _PRINTABLE_TEXT.fullmatch(value):
            return value.decode("ascii")
        if tag == _T61:
            return value.decode("latin-1")
        if tag == _IA5:
            return value.decode("ascii")
        if tag == _NUMERIC and _NUMERIC_TEXT.fullmatch(value):
            return value.decode("ascii")
        if tag == _BMP:
            return _bmp(value)
    except UnicodeDecodeError:
        pass
    kinds = {_UTF8: "invalid UTF-8 string", _PRINTABLE: "invalid PrintableString", _IA5: "invalid IA5String",
             _NUMERIC: "invalid NumericString", _BMP: "invalid BMPString"}  # fmt: skip
    raise IdentityError(f"{_WHY}: invalid attribute value: {kinds.get(tag, f'unsupported string type: {tag}')}")


def _bmp(value: bytes) -> str:
    """Return a text of UCS-2; what needs UTF-16, and code points that are no characters, are refused."""
    text = (value[:-2] if value.endswith(b"\x00\x00") and len(value) % 2 == 0 else value).decode("utf-16-be")
    if any(ord(char) > 0xFFFD or 0xFDD0 <= ord(char) <= 0xFDEF for char in text):
        raise UnicodeDecodeError("utf-16-be", value, 0, len(value), "not in UCS-2")
    return text


def _escaped(text: str) -> str:
    """Return a value escaped as in RFC 4514, section 2.4."""
    if not text:
        return ""
    escaped = re.sub(r'[\\"+,;<>]', r"\\\g<0>", text).replace("\0", "\\00")
    if escaped[0] == "#" or (escaped[0] == " " and len(escaped) > 1):
        escaped = "\\" + escaped
    return escaped[:-1] + "\\ " if escaped[-1] == " " else escaped


def _escaped_as_go(text: str) -> str:
    """Return a value escaped as ``cid`` does: the characters that RFC 2253 names, and a space or ``#`` at an end."""
    escaped = re.sub(r'[\\"+,;<>]', r"\\\g<0>", text)
    if text[:1] in (" ", "#"):
        escaped = "\\" + escaped
    return escaped[:-1] + "\\ " if len(text) > 1 and text[-1] == " " else escaped
