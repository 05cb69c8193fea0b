"""
The language of a page: what the reader chose, else what the browser asks for, else English.

Catalogues are text (``catalogues/<language>.po``) and are read when a language is first needed, so that nothing has
to be compiled before the package is installed. ``python -m gateway.pages.catalogues`` brings them up to date.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping
from pathlib import Path

from babel import Locale
from babel.messages import mofile, pofile
from babel.support import Translations
from flask import g, has_request_context, request

COOKIE = "selat_language"
ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "zh": "中文",
    "th": "ไทย",
    "vi": "Tiếng Việt",
    "id": "Bahasa Indonesia",
    "ms": "Bahasa Melayu",
    "fil": "Filipino",
}
"""The languages of the pages, each by its own name."""

CATALOGUES = Path(__file__).parent / "catalogues"
# Days before months and a clock of 24 hours, as people in the region write English.
_REGIONS = {
    "en": "en_SG",
    "zh": "zh_Hans_CN",
    "th": "th_TH",
    "vi": "vi_VN",
    "id": "id_ID",
    "ms": "ms_MY",
    "fil": "fil_PH",
}
# Browsers send the older code of Filipino too.
_ALIASES = {"tl": "fil", "in": "id"}


def current() -> str:
    """Return the language of the current request."""
    if not has_request_context():
        return ENGLISH
    if "language" not in g:
        g.language = _wanted()
    language: str = g.language
    return language


def locale(language: str = "") -> Locale:
    """Return the CLDR locale of a language, by default of the current one."""
    return _locale(language or current())


def gettext(message: str) -> str:
    """Return *message* in the current language."""
    return translations(current()).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form of a message for *number*, in the current language."""
    return translations(current()).ngettext(one, many, number)


@functools.cache
def translations(language: str) -> Translations:
    """Return the catalogue of a language; English stands in the sources."""
    path = CATALOGUES / f"{language}.po"
    if language == ENGLISH:
        return Translations()
    with path.open("rb") as file:
        catalogue = pofile.read_po(file, locale=language, domain="messages")
    compiled = io.BytesIO()
    mofile.write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


@functools.cache
def _locale(language: str) -> Locale:
    return Locale.parse(_REGIONS[language])


def _wanted() -> str:
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for tag in request.accept_languages.values():
        primary = tag.replace("_", "-").split("-")[0].lower()
        primary = _ALIASES.get(primary, primary)
        if primary in LANGUAGES:
            return primary
    return ENGLISH
