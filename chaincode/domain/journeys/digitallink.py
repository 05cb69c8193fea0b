"""
GS1 identifiers in one spelling: the canonical GS1 Digital Link URI.

An EPC URI (``urn:epc:id:sscc:...``) and a Digital Link at any domain can name the same thing; the event hash needs
one spelling (GS1 Digital Link 1.2, section 4.11). Digital Links are cut to the most specific identifier, at
id.gs1.org, and a GTIN of 8, 12 or 13 digits is written with 14. Other identifiers stay as they are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from chaincode.domain.vocabulary import goods

ROOT = "https://id.gs1.org"

_KEYS = {"00", "01", "253", "255", "401", "402", "414", "417", "8003", "8004", "8006", "8010", "8017", "8018"}
_QUALIFIERS = {"01": ("21", "10", "235"), "414": ("254",), "8006": ("21", "10"), "8010": ("8011",)}
_WORDS = {
    "gtin": "01", "ser": "21", "lot": "10", "sscc": "00", "gln": "414", "glnx": "254", "party": "417", "gdti": "253",
    "gcn": "255", "ginc": "401", "gsin": "402", "grai": "8003", "giai": "8004", "itip": "8006", "cpid": "8010",
    "cpsn": "8011", "gsrn": "8018", "gsrnp": "8017",
}  # fmt: skip
"""Words that earlier Digital Links used instead of numbers."""

_ENCODED = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "!()*+,:"})
_LINK = re.compile(r"https?://[^?#]+")

_SIGN = r"(?:[!'()*+,.0-9:;=A-Za-z_-]|%(?:2[1-35-9A-Fa-f]|3[0-9A-Fa-f]|[46][1-9A-Fa-f]|5[0-9AFaf]|7[0-9Aa]))"
_KEY = re.compile(
    rf"{ROOT}/(?:00/[0-9]{{18}}|01/[0-9]{{14}}(?:/(?:21|10)/{_SIGN}{{1,20}}|/235/{_SIGN}{{1,28}})?"
    rf"|253/[0-9]{{13}}{_SIGN}{{0,17}}|255/[0-9]{{13,25}}|401/{_SIGN}{{7,30}}|402/[0-9]{{17}}"
    rf"|414/[0-9]{{13}}(?:/254/{_SIGN}{{1,20}})?|417/[0-9]{{13}}|8003/0[0-9]{{13}}{_SIGN}{{0,16}}"
    rf"|8004/{_SIGN}{{7,30}}|8006/[0-9]{{18}}(?:/(?:21|10)/{_SIGN}{{1,20}})?"
    rf"|8010/{_SIGN}{{7,30}}(?:/8011/[0-9]{{1,12}})?|801[78]/[0-9]{{18}})"
)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?(?:/[!-~]*)?")
_NAMED = "|".join(sorted({*(q for each in _QUALIFIERS.values() for q in each), "ser", "lot", "glnx", "cpsn"}))
_FIRST = "|".join([*_KEYS, *_WORDS])
_PATH = re.compile(
    rf"https?://[^/]+(?:/(?!(?:{_FIRST})/)[A-Za-z0-9_.-]+)*/(?:{_FIRST})/{_SIGN}+"
    rf"(?:/(?:{_NAMED})/{_SIGN}+)*(?:\?[!-~]*)?"
)
_IDPAT = re.compile(r"urn:epc:idpat:[a-z]+:[0-9]+(?:\.[0-9]+)*(?:\.\*)+")
"""GS1's keys in canonical form (GS1 General Specifications, section 3); longer or other ones name nothing."""


# A journey of many parcels asks for each of them at each of its events.
@functools.lru_cache(maxsize=8_192)
def canonical(identifier: str) -> str:
    """Return the canonical spelling of *identifier*, or *identifier* itself if it is not from GS1."""
    if identifier.startswith("urn:epc:"):
        return _from_epc(identifier) or identifier
    if identifier.startswith(("http://", "https://")):
        return _from_link(identifier) or identifier
    return identifier


def well_formed(identifier: str) -> bool:
    """Return whether an identifier is not from GS1, or is one of its keys without a fault."""
    known = canonical(identifier)
    if identifier.startswith(("http:", "https:")):
        if not _ADDRESS.fullmatch(identifier):
            return False
        if known == identifier and not known.startswith(f"{ROOT}/"):
            return True
        # Nothing but qualifiers comes behind the key.
        return bool(_KEY.fullmatch(known)) and bool(_PATH.fullmatch(identifier))
    if not identifier.startswith("urn:epc:"):
        return True
    return bool(_KEY.fullmatch(known)) and (":idpat:" not in identifier or bool(_IDPAT.fullmatch(identifier)))


