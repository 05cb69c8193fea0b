"""
The CBV event hash: an id of an EPCIS event made from its content.

GS1 defines it in CBV 2.0, section 8.9 ("EPCIS Event Hash ID"): the event is
written as one string, every known property in a fixed order and in one fixed
spelling, and that string is hashed. Two organisations that saw the same event
give it the same ``eventID``, whatever order their JSON had.

By that standard it does not cover ``eventID``, ``recordTime`` and ``errorDeclaration``. To check that a whole
record is unchanged, compare `records.digest` as well.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from chaincode.domain.journeys import digitallink
from hlf.codec import moments

_SCALAR = "scalar"
_LIST = "list"
_OBJECT = "object"

_IDENTIFIED = (("id", _SCALAR, ()),)
_QUANTITY = (("epcClass", _SCALAR, ()), ("quantity", _SCALAR, ()), ("uom", _SCALAR, ()))

_METADATA = tuple(
    (name, _SCALAR, ())
    for name in ("time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod",
                 "bizRules")
)  # fmt: skip
_REPORT = tuple(
    (name, _SCALAR, ())
    for name in ("type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time",
                 "microorganism", "chemicalSubstance", "value", "component", "stringValue", "booleanValue",
                 "hexBinaryValue", "uriValue", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue",
                 "uom", "coordinateReferenceSystem")
)  # fmt: skip

_ORDER = (
    ("eventTime", _SCALAR, ()),
    ("eventTimeZoneOffset", _SCALAR, ()),
    ("certificationInfo", _SCALAR, ()),
    ("parentID", _SCALAR, ()),
    ("epcList", _LIST, "epc"),
    ("inputEPCList", _LIST, "epc"),
    ("childEPCs", _LIST, "epc"),
    ("quantityList", _LIST, _QUANTITY),
    ("childQuantityList", _LIST, _QUANTITY),
    ("inputQuantityList", _LIST, _QUANTITY),
    ("outputEPCList", _LIST, "epc"),
    ("outputQuantityList", _LIST, _QUANTITY),
    ("action", _SCALAR, ()),
    ("transformationID", _SCALAR, ()),
    ("bizStep", _SCALAR, ()),
    ("disposition", _SCALAR, ()),
    ("persistentDisposition", _OBJECT, (("set", _SCALAR, ()), ("unset", _SCALAR, ()))),
    ("readPoint", _OBJECT, _IDENTIFIED),
    ("bizLocation", _OBJECT, _IDENTIFIED),
    ("sensorElementList", _LIST, (("sensorMetadata", _OBJECT, _METADATA), ("sensorReport", _OBJECT, _REPORT))),
)
"""The canonical property order: a property's name, its form, and its parts."""

_IGNORED = frozenset({"@context", "type", "eventID", "recordTime", "errorDeclaration", "rdfs:comment", "comment"})
_TYPED = {"bizTransactionList": "bizTransaction", "sourceList": "source", "destinationList": "destination"}

_VOCABULARY = {
    "bizStep": "https://ref.gs1.org/cbv/BizStep-",
    "disposition": "https://ref.gs1.org/cbv/Disp-",
    "set": "https://ref.gs1.org/cbv/Disp-",
    "unset": "https://ref.gs1.org/cbv/Disp-",
    "bizTransaction": "https://ref.gs1.org/cbv/BTT-",
    "source": "https://ref.gs1.org/cbv/SDT-",
    "destination": "https://ref.gs1.org/cbv/SDT-",
    "component": "https://ref.gs1.org/cbv/Comp-",
    "type": "https://gs1.org/voc/",
    "exception": "https://gs1.org/voc/",
}
"""The full form of a bare word of the standard vocabulary, by its property."""

