"""
Places: ISO 3166 countries and subdivisions, UN/LOCODE locations, IANA time zones by their shape.

Every ISO 3166-1 code is known. A UN/LOCODE is judged by its shape and its
country, because the list changes twice a year and a ledger must not refuse a
port for being new. `zones` says what time it is there.
"""

from __future__ import annotations

import re

from hlf.codec.refusals import invalid

_COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES = frozenset(_COUNTRIES.split())
"""ISO 3166-1 alpha-2."""

ASEAN = frozenset({"BN", "ID", "KH", "LA", "MM", "MY", "PH", "SG", "TH", "TL", "VN"})
"""The members of ASEAN (Timor-Leste since October 2025)."""

_RESTS: dict[str, tuple[int, ...]] = {
    "BN": (4, 6),
    **dict.fromkeys(("BH", "DZ", "EG", "IL", "IQ", "JO", "KW", "LY", "OM", "QA", "SA", "SD", "SY", "YE"), (4, 5)),
    "AF": (3, 4),
    "IR": (4,),
    "IN": (6,),
    "UG": (6,),
}
"""Days of rest (Monday is 0) that are not Saturday and Sunday: CLDR's weekData, and Brunei's Friday and Sunday."""

_LOCODE = re.compile(r"[A-Z]{2}[A-Z2-9]{3}")
_SUBDIVISION = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_TIME_ZONE = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){1,2}|UTC")


def rests(country: str, weekday: int) -> bool:
    """Whether people rest on that day of the week (Monday is 0) in an ISO 3166-1 country."""
    return weekday in _RESTS.get(country, (5, 6))


def check_country(field: str, text: str) -> str:
    """*text*, if it is an ISO 3166-1 alpha-2 country."""
    if text not in COUNTRIES:
        raise invalid(field, "is no ISO 3166-1 country")
    return text


def check_jurisdiction(field: str, text: str) -> str:
    """*text*, if it is a country or a subdivision of one, such as VN or US-CA."""
    return check_subdivision(field, text) if "-" in text else check_country(field, text)


def check_subdivision(field: str, text: str) -> str:
    """*text*, if it is an ISO 3166-2 subdivision such as VN-HN, by its shape and country."""
    if not _SUBDIVISION.fullmatch(text) or text[:2] not in COUNTRIES:
        raise invalid(field, "must be an ISO 3166-2 subdivision such as VN-HN")
    return text


def check_locode(field: str, text: str) -> str:
    """*text*, if it is a UN/LOCODE such as VNHAN, by its shape and country."""
    if not _LOCODE.fullmatch(text) or text[:2] not in COUNTRIES:
        raise invalid(field, "must be a UN/LOCODE of five characters such as VNHAN")
    return text


def check_time_zone(field: str, text: str) -> str:
    """*text*, if it has the shape of an IANA time zone; zone databases differ between machines, a shape does not."""
    if not _TIME_ZONE.fullmatch(text) or len(text) > 40:
        raise invalid(field, "must be an IANA time zone such as Asia/Ho_Chi_Minh")
    return text
