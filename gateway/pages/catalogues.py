"""
The catalogues of messages, ``catalogues/<language>.po``: the messages of the sources and their translations.

``python -m gateway.pages.catalogues`` finds every message in templates and modules, adds new ones without a translation
and removes old ones. Translators fill in the words; a test lists what is missing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages import extract, pofile
from babel.messages.catalog import Catalog, Message

from gateway.http.problemtypes import PROBLEM_TYPES
from gateway.pages import cures, languages

_ROOM = Path(__file__).parents[1]
_KEYWORDS = {**extract.DEFAULT_KEYWORDS, "N_": None}


def sources() -> Iterator[tuple[Path, str]]:
    """Yield the files that have messages, each with the way to read it."""
    for path in sorted(_ROOM.rglob("*")):
        if path.suffix == ".html" and path.parent.name == "templates":
            yield path, "jinja2"
        elif path.suffix == ".py" and "gateway.pages" in (text := path.read_text("utf-8")) and "_" in text:
            yield path, "python"


def messages() -> list[str | tuple[str, ...]]:
    """Return every message of sources and table of problems; a pair for one whose form depends on a number."""
    found: dict[str | tuple[str, ...], None] = {}
    for code in PROBLEM_TYPES:
        found |= {cures.title(code): None, cures.text(code): None}
    for path, method in sources():
        options = {"newstyle_gettext": "true", "trimmed": "false"}
        file = io.BytesIO(path.read_bytes())
        name = "jinja2.ext:babel_extract" if method == "jinja2" else method
        for _line, message, _comments, _context in extract.extract(name, file, _KEYWORDS, (), options):
            found[tuple(message) if isinstance(message, list | tuple) else message] = None
    return sorted(found, key=str)


def read(language: str) -> Catalog:
    """Return the catalogue of a language; an empty one if there is none yet."""
    path = languages.CATALOGUES / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def update(language: str) -> list[str]:
    """Write the catalogue of a language with the messages of the sources; return those without a translation."""
    old, new = read(language), Catalog(locale=language, fuzzy=False)
    missing = []
    for message in messages():
        known = old.get(message[0] if isinstance(message, tuple) else message)
        new.add(message, known.string if known else "")
        if not told(known):
            missing.append(str(message))
    languages.CATALOGUES.mkdir(exist_ok=True)
    with (languages.CATALOGUES / f"{language}.po").open("wb") as file:
        # Neither dates nor line numbers, so that a change elsewhere does not change the file.
        pofile.write_po(file, new, width=0, omit_header=True, sort_output=True)
    return missing


def told(message: Message | None) -> bool:
    """Return whether a message is translated in all its forms."""
    if message is None:
        return False
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


def main() -> None:
    """Bring all catalogues up to date and print how many translations each lacks."""
    for language in languages.LANGUAGES:
        if language != languages.ENGLISH:
            print(language, len(update(language)), "without words")  # noqa: T201  It is a command.


if __name__ == "__main__":
    main()
