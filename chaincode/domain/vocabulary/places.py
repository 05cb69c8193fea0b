"""
Places: ISO 3166 countries and subdivisions, UN/LOCODE locations, and the form of IANA time zones.

All ISO 3166-1 codes are listed. `locodes` has the list of UN/LOCODEs, and `zones` the time at a place.
"""

from __future__ import annotations

from chaincode.domain.vocabulary import locodes
from hlf.codec.words import Word

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


def _of_a_country(text: str) -> str:
    return "" if text[:2] in COUNTRIES else "begins with no ISO 3166-1 country"


def _listed(text: str) -> str:
    return _of_a_country(text) or next(filter(None, map(locodes.problem, text.split("-"))), "")


def _short(text: str) -> str:
    return "" if len(text) <= 40 else "must have at most 40 characters"


COUNTRY = Word(
    r"[A-Z]{2}",
    "an ISO 3166-1 country such as VN",
    lambda text: "" if text in COUNTRIES else "is no ISO 3166-1 country",
)
SUBDIVISION = Word(r"[A-Z]{2}-[A-Z0-9]{1,3}", "an ISO 3166-2 subdivision such as VN-HN", _of_a_country)
LOCODE = Word(r"[A-Z]{2}[A-Z2-9]{3}", "a UN/LOCODE of five characters such as VNHAN", _listed)
LANE = Word(f"{LOCODE.pattern}-{LOCODE.pattern}", "two UN/LOCODEs such as CNSZX-VNHAN", _listed)
AREA = Word(r"[A-Z]{2}[A-Z2-9]{0,3}", "the beginning of a UN/LOCODE, such as VN", _of_a_country)
TIME_ZONE = Word(
    r"[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){1,2}|UTC", "an IANA time zone such as Asia/Ho_Chi_Minh", _short
)
"""Only the form is checked, because zone databases differ between machines."""

check_country = COUNTRY.check
check_subdivision = SUBDIVISION.check
check_locode = LOCODE.check
check_time_zone = TIME_ZONE.check


def rests(country: str, weekday: int) -> bool:
    """Return whether a day of the week (Monday is 0) is a day of rest in an ISO 3166-1 country."""
    return weekday in _RESTS.get(country, (5, 6))


def check_jurisdiction(field: str, text: str) -> str:
    """Return *text* if it is a country or a subdivision of one, such as VN or US-CA."""
    return check_subdivision(field, text) if "-" in text else check_country(field, text)