_URNS = {
    "urn:epcglobal:cbv:bizstep:": "https://ref.gs1.org/cbv/BizStep-",
    "urn:epcglobal:cbv:disp:": "https://ref.gs1.org/cbv/Disp-",
    "urn:epcglobal:cbv:btt:": "https://ref.gs1.org/cbv/BTT-",
    "urn:epcglobal:cbv:sdt:": "https://ref.gs1.org/cbv/SDT-",
    "urn:epcglobal:cbv:er:": "https://ref.gs1.org/cbv/ER-",
}

_FOURTH = re.compile(r"\.[0-9]{3}([0-9])")
_LONGEST_NUMBER = 400

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DIGITS = 15
_SMALLEST, _TOO_LARGE = Decimal("0.0001"), Decimal(10) ** _DIGITS
"""GS1's program reads a number as binary64 (IEEE 754); that gives back any decimal number between these exactly."""

_CURIES = {"gs1": "https://gs1.org/voc/", "cbv": "https://ref.gs1.org/cbv/", "epcis": "https://ref.gs1.org/epcis/"}


NUMBERS = (
    f"at most {_DIGITS} digits, nought or from {_SMALLEST} up to a one with {_DIGITS} noughts, without underscores"
)
"""The numbers that GS1's program carries exactly."""

_STANDARD = ("https://ref.gs1.org/cbv", "https://gs1.org/voc")