def _from_link(link: str) -> str | None:
    parts = _LINK.match(link)
    if not parts:
        return None
    path = parts[0].split("/")[3:]
    for index, piece in enumerate(path[:-1]):
        key = _WORDS.get(piece, piece)
        if key in _KEYS and re.match(r"[0-9]{4}", path[index + 1]):
            named = [_WORDS.get(word, word) for word in path[index + 2 :: 2]]
            rest = dict(zip(named, path[index + 3 :: 2], strict=False))
            value = path[index + 1]
            if key == "01" and re.fullmatch(r"[0-9]{8}|[0-9]{12,13}", value):
                value = value.zfill(14)
            found = f"{ROOT}/{key}/{value}"
            for qualifier in _QUALIFIERS.get(key, ()):
                if qualifier in rest:
                    return f"{found}/{qualifier}/{rest[qualifier]}"
            return found
    return None


def _from_epc(urn: str) -> str | None:
    scheme, _, rest = urn.removeprefix("urn:epc:").partition(":")
    kind, _, body = rest.partition(":")
    maker = {"id": _ID, "class": _CLASS, "idpat": _PATTERN}.get(scheme, {}).get(kind)
    parts = body.split(".")
    if not maker or len(parts) < 2 or not re.fullmatch("[0-9]{6,12}", parts[0]):
        return None
    try:
        return maker(parts)
    except IndexError:  # It has fewer parts than its scheme.
        return None


def _checked(parts: list[str]) -> str:
    """Return company prefix and reference with their check digit."""
    digits = parts[0] + parts[1]
    return digits + goods.gs1_check_digit(digits) if digits.isdigit() else digits


def _indicated(parts: list[str]) -> str:
    """Return a GTIN-14 or SSCC; the first digit of the reference (indicator, extension) moves to the front."""
    digits = parts[1][:1] + parts[0] + parts[1][1:]
    return digits + goods.gs1_check_digit(digits) if digits.isdigit() else digits


def _serial(parts: list[str], index: int = 2) -> str:
    """Return the rest, encoded for a path; an EPC URI leaves some characters bare (Digital Link, table 7-1)."""
    return ".".join(parts[index:]).translate(_ENCODED)


def _sgln(parts: list[str]) -> str:
    extension = _serial(parts)
    return f"{ROOT}/414/{_checked(parts)}" + (f"/254/{extension}" if extension not in ("", "0") else "")


_Maker = Callable[[list[str]], str]
_ID: dict[str, _Maker] = {
    "sgtin": lambda parts: f"{ROOT}/01/{_indicated(parts)}/21/{_serial(parts)}",
    "sscc": lambda parts: f"{ROOT}/00/{_indicated(parts)}",
    "sgln": _sgln,
    "pgln": lambda parts: f"{ROOT}/417/{_checked(parts)}",
    "grai": lambda parts: f"{ROOT}/8003/0{_checked(parts)}{_serial(parts)}",
    "giai": lambda parts: f"{ROOT}/8004/{parts[0]}{_serial(parts, 1)}",
    "gsrn": lambda parts: f"{ROOT}/8018/{_checked(parts)}",
    "gsrnp": lambda parts: f"{ROOT}/8017/{_checked(parts)}",
    "gdti": lambda parts: f"{ROOT}/253/{_checked(parts)}{_serial(parts)}",
    "cpi": lambda parts: f"{ROOT}/8010/{parts[0]}{parts[1]}/8011/{_serial(parts)}",
    "sgcn": lambda parts: f"{ROOT}/255/{_checked(parts)}{_serial(parts)}",
    "ginc": lambda parts: f"{ROOT}/401/{parts[0]}{_serial(parts, 1)}",
    "gsin": lambda parts: f"{ROOT}/402/{_checked(parts)}",
    "itip": lambda parts: f"{ROOT}/8006/{_indicated(parts)}{parts[2]}{parts[3]}/21/{_serial(parts, 4)}",
    "upui": lambda parts: f"{ROOT}/01/{_indicated(parts)}/235/{_serial(parts)}",
}
_CLASS: dict[str, _Maker] = {
    "lgtin": lambda parts: f"{ROOT}/01/{_indicated(parts)}/10/{_serial(parts)}",
}
_PATTERN: dict[str, _Maker] = {
    "sgtin": lambda parts: f"{ROOT}/01/{_indicated(parts)}",
    "grai": lambda parts: f"{ROOT}/8003/0{_checked(parts)}",
    "gdti": lambda parts: f"{ROOT}/253/{_checked(parts)}",
    "sgcn": lambda parts: f"{ROOT}/255/{_checked(parts)}",
    "cpi": lambda parts: f"{ROOT}/8010/{parts[0]}{parts[1]}",
    "itip": lambda parts: f"{ROOT}/8006/{_indicated(parts)}{parts[2]}{parts[3]}",
    "upui": lambda parts: f"{ROOT}/01/{_indicated(parts)}",
}