def event_id(event: Mapping[str, object], namespaces: Mapping[str, str]) -> str:
    """
    Return the ``eventID`` of *event*: ``ni:///sha-256;<hex>?ver=CBV2.0`` (RFC 6920).

    *namespaces* maps the prefixes of extension fields to their namespaces, as
    the document's ``@context`` does.
    """
    digest = hashlib.sha256(prehash(event, namespaces).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def unlike(value: str, words: Iterable[str] = ()) -> str:
    """
    Return what to write in place of *value*, if GS1's program would hash it otherwise than this module; or nothing.

    That program reads numbers as binary floating-point, and takes any value that ends a standard word of the event,
    such as ``receiving`` or ``BizStep-receiving``, for that word. *words* are the bare standard words of the event.
    """
    text = value.strip()
    if not text:
        return "must not be blank: leave it out"
    if text.startswith(_STANDARD) or any(text in _endings(word) for word in words):
        return "must not be a word of the standard's: write a sentence about it"
    prefix, _, local = text.partition(":")
    if prefix in _CURIES or (local.startswith("//") and prefix not in ("http", "https")):
        return f"must not begin with {', '.join(f'{each}:' for each in _CURIES)} or such as ftp://: write a web address"
    if not digitallink.well_formed(text):
        return "must be a GS1 key without a fault, or not look like one"
    return "" if _exact(text) else f"must be written as text, such as 'no. 17', unless it is a number of {NUMBERS}"


@functools.lru_cache(maxsize=1024)
def _endings(word: str) -> frozenset[str]:
    """Return all that follows a dash or a slash in the full forms of a standard word."""
    full = [f"{before}{word}" for before in _VOCABULARY.values()]
    return frozenset(each[at + 1 :] for each in full for at, letter in enumerate(each) if letter in "-/")


def _exact(text: str) -> bool:
    """Return whether a value is no number, or one that binary64 gives back as it was written."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return True
    if number.is_nan():
        return True
    if not _NUMBER.fullmatch(text):
        return False
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return not number or (len(digits) <= _DIGITS and _SMALLEST <= abs(number) < _TOO_LARGE)


def prehash(event: Mapping[str, object], namespaces: Mapping[str, str]) -> str:
    """Return the string that is hashed; compare two of them to find why two hashes differ."""
    known = {name for name, _, _ in _ORDER} | _IGNORED
    others = {name: value for name, value in event.items() if name not in known}
    spelling = _Spelling({**_CURIES, **namespaces})
    return f"eventType={event['type']}" + spelling.properties(event, _ORDER) + "".join(spelling.others(others))


class _Spelling:
    """The one spelling of names and values under some namespaces."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self._namespaces = namespaces

    def properties(self, holder: Mapping[str, object], order: Sequence[tuple[str, str, object]]) -> str:
        """Return the known properties of one object, each where the standard puts it."""
        pieces = []
        for name, shape, parts in order:
            value = holder.get(name)
            if value is None or value == [] or value == "":
                continue
            if shape == _SCALAR:
                items = value if isinstance(value, list | tuple) else [value]
                pieces.extend(sorted(f"{name}={self.value(name, item)}" for item in items))
            elif shape == _OBJECT:
                holders = value if isinstance(value, list | tuple) else [value]
                pieces.extend(sorted(name + self._object(item, parts) for item in holders))
            else:
                # The schema makes it a list.
                pieces.append(name + "".join(sorted(self._item(name, item, parts) for item in value)))  # type: ignore[attr-defined]
        return "".join(pieces)

    def others(self, fields: Mapping[str, object]) -> list[str]:
        """
        Return the typed lists and the fields of other vocabularies: name, value, then what is nested in them, sorted.

        The standard's text puts the typed lists before the sensors; GS1's
        generator, whose hashes are in use, sorts them among the extensions.
        """
        found = []
        for name, value in fields.items():
            if name in _IGNORED or value in (None, "", []):
                continue
            if name in _TYPED:
                # The schema makes it a list.
                found.append(name + "".join(sorted(self._typed(_TYPED[name], item) for item in value)))  # type: ignore[attr-defined]
                continue
            for item in value if isinstance(value, list | tuple) else [value]:
                if isinstance(item, Mapping):
                    found.append(self._name(name) + "".join(self.others(item)))
                else:
                    found.append(f"{self._name(name)}={self.value(name, item)}")
        return sorted(found)

    def value(self, name: str, value: object) -> str:
        """Return one value: times in UTC, numbers without unneeded digits, words and identifiers in full."""
        if isinstance(value, bool):
            return "true" if value else "false"
        text = str(value).strip()
        if is_time(name):
            return _rounded(text)
        if name in _VOCABULARY and ":" not in text:
            return _VOCABULARY[name] + text
        for urn, web in _URNS.items():
            text = text.replace(urn, web)
        prefix, colon, local = text.partition(":")
        if colon and prefix in self._namespaces and not local.startswith("//"):
            text = self._namespaces[prefix] + local
        return digitallink.canonical(_number(text))

    def _item(self, name: str, item: object, parts: object) -> str:
        if isinstance(parts, str):
            return f"{parts}={self._identifier(item)}"
        element = "quantityElement" if parts is _QUANTITY else name.removesuffix("List")
        return element + self._object(item, parts)

    def _typed(self, name: str, item: Mapping[str, object]) -> str:
        kind = item.get("type")
        return (f"type={self.value(name, kind)}" if kind else "") + f"{name}={self._identifier(item[name])}"

    def _identifier(self, value: object) -> str:
        return digitallink.canonical(str(value).strip())

    def _object(self, item: object, parts: object) -> str:
        assert isinstance(item, Mapping)  # noqa: S101  (the table above says so)
        assert isinstance(parts, tuple)  # noqa: S101
        known = {name for name, _, _ in parts}
        others = {name: value for name, value in item.items() if name not in known}
        return self.properties(item, parts) + "".join(self.others(others))

    def _name(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        if colon and prefix in self._namespaces:
            return "{" + self._namespaces[prefix] + "}" + local
        return name


def is_time(name: str) -> bool:
    """Return whether the hash reads a field of this name as a time, as GS1's generator does."""
    return "time" in name.lower() and "offset" not in name.lower()


def _rounded(text: str) -> str:
    """Return the time in UTC; a fourth decimal of 5 or more rounds the third up."""
    fourth = _FOURTH.search(text)
    return moments.text(moments.parse(text).at + (1 if fourth and fourth[1] >= "5" else 0))


def _number(text: str) -> str:
    if not text[:1].isdigit() and text[:1] not in "+-.":
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if number.is_zero():
        return "0"
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST_NUMBER:
        # Written out, 1E999999 would be a megabyte, and a larger number could not be written at all.
        return text
    return format(number.normalize(), "f")
